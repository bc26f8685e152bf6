package buffer

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func TestEachThresholdIsCrossedOnceUntilItIsLeftForGood(t *testing.T) {
	t.Parallel()
	p := pressure{warnAt: 0.80, refuseAt: 0.95}
	steps := []struct {
		usage float64
		want  alert.Severity
		over  bool
	}{
		{0.5, "", false}, {0.80, "", false}, {0.81, alert.Warning, false}, {0.79, "", false}, {0.82, "", false},
		{0.95, "", false}, {0.96, alert.Critical, true}, {0.94, "", true}, {0.96, "", true}, {0.89, "", false},
		{0.96, alert.Critical, true}, {0.5, "", false}, {0.81, alert.Warning, false}, {0.5, "", false},
		{0.99, alert.Critical, true}, {0.81, "", false}, {0.74, "", false},
	}
	for i, s := range steps {
		if got := p.judge(s.usage); got != s.want || p.over != s.over {
			t.Errorf("step %d, at %.2f: %q, over %v; want %q, %v", i, s.usage, got, p.over, s.want, s.over)
		}
	}
}

// The design document's test: at 0.96 back-pressure is on and the alert says critical and 0.96.
func TestAt96PercentNewEventsAreRefused(t *testing.T) {
	t.Parallel()
	b := filledTo(t, 0.96, nil)
	_, err := b.Put(agent(t), activity.Batch{Events: windows(0, 1)})
	if f := fault.Of(err); f.Kind != fault.TooMany || f.Code != "buffer.full" || f.RetryAfter <= 0 {
		t.Errorf("error is %v, want too many with a time to come back", err)
	}
	alerts := undelivered(t, b)
	if len(alerts) != 1 || alerts[0].Kind != "buffer_overflow" || alerts[0].Severity != alert.Critical || alerts[0].Details["usage"] != 0.96 {
		t.Errorf("alerts are %+v, want one of buffer_overflow, critical, 0.96", alerts)
	}
	if n := testutil.ToFloat64(b.metrics.overflows); n != 1 {
		t.Errorf("buffer_overflow_total is %v, want 1", n)
	}
	if err := b.Delivered(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Delivered(t.Context(), ids(alerts)); err != nil {
		t.Fatal(err)
	}
	if left := undelivered(t, b); len(left) != 0 {
		t.Errorf("after delivery %+v are left", left)
	}
}

func TestDeliveryEndsTheRefusal(t *testing.T) {
	t.Parallel()
	b := filledTo(t, 0.96, nil)
	last := b.State().Last[backlog.Agent]
	settleRows(t, b, 1, last) // sent rows are deleted then, 1000 at a time
	eventually(t, "the buffer takes events again", func() bool {
		_, err := b.Put(agent(t), activity.Batch{Events: windows(0, 1)})
		return err == nil
	})
	eventually(t, "no more is deleted than has to be", func() bool { usage, _ := b.fill(); return usage <= b.cfg.WarnAt })
	if sent := b.tally()[backlog.Agent].Sent; sent == 0 {
		t.Error("all delivered rows are gone")
	}
}

func TestAt81PercentDeliveredRowsGoAndUndeliveredStay(t *testing.T) {
	t.Parallel()
	b := filledTo(t, 0.70, nil)
	last := b.State().Last[backlog.Agent]
	settleRows(t, b, 1, last/2)
	for last := int64(0); len(undelivered(t, b)) == 0; last++ {
		put(t, b, windows(0, 200))
	}
	if a := undelivered(t, b)[0]; a.Severity != alert.Warning || a.Details["usage"].(float64) < 0.80 || a.Details["usage"].(float64) > 0.90 {
		t.Errorf("alert is %+v, want a warning just above 0.80", a)
	}
	eventually(t, "delivered rows make room", func() bool { usage, _ := b.fill(); return usage <= b.cfg.WarnAt })
	tally := b.tally()[backlog.Agent]
	if tally.Sent >= last/2 || tally.Pending < last-last/2 {
		t.Errorf("tally is %+v: delivered rows should be fewer than %d, undelivered all there", tally, last/2)
	}
	if dropped, err := b.Dropped(t.Context(), backlog.Agent); err != nil || len(dropped) != 0 {
		t.Errorf("dropped are %v (%v), want none", dropped, err)
	}
}

func TestWhereASettingSaysSoTheOldestGoAndAreReported(t *testing.T) {
	t.Parallel()
	b := filledTo(t, 0.96, func(c *Config) { c.Overflow = dropOldest })
	for range 20 {
		put(t, b, windows(0, 100))
	}
	eventually(t, "room is made", func() bool { usage, _ := b.fill(); return usage <= b.cfg.RefuseAt })
	dropped, err := b.Dropped(t.Context(), backlog.Agent)
	if err != nil || len(dropped) != 1 || dropped[0].First != 1 || dropped[0].Reason != "overflow" {
		t.Fatalf("dropped are %v (%v), want one range from 1", dropped, err)
	}
	rows := next(t, b, 0, 1)
	if rows[0].Seq != dropped[0].Last+1 {
		t.Errorf("the oldest pending row is %d, want %d", rows[0].Seq, dropped[0].Last+1)
	}
	if n := testutil.ToFloat64(b.metrics.dropped.WithLabelValues("overflow")); n != float64(dropped[0].Last) {
		t.Errorf("staff_buffer_dropped_total is %v, want %d", n, dropped[0].Last)
	}
}

func TestTheFileAndItsLogStayWithinTheBound(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.MaxSize = 16e6 })
	var refused int
	for i := 0; refused < 50; i++ {
		if _, err := b.Put(agent(t), activity.Batch{Events: windows(i, 100)}); err != nil {
			refused++
		}
		if size := onDisk(t, b.cfg.Path); size > int64(b.cfg.MaxSize) {
			t.Fatalf("after %d batches the buffer takes %d bytes of %d", i, size, b.cfg.MaxSize)
		}
	}
	if s := b.State(); s.Bytes < onDisk(t, b.cfg.Path) || s.Bytes > int64(b.cfg.MaxSize) {
		t.Errorf("state says %d bytes, the disk %d, the bound is %d", s.Bytes, onDisk(t, b.cfg.Path), b.cfg.MaxSize)
	}
}

func TestABatchThatCanNeverFitIsRefusedForGood(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.MaxSize = 1 << 20 })
	_, err := b.Put(agent(t), activity.Batch{Events: windows(0, 5000)})
	if !errors.Is(err, errTooLarge) || fault.Retryable(err) {
		t.Errorf("error is %v", err)
	}
}

// A batch that finds no pages is refused whole, and the gateway takes events again when there is room.
func TestOnAFullDiskNothingIsHalfWritten(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 50))
	b.limitPages(t, "1") // SQLite makes that the size it has
	for range 2 {        // after the first the alert of it may still be kept, which is a change that succeeds
		_, err := b.Put(agent(t), activity.Batch{Events: windows(0, 1000)})
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
			t.Errorf("error is %v, want unavailable with a time to come back", err)
		}
	}
	if err := b.Check(t.Context()); err == nil {
		t.Error("the health check is content")
	}
	b.limitPages(t, "1000000")
	put(t, b, windows(0, 10))
	if err := b.Check(t.Context()); err != nil {
		t.Errorf("after a write that went well the health check says %v", err)
	}
	if got := len(fileEvents(t, b.cfg.Path, 1)); got != 60 || b.State().Pending != 60 {
		t.Errorf("the file has %d rows, the state %d pending, want 60", got, b.State().Pending)
	}
	if a := undelivered(t, b); len(a) != 1 || a[0].Severity != alert.Critical || a[0].Details["cause"] != "disk" {
		t.Errorf("alerts are %+v, want one that the disk is full", a)
	}
}

func TestOneBadJobDoesNotRefuseTheOthersOfItsCommit(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.CommitInterval = 300 * time.Millisecond })
	bad := make(chan error, 1)
	go func() {
		bad <- b.do(t.Context(), &job{change: func(context.Context, db.Tx, *working) error { return errors.New("no") }})
	}()
	put(t, b, windows(0, 5))
	if err := <-bad; err == nil {
		t.Error("the bad job was done")
	}
	if got := len(fileEvents(t, b.cfg.Path, 1)); got != 5 {
		t.Errorf("the file has %d rows, want 5", got)
	}
}

func TestOldRowsGoAfterTheirTime(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 2500))
	settleRows(t, b, 1, 2100)
	if err := b.SetAside(t.Context(), backlog.Agent, 2101, "no"); err != nil {
		t.Fatal(err)
	}
	b.cancel()
	<-b.stopped // from here the test is the writer
	ctx := b.own(t.Context())
	for _, step := range []struct {
		after           time.Duration
		sent, set, pend int64
	}{{6 * 24 * time.Hour, 2100, 1, 399}, {8 * 24 * time.Hour, 0, 1, 399}, {31 * 24 * time.Hour, 0, 0, 399}} {
		b.now = func() time.Time { return time.Now().Add(step.after) }
		b.sweep(ctx)
		if got := b.tally()[backlog.Agent]; got.Sent != step.sent || got.SetAside != step.set || got.Pending != step.pend {
			t.Errorf("after %v: %+v, want %+v", step.after, got, step)
		}
	}
}

func TestSettingsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	bad := Config{MaxSize: 1, RetentionDays: -1, WarnAt: 2, RefuseAt: 0.5, Overflow: "panic", CommitInterval: -1}
	err := bad.Validate()
	for _, key := range []string{"max_size", "retention_days", "warn_at", "refuse_at", "overflow", "commit_interval", "commit_rows"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in: %v", key, err)
		}
	}
}

// filledTo returns a buffer of undelivered rows that are this share of its bound.
func filledTo(t *testing.T, usage float64, change func(*Config)) *testBuffer {
	t.Helper()
	b := newBuffer(t, nil)
	for i := range 40 {
		put(t, b, windows(i*100, 100))
	}
	if err := b.store.db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	used := b.size.used
	b.stop(t)
	c := b.cfg
	c.MaxSize = config.Bytes(math.Round(float64(used) / usage))
	if change != nil {
		change(&c)
	}
	return open(t, c, nil)
}

func undelivered(t *testing.T, b *testBuffer) []alert.Alert {
	t.Helper()
	var alerts []alert.Alert
	// The writer raises after it has answered, so its next turn is waited for.
	if err := b.do(t.Context(), &job{change: nothing}); err != nil {
		t.Fatal(err)
	}
	if err := b.do(t.Context(), &job{change: nothing}); err != nil {
		t.Fatal(err)
	}
	alerts, err := b.Undelivered(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

// limitPages makes the disk as small as that, for the writer.
func (b *testBuffer) limitPages(t *testing.T, n string) {
	t.Helper()
	if _, err := b.store.db.SQL().Exec("PRAGMA max_page_count = " + n); err != nil {
		t.Fatal(err)
	}
}

func onDisk(t *testing.T, path string) (size int64) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

func nothing(context.Context, db.Tx, *working) error { return nil }

func ids(alerts []alert.Alert) (all []id.UUID) {
	for _, a := range alerts {
		all = append(all, a.ID)
	}
	return all
}
