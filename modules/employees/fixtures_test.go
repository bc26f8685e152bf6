package employees

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// The tree of the tests: organization 1 has departments 1, 2 below 1, and 3; organization 2 has 4.
var departments = []organization.Department{
	{ID: 1, OrganizationID: 1, Name: "Sex"}, {ID: 2, OrganizationID: 1, ParentID: 1, Name: "Brigada"},
	{ID: 3, OrganizationID: 1, Name: "Ombor"}, {ID: 4, OrganizationID: 2, Name: "Boshqa"},
}

type fakeTree struct{}

func (fakeTree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); id < 1 || id > 2 || a.OrganizationID != 0 && a.OrganizationID != id {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id}, nil
}

func (fakeTree) Department(ctx context.Context, id int64) (organization.Department, error) {
	a, _ := actor.From(ctx)
	for _, d := range departments {
		if d.ID == id && (a.OrganizationID == 0 || a.OrganizationID == d.OrganizationID) {
			return d, nil
		}
	}
	return organization.Department{}, organization.ErrDepartmentUnknown
}

func (fakeTree) Below(_ context.Context, ids []int64) ([]int64, error) {
	if ids[0] == 1 {
		return []int64{1, 2}, nil
	}
	return ids, nil
}

func newService(t testing.TB, d *db.DB) *service {
	t.Helper()
	fill(t, d)
	return &service{
		store: store{d}, tree: fakeTree{}, now: func() time.Time { return noon }, files: newCabinet(), orders: &orders{}, studio: newStudio(), importing: semaphore.NewWeighted(1),
		audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}),
	}
}

// fill puts two organizations and the tree into the database.
func fill(t testing.TB, d *db.DB) {
	t.Helper()
	write(t, d, `INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, noon)
	for _, dep := range departments {
		write(t, d, `INSERT INTO departments (organization_id, full_name, full_name_search, short_name, created_at, updated_at) VALUES (?1, ?2, ?3, 'd', ?0, ?0)`,
			noon, dep.OrganizationID, dep.Name, fold.Name(dep.Name))
	}
}

// write runs a statement that names its organization itself.
func write(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func admin() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
}

func as(role actor.Role, organization int64, departments ...int64) context.Context {
	a := actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization, DepartmentIDs: departments}
	return actor.With(context.Background(), a)
}

func newEmployee(t *testing.T, s *service, department int64, name string) int64 {
	t.Helper()
	row, err := s.create(admin(), employeeInput{DepartmentID: &department, Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

func counted(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// day is when everybody of these tests was made.
const day = "2026-11-02T12:00:00Z"

// listed returns the names in a list.
func listed(t *testing.T, s *service, ctx context.Context, query string) string {
	t.Helper()
	return fmt.Sprint(grid.Items(gridtest.All(t, ctx, s.employees(), query), func(e employeeResponse) string { return e.Name }))
}
