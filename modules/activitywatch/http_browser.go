package activitywatch

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// The extensions of ActivityWatch: one has a fixed id in its shop, the others have a new one in each browser.
const (
	chromeExtension  = "chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi"
	mozillaExtension = "moz-extension://"
)

// browsers stands before the routes on the listener for browser extensions. It lets in what calls this computer by
// its own name and is no page of somebody else's, and answers what browsers ask before they ask.
func (m *Module) browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		switch {
		case !strings.HasPrefix(r.URL.Path, paths+"/"):
			http.NotFound(w, r)
			return
		case !m.welcome(r):
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		if origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		w.Header().Add("Vary", "Origin")
		if r.Method == http.MethodOptions {
			preflight(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// welcome reports whether a request to this computer is meant for it, and is not made by a page of somebody else's.
// A page that has its own name point here calls us by that name, which is none of ours.
func (m *Module) welcome(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ours := loopback(strings.Trim(host, "[]")) || m.hostname != "" && strings.EqualFold(host, m.hostname)
	origin := r.Header.Get("Origin")
	return ours && (origin == "" || m.lets(origin))
}

func (m *Module) lets(origin string) bool {
	return origin == chromeExtension || strings.HasPrefix(origin, mozillaExtension) || slices.Contains(m.cfg.Origins, origin)
}

// preflight says what extensions may send.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Charset, Authorization")
	h.Set("Access-Control-Max-Age", "600")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}
