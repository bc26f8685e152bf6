package monitoring

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

// Nobody writes: readers notice it too. Two that fail say nothing, nor does one who is gone, nor a read that is wrong by itself.
func TestThirdReadThatFailsActivates(t *testing.T) {
	t.Parallel()
	p := &pretended{away: true}
	f := p.process()
	gone, cancel := context.WithCancel(agent(1))
	cancel()
	for range 5 {
		if f.excuses(gone, db.ErrUnavailable) || f.excuses(agent(1), db.ErrConflict) {
			t.Fatal("excused")
		}
	}
	for n := 1; n <= 3; n++ {
		if got := f.excuses(agent(1), db.ErrUnavailable); got != (n == 3) || f.active() != got {
			t.Fatalf("read %d is excused: %v, active %v", n, got, f.active())
		}
	}
	if f.legible() || p.began != 1 {
		t.Errorf("legible %v, %d activations", f.legible(), p.began)
	}
}

// A read that fails counts with writes, and a write that succeeds ends both counts.
func TestReadsAndWritesCountTogether(t *testing.T) {
	t.Parallel()
	f := (&pretended{away: true}).process()
	f.excuses(agent(1), db.ErrUnavailable)
	f.try(agent(1), fails(db.ErrUnavailable))
	f.try(agent(1), fails(nil))
	f.excuses(agent(1), db.ErrUnavailable)
	f.try(agent(1), fails(db.ErrUnavailable))
	if f.active() {
		t.Fatal("active, although a write had succeeded")
	}
	if again, err := f.try(agent(1), fails(db.ErrUnavailable)); !again {
		t.Errorf("the third failure: %v", err)
	}
}

// An idle night: nobody writes or reads, and TimescaleDB goes away.
func TestAnOutageIsNoticedWithoutAnybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		f := p.process()
		runs(t, f)
		time.Sleep(refreshEvery) // so that nothing changes in the moment of a look
		for range 3 {            // not in a row
			p.set(func() { p.away = true })
			time.Sleep(2 * listenEvery)
			p.set(func() { p.away = false })
			time.Sleep(listenEvery)
		}
		if f.active() {
			t.Fatal("active after two failures")
		}
		p.set(func() { p.away = true })
		time.Sleep(3*listenEvery + refreshEvery)
		if h := p.seen(); !f.active() || h.began != 1 || len(h.raised) != 1 || h.raised[0].Kind != activated {
			t.Fatalf("active %v: %+v", f.active(), h)
		}
		p.set(func() { p.away = false })
		time.Sleep(time.Minute + refreshEvery)
		if h := p.seen(); f.active() || len(h.raised) != 2 || h.raised[1].Kind != recovered {
			t.Errorf("active %v: %+v", f.active(), h)
		}
	})
}

func TestAProcessThatBeginsWithoutTimescaleDBDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{away: true}
		f := p.process()
		runs(t, f)
		if h := p.seen(); !f.active() || h.began != 1 {
			t.Errorf("active %v: %+v", f.active(), h)
		}
	})
}
