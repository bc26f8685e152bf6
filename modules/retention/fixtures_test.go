package retention

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

// noon is now in these tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// ago is a moment of the day that many days before today.
func ago(days int) time.Time { return dayOf(noon).AddDate(0, 0, -days).Add(9 * time.Hour) }

// tree has the organizations 1 to 3.
type tree struct{ organization.Tree }

func (tree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); id < 1 || id > 3 || a.OrganizationID != 0 && a.OrganizationID != id {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id}, nil
}

// board takes alerts.
type board struct {
	mu     sync.Mutex
	raised []string
}

func (b *board) Raise(ctx context.Context, a alert.Alert) error {
	who, _ := actor.From(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raised = append(b.raised, fmt.Sprintf("%d %s %s %s", who.OrganizationID, a.Kind, a.Subject, a.ID))
	return nil
}

// office is the service with what a test looks at.
type office struct {
	*service
	world *world
	board *board
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	write(t, d, `INSERT INTO organizations (full_name, short_name, is_active, created_at, updated_at) VALUES ('A', 'A', TRUE, ?0, ?0), ('B', 'B', TRUE, ?0, ?0), ('C', 'C', FALSE, ?0, ?0)`, noon)
	return officeOn(t, d, newWorld())
}

// officeOn is another process on the same database.
func officeOn(t testing.TB, d *db.DB, w *world) *office {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	b := &board{}
	return &office{&service{
		store: store{d}, keeper: w, files: shelf{w}, tree: tree{}, alerts: b, metrics: m, log: slog.New(slog.DiscardHandler),
		audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}), data: t.TempDir(),
		now: func() time.Time { return noon }, pulse: pulse,
	}, w, b}
}

// write runs a statement that names its organization itself.
func write(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func as(role actor.Role, organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization})
}

func all() context.Context { return system(context.Background()) }

func (o *office) mustRule(t testing.TB, organization int64, resource string, days int64, action string) {
	t.Helper()
	in := ruleInput{ResourceType: resource, Days: days, Action: action, Active: true}
	if _, err := o.setRule(as(actor.Admin, 0), organization, in); err != nil {
		t.Fatal(err)
	}
}

func (o *office) mustHold(t testing.TB, organization int64, in holdInput) holdResponse {
	t.Helper()
	in.Reason = "sud ishi 12"
	row, err := in.row()
	if err != nil {
		t.Fatal(err)
	}
	h, err := o.addHold(as(actor.HR, organization), row)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// evidence is what was written down, one line for each run.
func (o *office) evidence(t testing.TB) (lines []string) {
	t.Helper()
	var rows []runRow
	err := o.store.db.Read(all(), func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Scan(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s rows=%d files=%d bytes=%d %s %s", r.OrganizationID, r.Kind,
			r.Day.UTC().Format(time.DateOnly), r.Action, r.State, r.Rows, r.Files, r.Bytes, r.ArchivePath, r.Error)))
	}
	slices.Sort(lines)
	return lines
}

func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(all(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sameLines(t testing.TB, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	but := func(lines, others []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return slices.Contains(others, l) }), "\n")
	}
	t.Fatalf("%s: %d, want %d; too much:\n%s\nmissing:\n%s", what, len(got), len(want), but(got, want), but(want, got))
}
