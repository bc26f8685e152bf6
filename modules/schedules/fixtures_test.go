package schedules

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The tree of the tests: organization 1 has departments 1, 2 below 1, 3 below 2, and 4; organization 2 has 5.
var departments = []organization.Department{
	{ID: 1, OrganizationID: 1, Name: "Sex"}, {ID: 2, OrganizationID: 1, ParentID: 1, Name: "Brigada"},
	{ID: 3, OrganizationID: 1, ParentID: 2, Name: "Zveno"}, {ID: 4, OrganizationID: 1, Name: "Ombor"}, {ID: 5, OrganizationID: 2, Name: "Boshqa"},
}

type tree struct{}

func (tree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); id > 2 || a.OrganizationID != 0 && a.OrganizationID != id {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id}, nil
}

func (tree) Department(ctx context.Context, id int64) (organization.Department, error) {
	a, _ := actor.From(ctx)
	for _, d := range departments {
		if d.ID == id && (a.OrganizationID == 0 || a.OrganizationID == d.OrganizationID) {
			return d, nil
		}
	}
	return organization.Department{}, organization.ErrDepartmentUnknown
}

func (tree) Below(_ context.Context, ids []int64) ([]int64, error) { return ids, nil }

// staff are the people of the tests.
var staff = []employee.Employee{
	{ID: 1, OrganizationID: 1, DepartmentID: 1, Name: "Алиева Нодира", Active: true},
	{ID: 2, OrganizationID: 1, DepartmentID: 3, Name: "Karimov Olim", Active: true},
	{ID: 3, OrganizationID: 2, DepartmentID: 5, Name: "Boshqa Odam", Active: true},
}

// people is the directory of the staff.
type people struct{ employee.Directory }

func (p people) ByID(ctx context.Context, id int64) (employee.Employee, error) {
	found, _ := p.ByIDs(ctx, []int64{id})
	if e, known := found[id]; known {
		return e, nil
	}
	return employee.Employee{}, employee.ErrUnknown
}

func (people) ByIDs(ctx context.Context, ids []int64) (map[int64]employee.Employee, error) {
	a, _ := actor.From(ctx)
	found := map[int64]employee.Employee{}
	for _, e := range staff {
		sees := a.OrganizationID == 0 || a.OrganizationID == e.OrganizationID
		if a.Role == actor.DepartmentLead {
			sees = sees && slices.Contains(a.DepartmentIDs, e.DepartmentID)
		}
		if sees && slices.Contains(ids, e.ID) {
			found[e.ID] = e
		}
	}
	return found, nil
}

func newService(t *testing.T, d *db.DB) *service {
	t.Helper()
	write(t, d, `INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, noon)
	for _, dep := range departments {
		write(t, d, `INSERT INTO departments (organization_id, full_name, short_name, created_at, updated_at) VALUES (?1, ?2, 'd', ?0, ?0)`,
			noon, dep.OrganizationID, dep.Name)
	}
	for _, e := range staff {
		write(t, d, `INSERT INTO employees (organization_id, department_id, name, name_search, is_active, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, TRUE, ?0, ?0)`,
			noon, e.OrganizationID, e.DepartmentID, e.Name, fold.Name(e.Name))
	}
	write(t, d, `INSERT INTO users (organization_id, name, username, password, role, created_at, updated_at) VALUES
		(NULL, 'Operator', 'operator', 'x', 'ADMIN', ?0, ?0), (1, 'Kadrlar', 'kadrlar', 'x', 'HR', ?0, ?0), (2, 'Ikkinchi', 'ikkinchi', 'x', 'HR', ?0, ?0)`, noon)
	return &service{
		store: store{d}, tree: tree{}, staff: people{}, now: func() time.Time { return noon },
		audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}),
	}
}

// write runs a statement that names its organization itself.
func write(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func as(role actor.Role, organization int64, departmentIDs ...int64) context.Context {
	a := actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization, DepartmentIDs: departmentIDs}
	return actor.With(context.Background(), a)
}

// of is what a caller says of a schedule.
func of(name, start, end string, days ...int64) input {
	return input{Name: &name, Start: &start, End: &end, Days: &days}
}

func mustMake(t *testing.T, s *service, organization int64, in input) int64 {
	t.Helper()
	row, err := s.create(as(actor.Admin, 0), organization, in)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

func counted(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
