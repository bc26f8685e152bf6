package buffer

import (
	"context"
	"math"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// maintain holds the usage against the thresholds after every change: it raises what has begun, lets in or
// refuses, and makes room one step at a time, so that senders are not kept waiting by it.
func (s *service) maintain(ctx context.Context) {
	if usage, wal := s.fill(); usage > s.cfg.WarnAt && wal > int64(s.cfg.MaxSize)/50 {
		s.shrinkLog(ctx)
	}
	usage := s.judge()
	s.saveAlerts(ctx)
	if s.giveBack(ctx) {
		offer(s.again)
	}
	if usage > s.cfg.WarnAt && s.relieve(ctx, usage) {
		offer(s.again)
	}
}

// judge compares the usage with the thresholds.
func (s *service) judge() float64 {
	usage, _ := s.fill()
	if severity := s.pressure.judge(usage); severity != "" {
		s.alarm(severity, usage, nil)
	}
	s.refuses.Store(s.pressure.over && s.cfg.Overflow == refuse)
	return usage
}

// fill is the usage, and the size of the log in it.
func (s *service) fill() (usage float64, wal int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage(), s.wal
}

// relieve makes room once and reports whether it found any.
func (s *service) relieve(ctx context.Context, usage float64) bool {
	if s.forgetClosed(ctx, time.Time{}) > 0 {
		return true
	}
	for _, name := range backlog.Streams {
		if s.forgetSent(ctx, name, time.Time{}) > 0 {
			return true
		}
	}
	if s.forgetAside(ctx, time.Time{}) > 0 {
		return true
	}
	if s.cfg.Overflow != dropOldest || usage <= s.cfg.RefuseAt {
		return false
	}
	for _, name := range dropOrder {
		if s.dropPending(ctx, name) > 0 {
			return true
		}
	}
	return false
}

// dropOrder is in which streams what is undelivered goes: pictures, which are large, first, door events last.
var dropOrder = [...]backlog.Stream{backlog.Picture, backlog.Agent, backlog.Device}

// forgetAside deletes a step of the pictures that the server refused: those set aside before a time, or all if it is
// zero. Their rows stay as long as others'.
func (s *service) forgetAside(ctx context.Context, before time.Time) (n int) {
	if s.tally()[backlog.Picture].SetAside == 0 {
		return 0
	}
	s.change(ctx, "delete refused pictures", func(ctx context.Context, tx db.Tx, w *working) error {
		gone, err := takeAside(ctx, tx, before)
		w.lose(gone)
		n = len(gone)
		return err
	})
	return n
}

// giveStep is how many pages are given back to the disk at a time.
const giveStep = 1000

// giveBack gives pages that deleted rows left back to the disk where pictures need the room, and reports whether
// there may be more.
func (s *service) giveBack(ctx context.Context) bool {
	s.mu.Lock()
	was, taken := s.size, s.size.file+s.wal+s.spooled
	s.mu.Unlock()
	free := was.file - was.used
	if free < giveStep*was.page || float64(taken) < s.cfg.WarnAt*float64(s.cfg.MaxSize) {
		return false
	}
	if err := s.store.db.Shrink(ctx, giveStep); err != nil {
		s.log.WarnContext(ctx, "the buffer's file could not be made smaller", "error", err)
		return false
	}
	s.change(ctx, "measure its file", func(context.Context, db.Tx, *working) error { return nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size.file < was.file
}

// forgetSent deletes a step of the oldest delivered rows: those sent before a time, or all if it is zero.
func (s *service) forgetSent(ctx context.Context, name backlog.Stream, before time.Time) (n int64) {
	if s.tally()[name].Sent == 0 {
		return 0
	}
	s.change(ctx, "delete delivered rows", func(ctx context.Context, tx db.Tx, w *working) (err error) {
		t := w.touch(name)
		n, err = deleteSent(ctx, tx, name, t.first, before)
		t.Sent -= n
		return err
	})
	return n
}

// dropPending deletes a step of the oldest undelivered rows and notes which, so that the server can be told.
func (s *service) dropPending(ctx context.Context, name backlog.Stream) (n int64) {
	if s.tally()[name].Pending == 0 {
		return 0
	}
	s.change(ctx, "drop undelivered rows", func(ctx context.Context, tx db.Tx, w *working) error {
		t := w.touch(name)
		runs, k, err := deletePending(ctx, tx, name, t.first)
		if err != nil {
			return err
		}
		for _, r := range runs {
			if err := drop(ctx, tx, name, r, s.now()); err != nil {
				return err
			}
			if err := w.release(ctx, tx, name, r.First, r.Last); err != nil {
				return err
			}
		}
		n = k
		t.Pending -= k
		w.dropped[backlog.ReasonOverflow] += k
		w.news = true
		return t.find(ctx, tx)
	})
	if n > 0 {
		s.log.ErrorContext(ctx, "the buffer is full: undelivered events are dropped", "stream", name, "rows", n)
	}
	return n
}

// keepSetAside is how long refused rows wait for somebody to look at them.
const keepSetAside = 30 * 24 * time.Hour

// sweepSteps bounds one sweep, for the sake of those who wait for a commit meanwhile.
const sweepSteps = 10

// sweep deletes what has been kept long enough.
func (s *service) sweep(ctx context.Context) {
	now := s.now()
	for range sweepSteps {
		if s.forgetClosed(ctx, now.Add(-keepFor)) < cleanStep {
			break
		}
	}
	for _, name := range backlog.Streams {
		for range sweepSteps {
			if s.forgetSent(ctx, name, now.AddDate(0, 0, -s.cfg.RetentionDays)) < cleanStep {
				break
			}
		}
		if name == backlog.Picture {
			s.forgetAside(ctx, now.Add(-keepSetAside))
		}
		if s.tally()[name].SetAside > 0 {
			s.change(ctx, "delete refused rows", func(ctx context.Context, tx db.Tx, w *working) error {
				n, err := forgetSetAside(ctx, tx, name, now.Add(-keepSetAside))
				w.touch(name).SetAside -= n
				return err
			})
		}
	}
}

// change makes one of the writer's own changes. One that fails is tried again when there is reason to.
func (s *service) change(ctx context.Context, what string, fn func(context.Context, db.Tx, *working) error) {
	if err := s.apply(ctx, []*job{{change: fn}}); err != nil {
		s.log.WarnContext(ctx, "the buffer could not "+what, "error", err)
	}
}

func (s *service) shrinkLog(ctx context.Context) {
	if err := s.store.db.Checkpoint(ctx); err != nil {
		s.log.WarnContext(ctx, "the buffer's log could not be emptied", "error", err)
	}
	wal := s.store.wal()
	s.mu.Lock()
	s.wal = wal
	s.mu.Unlock()
}

// alarm says that the buffer overflows: once for each threshold, until it has been left for good.
func (s *service) alarm(severity alert.Severity, usage float64, cause error) {
	s.metrics.overflows.Inc()
	usage = math.Round(usage*1e4) / 1e4
	a := alert.Alert{
		ID: id.New(), Kind: alert.BufferOverflow, Severity: severity, At: s.now().UTC(), Subject: "gateway",
		Details: map[string]any{"usage": usage},
	}
	switch {
	case cause != nil:
		a.Details["cause"] = "disk"
		s.log.Error("the disk takes no more: events are refused", "usage", usage, "error", cause)
	case severity == alert.Warning:
		s.log.Warn("the buffer fills up: delivered rows are deleted", "usage", usage)
	case s.cfg.Overflow == dropOldest:
		s.log.Error("the buffer is full: the oldest undelivered events are dropped", "usage", usage)
	default:
		s.log.Error("the buffer is full: new events are refused", "usage", usage)
	}
	s.unsaved = append(s.unsaved, a)
}

// saveAlerts keeps the buffer's own alerts in the file. On a full disk they wait in memory: there are few.
func (s *service) saveAlerts(ctx context.Context) {
	if len(s.unsaved) == 0 {
		return
	}
	err := s.apply(ctx, []*job{{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		for _, a := range s.unsaved {
			if err := saveAlert(ctx, tx, a, s.now()); err != nil {
				return err
			}
		}
		return nil
	}}})
	if err == nil {
		s.unsaved = nil
	}
}
