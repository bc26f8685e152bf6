package employees

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAnotherOrganizationsEmployeeIsNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		id := newEmployee(t, s, 1, "Ali")
		ctx, name, home := as(actor.HR, 2), "X", int64(1)
		for call, do := range map[string]func() error{
			"get":    func() error { _, err := s.get(ctx, id); return err },
			"ByID":   func() error { _, err := s.ByID(ctx, id); return err },
			"update": func() error { _, err := s.update(ctx, id, employeeInput{Name: &name}); return err },
			"remove": func() error { _, err := s.remove(ctx, id); return err },
		} {
			if err := do(); !errors.Is(err, employee.ErrUnknown) {
				t.Errorf("%s: %v, want unknown", call, err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND object = 'employee'"); n != 4 {
			t.Errorf("%d violations written down, want 4", n)
		}
		if _, err := s.create(ctx, employeeInput{Name: &name, DepartmentID: &home}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("create in another's department: %v", err)
		}
		if found := listed(t, s, ctx, ""); found != "[]" {
			t.Errorf("list is %s", found)
		}
		if found, err := s.ByIDs(ctx, []int64{id}); err != nil || len(found) != 0 {
			t.Errorf("ByIDs gives %v, %v", found, err)
		}
		if ids, err := s.InDepartments(ctx, []int64{1}); err != nil || len(ids) != 0 {
			t.Errorf("InDepartments gives %v, %v", ids, err)
		}
	})
}

func TestStoreStaysInTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		id := newEmployee(t, s, 1, "Ali")
		for name, step := range map[string]func(context.Context, db.Tx) error{
			"byID": func(ctx context.Context, tx db.Tx) error {
				_, err := s.store.byID(ctx, tx, sight{all: true}, id)
				return err
			},
			"update": func(ctx context.Context, tx db.Tx) error {
				return s.store.update(ctx, tx, &employeeRow{ID: id, Name: "X", DepartmentID: 1, UpdatedAt: noon})
			},
			"remove": func(ctx context.Context, tx db.Tx) error { return s.store.remove(ctx, tx, id) },
			"insert": func(ctx context.Context, tx db.Tx) error {
				return s.store.insert(ctx, tx, &employeeRow{Owned: db.Owned{OrganizationID: 1}, DepartmentID: 1, CreatedAt: noon, UpdatedAt: noon})
			},
			"insert below another's department": func(ctx context.Context, tx db.Tx) error {
				return s.store.insert(ctx, tx, &employeeRow{DepartmentID: 1, CreatedAt: noon, UpdatedAt: noon})
			},
		} {
			err := d.Write(as(actor.HR, 2), step)
			if !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) && !errors.Is(err, db.ErrMissingReference) {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
	})
}

func TestListIsSearchedInBothScriptsAndPaged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for i, name := range []string{"Oʻktam Gʻaniyev", "Ўктам Ғаниев", "Dilnoza Karimova", "Каримова Зилола"} {
			newEmployee(t, s, []int64{1, 2, 3, 1}[i], name)
		}
		newEmployee(t, s, 4, "Karimova of another tenant")
		for asked, want := range map[string]string{
			"search=ўктам":          "[Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"q=ganiyev o'k":         "[Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"q=KARIMOVA":            "[Dilnoza Karimova Каримова Зилола]",
			"name=каримова дил":     "[Dilnoza Karimova]",
			"q=уктам":               "[Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"q=Uktam":               "[Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"q=%25":                 "[]",
			"name=%25":              "[]",
			"search=  ":             "[Dilnoza Karimova Каримова Зилола Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"departmentId=1":        "[Каримова Зилола Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"departmentId=3":        "[Dilnoza Karimova]",
			"departmentId=3,2":      "[Dilnoza Karimova Ўктам Ғаниев]",
			"departmentName=ombor":  "[Dilnoza Karimova]",
			"isActive=false":        "[]",
			"sort=-name&limit=2":    "[Ўктам Ғаниев Oʻktam Gʻaniyev Каримова Зилола Dilnoza Karimova]",
			"sort=isActive,-id":     "[Каримова Зилола Dilnoza Karimova Ўктам Ғаниев Oʻktam Gʻaniyev]",
			"sort=departmentName":   "[Ўктам Ғаниев Dilnoza Karimova Oʻktam Gʻaniyev Каримова Зилола]",
			"limit=1":               "[Dilnoza Karimova Каримова Зилола Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"createdAt.from=" + day: "[Dilnoza Karimova Каримова Зилола Oʻktam Gʻaniyev Ўктам Ғаниев]",
			"createdAt.to=" + day:   "[]",
		} {
			if got := listed(t, s, as(actor.HR, 1), asked); got != want {
				t.Errorf("%s gives %s, want %s", asked, got, want)
			}
		}
	})
}

func TestALeadSeesItsPeopleOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		own, low, other := newEmployee(t, s, 1, "Own"), newEmployee(t, s, 2, "Low"), newEmployee(t, s, 3, "Other")
		lead := as(actor.DepartmentLead, 1, 1, 2)
		if seen := listed(t, s, lead, ""); seen != "[Low Own]" {
			t.Errorf("a lead sees %s", seen)
		}
		if _, err := s.ByID(lead, other); !errors.Is(err, employee.ErrUnknown) {
			t.Errorf("somebody of another department: %v", err)
		}
		if found, err := s.ByIDs(lead, []int64{own, low, other}); err != nil || len(found) != 2 || found[other].ID != 0 {
			t.Errorf("ByIDs gives %v, %v", found, err)
		}
		if ids, err := s.InDepartments(lead, []int64{1, 3}); err != nil || !slices.Equal(ids, []int64{own}) {
			t.Errorf("InDepartments gives %v, %v", ids, err)
		}
		if seen := listed(t, s, as(actor.DepartmentLead, 1), ""); seen != "[]" {
			t.Errorf("a lead of nothing sees %s", seen)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason <> ''"); n != 0 {
			t.Errorf("%d violations, want none", n)
		}
	})
}

func TestAnEmployeeMovesWithinTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		id := newEmployee(t, s, 1, "Ali")
		move := func(department int64) (employeeRow, error) {
			return s.update(admin(), id, employeeInput{DepartmentID: &department})
		}
		if row, err := move(3); err != nil || row.DepartmentID != 3 || row.OrganizationID != 1 {
			t.Errorf("moved: %+v, %v", row, err)
		}
		if _, err := move(4); !errors.Is(err, errOtherOrganization) {
			t.Errorf("to another organization: %v", err)
		}
		if _, err := move(99); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("to no department: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'employee.updated' AND organization_id = 1"); n != 1 {
			t.Errorf("%d audit rows, want 1", n)
		}
	})
}

func TestOneWithRecordsIsDeactivated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		linked, free := newEmployee(t, s, 1, "Linked"), newEmployee(t, s, 1, "Free")
		write(t, d, `INSERT INTO computer_users (organization_id, sid, created_at, updated_at) VALUES (1, 's', ?0, ?0)`, noon)
		write(t, d, `INSERT INTO computer_user_links (organization_id, computer_user_id, employee_id, created_at) VALUES (1, 1, ?1, ?0)`, noon, linked)
		for id, want := range map[int64]bool{linked: false, free: true} {
			if deleted, err := s.remove(as(actor.HR, 1), id); err != nil || deleted != want {
				t.Errorf("employee %d: deleted %v, %v", id, deleted, err)
			}
		}
		if e, err := s.ByID(admin(), linked); err != nil || e.Active {
			t.Errorf("the one with records is %+v, %v", e, err)
		}
	})
}

func TestInputIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	mail := "nobody"
	_, err := s.create(admin(), employeeInput{Email: &mail})
	var fields []string
	for _, d := range fault.Of(err).Details {
		fields = append(fields, d.Field+" "+d.Code)
	}
	if want := "[departmentId required name required email wrong_format]"; fmt.Sprint(fields) != want {
		t.Errorf("refused: %v, want %s", fields, want)
	}
}
