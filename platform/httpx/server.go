// Package httpx is the product's HTTP server: routes that each name a permission, handlers that know
// no HTTP, bounded requests, and the one place where a fault becomes an answer.
package httpx

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/i18n"
)

// Messages are the texts of this package's codes, and of those that all modules share.
//
//go:embed messages.json
var Messages []byte

const (
	defaultBodyLimit = 1 << 20
	maxHeaderBytes   = 32 << 10
	// maxStreams is how many requests may run at once on one connection of HTTP/2.
	maxStreams = 100
	// A connection of HTTP/2 that brings nothing for pingAfter is asked, and closed if it does not answer within pingWait.
	pingAfter, pingWait = 30 * time.Second, 15 * time.Second
)

// Options are what a server is made of. Every zero value has a working default.
type Options struct {
	Role    string
	Version string
	Log     *slog.Logger
	Catalog *i18n.Catalog
	Metrics prometheus.Registerer
	TLS     *tls.Config
	// BodyLimit is the largest body in bytes, counted after decompression; 1 MiB if 0.
	BodyLimit int64
	// BodyTimeout is how long a client may take to send its body; 30 s if 0.
	BodyTimeout time.Duration
	// HeaderTimeout is how long a client may take to send its headers; 10 s if 0.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection may stay open without a request; 2 min if 0.
	IdleTimeout time.Duration
	// WriteTimeout is how long a request may take until its answer is sent; 2 min if 0. Raw routes have none.
	WriteTimeout time.Duration
	// DrainTimeout is how long Serve waits for running requests when it is told to stop; 15 s if 0.
	DrainTimeout time.Duration
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Now gives the time that answers carry.
	Now func() time.Time
	// Viewer has what shows the OpenAPI document at /api/docs: viewer.js, viewer.css and start.js; nil or empty is a plain list.
	Viewer fs.FS
	// Inspect sees every answer once it is sent, for tests; nil is nobody.
	Inspect func(Answer)
}

func (o *Options) fill() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.Catalog == nil {
		o.Catalog = ownTexts()
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = defaultBodyLimit
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.BodyTimeout, 30 * time.Second},
		{&o.HeaderTimeout, 10 * time.Second},
		{&o.IdleTimeout, 2 * time.Minute},
		{&o.WriteTimeout, 2 * time.Minute},
		{&o.DrainTimeout, 15 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
}

func ownTexts() *i18n.Catalog {
	c, err := i18n.New("uz", Messages)
	if err != nil {
		panic(fmt.Sprintf("httpx: messages.json: %v", err))
	}
	return c
}

// Server serves the routes of one role. Routes and authenticators are added before Serve.
type Server struct {
	opts      Options
	echo      *echo.Echo
	routes    []*route
	patterns  map[string]string // method and pattern → owner
	seconds   *prometheus.HistogramVec
	openAPI   func() ([]byte, error)
	forbidden func(context.Context, actor.Actor)
	clock     func() time.Time // for deadlines and durations, which a test's Now must not move

	adding         sync.Mutex
	authenticators atomic.Pointer[[]Authenticator]
	inflaters      inflaters
	zones          Zones
	exports        exports
}

// New returns a server that describes itself at /api/openapi.json and /api/docs, and has no other routes.
func New(o Options) *Server {
	o.fill()
	s := &Server{
		opts: o, patterns: map[string]string{}, seconds: requestSeconds(o.Metrics), clock: time.Now, exports: exports{running: map[string]bool{}},
	}
	s.authenticators.Store(&[]Authenticator{})
	s.echo = echo.NewWithConfig(echo.Config{
		Logger:           o.Log,
		HTTPErrorHandler: func(*echo.Context, error) {}, // observe has answered already
		Router: echo.NewRouter(echo.RouterConfig{
			UnescapePathParamValues: true,
			NotFoundHandler:         func(*echo.Context) error { return errNotFound },
			MethodNotAllowedHandler: methodNotAllowed,
			OptionsMethodHandler:    methodNotAllowed,
		}),
	})
	s.echo.Use(s.observe)
	s.openAPI = sync.OnceValues(s.OpenAPI)
	s.serveOpenAPI()
	s.serveDocs()
	return s
}

// ServeHTTP answers one request in process.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Door is how the server is reached on one listener.
type Door struct {
	// TLS makes it HTTPS; nil is plain HTTP.
	TLS *tls.Config
	// Around stands before all routes and may answer in their place; nil is nothing.
	Around func(http.Handler) http.Handler
}

// Serve answers requests on ln until ctx ends, then finishes those that run and returns nil,
// or the reason why some did not finish in time. Requests outlive ctx: that is what draining means.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.ServeDoor(ctx, ln, Door{TLS: s.opts.TLS})
}

// ServeDoor is Serve for a listener with a door of its own. A server may serve several at once.
func (s *Server) ServeDoor(ctx context.Context, ln net.Listener, d Door) error {
	base, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	handler := http.Handler(s)
	if d.Around != nil {
		handler = d.Around(s)
	}
	srv := &http.Server{
		Handler:           handler,
		TLSConfig:         d.TLS,
		ReadHeaderTimeout: s.opts.HeaderTimeout,
		IdleTimeout:       s.opts.IdleTimeout,
		WriteTimeout:      s.opts.WriteTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols(),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingWait},
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(base, stopKey{}, ctx) },
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
	}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { drained <- s.drain(base, srv) })
	err := listen(srv, ln)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	return <-drained
}

// protocols are those of every listener: gRPC needs HTTP/2, where there is no TLS, too.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func listen(srv *http.Server, ln net.Listener) error {
	if srv.TLSConfig == nil {
		return srv.Serve(ln)
	}
	return srv.ServeTLS(ln, "", "")
}

func (s *Server) drain(ctx context.Context, srv *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.DrainTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("drain: requests still run after %s", s.opts.DrainTimeout), srv.Close())
	}
	return nil
}
