package buffer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

func TestSink(t *testing.T) {
	t.Parallel()
	activitytest.Sink(t, func(t *testing.T) activitytest.Provider {
		b := newBuffer(t, nil)
		return activitytest.Provider{
			Sink: b, KeepsRepeats: true, Organizations: [2]int64{1, 2},
			Stored: func(organizationID int64) []activity.Event { return fileEvents(t, b.cfg.Path, organizationID) },
		}
	})
}

func TestWhatAgentsTellOfThemselvesIsKeptToo(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	told := []activity.Event{
		{Kind: activity.Computer, Key: "1", ComputerUID: "PC", Details: map[string]string{activity.DetailName: "ПК-17"}},
		{Kind: activity.ComputerUser, Key: "2", ComputerUID: "PC", UserSID: "S", Details: map[string]string{activity.DetailAdmin: "true"}},
	}
	put(t, b, told)
	if got := fileEvents(t, b.cfg.Path, 1); !reflect.DeepEqual(got, told) {
		t.Errorf("got %+v, want %+v", got, told)
	}
}

func TestRowsAreReadInOrderAndOnce(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 25))
	var after int64
	for _, want := range []int{10, 10, 5, 0} {
		rows := next(t, b, after, 10)
		if len(rows) != want {
			t.Fatalf("after %d there are %d rows, want %d", after, len(rows), want)
		}
		for i, r := range rows {
			if r.Seq != after+int64(i)+1 || r.Type != "active_window" || r.OrganizationID != 1 || r.CreatedAt.IsZero() {
				t.Errorf("row %d of %d is %+v", i, after, r)
			}
		}
		after += int64(len(rows))
	}
}

func TestAReadIsBoundedInBytesButForItsFirstRow(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 10))
	size := len(next(t, b, 0, 1)[0].Payload)
	for maxBytes, want := range map[int]int{1: 1, size: 1, 3*size + 10: 3, 100 * size: 10} {
		rows, err := b.Next(t.Context(), backlog.Agent, 0, 100, maxBytes)
		if err != nil || len(rows) != want {
			t.Errorf("within %d bytes there are %d rows (%v), want %d", maxBytes, len(rows), err, want)
		}
	}
}

func TestSettledRowsAreNotReadAgain(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 20))
	settleRows(t, b, 1, 8)
	settleRows(t, b, 11, 12) // out of order
	var got []int64
	for _, r := range next(t, b, 0, 100) {
		got = append(got, r.Seq)
	}
	if want := []int64{9, 10, 13, 14, 15, 16, 17, 18, 19, 20}; !slices.Equal(got, want) {
		t.Errorf("pending are %v, want %v", got, want)
	}
	settleRows(t, b, 1, 8) // once more is harmless
	if s := b.State(); s.Pending != 10 || s.Last[backlog.Agent] != 20 {
		t.Errorf("state is %+v", s)
	}
	if tally := b.tally()[backlog.Agent]; tally.Sent != 10 {
		t.Errorf("tally is %+v, want 10 sent", tally)
	}
}

func TestARefusedRowIsKeptAsideAndReportedDropped(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 4))
	for range 2 { // the second time changes nothing
		if err := b.SetAside(t.Context(), backlog.Agent, 2, "title: too_long"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.SetAside(t.Context(), backlog.Agent, 3, "again"); err != nil {
		t.Fatal(err)
	}
	got, err := b.Dropped(t.Context(), backlog.Agent)
	if want := (backlog.Dropped{First: 2, Last: 3, Reason: "refused"}); err != nil || len(got) != 1 || got[0] != want {
		t.Fatalf("dropped are %v (%v), want %v", got, err, want)
	}
	if s := b.State(); s.Pending != 2 || s.SetAside != 2 {
		t.Errorf("state is %+v, want 2 pending and 2 set aside", s)
	}
	if rows := next(t, b, 0, 10); len(rows) != 2 || rows[1].Seq != 4 {
		t.Errorf("pending are %v", rows)
	}
	if err := b.Reported(t.Context(), backlog.Agent, got); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Dropped(t.Context(), backlog.Agent); err != nil || len(got) != 0 {
		t.Errorf("after the report, dropped are %v (%v)", got, err)
	}
	var reason string
	read(t, b.cfg.Path, "SELECT reason FROM set_aside WHERE stream = 'agent' AND seq = 2", &reason)
	if reason != "title: too_long" {
		t.Errorf("reason is %q", reason)
	}
}

// Rows of the devices' table are delivered like the agents', with the adapter as their type.
func TestTheDevicesStreamIsAStreamOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 3))
	err := b.do(t.Context(), &job{change: func(ctx context.Context, tx db.Tx, w *working) error {
		_, err := tx.Raw(`INSERT INTO device_data_buffer (device_id, adapter_type, payload, organization_id) VALUES
			('d1', 'hikvision', '{"card":1}', 1), ('d1', 'hikvision', '{"card":2}', 1)`).Exec(ctx)
		d := w.touch(backlog.Device)
		d.Last, d.Pending = 2, 2
		return errors.Join(err, d.find(ctx, tx))
	}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.Next(t.Context(), backlog.Device, 0, 10, 1<<20)
	if err != nil || len(rows) != 2 || rows[0].Type != "hikvision" || string(rows[1].Payload) != `{"card":2}` || rows[0].CreatedAt.IsZero() {
		t.Fatalf("rows are %+v (%v)", rows, err)
	}
	if err := errors.Join(b.Settle(t.Context(), backlog.Device, 1, 1), b.SetAside(t.Context(), backlog.Device, 2, "no such card")); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); s.Waiting[backlog.Agent] != 3 || s.Waiting[backlog.Device] != 0 || s.SetAside != 1 {
		t.Errorf("state is %+v", s)
	}
	if d, err := b.Dropped(t.Context(), backlog.Agent); err != nil || len(d) != 0 {
		t.Errorf("of the agents' stream %v is dropped (%v)", d, err)
	}
}

func TestTriesAreCounted(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 3))
	for range 2 {
		if err := b.Failed(t.Context(), backlog.Agent, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	rows := next(t, b, 0, 3)
	if rows[0].Retries != 2 || rows[1].Retries != 2 || rows[2].Retries != 0 {
		t.Errorf("tries are %d, %d, %d, want 2, 2, 0", rows[0].Retries, rows[1].Retries, rows[2].Retries)
	}
}

func TestAPositionIsNeverUsedTwice(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.RetentionDays = 0 })
	put(t, b, windows(0, 10))
	epoch := b.State().Epoch
	settleRows(t, b, 1, 10)
	b.stop(t)
	b = reopen(t, b, func(s *service) { s.now = func() time.Time { return time.Now().Add(time.Hour) } })
	b.sweep(b.own(t.Context()))
	if n := b.tally()[backlog.Agent].Sent; n != 0 {
		t.Fatalf("%d sent rows are left", n)
	}
	b.stop(t)
	b = reopen(t, b, nil)
	put(t, b, windows(0, 1))
	if rows := next(t, b, 0, 10); len(rows) != 1 || rows[0].Seq != 11 {
		t.Errorf("the next position is %v, want 11", rows)
	}
	if got := b.State().Epoch; got != epoch || len(got) != 32 {
		t.Errorf("epoch is %q, was %q", got, epoch)
	}
}

func TestAReopenedBufferKnowsWhatItHolds(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	put(t, b, windows(0, 30))
	settleRows(t, b, 1, 10)
	if err := b.SetAside(t.Context(), backlog.Agent, 11, "no"); err != nil {
		t.Fatal(err)
	}
	before := b.State()
	b.stop(t)
	b = reopen(t, b, nil)
	after := b.State()
	if after.Pending != 19 || after.SetAside != 1 || after.Last[backlog.Agent] != 30 || !after.Oldest.Equal(before.Oldest) {
		t.Errorf("state is %+v, was %+v", after, before)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if b.Wait(ctx); ctx.Err() != nil {
		t.Error("nobody is told of what was pending at the start")
	}
}

func TestTheReaderIsWokenByWhatComes(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	b.Wait(t.Context()) // the start's token
	done := make(chan struct{})
	go func() { b.Wait(t.Context()); close(done) }()
	put(t, b, windows(0, 1))
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("still waiting")
	}
}

func TestAfterTheEndNothingIsTaken(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	b.cancel()
	<-b.stopped
	if _, err := b.Put(agent(t), activity.Batch{Events: windows(0, 1)}); err == nil {
		t.Error("a stopped buffer took an event")
	}
}

func TestRequestsShareACommit(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.CommitInterval = time.Second; c.CommitRows = 40 })
	done := make(chan error, 4)
	for i := range 4 {
		go func() {
			_, err := b.Put(agent(t), activity.Batch{Events: windows(i*10, 10)})
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	var stamps, rows int
	read(t, b.cfg.Path, "SELECT count(DISTINCT created_at), count(*) FROM agent_data_buffer", &stamps, &rows)
	if stamps != 1 || rows != 40 {
		t.Errorf("%d rows came in %d commits, want 40 in 1", rows, stamps)
	}
}

// testBuffer is a buffer whose writer runs.
type testBuffer struct {
	*service
	cancel context.CancelFunc
}

func testConfig(t testing.TB) Config {
	c := defaults()
	c.Path = filepath.Join(t.TempDir(), "buffer.db")
	return c
}

func newBuffer(t testing.TB, change func(*Config)) *testBuffer {
	t.Helper()
	c := testConfig(t)
	if change != nil {
		change(&c)
	}
	return open(t, c, nil)
}

func open(t testing.TB, c Config, change func(*service)) *testBuffer {
	t.Helper()
	ctx := actor.With(context.Background(), actor.System("test"))
	st, err := openStore(ctx, c, migrations.Gateway(), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(ctx, c, st, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(ctx)
	go s.run(ctx)
	b := &testBuffer{s, cancel}
	t.Cleanup(func() { b.stop(t) })
	return b
}

func reopen(t testing.TB, b *testBuffer, change func(*service)) *testBuffer {
	t.Helper()
	return open(t, b.cfg, change)
}

func (b *testBuffer) stop(t testing.TB) {
	t.Helper()
	b.cancel()
	<-b.stopped
	if err := b.store.close(); err != nil {
		t.Error(err)
	}
}

// agent is the context of a request by an agent of organization 1.
func agent(t testing.TB) context.Context {
	return actor.With(t.Context(), actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1})
}

func put(t testing.TB, b *testBuffer, events []activity.Event) {
	t.Helper()
	if _, err := b.Put(agent(t), activity.Batch{Events: events}); err != nil {
		t.Fatal(err)
	}
}

func next(t testing.TB, b *testBuffer, after int64, n int) []backlog.Row {
	t.Helper()
	rows, err := b.Next(t.Context(), backlog.Agent, after, n, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func settleRows(t testing.TB, b *testBuffer, first, last int64) {
	t.Helper()
	if err := b.Settle(t.Context(), backlog.Agent, first, last); err != nil {
		t.Fatal(err)
	}
}

// inFile reads a buffer's file as another process would.
func inFile(t testing.TB, path string, fn func(ctx context.Context, tx db.Tx) error) {
	t.Helper()
	ctx := actor.With(context.Background(), actor.System("test"))
	d, err := db.OpenFile(ctx, path, db.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Read(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path, query string, dest ...any) {
	t.Helper()
	inFile(t, path, func(ctx context.Context, tx db.Tx) error { return tx.Raw(query).Scan(ctx, dest...) })
}

func fileEvents(t testing.TB, path string, organizationID int64) (events []activity.Event) {
	t.Helper()
	var payloads []string
	inFile(t, path, func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT payload FROM agent_data_buffer WHERE organization_id = ? ORDER BY id", organizationID).Scan(ctx, &payloads)
	})
	for _, p := range payloads {
		var e activity.Event
		if err := json.Unmarshal([]byte(p), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}
