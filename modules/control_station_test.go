package modules_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	fleet "github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/control"
	"github.com/staff-control/staff-control/modules/executor"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// access is a gateway's way to agent-api: its key and nothing else.
type access struct {
	url, key string
	through  http.RoundTripper
}

func (a access) Client() *http.Client            { return &http.Client{Transport: a} }
func (a access) ClientTo(string) *http.Client    { return a.Client() }
func (a access) URL() string                     { return a.url }
func (a access) GatewayID() string               { return "" }
func (a access) Enrolled(context.Context) bool   { return true }
func (a access) RotateKey(context.Context) error { return nil }
func (a access) Rekeyed() <-chan struct{}        { return nil }
func (a access) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.key)
	return a.through.RoundTrip(r)
}

// balancer shares TCP connections out among processes, and cuts them.
type balancer struct {
	backends []string
	ln       net.Listener
	mu       sync.Mutex
	open     map[net.Conn]bool
}

func newBalancer(t testing.TB, backends ...string) *balancer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{backends: backends, ln: ln, open: map[net.Conn]bool{}}
	t.Cleanup(func() {
		ln.Close()
		b.cut(1)
	})
	go func() {
		for {
			from, err := ln.Accept()
			if err != nil {
				return
			}
			go b.pass(from)
		}
	}()
	return b
}

// pass connects a client with any process that answers.
func (b *balancer) pass(from net.Conn) {
	defer from.Close()
	for _, n := range rand.Perm(len(b.backends)) {
		to, err := net.Dial("tcp", b.backends[n])
		if err != nil {
			continue
		}
		defer to.Close()
		b.mu.Lock()
		b.open[from] = true
		b.mu.Unlock()
		go func() {
			io.Copy(from, to)
			from.Close()
		}()
		io.Copy(to, from)
		b.mu.Lock()
		delete(b.open, from)
		b.mu.Unlock()
		return
	}
}

// cut ends a part of the connections without a word.
func (b *balancer) cut(part float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		if rand.Float64() < part {
			c.Close()
		}
	}
}

// station is a gateway of which the control channel and the executor are the product's own. What it is ordered is to
// restart its agents: it notes each time that it is asked to do so, by the order's id.
type station struct {
	access
	id string

	mu     sync.Mutex
	line   net.Conn // to agent-api
	absent bool
	done   map[string][]time.Time
	order  []string // of the orders, each at its first time
}

func newStation(id, key, url string) *station {
	o := &station{id: id, done: map[string][]time.Time{}}
	o.access = access{url, key, &http.Transport{DialContext: o.dial, DisableKeepAlives: true}}
	return o
}

func (o *station) run(t testing.TB) {
	t.Helper()
	set := []string{"control.min_delay=50ms", "control.max_delay=300ms", "control.ack_repeat=500ms", "control.ping_interval=2s", "control.ping_timeout=2s"}
	role := kernel.Gateway
	kerneltest.Run(t, role, kerneltest.Options{Set: set}, control.New(), executor.New(), kerneltest.Provide[gateway.Cloud](role, o),
		kerneltest.Provide[gateway.Reach](role, o), kerneltest.Provide[gateway.Reporter](role, o), kerneltest.Provide[fleet.Fleet](role, o),
		kerneltest.Provide[rule.Keeper](role, struct{ rule.Keeper }{}), kerneltest.Provide[update.Installer](role, struct{ update.Installer }{}))
}

var errAbsent = errors.New("the gateway's line is down")

func (o *station) dial(ctx context.Context, network, address string) (net.Conn, error) {
	line, err := (&net.Dialer{}).DialContext(ctx, network, address)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil && o.absent {
		line.Close()
		return nil, errAbsent
	}
	o.line = line
	return line, err
}

// leave cuts the gateway off, until it comes back.
func (o *station) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.absent = true
	if o.line != nil {
		o.line.Close()
	}
}

func (o *station) comeBack() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.absent = false
}

func (o *station) isAbsent() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.absent
}

// Restart takes a moment, in which lines are cut and answers get lost.
func (o *station) Restart(ctx context.Context, key string, _ []string, _ string, _ time.Time) (map[string]fleet.Outcome, error) {
	o.mu.Lock()
	if len(o.done[key]) == 0 {
		o.order = append(o.order, key)
	}
	o.done[key] = append(o.done[key], time.Now())
	o.mu.Unlock()
	moment := time.NewTimer(rand.N(30 * time.Millisecond))
	defer moment.Stop()
	select {
	case <-moment.C:
		return map[string]fleet.Outcome{"PC-1": fleet.Done}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *station) Interval() time.Duration                         { return time.Second }
func (o *station) Channel(gateway.Channel)                         {}
func (o *station) Answered(context.Context, json.RawMessage) error { return nil }
func (o *station) Report(context.Context) (json.RawMessage, error) {
	return json.RawMessage(`{"status":"online","queueDepth":0,"bufferUsage":0}`), nil
}
