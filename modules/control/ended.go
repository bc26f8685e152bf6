package control

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/ws"
)

// How long the channel waits after it was told that it is not wanted, at least and, spread, at most half as long again.
const (
	afterReplaced = 30 * time.Second
	afterRefused  = time.Minute
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = 10 * time.Minute
	// stable is how long a channel has to be open for its end to be the first failure in a row.
	stable = 15 * time.Second
)

var (
	errRekeyed  = errors.New("the gateway has a new key")
	errSilent   = errors.New("the other end does not answer pings")
	errProtocol = errors.New("the other end does not speak the protocol")
)

// ended is how a try to hold the channel ended.
type ended struct {
	state  state
	reason string // in a word: what an error says in full may name what is nobody else's business
	err    error
	// lasted is how long the channel was open.
	lasted time.Duration
	// atLeast is how long agent-api wants not to be asked.
	atLeast time.Duration
}

// endOf sorts out why a try ended.
func endOf(err error, lasted time.Duration) ended {
	e := ended{state: disconnected, reason: class(err), err: err, lasted: lasted}
	code, said := ws.Closed(err)
	var refusal *ws.RefusedError
	switch {
	case code == command.CloseReplaced:
		e.state, e.atLeast = replaced, afterReplaced
	case code == command.CloseRefused:
		e.state = refused
		if lasted < stable { // else the key was changed, perhaps by ourselves
			e.atLeast = afterRefused
		}
	case errors.As(err, &refusal):
		e.atLeast = retryAfter(refusal.Header)
		if refusal.Status == http.StatusUnauthorized || refusal.Status == http.StatusForbidden {
			e.state, e.atLeast = refused, max(e.atLeast, afterRefused)
		}
	}
	if code != 0 && said != "" {
		e.err = fmt.Errorf("closed with %d: %s", code, said)
	}
	return e
}

func class(err error) string {
	var (
		refusal     *ws.RefusedError
		certificate *tls.CertificateVerificationError
		name        *net.DNSError
		network     *net.OpError
		timeout     interface{ Timeout() bool }
	)
	code, _ := ws.Closed(err)
	switch {
	case errors.Is(err, errSilent):
		return "silent"
	case errors.Is(err, errProtocol), errors.Is(err, ws.ErrNotText):
		return "protocol"
	case code == command.CloseReplaced:
		return "replaced"
	case code == command.CloseRefused || code >= 1000 && code < 1016: // others are nobody's that we know
		return "closed_" + strconv.Itoa(int(code))
	case code != 0:
		return "closed"
	case errors.As(err, &refusal):
		return "http_" + strconv.Itoa(refusal.Status)
	case errors.As(err, &certificate):
		return "certificate"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &name):
		return "name"
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return "proxy"
	}
	return "connection"
}

// retryAfter reads the header's seconds; 0 if there are none.
func retryAfter(h http.Header) time.Duration {
	s, err := strconv.ParseInt(h.Get("Retry-After"), 10, 64)
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(min(s, int64(maxRetryAfter/time.Second))) * time.Second
}

// wait is how long to wait after the n-th failure in a row, counted from 0: what agent-api wants and half of that again
// at most, else anything up to a bound that doubles. random is in [0, 1).
func (c Config) wait(e ended, n int, random float64) time.Duration {
	if e.atLeast > 0 {
		return e.atLeast + time.Duration(random*float64(e.atLeast)/2)
	}
	bound := c.MaxDelay
	if n < 32 && c.MinDelay<<n > 0 {
		bound = min(bound, c.MinDelay<<n)
	}
	return time.Duration(random * float64(bound))
}
