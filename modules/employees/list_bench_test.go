package employees

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/grid"
)

// BenchmarkList reads pages of 10,000 employees, in process, and reports the 95th percentile.
func BenchmarkList(b *testing.B) {
	onEach(b, 10_000, func(b *testing.B, s *service) {
		for _, c := range []struct{ name, query string }{
			{"by-name", ""},
			{"two-columns-filtered", "sort=-createdAt,name&isActive=true&limit=50"},
			{"mixed-filtered-search", "sort=departmentName,-createdAt&isActive=true&q=karim"},
			{"department", "departmentId=1&sort=name,-createdAt"},
		} {
			b.Run(c.name, func(b *testing.B) {
				parameters, err := url.ParseQuery(c.query)
				if err != nil {
					b.Fatal(err)
				}
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					page, err := s.employees().Ask(as(actor.HR, 1), parameters)
					took = append(took, time.Since(began))
					if err != nil || len(page.Items) < db.DefaultLimit || page.Next == "" {
						b.Fatalf("%d items, %v", len(page.Items), err)
					}
					parameters.Set("after", page.Next) // the next page; from the middle on, again the first
					if len(took)%50 == 0 || page.Total < 3000 {
						parameters.Del("after")
					}
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			})
		}
	})
}

// BenchmarkExport writes 100,000 employees as a workbook and reports how much memory that took at most.
func BenchmarkExport(b *testing.B) {
	onEach(b, 100_000, func(b *testing.B, s *service) {
		for _, format := range []string{grid.CSV, grid.XLSX} {
			b.Run(format, func(b *testing.B) {
				var peak uint64
				for b.Loop() {
					stop := watch(&peak)
					e, err := s.employees().Export(as(actor.HR, 1), url.Values{"format": {format}, "sort": {"departmentName,-createdAt"}}, grid.Reader{
						Text: func(code string, _ fault.Params) string { return code }, Zone: time.UTC, Now: noon,
					})
					if err != nil {
						b.Fatal(err)
					}
					if err := e.Write(io.Discard); err != nil {
						b.Fatal(err)
					}
					stop()
				}
				b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
			})
		}
	})
}

// watch notes the largest heap until it is stopped.
func watch(peak *uint64) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	runtime.GC()
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*peak = max(*peak, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

func onEach(b *testing.B, n int, fn func(b *testing.B, s *service)) {
	b.Run("postgres", func(b *testing.B) {
		address := dbtest.PostgresURL(b, "staff_app")
		d, err := db.Open(b.Context(), address, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		s := crowd(b, d, n)
		conn, err := pgx.Connect(b.Context(), dbtest.As(b, address, "postgres", ""))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close(b.Context())
		if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE employees"); err != nil { // as autovacuum does within a minute
			b.Fatal(err)
		}
		fn(b, s)
	})
	b.Run("sqlite", func(b *testing.B) { fn(b, crowd(b, dbtest.SQLite(b), n)) })
}

// crowd is an organization with n employees, of whom one in ten has left.
func crowd(b *testing.B, d *db.DB, n int) *service {
	b.Helper()
	s := newService(b, d)
	family := []string{"Karimov", "Алиев", "Toʻxtayev", "Юсупова", "Ғаниев"}
	rows := make([]employeeRow, 500)
	for from := 0; from < n; from += len(rows) {
		for i := range rows {
			k := from + i
			name := fmt.Sprintf("%s %d", family[k%len(family)], k*7919%n)
			at := noon.Add(-time.Duration(k/20) * time.Minute)
			rows[i] = employeeRow{
				DepartmentID: int64(1 + k%3), Name: name, NameSearch: fold.Name(name), Phone: fmt.Sprintf("+9989%08d", k),
				Email: fmt.Sprintf("e%d@example.uz", k), IsActive: k%10 != 0, CreatedAt: at, UpdatedAt: at,
			}
		}
		err := d.Write(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Insert(&rows).Exec(ctx)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		for i := range rows {
			rows[i].ID = 0
		}
	}
	return s
}
