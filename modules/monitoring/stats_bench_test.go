package monitoring

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// BenchmarkStatistics sums two months of a million windows each on PostgreSQL, the last quarter hours from the windows
// themselves, and reports the 95th percentile.
func BenchmarkStatistics(b *testing.B) {
	address := dbtest.PostgresURL(b, "staff_app")
	d, err := db.Open(b.Context(), address, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	s := newService(b, d)
	fillMonths(b, dbtest.As(b, address, "postgres", ""))
	began := time.Now()
	for left := 1; left > 0; {
		if err := s.rollUp(actor.With(b.Context(), actor.System("bench"))); err != nil {
			b.Fatal(err)
		}
		list, err := s.store.marked(as(actor.HR, 1), applications, noon.Add(-settle-quarter), 10)
		if err != nil {
			b.Fatal(err)
		}
		left = len(list)
	}
	b.Logf("two months of sums took %v", time.Since(began))
	execute(b, dbtest.As(b, address, "postgres", ""), "VACUUM ANALYZE")
	benchmarkStats(b, s)
}

// fillMonths stores windows of 200 computers from two months ago until now.
func fillMonths(b *testing.B, address string) {
	b.Helper()
	execute(b, address, `
		SELECT make_partition('active_windows', d::date) FROM generate_series($1::timestamptz - interval '61 days', $1, interval '1 day') AS d`, noon)
	execute(b, address, `
		INSERT INTO monitoring.active_windows (organization_id, datetime, id, agent_id, computer_uid, user_sid, window_title, process_name, url, duration_seconds)
		SELECT 1, $1::timestamptz - n * interval '60 days' / $2::int, gen_random_uuid(), gen_random_uuid(), 'PC-' || n % $3::int, 'S-1-5-21-7', 'title ' || n,
			'app' || (power(random(), 3) * 40)::int || '.exe', '', 60 FROM generate_series(1, $2::int) AS n`, noon, 2*manyRows, manyComputers)
	execute(b, address, `
		INSERT INTO monitoring.usage_marks (organization_id, kind, bucket)
		SELECT DISTINCT 1, 'application', date_bin('15 minutes', datetime, '2000-01-01 00:00:00+00') FROM monitoring.active_windows`)
	execute(b, address, "VACUUM ANALYZE")
}

func execute(b *testing.B, address, query string, args ...any) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if _, err := conn.Exec(b.Context(), query, args...); err != nil {
		b.Fatal(err)
	}
}

func benchmarkStats(b *testing.B, s *service) {
	staff := directory{}
	var links []computer.LinkPeriod
	for i := int64(1); i < manyComputers; i++ {
		department := int64(20)
		if i <= 50 {
			department = 11
		}
		staff[i] = employee.Employee{ID: i, OrganizationID: 1, DepartmentID: department, Active: true}
		links = append(links, computer.LinkPeriod{EmployeeID: i, ComputerUID: fmt.Sprint("PC-", i), UserSID: "S-1-5-21-7"})
	}
	s.staff, s.roster, s.tree, s.computers = staff, roster{staff}, departments{}, registry{links: map[int64][]computer.LinkPeriod{1: links}}
	month := statsRequest{From: "2026-10-04", To: "2026-11-02"}
	department := month
	department.Department = 11
	hr := as(actor.HR, 1)
	for _, c := range []struct {
		name string
		ask  func(context.Context) (seconds int64, err error)
	}{
		{"department-top-applications", func(ctx context.Context) (int64, error) {
			t, err := s.topApplications(ctx, topRequest{statsRequest: department, Limit: defaultTop})
			return t.TotalSeconds, err
		}},
		{"organization-top-applications", func(ctx context.Context) (int64, error) {
			t, err := s.topApplications(ctx, topRequest{statsRequest: month, Limit: defaultTop})
			return t.TotalSeconds, err
		}},
		{"department-timeline", func(ctx context.Context) (int64, error) {
			t, err := s.timeline(ctx, timelineRequest{statsRequest: department, Step: stepDay})
			return t.TotalSeconds, err
		}},
		{"department-heatmap", func(ctx context.Context) (int64, error) {
			h, err := s.heatmap(ctx, heatmapRequest{statsRequest: department})
			return h.TotalSeconds, err
		}},
		{"department-employees", func(ctx context.Context) (int64, error) {
			c, err := s.comparison(ctx, comparisonRequest{statsRequest: department, Of: ofEmployees, Limit: defaultCompared})
			return c.TotalSeconds, err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				seconds, err := c.ask(hr)
				took = append(took, time.Since(began))
				if err != nil || seconds == 0 {
					b.Fatalf("%d seconds, %v", seconds, err)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
