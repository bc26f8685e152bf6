package uplink

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
)

// state is how the gateway stands with agent-api.
type state string

const (
	enrolling state = "enrolling" // it has no key yet
	online    state = "online"
	offline   state = "offline" // it is not answered, or told to come back later
	refused   state = "refused" // its key is not taken
)

var states = [...]state{enrolling, online, offline, refused}

// link follows how the gateway stands with agent-api over all that it sends there, each kind on a line of its own:
// one that is refused does not make the others look well.
type link struct {
	log    *slog.Logger
	alerts alert.Log
	now    func() time.Time

	mu     sync.Mutex
	state  state
	tries  map[string]int // failures in a row, by line; only lines that fail
	raised bool           // the alert of this outage
	failed failure        // the last one
}

// failure is why and when something did not reach the server.
type failure struct {
	class string
	at    time.Time
}

// newLink begins as offline: nobody has answered yet.
func newLink(log *slog.Logger, alerts alert.Log, now func() time.Time, enrolled bool) *link {
	l := &link{log: log, alerts: alerts, now: now, state: offline, tries: map[string]int{}}
	if !enrolled {
		l.state = enrolling
	}
	return l
}

// up notes that a line was answered well.
func (l *link) up(ctx context.Context, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, line)
	if len(l.tries) > 0 || l.state == online {
		return
	}
	l.log.InfoContext(ctx, "agent-api answers", "was", l.state)
	l.state, l.raised = online, false
}

// down notes one more failure of a line and returns how many that makes in a row. The alert is raised once for
// an outage: when the tries are used up, or at once if our key is not taken.
func (l *link) down(ctx context.Context, line string, err error) (tries int) {
	l.mu.Lock()
	l.tries[line]++
	tries = l.tries[line]
	l.failed = failure{class(err), l.now().UTC()}
	if l.state != enrolling || line != enrolLine {
		l.state = offline
		if isRefusal(err) {
			l.state = refused
		}
	}
	raise := !l.raised && (tries > maxRetries || l.state == refused)
	l.raised = l.raised || raise
	state := l.state
	l.mu.Unlock()

	level := slog.LevelWarn
	if raise {
		level = slog.LevelError
	} else if tries > maxRetries {
		level = slog.LevelDebug // it has been said
	}
	l.log.Log(ctx, level, "agent-api is not reached; events stay in the buffer", "line", line, "attempt", tries, "state", state, "error", err)
	if raise {
		l.raise(ctx, line, tries, err)
	}
	return tries
}

func (l *link) raise(ctx context.Context, line string, tries int, err error) {
	a := alert.Alert{
		ID: id.New(), Kind: alert.ConnectionFailed, Severity: alert.Critical, At: l.now().UTC(), Subject: subjectSelf,
		Details: map[string]any{"maxRetriesReached": tries > maxRetries, "line": line},
	}
	var r *refusal
	if errors.As(err, &r) {
		a.Details["status"] = r.status
	}
	if err := l.alerts.Raise(ctx, a); err != nil {
		l.log.ErrorContext(ctx, "the alert connection_failed could not be kept", "error", err)
	}
}

// network is how the gateway's way to agent-api is, as a heartbeat says it.
type network struct {
	State state `json:"state"`
	// Tries counts failures in a row, of the line that fares worst.
	Tries       int       `json:"tries"`
	LastError   string    `json:"lastError,omitempty"`
	LastErrorAt time.Time `json:"lastErrorAt,omitzero"`
	// ClockOffsetMS is how far our clock is ahead of the server's.
	ClockOffsetMS *int64 `json:"clockOffsetMs,omitempty"`
	// Control is how the control channel is; nil where there is none.
	Control *gateway.Channel `json:"control,omitempty"`
}

func (l *link) network() network {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := network{State: l.state, LastError: l.failed.class, LastErrorAt: l.failed.at}
	for _, tries := range l.tries {
		n.Tries = max(n.Tries, tries)
	}
	return n
}

// class says in a word why something did not reach the server: what an error says in full may name what is nobody
// else's business.
func class(err error) string {
	var (
		refusal     *refusal
		certificate *tls.CertificateVerificationError
		name        *net.DNSError
		network     *net.OpError
		timeout     interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &refusal):
		return "http_" + strconv.Itoa(refusal.status)
	case errors.As(err, &certificate):
		return "certificate"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &name):
		return "name"
	case errors.As(err, &network):
		return "connection"
	}
	return "answer"
}

func (l *link) current() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// isRefusal reports whether the server does not take us, rather than what we send.
func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (r.status == 401 || r.status == 403)
}
