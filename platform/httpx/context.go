package httpx

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/platform/fault"
)

// call is one request on its way through the server.
type call struct {
	request *http.Request
	header  http.Header // of the answer
	ip      string
	traceID string
	route   *route // nil until one matched
	inside  bool   // the guard let it pass
	read    bool   // bytes of the body were
	status  int    // of a refused gRPC call, whose answer has it in other words; 0: the answer's own
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// Request returns the request that ctx belongs to, for handlers that need a header;
// an empty one where there is none.
func Request(ctx context.Context) *http.Request {
	if c := callOf(ctx); c != nil {
		return c.request
	}
	return &http.Request{Header: http.Header{}, URL: &url.URL{}, Body: http.NoBody}
}

// Pattern returns the pattern of the route that the request matched, which holds nothing that a client made up.
func Pattern(ctx context.Context) string {
	if c := callOf(ctx); c != nil && c.route != nil {
		return c.route.Path
	}
	return ""
}

// SetHeader sets a header of the answer. Outside a request it does nothing.
func SetHeader(ctx context.Context, name, value string) {
	if c := callOf(ctx); c != nil {
		c.header.Set(name, value)
	}
}

// Texts returns the texts of codes in the language of who asks, for answers that carry some. Outside a request a code is
// its own text.
func Texts(ctx context.Context) func(code string, p fault.Params) string {
	c := callOf(ctx)
	if c == nil || c.route == nil {
		return func(code string, _ fault.Params) string { return code }
	}
	return c.route.server.texts(ctx, c.request.Header)
}

// ClientIP returns the client's address: the connection's peer, or what a trusted proxy says of it.
func ClientIP(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.ip
	}
	return ""
}

// clientIP walks X-Forwarded-For from the right, as far as trusted proxies wrote it:
// what stands further left was written by the client and may be a lie.
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		if _, err := netip.ParseAddr(hop); err != nil || !trusts(trusted, ip) {
			break
		}
		ip = hop
	}
	return ip
}

func trusts(trusted []netip.Prefix, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}
