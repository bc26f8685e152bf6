package monitoring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// pretended is a primary database that keeps the state, and a TimescaleDB that is away or not.
type pretended struct {
	mu                          sync.Mutex
	away, moveFails, raiseFails bool
	happened
}

// happened is what can be seen of it.
type happened struct {
	row          stateRow
	probes       []time.Time
	moves, began int
	raised       []alert.Alert
}

// seen is what has happened until now.
func (p *pretended) seen() happened {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.happened
}

func (p *pretended) state(context.Context) (stateRow, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.row, nil
}

func (p *pretended) turn(_ context.Context, active bool, reason string, at time.Time) (stateRow, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.row.Active == active {
		return p.row, false, nil
	}
	p.row.Active = active
	if active {
		p.row.Waiting, p.row.Since, p.row.Reason = true, &at, reason
	}
	return p.row, true, nil
}

func (p *pretended) probe(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes = append(p.probes, time.Now())
	if p.away {
		return db.ErrUnavailable
	}
	return nil
}

func (p *pretended) peek(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return db.ErrUnavailable
	}
	return nil
}

func (p *pretended) move(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves++
	if p.moveFails {
		return db.ErrUnavailable
	}
	p.row.Waiting = false
	return nil
}

func (p *pretended) raise(ctx context.Context, a alert.Alert) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if who, _ := actor.From(ctx); !who.CrossesOrganizations() {
		return fmt.Errorf("raised by %+v", who)
	}
	if p.raiseFails {
		return db.ErrUnavailable
	}
	if !slices.ContainsFunc(p.raised, func(b alert.Alert) bool { return a.ID == b.ID }) {
		p.raised = append(p.raised, a)
	}
	return nil
}

// set changes what is pretended.
func (p *pretended) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// process returns the fallback of one process.
func (p *pretended) process() *fallback {
	return &fallback{
		every: time.Minute, failures: 3, patience: 10 * time.Second, book: p, probe: p.probe, move: p.move, raise: p.raise,
		peek:  p.peek,
		began: func() { p.set(func() { p.began++ }) }, shown: func(bool) {},
		log: slog.New(slog.DiscardHandler), now: time.Now, wake: make(chan struct{}, 1), told: map[string]time.Time{},
	}
}

// runs lets the loops of a process run for as long as the test does.
func runs(t *testing.T, f *fallback) {
	ctx, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context) error{f.watch, f.recover, f.listen} {
		loops.Go(func() {
			if err := loop(ctx); err != nil {
				t.Errorf("a loop ends with %v", err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		loops.Wait()
	})
	synctest.Wait()
}

// fails is a write that fails.
func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestThirdFailureInARowActivates(t *testing.T) {
	t.Parallel()
	gone := fmt.Errorf("%w: %w", db.ErrUnavailable, io.ErrUnexpectedEOF)
	for name, c := range map[string]struct {
		writes []error
		active bool
	}{
		"three":                {[]error{gone, gone, gone}, true},
		"two":                  {[]error{gone, gone}, false},
		"a success between":    {[]error{gone, gone, nil, gone, gone}, false},
		"and then three":       {[]error{gone, nil, gone, gone, gone}, true},
		"no room":              {[]error{db.ErrFull, db.ErrFull, db.ErrFull}, true},
		"too slow":             {[]error{context.DeadlineExceeded, gone, context.DeadlineExceeded}, true},
		"a conflict":           {[]error{gone, gone, db.ErrConflict, db.ErrConflict}, false},
		"a conflict in a row":  {[]error{gone, db.ErrConflict, gone, gone}, true},
		"what cannot be kept":  {[]error{db.ErrInvalid, db.ErrInvalid, db.ErrInvalid}, false},
		"cancelled":            {[]error{context.Canceled, context.Canceled, context.Canceled}, false},
		"of another tenant":    {[]error{db.ErrForeign, db.ErrForeign, db.ErrForeign}, false},
		"something else wrong": {[]error{io.EOF, io.EOF, io.EOF}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &pretended{away: true}
			f := p.process()
			for i, err := range c.writes {
				again, got := f.try(agent(1), fails(err))
				last := c.active && i == len(c.writes)-1
				if again != last {
					t.Fatalf("write %d goes again: %v", i, again)
				}
				if !last && (!errors.Is(got, err) || away(context.Background(), err) != errors.Is(got, db.ErrUnavailable) && err != db.ErrFull) {
					t.Errorf("write %d: %v is %v", i, err, got)
				}
			}
			if f.active() != c.active || p.row.Active != c.active {
				t.Errorf("active %v, written %v, want %v", f.active(), p.row.Active, c.active)
			}
		})
	}
}

func TestWhoeverIsGoneSaysNothingOfTheDatabase(t *testing.T) {
	t.Parallel()
	f := (&pretended{}).process()
	ctx, cancel := context.WithCancel(agent(1))
	cancel()
	for range 5 {
		if again, err := f.try(ctx, fails(db.ErrUnavailable)); again || !errors.Is(err, db.ErrUnavailable) {
			t.Fatalf("again %v, %v", again, err)
		}
	}
}

func TestADatabaseThatHangsIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := (&pretended{away: true}).process()
		began := time.Now()
		for i := range 3 {
			again, err := f.try(agent(1), func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
			if again != (i == 2) || !again && !errors.Is(err, db.ErrUnavailable) {
				t.Errorf("write %d: again %v, %v", i, again, err)
			}
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestRecoveryIsProbedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		f := p.process()
		runs(t, f)
		p.set(func() { p.away = true })
		for range 3 {
			f.try(agent(1), fails(db.ErrUnavailable))
		}
		activated := time.Now()
		time.Sleep(5*time.Minute + time.Second)
		if h := p.seen(); len(h.probes) != 5 || h.probes[4].Sub(activated) != 5*time.Minute || !f.active() || h.moves != 0 {
			t.Fatalf("probes at %v, active %v, %d moves", h.probes, f.active(), h.moves)
		}
		p.set(func() { p.away = false })
		time.Sleep(time.Minute)
		if h := p.seen(); len(h.probes) != 6 || f.active() || h.row.Active || h.moves != 1 || f.current().Waiting {
			t.Fatalf("%d probes, active %v, %d moves, state %+v", len(h.probes), f.active(), h.moves, f.current())
		}
		time.Sleep(time.Hour)
		if h := p.seen(); len(h.probes) != 6 || h.moves != 1 {
			t.Errorf("%d probes and %d moves, an hour later", len(h.probes), h.moves)
		}
		for range 2 { // the counter begins anew
			if again, _ := f.try(agent(1), fails(db.ErrUnavailable)); again {
				t.Error("activated too early")
			}
		}
	})
}

func TestAlertsAreRaisedOnceForEachActivation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		one, other := p.process(), p.process()
		runs(t, one)
		runs(t, other)
		for round := range 3 {
			p.set(func() { p.away, p.raiseFails = true, true })
			for range 3 {
				one.try(agent(1), fails(fmt.Errorf("%w: postgres://staff_app:hidden@host/db", db.ErrUnavailable)))
			}
			time.Sleep(2 * time.Second) // an alert that could not be raised is raised later
			if h := p.seen(); len(h.raised) != 2*round {
				t.Fatalf("raised %+v", h.raised)
			}
			p.set(func() { p.raiseFails = false })
			time.Sleep(2 * time.Second)
			h := p.seen()
			if len(h.raised) != 2*round+1 || !other.active() {
				t.Fatalf("raised %+v, the other process knows %v", h.raised, other.active())
			}
			a := h.raised[2*round]
			if a.Kind != "timescale_fallback_activated" || a.Severity != alert.Critical || a.Details["severity"] != "critical" ||
				a.Details["consecutiveFailures"] != 3 || a.Details["reason"] == "" {
				t.Errorf("raised %+v", a)
			}
			p.set(func() { p.away = false })
			time.Sleep(2 * time.Minute)
			if h := p.seen(); len(h.raised) != 2*round+2 || h.raised[2*round+1].Kind != "timescale_recovered" || h.raised[2*round+1].Severity != alert.Info {
				t.Fatalf("raised %+v", h.raised)
			}
		}
		if h := p.seen(); h.began != 3 {
			t.Errorf("%d activations were counted", h.began)
		}
	})
}

func TestRowsThatWaitAreMovedUntilTheyAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{happened: happened{row: stateRow{Waiting: true}}, moveFails: true}
		f := p.process()
		if err := f.refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		runs(t, f)
		time.Sleep(3*time.Minute + time.Second)
		if h := p.seen(); h.moves != 4 || len(h.raised) != 0 {
			t.Fatalf("%d moves, raised %v", h.moves, h.raised)
		}
		p.set(func() { p.moveFails = false })
		time.Sleep(10 * time.Minute)
		if h := p.seen(); h.moves != 5 || f.current().Waiting {
			t.Errorf("%d moves, state %+v", h.moves, f.current())
		}
	})
}

func TestReadersDoWithoutTimescaleDBOnlyWhileItIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		f := p.process()
		var mayRead error
		f.peek = func(context.Context) error { return mayRead }
		if !f.legible() || f.excuses(context.Background(), db.ErrUnavailable) {
			t.Fatal("nothing has happened")
		}
		p.row = stateRow{Active: true}
		if !f.excuses(context.Background(), db.ErrUnavailable) || f.legible() {
			t.Error("another process has activated it")
		}
		if f.legible() {
			t.Error("read before it was looked at")
		}
		f.look(asSystem(context.Background()))
		if !f.legible() || f.excuses(context.Background(), db.ErrConflict) {
			t.Error("it can be read, and a conflict is an error")
		}
		if !f.excuses(context.Background(), db.ErrUnavailable) || f.legible() {
			t.Error("a reader that fails makes the others do without it")
		}
		p.row = stateRow{Waiting: true}
		f.learn(p.row)
		if !f.legible() || f.excuses(context.Background(), db.ErrUnavailable) {
			t.Error("rows are there again: without them the answer is wrong")
		}
	})
}

// Readers keep no connection of the primary database while they wait for TimescaleDB, which may be away.
func TestReadersKeepNoConnectionBesideTimescaleDB(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for want, st := range map[bool]store{true: {db: d}, false: {db: d, fallback: (&pretended{}).process()}} {
		var seen []any
		_, err := readTogether(as(actor.HR, 1), st, func(ctx context.Context) (none struct{}, err error) {
			look := func(_ context.Context, tx db.Tx) error {
				seen = append(seen, tx.SQL())
				return nil
			}
			return none, errors.Join(d.Read(ctx, look), d.Read(ctx, look))
		})
		if err != nil || (seen[0] == seen[1]) != want {
			t.Errorf("one transaction: %v, want %v, %v", seen[0] == seen[1], want, err)
		}
	}
}
