package httpx

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v5"
)

// maxInspected is how much of an answer is kept to be inspected.
const maxInspected = 8 << 20

// Answer is what a request was answered, as Options.Inspect sees it.
type Answer struct {
	Server *Server
	// Method is the request's, Path the pattern of its route, empty where no route matched.
	Method, Path string
	// Query is the request's, Read whether its body was read.
	Query url.Values
	Read  bool
	// Described is false for a route that the OpenAPI document leaves out, Lenient true for one that takes names which the
	// document does not have.
	Described, Lenient bool
	Status             int
	Header             http.Header
	// Body is what was written, unless that was more than is kept: then Cut is true.
	Body []byte
	Cut  bool
}

// inspected keeps what is written through it.
type inspected struct {
	http.ResponseWriter
	body []byte
	cut  bool
}

func (i *inspected) Write(p []byte) (int, error) {
	kept := p[:min(len(p), maxInspected-len(i.body))]
	i.body = append(i.body, kept...)
	i.cut = i.cut || len(kept) < len(p)
	return i.ResponseWriter.Write(p)
}

// Flush sends what is written; gRPC looks for this method.
func (i *inspected) Flush() { _ = http.NewResponseController(i.ResponseWriter).Flush() }

// Unwrap gives what else a writer can do.
func (i *inspected) Unwrap() http.ResponseWriter { return i.ResponseWriter }

// inspect lets Options.Inspect see an answer that was sent; one whose connection became something else is none.
func (s *Server) inspect(c *echo.Context, cl *call) {
	i, kept := c.Response().(*inspected)
	res, err := echo.UnwrapResponse(c.Response())
	if !kept || err != nil || !res.Committed || res.Status == http.StatusSwitchingProtocols {
		return
	}
	a := Answer{
		Server: s, Method: c.Request().Method, Query: c.Request().URL.Query(), Read: cl.read, Status: res.Status, Header: res.Header(), Body: i.body, Cut: i.cut,
	}
	if cl.route != nil {
		a.Path, a.Described, a.Lenient = cl.route.Path, cl.route.described(), cl.route.lenient
	}
	s.opts.Inspect(a)
}
