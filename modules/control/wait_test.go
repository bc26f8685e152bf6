package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/ws"
)

// Full jitter: anything between nothing and a bound that doubles up to the setting.
func TestWaitsGrowAndAreSpread(t *testing.T) {
	t.Parallel()
	c := defaults()
	plain := ended{state: disconnected}
	for n, bound := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 40: time.Minute, 1 << 40: time.Minute} {
		for _, r := range []float64{0, 0.25, 0.999} {
			if got, want := c.wait(plain, n, r), time.Duration(r*float64(bound)); got != want {
				t.Errorf("wait %d at %v is %v, want %v", n, r, got, want)
			}
		}
	}
	told := ended{atLeast: afterReplaced}
	if low, high := c.wait(told, 0, 0), c.wait(told, 9, 0.999); low != afterReplaced || high < afterReplaced*14/10 || high > afterReplaced*3/2 {
		t.Errorf("waits are %v and %v", low, high)
	}
}

// One ping may go astray, two in a row may not.
func TestPingsThatGoAstray(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, lost := defaults(), errors.New("lost")
		answers := []bool{true, false, true, false, true, true, false, false, true}
		n := 0
		heard := uint64(0)
		silence := func() uint64 { return heard }
		err := c.watch(t.Context(), func(ctx context.Context) error {
			n++
			if answers[n-1] {
				return nil
			}
			<-ctx.Done()
			return lost
		}, silence)
		if !errors.Is(err, errSilent) || n != 8 {
			t.Errorf("given up after %d pings: %v", n, err)
		}
		if err := c.watch(t.Context(), func(context.Context) error { return lost }, silence); !errors.Is(err, lost) {
			t.Errorf("error is %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.watch(ctx, func(context.Context) error { return nil }, silence); err != nil {
			t.Errorf("error is %v", err)
		}
	})
}

// Pings that nobody answers end nothing while something else is heard, whenever that is.
func TestWhoIsHeardOfIsThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ first, each time.Duration }{
		"while every other ping waits": {35 * time.Second, 80 * time.Second},
		"between pings":                {20 * time.Second, 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const times = 20
				c, began := defaults(), time.Now()
				heard := func() uint64 { return uint64(min((time.Since(began)+test.each-test.first)/test.each, times)) }
				err := c.watch(t.Context(), func(ctx context.Context) error {
					<-ctx.Done()
					return fmt.Errorf("ping: %w", ctx.Err())
				}, heard)
				if past := time.Since(began); !errors.Is(err, errSilent) || past < test.first+(times-1)*test.each {
					t.Errorf("given up after %s: %v", past, err)
				}
			})
		})
	}
}

// A ping for which there is no room, because a long message is being written, is a late one.
func TestAPingWithoutRoomIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := defaults().watch(t.Context(), func(context.Context) error {
			n++
			return fmt.Errorf("no room: %w", context.DeadlineExceeded)
		}, func() uint64 { return 0 })
		if !errors.Is(err, errSilent) || n != maxMisses {
			t.Errorf("given up after %d pings: %v", n, err)
		}
	})
}

func TestWhyItEnded(t *testing.T) {
	t.Parallel()
	refusal := func(status int, after string) error {
		return fmt.Errorf("dial: %w", &ws.RefusedError{Status: status, Header: http.Header{"Retry-After": {after}}})
	}
	for _, c := range []struct {
		err     error
		lasted  time.Duration
		state   state
		reason  string
		atLeast time.Duration
	}{
		{refusal(401, ""), 0, refused, "http_401", afterRefused},
		{refusal(403, "300"), 0, refused, "http_403", 5 * time.Minute},
		{refusal(503, "7"), 0, disconnected, "http_503", 7 * time.Second},
		{refusal(429, "99999999"), 0, disconnected, "http_429", maxRetryAfter},
		{refusal(429, "-5"), 0, disconnected, "http_429", 0},
		{refusal(404, "soon"), 0, disconnected, "http_404", 0},
		{errSilent, time.Hour, disconnected, "silent", 0},
		{errors.Join(errProtocol, errors.New("x")), 0, disconnected, "protocol", 0},
		{ws.ErrNotText, 0, disconnected, "protocol", 0},
		{&tls.CertificateVerificationError{}, 0, disconnected, "certificate", 0},
		{&net.DNSError{}, 0, disconnected, "name", 0},
		{&net.OpError{Op: "proxyconnect", Err: errors.New("no")}, 0, disconnected, "proxy", 0},
		{context.DeadlineExceeded, 0, disconnected, "timeout", 0},
		{errors.New("reset"), time.Hour, disconnected, "connection", 0},
	} {
		e := endOf(c.err, c.lasted)
		if e.state != c.state || e.reason != c.reason || e.atLeast != c.atLeast || e.lasted != c.lasted {
			t.Errorf("%v: %+v", c.err, e)
		}
	}
}

// Codes that agent-api may close with, as they come over a real socket.
func TestWhyItWasClosed(t *testing.T) {
	t.Parallel()
	for code, want := range map[ws.Code]string{ws.GoingAway: "closed_1001", ws.Policy: "closed_1008", 4003: "closed_4003", 4001: "replaced", 4777: "closed"} {
		_, r, p := connect(t, nil)
		p.Close(code, "because")
		eventually(t, "it is known", func() bool { return testutil.ToFloat64(r.metrics.ends.WithLabelValues(want)) >= 1 })
	}
	// A key that was taken for long and is not now may have been changed by ourselves: the next try tells.
	if e := (ended{}); endOfCode(t, 4003, time.Hour).atLeast != e.atLeast || endOfCode(t, 4003, time.Second).atLeast != afterRefused {
		t.Error("a refused key waits wrongly")
	}
}

func endOfCode(t *testing.T, code ws.Code, lasted time.Duration) ended {
	t.Helper()
	s := serve(t, false)
	conn, err := ws.Dial(t.Context(), s.URL+path, ws.DialOptions{Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Client().CloseIdleConnections()
	go s.next(t).Close(code, "")
	_, err = conn.Read(t.Context())
	return endOf(err, lasted)
}

// Nobody answers for a day: it is tried for ever, with at most a minute between two tries, and the log stays small.
func TestItIsTriedForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		var last time.Time
		r := newRig(t, defaults(), newCloud("http://nobody", roundTrip(func(*http.Request) (*http.Response, error) {
			if gap := time.Since(last); tries > 0 && gap > time.Minute {
				t.Errorf("%v between two tries", gap)
			}
			tries, last = tries+1, time.Now()
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		})))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.run(ctx) }()
		time.Sleep(24 * time.Hour)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if tries < 2*24*60-60 || tries > 2*24*60+60 { // half a minute on average
			t.Errorf("%d tries", tries)
		}
		if n := len(r.logged.lines); n != firstTries {
			t.Errorf("%d lines", n)
		}
		if got := r.status.current(); got.State != string(disconnected) || time.Since(got.Since) < 23*time.Hour {
			t.Errorf("channel is %+v", got)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTheStateIsMeasured(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	p.want("heartbeat")
	registry := prometheus.NewPedanticRegistry()
	r.register(registry)
	const want = "# HELP state 1 for how the control channel is.\n# TYPE state gauge\n" +
		"state{state=\"connected\"} 1\nstate{state=\"connecting\"} 0\nstate{state=\"disconnected\"} 0\nstate{state=\"refused\"} 0\nstate{state=\"replaced\"} 0\nstate{state=\"waiting\"} 0\n"
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "state"); err != nil {
		t.Error(err)
	}
	if now := float64(time.Now().Unix()); r.lastConnected() < now-5 || r.lastConnected() > now {
		t.Errorf("last connected is %v", r.lastConnected())
	}
	if families, err := registry.Gather(); err != nil || len(families) != 6 {
		t.Errorf("%d families, %v", len(families), err)
	}
}

func TestWhenItWasLastConnected(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	r := newRig(t, defaults(), newCloud("http://nobody", nil))
	if got := r.lastConnected(); got != 0 {
		t.Errorf("it is %v", got)
	}
	s := newStatus(slog.New(slog.DiscardHandler), func(gateway.Channel) {}, func() time.Time { return now })
	r.client.status = s
	s.become(connected, "")
	now = now.Add(time.Hour)
	s.become(disconnected, "silent")
	if s.become(disconnected, "silent") {
		t.Error("nothing has changed")
	}
	now = now.Add(time.Hour)
	if got := r.lastConnected(); got != 1000+3600 {
		t.Errorf("it is %v", got)
	}
	if err := s.healthy(t.Context()); err == nil || err.Error() != "disconnected since 1970-01-01T01:16:40Z: silent" {
		t.Errorf("health is %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"none":      {func(*Config) {}, ""},
		"document":  {func(c *Config) { c.URL = "wss://agent-api.staff-control.com/v2/gateway/socket" }, ""},
		"this one":  {func(c *Config) { c.URL = "ws://127.0.0.1:3001/v2/gateway/socket" }, ""},
		"open":      {func(c *Config) { c.URL = "ws://api/v2/gateway/socket"; c.AllowInsecure = true }, ""},
		"insecure":  {func(c *Config) { c.URL = "ws://api/v2/gateway/socket" }, "url: must be wss://"},
		"http":      {func(c *Config) { c.URL = "https://api" }, "url: must be an address"},
		"no host":   {func(c *Config) { c.URL = "wss:///x" }, "url: must be an address"},
		"password":  {func(c *Config) { c.URL = "wss://a:geheim@api/x" }, "url: must have no user"},
		"min delay": {func(c *Config) { c.MinDelay = 2 * time.Minute }, "min_delay: must"},
		"max delay": {func(c *Config) { c.MaxDelay = 2 * time.Hour }, "max_delay: must"},
		"ping":      {func(c *Config) { c.PingInterval = 0; c.PingTimeout = time.Hour }, "ping_timeout: must"},
		"repeat":    {func(c *Config) { c.AckRepeat = 0 }, "ack_repeat: must"},
	} {
		cfg := defaults()
		c.change(&cfg)
		err := cfg.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheModuleRunsInAKernel(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	c, r := newCloud(s.URL, &http.Transport{}), &reporter{interval: time.Minute}
	t.Cleanup(c.http.CloseIdleConnections)
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{}, New(),
		kerneltest.Provide[command.Doer](kernel.Gateway, &doer{}), kerneltest.Provide[gateway.Cloud](kernel.Gateway, c),
		kerneltest.Provide[gateway.Reach](kernel.Gateway, c), kerneltest.Provide[gateway.Reporter](kernel.Gateway, r))
	p := s.next(t)
	one := orderOf(command.SyncDevices)
	p.order(one)
	if a := p.ack(); a.CommandID != one.ID {
		t.Errorf("ack is %+v", a)
	}
}
