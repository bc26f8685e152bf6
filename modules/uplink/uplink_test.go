package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatIsBufferedIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"zstd", "gzip", "none"} {
		t.Run(compression, func(t *testing.T) {
			t.Parallel()
			a, m, _ := serve(t, func(c *Config) { c.Compression = compression; c.BatchSize = 100 })
			m.add(backlog.Agent, 250)
			eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
			a.once(t, backlog.Agent, 250)
			encoding := map[string]string{"none": ""}[compression]
			if compression != "none" {
				encoding = compression
			}
			for _, r := range a.to(ingest) {
				if len(r.seqs) > 100 || r.encoding != encoding || r.key != "Bearer sgw_1" || len(r.token) != 64 {
					t.Errorf("batch of %d, encoding %q, key %q, token %q", len(r.seqs), r.encoding, r.key, r.token)
				}
			}
		})
	}
}

func TestBothStreamsAreDelivered(t *testing.T) {
	t.Parallel()
	a, m, _ := serve(t, nil)
	m.add(backlog.Agent, 3)
	m.add(backlog.Device, 2)
	eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
	if n := a.count(); n != 5 {
		t.Errorf("%d are stored, want 5", n)
	}
}

// A stream that the server cannot take now does not hold up the other.
func TestAStuckStreamDoesNotHoldUpTheOther(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		var in ingestBody
		if r.URL.Path != ingest || json.Unmarshal(body, &in) != nil || in.Stream != backlog.Device {
			return false
		}
		say(w, 503, nil)
		return true
	})
	m.add(backlog.Device, 1)
	eventually(t, "the device stream fails", func() bool { return u.link.current() == offline })
	m.add(backlog.Agent, 50)
	eventually(t, "the agent stream is delivered", func() bool { return m.State().Waiting[backlog.Agent] == 0 })
	if m.pending() != 1 || u.link.current() != offline {
		t.Errorf("%d pending, state %s", m.pending(), u.link.current())
	}
}

// The bad event is found by halving and set aside; all others arrive, and what is lost is reported.
func TestABadEventIsSetAsideAndTheOthersArrive(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 413, 422} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			a, m, u := serve(t, nil)
			a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				var in ingestBody
				if r.URL.Path != ingest || json.Unmarshal(body, &in) != nil {
					return false
				}
				for _, item := range in.Data {
					if item.Seq == 13 || item.Seq == 77 {
						return always(ingest, status)(w, r, body)
					}
				}
				return false
			})
			m.add(backlog.Agent, 100)
			eventually(t, "all is done with", func() bool { return m.pending() == 0 && len(m.setAside()) == 2 })
			a.once(t, backlog.Agent, 100, 13, 77)
			for _, seq := range []int64{13, 77} {
				if want := fmt.Sprintf("answered %d %s test.fault: so it is", status, http.StatusText(status)); m.setAside()[seq] != want {
					t.Errorf("%d was set aside because %q, want %q", seq, m.setAside()[seq], want)
				}
			}
			if n := len(a.to(ingest)); n > 32 {
				t.Errorf("it took %d requests to find 2 of 100", n)
			}
			m.add(backlog.Agent, 1)
			eventually(t, "the loss is reported", func() bool { d, _ := m.Dropped(t.Context(), backlog.Agent); return len(d) == 0 })
			if drops := a.reported(); len(drops) != 2 || drops[0] != (backlog.Dropped{First: 13, Last: 13, Reason: "refused"}) {
				t.Errorf("reported are %v", drops)
			}
			if u.link.current() != online {
				t.Errorf("state is %s", u.link.current())
			}
			if n := u.health(t.Context()).SetAside; n != 2 {
				t.Errorf("the heartbeat says that %d are set aside", n)
			}
		})
	}
}

// If everything is refused it is not the events' fault: no more than a hundred are set aside, and the rest waits.
func TestAServerThatRefusesEverythingEmptiesNoBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		a.on(always(ingest, 400))
		m.add(backlog.Agent, 1000)
		stop := start(t, u)
		pass(time.Hour)
		if got := len(m.aside); got != maxRejected || m.pending() != 1000-maxRejected {
			t.Errorf("%d are set aside, %d pending", got, m.pending())
		}
		if alerts := allAlerts(a, m); len(alerts) != 1 {
			t.Errorf("alerts are %v, want one", alerts)
		}
		a.on(nil)
		pass(time.Minute)
		if m.pending() != 0 {
			t.Errorf("%d are pending after the server came to its senses", m.pending())
		}
		stop()
	})
}

// The design document's ladder, by a clock that does not have to be waited for: 1, 2, 4, 8, 16 s, at most a fifth
// longer; then one alert, and every 16 s for ever.
func TestTheLadder(t *testing.T) {
	t.Parallel()
	for _, status := range []int{408, 429, 500, 503, 0} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, m, u := bubble(t, nil)
				d, ctx := enrolledDrainer(t, u)
				tries := make(chan time.Time, 1)
				a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
					tries <- time.Now()
					return always(ingest, status)(w, r, body)
				})
				if status == 0 {
					u.client.http.Transport = direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						tries <- time.Now()
						w.Header().Set("Content-Length", "100") // and then nothing: the connection broke
						w.WriteHeader(200)
					})}
				}
				m.add(backlog.Agent, 10)
				go d.run(ctx)
				before := <-tries
				for i, want := range []time.Duration{1, 2, 4, 8, 16, 16, 16, 16} {
					now := <-tries
					if gap := now.Sub(before); gap < want*time.Second || gap > want*time.Second*6/5 {
						t.Errorf("try %d came after %v, want %d s and up to a fifth more", i+1, gap, want)
					}
					before = now
					synctest.Wait()
					if n := len(m.raised()); n == 0 && i >= 4 || n > 0 && i < 4 {
						t.Errorf("after try %d there are %d alerts", i+1, n)
					}
				}
				alerts := m.raised()
				if len(alerts) != 1 || alerts[0].Kind != "connection_failed" || alerts[0].Severity != alert.Critical || alerts[0].Details["maxRetriesReached"] != true {
					t.Errorf("alerts are %+v, want connection_failed, critical, once", alerts)
				}
				if u.link.current() != offline || m.pending() != 10 {
					t.Errorf("state is %s with %d pending", u.link.current(), m.pending())
				}
				if rows, _ := m.Next(ctx, backlog.Agent, 0, 1, 1e6); rows[0].Retries != maxRetries {
					t.Errorf("%d tries are counted, want %d", rows[0].Retries, maxRetries)
				}
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		d, ctx := enrolledDrainer(t, u)
		waits := []string{"30", "7", "1000000000", "-5", "soon", time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)}
		var tries []time.Time
		a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if tries = append(tries, time.Now()); len(tries) > len(waits) {
				return false
			}
			return always(ingest, 429, "Retry-After", waits[len(tries)-1])(w, r, body)
		})
		m.add(backlog.Agent, 1)
		go d.run(ctx)
		pass(time.Hour)
		if len(tries) != len(waits)+1 || m.pending() != 0 {
			t.Fatalf("%d tries, %d pending", len(tries), m.pending())
		}
		for i, least := range []time.Duration{30 * time.Second, 7 * time.Second, maxRetryAfter, 8 * time.Second, 16 * time.Second} {
			if gap := tries[i+1].Sub(tries[i]); gap < least || gap > least*6/5 {
				t.Errorf("after Retry-After %q the wait was %v, want %v", waits[i], gap, least)
			}
		}
	})
}

// A key that is not taken is an alert at once; the events wait, and go when the key is taken again.
func TestARefusedKeyPausesTheDelivery(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403} {
		synctest.Test(t, func(t *testing.T) {
			a, m, u := bubble(t, nil)
			stop := start(t, u)
			pass(time.Minute)
			a.on(always("/v2/", status))
			m.add(backlog.Agent, 20)
			pass(time.Hour)
			if u.link.current() != refused || m.pending() != 20 || len(m.aside) != 0 {
				t.Errorf("state %s, %d pending, %d set aside", u.link.current(), m.pending(), len(m.aside))
			}
			if alerts := m.raised(); len(alerts) != 1 || alerts[0].Details["status"] != status {
				t.Errorf("alerts are %+v, want one with the status", alerts)
			}
			a.on(nil)
			pass(time.Minute)
			if u.link.current() != online || m.pending() != 0 {
				t.Errorf("after the end: state %s, %d pending", u.link.current(), m.pending())
			}
			stop()
		})
	}
}

// A day without agent-api: everything waits, then arrives once, in order; the alert was raised once.
func TestADayAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, func(c *Config) { c.BatchSize = 100 })
		network := &cut{RoundTripper: u.client.http.Transport}
		u.client.http.Transport = network
		stop := start(t, u)
		m.add(backlog.Agent, 10)
		pass(time.Minute)
		network.set(true)
		for range 24 {
			m.add(backlog.Agent, 500)
			pass(time.Hour)
		}
		if u.link.current() != offline || m.pending() != 12_000 || len(m.raised()) != 1 {
			t.Errorf("state %s, %d pending, alerts %v", u.link.current(), m.pending(), m.raised())
		}
		network.set(false)
		pass(time.Minute)
		if u.link.current() != online || m.pending() != 0 {
			t.Errorf("a minute later: state %s, %d pending", u.link.current(), m.pending())
		}
		if n := len(allAlerts(a, m)); n != 1 {
			t.Errorf("%d alerts, want 1", n)
		}
		a.once(t, backlog.Agent, 12_010)
		var before int64
		for _, r := range a.to(ingest) {
			if len(r.seqs) > 0 && (r.seqs[0] != before+1 || !slices.IsSorted(r.seqs)) {
				t.Fatalf("%d came after %d", r.seqs[0], before)
			}
			before = r.seqs[len(r.seqs)-1]
		}
		stop()
	})
}

// An answer that is lost on the way back: the batch comes again with the same token, and is stored once.
func TestALostAnswerStoresNothingTwice(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	var lost atomic.Bool
	a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if r.URL.Path != ingest || !lost.CompareAndSwap(false, true) {
			return false
		}
		var in ingestBody
		if err := json.Unmarshal(body, &in); err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		a.store(discard{}, in)
		a.mu.Unlock()
		panic(http.ErrAbortHandler)
	})
	m.add(backlog.Agent, 10)
	eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
	sent := a.to(ingest)
	if len(sent) != 2 || sent[0].token != sent[1].token {
		t.Errorf("sent %+v, want the same batch twice", sent)
	}
	a.once(t, backlog.Agent, 10)
	if u.link.current() != online {
		t.Errorf("state is %s", u.link.current())
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// What is sent again after a restart is the same batch, although more rows have come since.
func TestARestartSendsTheSameBatchAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		a.on(always(ingest, 503))
		m.add(backlog.Agent, 10)
		stop := start(t, u)
		pass(10 * time.Second)
		stop()
		m.add(backlog.Agent, 10)
		a.on(nil)
		again, err := newUplink(parts{cfg: u.cfg, data: u.data, log: u.log, now: u.now, backlog: m, outbox: m, alerts: m})
		if err != nil {
			t.Fatal(err)
		}
		again.client.http.Transport = direct{a}
		stop = start(t, again)
		pass(10 * time.Second)
		stop()
		sent := a.to(ingest)
		first, last := sent[0], sent[len(sent)-2]
		if first.token != last.token || len(last.seqs) != 10 {
			t.Errorf("after the restart %v was sent, before %v", last.seqs, first.seqs)
		}
		a.once(t, backlog.Agent, 20)
	})
}

// If the buffer cannot note a delivery, the rows are sent again, unhurriedly, and known by their token.
func TestADeliveryThatCannotBeNotedIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		m.failures = 3
		m.add(backlog.Agent, 5)
		stop := start(t, u)
		pass(5 * time.Minute)
		stop()
		if n := len(a.to(ingest)); m.pending() != 0 || n != 4 {
			t.Errorf("%d pending after %d batches, want 0 after 4", m.pending(), n)
		}
		a.once(t, backlog.Agent, 5)
	})
}

func TestABatchWaitsToFillButNotLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, func(c *Config) { c.Interval = 5 * time.Second; c.BatchSize = 30 })
		stop := start(t, u)
		pass(time.Second)
		began := time.Now()
		for range 10 {
			m.add(backlog.Agent, 1)
			pass(200 * time.Millisecond)
		}
		pass(time.Minute)
		sent := a.to(ingest)
		if len(sent) != 1 || len(sent[0].seqs) != 10 || sent[0].at.Sub(began) != 5*time.Second {
			t.Errorf("sent %+v, want one batch of 10 after 5 s", sent)
		}
		m.add(backlog.Agent, 60)
		pass(time.Second)
		if sent := a.to(ingest); len(sent) != 3 {
			t.Errorf("%d batches at once for two full ones", len(sent)-1)
		}
		stop()
	})
}

func TestDroppedRangesAreReportedWithoutRowsToo(t *testing.T) {
	t.Parallel()
	a, m, _ := serve(t, nil)
	m.mu.Lock()
	m.dropped[backlog.Agent] = []backlog.Dropped{{First: 1, Last: 900, Reason: "overflow"}}
	offer(m.wake)
	m.mu.Unlock()
	eventually(t, "it is reported", func() bool { d, _ := m.Dropped(t.Context(), backlog.Agent); return len(d) == 0 })
	if drops := a.reported(); len(drops) != 1 || drops[0].Last != 900 {
		t.Errorf("reported are %v", drops)
	}
}

// A server that refuses the report of dropped ranges gets the rows without it: no row is set aside for that.
func TestARefusedReportCostsNoRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			var in ingestBody
			return r.URL.Path == ingest && json.Unmarshal(body, &in) == nil && len(in.Dropped) > 0 && always(ingest, 400)(w, r, body)
		})
		m.dropped[backlog.Agent] = []backlog.Dropped{{First: 1, Last: 2, Reason: "overflow"}}
		m.add(backlog.Agent, 20)
		stop := start(t, u)
		pass(10 * time.Minute)
		m.add(backlog.Agent, 20)
		pass(10 * time.Minute)
		if m.pending() != 0 || len(m.aside) != 0 || len(a.to(ingest)) != 3 {
			t.Errorf("%d pending, %d set aside, %d batches", m.pending(), len(m.aside), len(a.to(ingest)))
		}
		a.on(nil)
		pass(time.Hour)
		m.add(backlog.Agent, 1)
		pass(time.Minute)
		if len(a.drops) != 1 {
			t.Errorf("an hour later %v is reported", a.drops)
		}
		stop()
	})
}

// pass lets time pass in a bubble, until all has been done that it brings.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// bubble returns the three without a network, for synctest.
func bubble(t *testing.T, change func(*Config)) (*agentAPI, *memory, *uplink) {
	t.Helper()
	a, m := newAgentAPI(), newMemory()
	c := testConfig("http://127.0.0.1:1")
	if change != nil {
		change(&c)
	}
	u := newTestUplink(t, c, m)
	u.client.http.Transport = direct{a}
	return a, m, u
}

// allAlerts are those that wait and those that the server has.
func allAlerts(a *agentAPI, m *memory) []alert.Alert {
	alerts := m.raised()
	for _, b := range a.beats {
		alerts = append(alerts, b.Alerts...)
	}
	return alerts
}

// enrolledDrainer is the agent stream's loop alone, ready to run.
func enrolledDrainer(t *testing.T, u *uplink) (*drainer, context.Context) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if !u.enrol(ctx) {
		t.Fatal("not enrolled")
	}
	return newDrainer(u, backlog.Agent), ctx
}
