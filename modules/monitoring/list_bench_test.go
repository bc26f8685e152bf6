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
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

const (
	manyRows      = 1_000_000
	manyComputers = 200
)

// BenchmarkScopedList reads pages of one kind among a million rows, in process, and reports the 95th percentile:
// of an employee who changed computers, of a computer, of the organization, and a page far down.
func BenchmarkScopedList(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		address := dbtest.PostgresURL(b, "staff_app")
		d, err := db.Open(b.Context(), address, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		s := newService(b, d)
		fill(b, s)
		analyze(b, dbtest.As(b, address, "postgres", ""))
		benchmarkLists(b, s)
	})
	b.Run("sqlite", func(b *testing.B) {
		s := newService(b, dbtest.SQLite(b))
		fill(b, s)
		benchmarkLists(b, s)
	})
}

// fill stores a month of many computers.
func fill(b *testing.B, s *service) {
	b.Helper()
	const step = 30 * 24 * time.Hour / manyRows
	events := make([]activity.Event, 5000)
	for from := 0; from < manyRows; from += len(events) {
		for i := range events {
			n := from + i
			events[i] = newWindow(fmt.Sprint(n), fmt.Sprint("PC-", n%manyComputers), noon.Add(-time.Duration(n)*step))
		}
		mustPut(b, s, agent(1), activity.Batch{Events: events})
	}
}

// analyze does at once what PostgreSQL's autovacuum does within a minute.
func analyze(b *testing.B, address string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE monitoring.active_windows"); err != nil {
		b.Fatal(err)
	}
}

func benchmarkLists(b *testing.B, s *service) {
	staff := directory{1: employee.Employee{ID: 1, OrganizationID: 1}}
	links := []computer.LinkPeriod{
		{EmployeeID: 1, ComputerUID: "PC-7", UserSID: "S-1-5-21-7", Until: noon.AddDate(0, 0, -10)},
		{EmployeeID: 1, ComputerUID: "PC-8", UserSID: "S-1-5-21-7", From: noon.AddDate(0, 0, -10)},
		{EmployeeID: 1, ComputerUID: "PC-9", UserSID: "S-1-5-21-7", From: noon.AddDate(0, 0, -20)},
	}
	for i := int64(20); i < 60; i++ { // the people of a department
		staff[i] = employee.Employee{ID: i, OrganizationID: 1, DepartmentID: 11}
		links = append(links, computer.LinkPeriod{EmployeeID: i, ComputerUID: fmt.Sprint("PC-", i), UserSID: "S-1-5-21-7"})
	}
	s.staff, s.computers = staff, registry{links: map[int64][]computer.LinkPeriod{1: links}}
	for _, c := range []struct {
		name string
		ctx  context.Context
		in   listRequest
	}{
		{"employee", as(actor.HR, 1), listRequest{Employee: 1}},
		{"employee-day", as(actor.HR, 1), listRequest{Employee: 1, From: noon.AddDate(0, 0, -5), To: noon.AddDate(0, 0, -4), Limit: 200}},
		{"employee-deep", as(actor.HR, 1), listRequest{Employee: 1, After: db.Cursor(noon.AddDate(0, 0, -15), "ffffffff-0000-0000-0000-000000000000")}},
		{"computer", as(actor.HR, 1), listRequest{Computer: "PC-7"}},
		{"organization", as(actor.HR, 1), listRequest{}},
		{"lead-of-40", lead(10), listRequest{}},
		{"operator", as(actor.Admin, 0), listRequest{Computer: "PC-7"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				page, err := s.list(c.ctx, activity.ActiveWindow, c.in)
				took = append(took, time.Since(began))
				if err != nil || len(page.Items) < db.DefaultLimit {
					b.Fatalf("%d items, %v", len(page.Items), err)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
	b.Run("day", func(b *testing.B) {
		for b.Loop() {
			if d, err := s.day(as(actor.HR, 1), dayRequest{Date: "2026-10-20", Employee: 1}); err != nil || len(d.Windows) == 0 {
				b.Fatalf("%d windows, %v", len(d.Windows), err)
			}
		}
	})
}
