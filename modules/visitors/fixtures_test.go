package visitors

import (
	"context"
	"fmt"
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
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// noon in Tashkent is seven o'clock in UTC.
var noon = time.Date(2026, 11, 2, 7, 0, 0, 0, time.UTC)

var tashkent = time.FixedZone("Asia/Tashkent", 5*60*60)

// staff are the people of the tests: organization 1 has departments 1 and 2, organization 2 has 3.
var staff = []employee.Employee{
	{ID: 1, OrganizationID: 1, DepartmentID: 1, Name: "Алиева Нодира", Active: true},
	{ID: 2, OrganizationID: 1, DepartmentID: 2, Name: "Karimov Olim", Active: true},
	{ID: 3, OrganizationID: 2, DepartmentID: 3, Name: "Boshqa Odam", Active: true},
}

type fakeStaff struct{}

func (fakeStaff) sees(ctx context.Context, e employee.Employee) bool {
	a, _ := actor.From(ctx)
	return (a.OrganizationID == 0 || a.OrganizationID == e.OrganizationID) &&
		(a.Role != actor.DepartmentLead || slices.Contains(a.DepartmentIDs, e.DepartmentID))
}

func (f fakeStaff) ByID(ctx context.Context, id int64) (employee.Employee, error) {
	found, _ := f.ByIDs(ctx, []int64{id})
	if e, known := found[id]; known {
		return e, nil
	}
	return employee.Employee{}, employee.ErrUnknown
}

func (f fakeStaff) ByIDs(ctx context.Context, ids []int64) (map[int64]employee.Employee, error) {
	found := map[int64]employee.Employee{}
	for _, e := range staff {
		if slices.Contains(ids, e.ID) && f.sees(ctx, e) {
			found[e.ID] = e
		}
	}
	return found, nil
}

func (f fakeStaff) InDepartments(ctx context.Context, departments []int64) (ids []int64, err error) {
	for _, e := range staff {
		if slices.Contains(departments, e.DepartmentID) && f.sees(ctx, e) {
			ids = append(ids, e.ID)
		}
	}
	return ids, nil
}

type fakeTree struct{}

func (fakeTree) All(ctx context.Context) (all []organization.Organization, err error) {
	a, _ := actor.From(ctx)
	for id := int64(1); id <= 2; id++ {
		if a.OrganizationID == 0 || a.OrganizationID == id {
			all = append(all, organization.Organization{ID: id, Name: fmt.Sprint("O", id), Active: true, Zone: tashkent})
		}
	}
	return all, nil
}

func (f fakeTree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	all, _ := f.All(ctx)
	for _, o := range all {
		if o.ID == id {
			return o, nil
		}
	}
	return organization.Organization{}, organization.ErrUnknown
}

func (fakeTree) Department(context.Context, int64) (organization.Department, error) {
	return organization.Department{}, organization.ErrDepartmentUnknown
}

func (fakeTree) Below(_ context.Context, ids []int64) ([]int64, error) { return ids, nil }

func newService(t testing.TB, d *db.DB) *service {
	t.Helper()
	fill(t, d)
	return &service{
		store: store{d}, staff: fakeStaff{}, tree: fakeTree{}, index: fakeTree{}, now: func() time.Time { return noon }, newCode: randomCode,
		audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}),
	}
}

func newServer(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	const role = kernel.Dashboard
	return kerneltest.Build(t, role, kerneltest.Options{DB: d}, kerneltest.Provide[employee.Directory](role, fakeStaff{}),
		kerneltest.Provide[organization.Tree](role, fakeTree{}), kerneltest.Provide[organization.Index](role, fakeTree{}), New())
}

// fill puts two organizations with their people and users into the database.
func fill(t testing.TB, d *db.DB) {
	t.Helper()
	write(t, d, `INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, noon)
	for id, organization := range []int64{1, 1, 2} {
		write(t, d, `INSERT INTO departments (organization_id, full_name, full_name_search, short_name, created_at, updated_at) VALUES (?1, ?2, ?2, 'd', ?0, ?0)`, noon, organization, fmt.Sprint("d", id))
	}
	for _, e := range staff {
		write(t, d, `INSERT INTO employees (organization_id, department_id, name, name_search, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?0, ?0)`,
			noon, e.OrganizationID, e.DepartmentID, e.Name, fold.Name(e.Name))
	}
	for i, u := range []struct {
		organization any
		role         string
	}{{nil, "ADMIN"}, {1, "HR"}, {1, "DEPARTMENT_LEAD"}, {1, "GUARD"}, {2, "HR"}} {
		write(t, d, `INSERT INTO users (organization_id, name, username, password, role, created_at, updated_at) VALUES (?1, ?2, ?2, '', ?3, ?0, ?0)`, noon, u.organization, fmt.Sprint("u", i+1), u.role)
	}
	write(t, d, `INSERT INTO department_users (organization_id, user_id, department_id) VALUES (1, 3, 1)`)
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

// The people of the tests, as users.
func hr() context.Context    { return as(actor.HR, 2, 1) }
func lead() context.Context  { return as(actor.DepartmentLead, 3, 1, 1) }
func guard() context.Context { return as(actor.Guard, 4, 1) }
func other() context.Context { return as(actor.HR, 5, 2) }

func as(role actor.Role, user, organization int64, departments ...int64) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Role: role, ID: fmt.Sprint("user:", user), UserID: user, OrganizationID: organization, DepartmentIDs: departments,
	})
}

func who(ctx context.Context) *actor.Actor {
	a, _ := actor.From(ctx)
	return &a
}

// newVisitor registers somebody; host 0 is nobody.
func newVisitor(t testing.TB, s *service, ctx context.Context, first, last string, host int64) visitorRow {
	t.Helper()
	passport := "AB1234567"
	row, err := s.create(ctx, visitorInput{FirstName: &first, LastName: &last, HostID: &host, PassportNumber: &passport})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// newCodeOf gives a code that is valid from an hour ago for three hours.
func newCodeOf(t testing.TB, s *service, ctx context.Context, visitorID int64, kind string) codeRow {
	t.Helper()
	from, until := s.time().Add(-time.Hour), s.time().Add(2*time.Hour)
	row, _, err := s.give(ctx, visitorID, codeInput{CodeType: &kind, StartDate: &from, EndDate: &until})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
