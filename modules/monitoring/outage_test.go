package monitoring

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Both databases are stopped, killed and started while others write. At the end everything that was acknowledged is in
// TimescaleDB, once, and every outage and its end was told. The same with plain PostgreSQL in the place of TimescaleDB,
// which is not installed everywhere.
func TestOutagesLoseNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts and kills servers")
	}
	survives(t, 3)
}

func survives(t *testing.T, rounds int) {
	for name, second := range map[string]func(c *dbtest.Cluster, role string) string{
		"postgres": (*dbtest.Cluster).URL, "timescaledb": (*dbtest.Cluster).TimescaleURL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			survive(t, second, rounds)
		})
	}
}

// plant is a service, its loops, and the servers that it stands on.
type plant struct {
	*service
	first, second *dbtest.Cluster
	told          *toldAlerts
}

func newPlant(t *testing.T, second func(c *dbtest.Cluster, role string) string) plant {
	t.Helper()
	p := plant{first: dbtest.Server(t), second: dbtest.Server(t), told: &toldAlerts{}}
	series, err := db.OpenSeries(second(p.second, "staff_app"), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { series.Close() })
	p.service = newService(t, opened(t, p.first.URL("staff_app")))
	p.now = time.Now
	p.cfg.ProbeEvery, p.cfg.Patience = 200*time.Millisecond, 2*time.Second
	p.store.series = series
	f := newFallback(p.cfg, p.store, p.metrics, p.told, p.log, p.now)
	if err := f.start(context.Background(), p.store); err != nil {
		t.Fatal(err)
	}
	p.store.fallback = f
	ctx, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() { f.watch(ctx) })
	loops.Go(func() { f.recover(ctx) })
	loops.Go(func() { f.listen(ctx) })
	t.Cleanup(func() {
		stop()
		loops.Wait()
	})
	return p
}

// toldAlerts are the alerts that were raised, each once.
type toldAlerts struct {
	mu  sync.Mutex
	all map[string]string // kinds by id
}

func (a *toldAlerts) Raise(_ context.Context, raised alert.Alert) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all = map[string]string{}
	}
	a.all[raised.ID.String()] = raised.Kind
	return nil
}

func (a *toldAlerts) of(kind string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.all {
		if k == kind {
			n++
		}
	}
	return n
}

func survive(t *testing.T, second func(c *dbtest.Cluster, role string) string, rounds int) {
	t.Helper()
	p := newPlant(t, second)
	ctx, stop := context.WithCancel(agent(1))
	defer stop()
	var mu sync.Mutex
	acknowledged, instead := map[string]bool{}, 0
	count := func() (all, there int) {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged), instead
	}
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			p.chatter(ctx, n, func(b activity.Batch, r activity.Receipt) {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range b.Events {
					acknowledged[e.Title] = true
				}
				if r.Fallback {
					instead++
				}
			})
		})
	}
	for round := range rounds {
		p.outage(t, round, count)
	}
	stop()
	writers.Wait()
	eventually(t, "all rows are moved", func() bool { s := p.store.fallback.current(); return !s.Active && !s.Waiting })
	p.check(t, acknowledged)
	if a, b := p.told.of(activated), p.told.of(recovered); a < rounds || b < rounds {
		t.Errorf("%d outages: %d alerts of them, %d of their ends", rounds, a, b)
	}
	all, there := count()
	t.Logf("%d outages, %d events acknowledged, %d batches of them while TimescaleDB was away", rounds, all, there)
}

// outage takes TimescaleDB away and brings it back; in two of three rounds the primary database goes too, while it
// stands in, or while rows go back.
func (p plant) outage(t *testing.T, round int, count func() (all, instead int)) {
	t.Helper()
	before, _ := count()
	eventually(t, "events are stored", func() bool { n, _ := count(); return n > before })
	if round%2 == 0 {
		p.second.Kill()
	} else {
		p.second.Stop()
	}
	eventually(t, "the fallback is active", p.store.fallback.active)
	_, before = count()
	eventually(t, "events are stored in the primary database", func() bool { _, n := count(); return n > before+5 })
	if round%3 == 1 {
		p.first.Kill()
		p.first.Start()
		_, before = count()
		eventually(t, "the primary database takes them again", func() bool { _, n := count(); return n > before })
	}
	p.second.Start()
	if round%3 == 2 {
		eventually(t, "rows go back", func() bool { return !p.store.fallback.active() })
		p.first.Stop()
		p.first.Start()
	}
	eventually(t, "all rows are moved", func() bool { s := p.store.fallback.current(); return !s.Active && !s.Waiting })
}

// chatter writes batches, each until it is acknowledged.
func (p plant) chatter(ctx context.Context, n int, acknowledged func(activity.Batch, activity.Receipt)) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	begin := time.Now().Add(-3 * time.Hour)
	for i := 0; ctx.Err() == nil; i++ {
		b := activity.Batch{Token: fmt.Sprint(n, "-", i)}
		for j := range 10 {
			e := newWindow(fmt.Sprint(n, "-", i, "-", j), fmt.Sprint("PC-", n), begin.Add(time.Duration(10*i+j)*time.Millisecond))
			e.Title = e.Key
			b.Events = append(b.Events, e)
		}
		for ctx.Err() == nil {
			r, err := p.Put(ctx, b)
			if err == nil {
				acknowledged(b, r)
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// check compares what TimescaleDB has with what was acknowledged.
func (p plant) check(t *testing.T, acknowledged map[string]bool) {
	t.Helper()
	stored := map[string]int{}
	one := store{db: p.store.series, series: p.store.series}
	rows, err := one.newest(as(actor.HR, 1), activity.ActiveWindow, []sight{{organization: 1}}, window{limit: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		stored[r.Title]++
	}
	missing := 0
	for title := range acknowledged {
		if stored[title] == 0 {
			missing++
		}
	}
	if missing > 0 || len(acknowledged) == 0 {
		t.Errorf("of %d acknowledged events %d are missing", len(acknowledged), missing)
	}
	for title, n := range stored {
		if n != 1 {
			t.Errorf("event %s is stored %d times", title, n)
		}
	}
	if left := contents(t, p.store.db, 1); len(left) != 0 {
		t.Errorf("the primary database keeps %d rows", len(left))
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
