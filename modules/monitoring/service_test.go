package monitoring

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/trace"
)

// mustWrite runs fn in a transaction of organization 1.
func mustWrite(t *testing.T, d *db.DB, fn func(context.Context, db.Tx) error) {
	t.Helper()
	if err := d.Write(agent(1), fn); err != nil {
		t.Fatal(err)
	}
}

// isPassing checks that err tells the sender to come back, in the words that the design document fixes.
func isPassing(t *testing.T, err error) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Unavailable || f.Code != "database" || f.RetryAfter != retryAfter {
		t.Errorf("error %v, want one that says when to come back", err)
	}
}

func TestFullDiskKeepsNothingOfTheBatch(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := newService(t, d)
	b := activity.Batch{Token: "t"}
	for i := range 3000 {
		b.Events = append(b.Events, newWindow(fmt.Sprint(i), "PC-1", noon.Add(-time.Duration(i)*time.Second)))
	}
	limit := func(more int) {
		mustWrite(t, d, func(ctx context.Context, tx db.Tx) error {
			var pages int
			if err := tx.Raw("PRAGMA page_count").Scan(ctx, &pages); err != nil {
				return err
			}
			return tx.Raw(fmt.Sprintf("PRAGMA max_page_count = %d", pages+more)).Scan(ctx, &pages)
		})
	}
	limit(20)
	_, err := s.Put(agent(1), b)
	isPassing(t, err)
	if n, m := len(all(t, s, 1, activity.ActiveWindow)), len(tokens(t, s, 1)); n+m != 0 {
		t.Errorf("%d rows and %d tokens of a batch that was refused", n, m)
	}
	limit(20_000)
	if r := mustPut(t, s, agent(1), b); r.Stored != 3000 {
		t.Errorf("once there is room: %+v", r)
	}
}

func TestDatabaseThatGoesAwayKeepsNothingOfTheBatch(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	s := newService(t, d)
	b := activity.Batch{Token: "t", Events: []activity.Event{newWindow("k", "PC-1", noon)}}
	gone := make(chan error, 1)
	back := errors.New("roll back")
	patient, cancel := context.WithTimeout(agent(1), time.Minute)
	defer cancel()
	err := d.Write(patient, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.claim(ctx, tx, &tokenRow{Token: "t", StoredAt: noon}); err != nil {
			return err
		}
		go func() {
			_, err := s.Put(agent(1), b) // waits for the token
			gone <- err
		}()
		for killed := 0; killed == 0; { // until it waits
			const others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND wait_event_type = 'Lock'"
			if _, err := tx.Raw("SELECT pg_stat_clear_snapshot()").Exec(ctx); err != nil {
				return err
			}
			if err := tx.Raw(others).Scan(ctx, &killed); err != nil {
				return err
			}
		}
		return back
	})
	if !errors.Is(err, back) {
		t.Fatal(err)
	}
	isPassing(t, <-gone)
	if r := mustPut(t, s, agent(1), b); r != (activity.Receipt{Stored: 1}) {
		t.Errorf("the second time: %+v", r)
	}
}

func TestEventsAreCountedByWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	a, b, bad := newWindow("a", "PC-1", noon), newWindow("b", "PC-1", noon), newWindow("c", "PC-1", noon.Add(time.Hour))
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{a}})
	mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{a, b, bad}})
	mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{a}})
	for result, want := range map[string]float64{"stored": 2, "known": 1, "quarantined": 1} {
		if got := testutil.ToFloat64(s.metrics.events.WithLabelValues("active_window", result)); got != want {
			t.Errorf("%v events %s, want %v", got, result, want)
		}
	}
	if got := testutil.ToFloat64(s.metrics.aside.WithLabelValues(inFuture)); got != 1 {
		t.Errorf("%v set aside", got)
	}
	if got := testutil.ToFloat64(s.metrics.duplicates); got != 1 {
		t.Errorf("%v duplicate batches", got)
	}
	if problems, err := testutil.GatherAndLint(registered(t)); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func registered(t *testing.T) prometheus.Gatherer {
	t.Helper()
	r := prometheus.NewRegistry()
	if _, err := newMetrics(prometheus.WrapRegistererWithPrefix("staff_monitoring_", r)); err != nil {
		t.Fatal(err)
	}
	return r
}

// receiver is an OTLP receiver that keeps what it is sent.
type receiver struct {
	mu   sync.Mutex
	sent bytes.Buffer
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.Copy(&r.sent, q.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func TestEachRequestsTraceReachesTheTransaction(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	stop, err := trace.Setup(t.Context(), trace.Config{Endpoint: server.URL, SampleRatio: 1}, "test", "1")
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t, dbtest.SQLite(t))
	var events []activity.Event
	traceID := func(i int) string { return fmt.Sprintf("%032x", 0xabc000+i) }
	for i := range 2 * (maxTraces + 4) { // two events of each request
		e := newWindow(fmt.Sprint(i), "PC-1", noon)
		e.Trace = "00-" + traceID(i/2) + "-b7ad6b7169203331-01"
		events = append(events, e)
	}
	mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: events})
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := r.sent.String()
	for i := range maxTraces + 4 {
		raw, err := hex.DecodeString(traceID(i))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(sent, string(raw)); got != (i < maxTraces) {
			t.Errorf("request %d: its trace was continued: %v", i, got)
		}
	}
	if n := strings.Count(sent, "monitoring.store"); n < maxTraces+1 {
		t.Errorf("%d spans of the store", n)
	}
}

func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	err := (&Config{OldestDays: 0, Ahead: -1, TokenDays: 0, QuarantineDays: 99999, Failures: 0, ProbeEvery: 1, Patience: time.Hour}).Validate()
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) != 8 {
		t.Errorf("eight wrong settings: %v", err)
	}
}

// book is a registry that writes down what it is told.
type book struct {
	registry
	computers *[]computer.Details
	users     *[]computer.UserDetails
	failure   error
}

func (b book) Register(_ context.Context, d computer.Details) (computer.Computer, error) {
	*b.computers = append(*b.computers, d)
	return computer.Computer{}, b.failure
}

func (b book) RegisterUser(_ context.Context, d computer.UserDetails) (computer.User, error) {
	*b.users = append(*b.users, d)
	return computer.User{}, b.failure
}

func TestWhatAgentsTellOfThemselvesIsPassedOn(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	b := book{registry: registry{seen: make(chan []computer.Sighting, 2)}, computers: new([]computer.Details), users: new([]computer.UserDetails)}
	s.computers = b
	pc := activity.Event{Kind: activity.Computer, Key: "1", ComputerUID: "PC-1", At: noon, Details: map[string]string{
		activity.DetailName: "desk\x00", activity.DetailOS: "Windows 11", activity.DetailIPAddress: "10.0.0.7", activity.DetailMACAddress: "00:1A", activity.DetailAgentVersion: "2.0"}}
	user := activity.Event{Kind: activity.ComputerUser, Key: "2", ComputerUID: "PC-1", UserSID: "S-1", At: noon, Details: map[string]string{
		activity.DetailName: "Aziz", activity.DetailDomain: "D", activity.DetailUsername: "aziz", activity.DetailAdmin: "true", activity.DetailInDomain: "false"}}
	window := newWindow("3", "PC-1", noon)

	broken := newWindow("", "PC-1", noon)
	if _, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{pc, broken}}); err == nil || len(*b.computers) != 0 {
		t.Errorf("of a refused batch %v was passed on, %v", *b.computers, err)
	}
	if r := mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{pc, window, user}}); r != (activity.Receipt{Stored: 3}) {
		t.Errorf("receipt %+v", r)
	}
	if want := (computer.Details{UID: "PC-1", Name: "desk", OS: "Windows 11", IPAddress: "10.0.0.7", MACAddress: "00:1A", AgentVersion: "2.0", At: noon}); len(*b.computers) != 1 || (*b.computers)[0] != want {
		t.Errorf("computers %+v", *b.computers)
	}
	if want := (computer.UserDetails{SID: "S-1", Name: "Aziz", Domain: "D", Username: "aziz", Admin: true}); len(*b.users) != 1 || (*b.users)[0] != want {
		t.Errorf("users %+v", *b.users)
	}
	if pair := <-b.seen; len(pair) != 1 || pair[0].ComputerUID != "PC-1" || pair[0].UserSID != "S-1" {
		t.Errorf("seen %+v", pair)
	}
	b.failure = db.ErrUnavailable
	s.computers = b
	_, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{user}})
	isPassing(t, err)
}

// An event that is set aside is kept with what it says, whatever that is.
func TestWhatIsSetAsideCanBeKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		e := newWindow("k\x00", "PC\x00", noon)
		e.Duration, e.Title, e.Session, e.Trace, e.Source = -1, `a\u0000\`+"\x00", "lo\x00ck", "\xff\x00", "\x00"
		e.Details = map[string]string{"a\x00": "\x00b\\"}
		if r := mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{e}}); r.Quarantined != 1 {
			t.Fatalf("receipt %+v", r)
		}
		var got activity.Event
		if err := json.Unmarshal(allAside(t, s, 1)[0].Payload, &got); err != nil {
			t.Fatal(err)
		}
		if got.Key != "k" || got.ComputerUID != "PC" || got.Title != `a\u0000\` || got.Session != "lock" || got.Trace != "\uFFFD" || got.Details["a"] != `b\` {
			t.Errorf("kept %+v", got)
		}
	})
}

// A batch that no table can hold must not look like a server that has no time now: it would be sent for ever.
func TestABatchThatCanNeverBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	s.computers = registry{err: fmt.Errorf("%w: 22008", db.ErrInvalid)}
	_, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{newWindow("1", "PC", noon)}})
	if !errors.Is(err, errUnstorable) || fault.Of(err).Kind != fault.Invalid {
		t.Errorf("put: %v", err)
	}
	if err := putting(db.ErrUnavailable); fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("a database that is away: %v", err)
	}
}
