package httpx

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

// Router takes routes. A route cannot be added without the permission that it asks for.
type Router interface {
	GET(path string, p actor.Permission, h Handler, opts ...Option)
	POST(path string, p actor.Permission, h Handler, opts ...Option)
	PUT(path string, p actor.Permission, h Handler, opts ...Option)
	PATCH(path string, p actor.Permission, h Handler, opts ...Option)
	DELETE(path string, p actor.Permission, h Handler, opts ...Option)
}

// Route is one line of the server's table.
type Route struct {
	Method     string
	Path       string
	Permission string
	Owner      string
	Summary    string
	V1         bool
}

// Option says something more about a route.
type Option func(*route)

// Doc is the route's one-line description in OpenAPI.
func Doc(summary string) Option { return func(r *route) { r.Summary = summary } }

// BodyLimit is the route's own largest body in bytes, counted after decompression.
func BodyLimit(n int64) Option { return func(r *route) { r.bodyLimit = n } }

// BodyTimeout is the route's own time to send a body.
func BodyTimeout(d time.Duration) Option { return func(r *route) { r.bodyTimeout = d } }

// Lenient lets bodies and queries have names that the request type does not know.
func Lenient() Option { return func(r *route) { r.lenient = true } }

// Takes tells OpenAPI what body a Raw route reads.
func Takes[T any]() Option { return func(r *route) { r.takes = reflect.TypeFor[T]() } }

// TakesFile tells OpenAPI that a Raw route reads a form (multipart/form-data) of two parts: metadata, which is JSON,
// and file.
func TakesFile[T any]() Option {
	return func(r *route) { r.takes, r.takesFile = reflect.TypeFor[T](), true }
}

// TakesBytes tells OpenAPI that a Raw route reads bytes of one of these types.
func TakesBytes(types ...string) Option { return func(r *route) { r.takesBytes = types } }

// Asks tells OpenAPI what a Raw route reads of the query.
func Asks(p ...grid.Parameter) Option {
	return func(r *route) { r.handler.query = append(r.handler.query, p...) }
}

// Gives tells OpenAPI with what a Raw route answers.
func Gives[T any](status int) Option {
	return func(r *route) { r.gives, r.status = reflect.TypeFor[T](), status }
}

// GivesFile tells OpenAPI that a Raw route answers with bytes of one of these types; what Gives says it may answer, too.
func GivesFile(types ...string) Option {
	return func(r *route) { r.handler.files = types }
}

// GivesRanges is GivesFile for a route that ends in SendFile: whoever has the file hears that, and parts of it can be
// asked for.
func GivesRanges(types ...string) Option {
	return func(r *route) {
		r.handler.files = types
		r.others = append(r.others, other{status: http.StatusPartialContent, files: types}, other{status: http.StatusNotModified})
	}
}

// Or tells OpenAPI of another status with which the route answers and that is no fault, with what. A struct without fields
// is no body.
func Or[T any](status int) Option {
	return func(r *route) { r.others = append(r.others, other{status: status, gives: reflect.TypeFor[T]()}) }
}

// OrFile is Or for bytes of one of these types.
func OrFile(status int, types ...string) Option {
	return func(r *route) { r.others = append(r.others, other{status: status, files: types}) }
}

// other is an answer beside the usual one.
type other struct {
	status int
	gives  reflect.Type // nil for none
	files  []string
}

// route is a line of the table with all that serves it.
type route struct {
	Route
	server      *Server
	permission  actor.Permission
	handler     Handler
	binding     *binding
	lenient     bool
	bodyLimit   int64
	bodyTimeout time.Duration
	takes       reflect.Type
	takesFile   bool
	takesBytes  []string
	gives       reflect.Type
	status      int
	others      []other
	client      Envelope // how v1's clients of this router are spoken to; 0: v2
	success     Envelope // the form of success, when it is not the router's
}

// Routes returns the table, ordered by path and method.
func (s *Server) Routes() []Route {
	table := make([]Route, len(s.routes))
	for i, r := range s.routes {
		table[i] = r.Route
	}
	slices.SortFunc(table, func(a, b Route) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	return table
}

// Permissions returns those that the routes of ctx's server ask for, by their names.
func Permissions(ctx context.Context) (all []actor.Permission) {
	if c := callOf(ctx); c != nil && c.route != nil {
		for _, r := range c.route.server.routes {
			all = append(all, r.permission)
		}
	}
	slices.SortFunc(all, func(a, b actor.Permission) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b actor.Permission) bool { return a.Name == b.Name })
}

// Router returns the router of an owner that has the path prefixes. To add a route outside them is a bug and panics.
func (s *Server) Router(owner string, prefixes []string) Router {
	return router{server: s, owner: owner, prefixes: prefixes}
}

type router struct {
	server   *Server
	owner    string
	prefixes []string
	client   Envelope
}

func (r router) GET(path string, p actor.Permission, h Handler, opts ...Option) {
	r.add(http.MethodGet, path, p, h, opts)
}

func (r router) POST(path string, p actor.Permission, h Handler, opts ...Option) {
	r.add(http.MethodPost, path, p, h, opts)
}

func (r router) PUT(path string, p actor.Permission, h Handler, opts ...Option) {
	r.add(http.MethodPut, path, p, h, opts)
}

func (r router) PATCH(path string, p actor.Permission, h Handler, opts ...Option) {
	r.add(http.MethodPatch, path, p, h, opts)
}

func (r router) DELETE(path string, p actor.Permission, h Handler, opts ...Option) {
	r.add(http.MethodDelete, path, p, h, opts)
}

func (r router) add(method, path string, p actor.Permission, h Handler, opts []Option) {
	s := r.server
	rt := &route{
		Route:  Route{Method: method, Path: path, Permission: p.Name, Owner: r.owner, V1: r.client != 0},
		server: s, permission: p, handler: h, takes: h.in, gives: h.out, status: h.status,
		bodyLimit: s.opts.BodyLimit, bodyTimeout: s.opts.BodyTimeout,
		client: r.client, success: r.client, lenient: r.client == API,
	}
	for _, o := range opts {
		o(rt)
	}
	if h.build != nil {
		rt.handler.serve = h.build(rt)
	}
	r.check(rt)
	if h.in != nil {
		rt.binding = newBinding(rt)
	}
	methods := []string{method}
	if method == http.MethodGet {
		methods = append(methods, http.MethodHead) // net/http leaves the body out
	}
	for _, m := range methods {
		if _, err := s.echo.AddRoute(echo.Route{Method: m, Path: path, Handler: s.enter(rt)}); err != nil {
			panic(rt.problem(err.Error()))
		}
	}
	s.routes = append(s.routes, rt)
}

func (r router) check(rt *route) {
	if rt.permission.Name == "" {
		panic(rt.problem("names no permission"))
	}
	if rt.handler.serve == nil {
		panic(rt.problem("has no handler"))
	}
	if !slices.ContainsFunc(r.prefixes, func(p string) bool { return within(rt.Path, p) }) {
		panic(rt.problem(fmt.Sprintf("is outside the paths of its owner, %s", strings.Join(r.prefixes, ", "))))
	}
	pattern := rt.Method + " " + parameter.ReplaceAllString(rt.Path, ":")
	if owner, taken := r.server.patterns[pattern]; taken {
		panic(rt.problem("is a route of " + owner + " already"))
	}
	r.server.patterns[pattern] = rt.Owner
	if rt.handler.check == nil {
		return
	}
	if err := rt.handler.check(r.server.opts.Catalog.Has); err != nil {
		panic(rt.problem(err.Error()))
	}
}

// parameter is a name in a path; two routes that differ only in these are the same route.
var parameter = regexp.MustCompile(`:[^/]+`)

func (r *route) problem(what string) string {
	return fmt.Sprintf("httpx: route %s %s of %s %s", r.Method, r.Path, r.Owner, what)
}

// within reports whether path is prefix or below it.
func within(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
