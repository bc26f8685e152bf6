package control

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cloud is agent-api as the uplink shows it.
type cloud struct {
	http     *http.Client
	url      string
	enrolled chan struct{}

	mu      sync.Mutex
	to      []string // the addresses that were asked for
	rekeyed chan struct{}
}

func newCloud(url string, transport http.RoundTripper) *cloud {
	c := &cloud{http: &http.Client{Transport: transport}, url: url, enrolled: make(chan struct{}), rekeyed: make(chan struct{})}
	close(c.enrolled)
	return c
}

func (c *cloud) Client() *http.Client            { return c.http }
func (c *cloud) URL() string                     { return c.url }
func (c *cloud) GatewayID() string               { return "g1" }
func (c *cloud) RotateKey(context.Context) error { return nil }

func (c *cloud) ClientTo(address string) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = append(c.to, address)
	return c.http
}

func (c *cloud) Rekeyed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rekeyed
}

// rekey is that the gateway gets another key.
func (c *cloud) rekey() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.rekeyed)
	c.rekeyed = make(chan struct{})
}

func (c *cloud) Enrolled(ctx context.Context) bool {
	select {
	case <-c.enrolled:
		return true
	case <-ctx.Done():
		return false
	}
}

// reporter notes what it is told.
type reporter struct {
	interval time.Duration

	mu       sync.Mutex
	reports  int
	answers  []string
	channels []gateway.Channel
	fail     error
}

func (r *reporter) Interval() time.Duration { return r.interval }

func (r *reporter) Report(context.Context) (json.RawMessage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports++
	return json.RawMessage(fmt.Sprintf(`{"status":"online","queueDepth":%d}`, r.reports)), r.fail
}

func (r *reporter) Answered(_ context.Context, a json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, string(a))
	return r.fail
}

func (r *reporter) Channel(c gateway.Channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.channels = append(r.channels, c)
}

func (r *reporter) states() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.channels {
		all = append(all, strings.TrimSuffix(c.State+" "+c.Reason, " "))
	}
	return all
}

func (r *reporter) answered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.answers)
}

// doer counts what it does, and takes as long as a test wants.
type doer struct {
	mu    sync.Mutex
	did   []command.Command
	block chan struct{} // nil does not block
	reply func(c command.Command) command.Ack
}

func (d *doer) Do(ctx context.Context, c command.Command) command.Ack {
	d.mu.Lock()
	d.did = append(d.did, c)
	block, reply := d.block, d.reply
	d.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return command.Ack{}
		}
	}
	if reply != nil {
		return reply(c)
	}
	return command.Ack{CommandID: c.ID, Status: command.Completed}
}

func (d *doer) done() []command.Command {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.did)
}

// server is the other end of the channel. Each socket is a peer, which the test drives.
type server struct {
	*httptest.Server
	peers   chan *peer
	headers chan http.Header
	refuse  func(w http.ResponseWriter) bool // nil refuses nobody
	mu      sync.Mutex
}

type peer struct {
	*ws.Conn
	t    testing.TB
	done chan struct{} // closed when the test has no use for it any more
}

func serve(t testing.TB, tls bool) *server {
	t.Helper()
	s := &server{peers: make(chan *peer, 100), headers: make(chan http.Header, 100)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.take(t, w, r) })
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	s.EnableHTTP2 = true // as agent-api: the upgrade has to ask for HTTP/1.1 by itself
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *server) refusing(refuse func(w http.ResponseWriter) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func (s *server) take(t testing.TB, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if r.URL.Path != path {
		http.NotFound(w, r)
		return
	}
	if refuse != nil && refuse(w) {
		return
	}
	conn, err := ws.Accept(w, r, ws.AcceptOptions{Subprotocol: command.Subprotocol, Limit: command.MaxUp})
	if err != nil {
		return
	}
	p := &peer{Conn: conn, t: t, done: make(chan struct{})}
	t.Cleanup(p.CloseNow)
	s.headers <- r.Header
	s.peers <- p
}

// next is the next socket that is opened.
func (s *server) next(t testing.TB) *peer {
	t.Helper()
	select {
	case p := <-s.peers:
		return p
	case <-time.After(20 * time.Second):
		t.Fatal("no socket is opened")
		return nil
	}
}

// want reads until an event comes, and returns its data.
func (p *peer) want(event string) json.RawMessage {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		frame, err := p.Read(ctx)
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", event, err)
		}
		var m command.Message
		if err := json.Unmarshal(frame, &m); err != nil {
			p.t.Fatalf("%q: %v", frame, err)
		}
		if m.Event == event {
			return m.Data
		}
	}
}

func (p *peer) ack() (a command.Ack) {
	p.t.Helper()
	if err := json.Unmarshal(p.want(command.EventAck), &a); err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *peer) say(event string, data any) {
	p.t.Helper()
	frame, err := frameOf(event, data)
	if err != nil {
		p.t.Fatal(err)
	}
	p.raw(frame)
}

func (p *peer) raw(frame []byte) {
	p.t.Helper()
	if err := p.Write(context.Background(), frame); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) order(c command.Command) { p.t.Helper(); p.say(string(c.Type), c) }

// discard reads until the socket ends, and returns why it did.
func (p *peer) discard() error {
	for {
		if _, err := p.Read(context.Background()); err != nil {
			return err
		}
	}
}

func orderOf(t command.Type) command.Command {
	return command.Command{ID: id.New(), Type: t, Payload: json.RawMessage(`{}`), Attempt: 1, ExpiresInMS: time.Hour.Milliseconds()}
}

func testConfig() Config {
	c := defaults()
	c.MinDelay, c.MaxDelay = time.Millisecond, 5*time.Millisecond
	return c
}

// rig is a client with its surroundings.
type rig struct {
	*client
	cloud    *cloud
	reporter *reporter
	doer     *doer
	logged   *recorder
	stop     func()
}

// newRig returns a client that does not run yet.
func newRig(t testing.TB, cfg Config, c *cloud) *rig {
	t.Helper()
	r := &rig{cloud: c, reporter: &reporter{interval: time.Minute}, doer: &doer{}, logged: &recorder{}}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r.client = newClient(parts{
		cfg: cfg, doer: r.doer, cloud: c, reach: c, reporter: r.reporter, log: slog.New(r.logged), now: time.Now, random: func() float64 { return 0.5 },
	})
	return r
}

// start runs it until the test ends.
func (r *rig) start(t testing.TB) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.cloud.http.CloseIdleConnections()
	})
	t.Cleanup(r.stop)
	return r
}

// connect runs a client against a server on the network and returns its first socket.
func connect(t testing.TB, change func(*Config)) (*server, *rig, *peer) {
	t.Helper()
	s := serve(t, false)
	cfg := testConfig()
	if change != nil {
		change(&cfg)
	}
	r := newRig(t, cfg, newCloud(s.URL, &http.Transport{})).start(t)
	return s, r, s.next(t)
}

// recorder keeps the lines of a log.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler           { return r }
func (r *recorder) WithGroup(string) slog.Handler                { return r }

func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	line := rec.Level.String() + " " + rec.Message
	rec.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	return nil
}

func (r *recorder) with(part string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}
