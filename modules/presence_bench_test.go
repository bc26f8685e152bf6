package modules_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// crowd is how many people work in the benchmark, in departments of fifty.
const crowd = 1000

// BenchmarkToday asks over HTTP who of a thousand people is here, at three in the afternoon, and reports the 95th
// percentile. They have done half a million things today; a tenth left their computers on over night, a twentieth is
// idle now, both told in steps of a minute.
func BenchmarkToday(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		address := dbtest.PostgresURL(b, "staff_app")
		d, err := db.Open(b.Context(), address, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		benchmarkToday(b, d, func() { analyzeAll(b, dbtest.As(b, address, "postgres", "")) })
	})
	b.Run("sqlite", func(b *testing.B) { benchmarkToday(b, dbtest.SQLite(b), func() {}) })
}

func benchmarkToday(b *testing.B, d *db.DB, filled func()) {
	caller := kerneltest.Module{
		Is: kernel.Manifest{Name: "caller", Roles: []kernel.Role{kernel.Dashboard}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Authenticate(kernel.Dashboard, func(context.Context, *http.Request) (actor.Actor, bool, error) {
				return actor.Actor{Role: actor.HR, ID: "user:1", UserID: 1, OrganizationID: 1}, true, nil
			})
			return nil
		},
	}
	address := kerneltest.Run(b, kernel.Dashboard, kerneltest.Options{DB: d, Set: []string{"auth.token_key=" + strings.Repeat("k", 64)}}, append([]kernel.Module{caller}, modules.All()...)...)
	ready(b, address)
	fillToday(b, d)
	filled()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		res, err := client.Get(address + "/api/v2/presence/today")
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		took = append(took, time.Since(began))
		if err != nil || res.StatusCode != http.StatusOK || strings.Count(string(body), `"state":"present"`) < crowd/2 {
			b.Fatalf("%d %.300s, %v", res.StatusCode, body, err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// fillToday gives the first organization a thousand people and their day until now.
func fillToday(b *testing.B, d *db.DB) {
	b.Helper()
	f := &filler{b: b, d: d, now: time.Now().UTC().Truncate(time.Second)}
	f.exec("UPDATE organizations SET zone = ?", afternoon(f.now))
	begin := f.now.Add(-6 * time.Hour)
	f.exec(`INSERT INTO work_schedules (organization_id, name, days, start_minute, end_minute, grace_minutes, is_default, created_at, updated_at)
		VALUES (1, 'Day', 127, 540, 1080, 10, true, ?0, ?0)`, f.now)
	for i := range crowd / 50 {
		f.exec("INSERT INTO departments (id, organization_id, full_name, short_name, created_at, updated_at) VALUES (?1, 1, 'D', ?2, ?0, ?0)", f.now, i+1, fmt.Sprint("d", i))
	}
	for i := range crowd {
		n := i + 1
		f.exec("INSERT INTO employees (id, organization_id, department_id, name, name_search, created_at, updated_at) VALUES (?1, 1, ?2, ?3, ?3, ?0, ?0)", f.now, n, i%(crowd/50)+1, fmt.Sprintf("employee %04d", n))
		f.exec("INSERT INTO computers (id, organization_id, computer_uid, name, state, state_reason, last_seen_at, created_at, updated_at) VALUES (?1, 1, ?2, ?2, 'online', 'reporting', ?0, ?0, ?0)", f.now, n, f.uid(i))
		f.exec("INSERT INTO computer_users (id, organization_id, sid, created_at, updated_at) VALUES (?1, 1, ?2, ?0, ?0)", f.now, n, "S-"+f.uid(i))
		f.exec("INSERT INTO users_on_computers (organization_id, computer_user_id, computer_id, last_seen_at, created_at, updated_at) VALUES (1, ?1, ?1, ?0, ?0, ?0)", f.now, n)
		f.exec("INSERT INTO computer_user_links (organization_id, computer_user_id, employee_id, created_at) VALUES (1, ?1, ?1, ?0)", f.now, n)
		if i%3 == 0 {
			f.exec(`INSERT INTO passes (organization_id, event_key, action_time, employee_id, visitor_type, entry_type, direction_by, action_type, action_result, action_mode, granted, payload, source, received_at)
				VALUES (1, ?1, ?0, ?2, 'EMPLOYEE', 'ENTER', 'device', 'CARD', 'SUCCESS', 'ONLINE', true, '{}', 'v1', ?0)`, begin, fmt.Sprint("p", i), n)
		}
		from, step := begin, 45*time.Second
		if i%10 == 0 { // left on over night
			f.chain("idle_periods", i, begin.Add(-14*time.Hour), begin.Add(10*time.Minute))
			f.chain("active_windows", i, begin.Add(-14*time.Hour), begin)
		}
		if i%20 == 1 {
			f.chain("idle_periods", i, f.now.Add(-time.Hour), f.now)
		}
		for at := from; at.Before(f.now); at = at.Add(step) {
			f.add("active_windows", i, at, step)
		}
		for at := from; at.Before(f.now); at = at.Add(time.Hour) {
			f.add("idle_periods", i, at.Add(20*time.Minute), 5*time.Minute)
		}
	}
	f.flush("active_windows")
	f.flush("idle_periods")
}

// afternoon is a zone in which it is three in the afternoon.
func afternoon(now time.Time) string {
	west := now.Hour() - 15 // the names count to the west
	switch {
	case west < -14:
		west += 24
	case west == 0:
		return "Etc/GMT"
	}
	return fmt.Sprintf("Etc/GMT%+d", west)
}

// filler writes rows of many people.
type filler struct {
	b    *testing.B
	d    *db.DB
	now  time.Time
	rows map[string]*eventRows
}

type eventRows struct {
	at          []time.Time
	ids, agents []id.UUID
	uids, sids  []string
	seconds     []int32
}

func (f *filler) uid(i int) string { return fmt.Sprintf("PC-%04d", i) }

func (f *filler) exec(query string, args ...any) {
	f.b.Helper()
	f.write(func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx) // names its organization
		return err
	})
}

func (f *filler) write(fn func(ctx context.Context, tx db.Tx) error) {
	f.b.Helper()
	ctx := actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "test", OrganizationID: 1})
	if err := f.d.Write(ctx, fn); err != nil {
		f.b.Fatal(err)
	}
}

// chain is one thing, reported minute by minute.
func (f *filler) chain(table string, i int, from, until time.Time) {
	for at := from; at.Before(until); at = at.Add(time.Minute) {
		f.add(table, i, at, time.Minute)
	}
}

func (f *filler) add(table string, i int, at time.Time, lasting time.Duration) {
	if f.rows == nil {
		f.rows = map[string]*eventRows{}
	}
	r := f.rows[table]
	if r == nil {
		r = &eventRows{}
		f.rows[table] = r
	}
	r.at, r.ids, r.agents = append(r.at, at), append(r.ids, id.New()), append(r.agents, id.Nil)
	r.uids, r.sids, r.seconds = append(r.uids, f.uid(i)), append(r.sids, "S-"+f.uid(i)), append(r.seconds, int32(lasting/time.Second))
	if len(r.at) == 10_000 {
		f.flush(table)
	}
}

func (f *filler) flush(table string) {
	r := f.rows[table]
	if r == nil || len(r.at) == 0 {
		return
	}
	f.write(func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Bulk(ctx, db.Rows{Table: table, Owned: true, Columns: []db.Column{
			{Name: "datetime", Values: r.at}, {Name: "id", Values: r.ids}, {Name: "agent_id", Values: r.agents},
			{Name: "computer_uid", Values: r.uids}, {Name: "user_sid", Values: r.sids}, {Name: "duration_seconds", Values: r.seconds},
		}})
		return err
	})
	delete(f.rows, table)
}

// analyzeAll does at once what PostgreSQL's autovacuum does within a minute.
func analyzeAll(b *testing.B, address string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
}
