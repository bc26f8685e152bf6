package commands

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/ws"
)

// pulse is what module gateways knows of keys and heartbeats, in memory and the same for all replicas. A key is
// "<gateway's id>" with anything after it.
type pulse struct {
	mu      sync.Mutex
	of      map[id.UUID]int64 // the gateways' organizations
	revoked map[string]bool   // keys
	beats   map[id.UUID][]string
	fail    error
	slow    map[id.UUID]chan struct{} // whose heartbeats are kept when it is closed
	padding map[id.UUID]string        // of the answers
}

func newPulse(gateways [3]id.UUID) *pulse {
	return &pulse{
		of:      map[id.UUID]int64{gateways[0]: 1, gateways[1]: 1, gateways[2]: 2},
		revoked: map[string]bool{}, beats: map[id.UUID][]string{},
	}
}

func (p *pulse) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func keyOf(r *http.Request) string {
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return key
}

func (p *pulse) authenticate(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := keyOf(r)
	gatewayID, err := id.Parse(key[:min(len(key), 36)])
	if err != nil || p.revoked[key] || p.of[gatewayID] == 0 {
		return actor.Actor{}, false, gateway.ErrKeyRefused
	}
	return actor.Actor{Role: actor.Gateway, ID: "gateway:" + gatewayID.String(), OrganizationID: p.of[gatewayID]}, true, nil
}

func (p *pulse) Caller(ctx context.Context) (gateway.Caller, error) {
	a, _ := actor.From(ctx)
	gatewayID, err := id.Parse(strings.TrimPrefix(a.ID, "gateway:"))
	return gateway.Caller{ID: gatewayID, OrganizationID: a.OrganizationID, Key: keyOf(httpx.Request(ctx))}, err
}

func (p *pulse) Beat(ctx context.Context, body []byte, key string) (json.RawMessage, error) {
	a, _ := actor.From(ctx)
	gatewayID, err := id.Parse(strings.TrimPrefix(a.ID, "gateway:"))
	if err != nil {
		return nil, err
	}
	p.wait(gatewayID)
	p.mu.Lock()
	defer p.mu.Unlock()
	var in struct{ GatewayID string }
	switch err := json.Unmarshal(body, &in); {
	case err != nil:
		return nil, fault.New(fault.Malformed, "gateways.report_malformed").Wrap(err)
	case in.GatewayID == "somebody-else":
		return nil, gateway.ErrForeign
	case p.revoked[key]:
		return nil, gateway.ErrKeyRefused
	case p.fail != nil:
		return nil, p.fail
	}
	p.beats[gatewayID] = append(p.beats[gatewayID], string(body))
	if strings.HasSuffix(key, "-old") {
		return json.RawMessage(`{"success":true,"newKey":"sgw_1"}`), nil
	}
	if text := p.padding[gatewayID]; text != "" {
		return json.RawMessage(`{"success":true,"keysVersion":"` + text + `"}`), nil
	}
	return json.RawMessage(`{"success":true}`), nil
}

func (p *pulse) wait(gatewayID id.UUID) {
	p.mu.Lock()
	slow := p.slow[gatewayID]
	p.mu.Unlock()
	if slow != nil {
		<-slow
	}
}

// count is how many heartbeats of the gateway are kept.
func (p *pulse) count(gatewayID id.UUID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.beats[gatewayID])
}

func (p *pulse) Lost(_ context.Context, held []gateway.Caller) (lost []id.UUID, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range held {
		if p.revoked[c.Key] {
			lost = append(lost, c.ID)
		}
	}
	return lost, p.fail
}

// replica is one agent-api process.
type replica struct {
	url    string
	module *Module
	office office // of the same database
}

// quick are settings under which a test does not wait.
var quick = []string{"commands.sweep_interval=100ms", "commands.check_interval=200ms", "commands.lease=500ms", "commands.ping_interval=1s"}

func serve(t testing.TB, d *db.DB, p *pulse, set ...string) replica {
	t.Helper()
	role := kernel.AgentAPI
	m := New()
	auth := kerneltest.Module{
		Is:     kernel.Manifest{Name: "keys", Roles: []kernel.Role{role}},
		InitFn: func(_ context.Context, h *kernel.Host) error { h.Authenticate(role, p.authenticate); return nil },
	}
	o := newOffice(t, d)
	url := kerneltest.Run(t, role, kerneltest.Options{DB: d, Set: append(quick[:len(quick):len(quick)], set...)}, m, auth,
		kerneltest.Provide[gateway.Directory](role, directory{d}), kerneltest.Provide[gateway.Pulse](role, p), kerneltest.Provide[file.Store](role, o.files))
	o.service.now = time.Now
	until(t, "the replica is ready", func() bool {
		answer, err := http.Get(url + "/health/ready")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	hears(t, m.hub.events, o)
	return replica{url, m, o}
}

// hears returns when the replica hears of changes.
func hears(t testing.TB, bus *event.Bus, o office) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := bus.Watch(ctx)
	until(t, "the replica hears of changes", func() bool {
		err := o.store.db.Write(system(), func(ctx context.Context, tx db.Tx) error {
			return o.events.Notify(ctx, tx, event.Change{Name: "ready"})
		})
		if err != nil {
			return false
		}
		select {
		case <-w:
			return true
		case <-time.After(20 * time.Millisecond):
			return false
		}
	})
}

// client is a gateway's end of the control channel.
type client struct {
	t    testing.TB
	conn *ws.Conn
	in   chan command.Message
	err  error // once in is closed
}

func dial(t testing.TB, url, key string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := ws.Dial(ctx, url+"/v2/gateway/socket", ws.DialOptions{
		Header: http.Header{"Authorization": {"Bearer " + key}}, Subprotocol: command.Subprotocol, Limit: command.MaxDown,
	})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	c := &client{t: t, conn: conn, in: make(chan command.Message, 1000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(c.in)
		for {
			text, err := conn.Read(context.Background())
			if err != nil {
				c.err = err
				return
			}
			conforms(t, "down", text)
			var m command.Message
			if err := json.Unmarshal(text, &m); err != nil {
				t.Errorf("the server says %q", text)
			}
			c.in <- m
		}
	}()
	t.Cleanup(func() {
		conn.CloseNow()
		<-ended
	})
	return c
}

// emit sends a message as the design document's test client does.
func (c *client) emit(event string, data any) {
	c.t.Helper()
	text, err := frame(event, data)
	if event == command.EventHeartbeat || event == command.EventAck {
		conforms(c.t, "up", text)
	}
	if err == nil {
		err = c.conn.Write(context.Background(), text)
	}
	if err != nil {
		c.t.Fatalf("emit %s: %v", event, err)
	}
}

// waitFor returns the data of the next message of the event; others are passed over.
func (c *client) waitFor(event string) json.RawMessage {
	c.t.Helper()
	late := time.After(patience)
	for {
		select {
		case m, ok := <-c.in:
			if !ok {
				c.t.Fatalf("waiting for %s: the socket ended: %v", event, c.err)
			}
			if m.Event == event {
				return m.Data
			}
		case <-late:
			c.t.Fatalf("no %s came", event)
		}
	}
}

// command waits for a command of the type.
func (c *client) command(of command.Type) (got command.Command) {
	c.t.Helper()
	if err := json.Unmarshal(c.waitFor(string(of)), &got); err != nil {
		c.t.Fatal(err)
	}
	return got
}

// ends waits for the end of the socket and fails the test if it is not closed with the code.
func (c *client) ends(code ws.Code) {
	c.t.Helper()
	late := time.After(patience)
	for {
		select {
		case _, ok := <-c.in:
			if ok {
				continue
			}
			if got, reason := ws.Closed(c.err); got != code {
				c.t.Errorf("closed with %d %q (%v), want %d", got, reason, c.err, code)
			}
			return
		case <-late:
			c.t.Fatalf("the socket is open still, want it closed with %d", code)
		}
	}
}

// until waits for something to become so.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) {
			t.Fatalf("it never happens that %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// revoke takes a key away and tells all processes, as module gateways does.
func (p *pulse) revoke(t testing.TB, o office, gatewayID id.UUID, key string) {
	t.Helper()
	p.set(func() { p.revoked[key] = true })
	err := o.store.db.Write(system(), func(ctx context.Context, tx db.Tx) error {
		return o.events.Notify(ctx, tx, event.Change{Name: gateway.Revoked, ID: gatewayID.String()})
	})
	if err != nil {
		t.Fatal(err)
	}
}
