package organizations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func TestANewDatabaseBeginsWithOneOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		for range 2 {
			if err := s.first(context.Background(), "Zavod"); err != nil {
				t.Fatal(err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM organizations"); n != 1 {
			t.Errorf("%d organizations, want 1", n)
		}
		o, err := s.ByID(admin(), 1)
		if err != nil || o.Name != "Zavod" || o.Language != "uz" || o.Zone.String() != "Asia/Tashkent" || !o.Active {
			t.Errorf("organization 1 is %+v, %v", o, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'organization.created' AND organization_id = 1"); n != 1 {
			t.Errorf("%d audit rows, want 1", n)
		}
	})
}

func TestAnotherOrganizationIsNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		a, b := newOrganization(t, s, "A"), newOrganization(t, s, "B")
		dep := newDepartment(t, s, a, 0, "Sex")
		ctx, name := as(actor.HR, b), "X"
		calls := map[string]func() error{
			"organization":     func() error { _, err := s.organization(ctx, a); return err },
			"update":           func() error { _, err := s.update(ctx, a, organizationInput{FullName: &name}); return err },
			"remove":           func() error { _, err := s.remove(ctx, a); return err },
			"department":       func() error { _, err := s.department(ctx, dep); return err },
			"updateDepartment": func() error { _, err := s.updateDepartment(ctx, dep, departmentInput{FullName: &name}); return err },
			"removeDepartment": func() error { _, err := s.removeDepartment(ctx, dep); return err },
			"createDepartment": func() error {
				_, err := s.createDepartment(ctx, departmentInput{OrganizationID: &a, FullName: &name, ShortName: &name})
				return err
			},
			"ByID":       func() error { _, err := s.ByID(ctx, a); return err },
			"Department": func() error { _, err := s.Department(ctx, dep); return err },
		}
		for call, do := range calls {
			if err := do(); fault.Of(err) == nil || fault.Of(err).Kind != fault.NotFound {
				t.Errorf("%s: %v, want not found", call, err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND actor = 'user:2'"); n != 7 {
			t.Errorf("%d violations written down, want 7", n)
		}
		if ids, err := s.Below(ctx, []int64{dep}); err != nil || len(ids) != 0 {
			t.Errorf("Below gives %v, %v", ids, err)
		}
		if all := gridtest.All(t, ctx, s.organizations(), ""); len(all) != 1 || all[0].ID != b {
			t.Errorf("list gives %v", all)
		}
		if all := gridtest.All(t, ctx, s.departments(), fmt.Sprint("organizationId=", a)); len(all) != 0 {
			t.Errorf("departments are %v", all)
		}
		if nodes, err := s.forest(ctx, a); err != nil || len(nodes) != 0 {
			t.Errorf("forest is %v, %v", nodes, err)
		}
	})
}

// The methods that take a transaction are a second way to the rows.
func TestStoreStaysInTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		a, b := newOrganization(t, s, "A"), newOrganization(t, s, "B")
		dep := newDepartment(t, s, a, 0, "Sex")
		st := s.store
		steps := map[string]func(context.Context, db.Tx) error{
			"updateOrganization": func(ctx context.Context, tx db.Tx) error {
				return st.updateOrganization(ctx, tx, &organizationRow{Tenant: db.Tenant{ID: a}, FullName: "X", ShortName: "X", CreatedAt: noon, UpdatedAt: noon})
			},
			"deleteOrganization": func(ctx context.Context, tx db.Tx) error { return st.deleteOrganization(ctx, tx, a) },
			"lockOrganization":   func(ctx context.Context, tx db.Tx) error { return st.lockOrganization(ctx, tx, a) },
			"insertOrganization": func(ctx context.Context, tx db.Tx) error {
				return st.insertOrganization(ctx, tx, &organizationRow{FullName: "X", ShortName: "X", CreatedAt: noon, UpdatedAt: noon})
			},
			"insertDepartment": func(ctx context.Context, tx db.Tx) error {
				return st.insertDepartment(ctx, tx, &departmentRow{Owned: db.Owned{OrganizationID: a}, CreatedAt: noon, UpdatedAt: noon})
			},
			"updateDepartment": func(ctx context.Context, tx db.Tx) error {
				return st.updateDepartment(ctx, tx, &departmentRow{ID: dep, FullName: "X", CreatedAt: noon, UpdatedAt: noon})
			},
			"deleteDepartment": func(ctx context.Context, tx db.Tx) error { return st.deleteDepartment(ctx, tx, dep) },
		}
		for name, step := range steps {
			err := d.Write(as(actor.HR, b), step)
			if !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) {
				t.Errorf("%s: %v, want not found or foreign", name, err)
			}
		}
		if organizations, departments, err := st.everything(as(actor.HR, b)); err != nil || len(organizations) != 1 || len(departments) != 0 {
			t.Errorf("everything is %v, %v, %v", organizations, departments, err)
		}
	})
}

func TestDepartmentsStandInNoCircle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		a, b := newOrganization(t, s, "A"), newOrganization(t, s, "B")
		top := newDepartment(t, s, a, 0, "Top")
		middle := newDepartment(t, s, a, top, "Middle")
		low := newDepartment(t, s, a, middle, "Low")
		foreign := newDepartment(t, s, b, 0, "Foreign")
		move := func(id, parent int64) error {
			_, err := s.updateDepartment(as(actor.HR, a), id, departmentInput{ParentID: &parent})
			return err
		}
		if err := move(top, low); !errors.Is(err, errCycle) {
			t.Errorf("top under low: %v", err)
		}
		if err := move(top, top); !errors.Is(err, errCycle) {
			t.Errorf("top under itself: %v", err)
		}
		if err := move(low, foreign); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("under another organization's: %v", err)
		}
		if err := move(low, top); err != nil {
			t.Errorf("low under top: %v", err)
		}
		if err := move(low, 0); err != nil {
			t.Errorf("low to the root: %v", err)
		}
		if _, err := s.updateDepartment(admin(), low, departmentInput{ParentID: &foreign}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("the operator moves it between organizations: %v", err)
		}
		if ids, err := s.Below(admin(), []int64{top, foreign, 999, top}); err != nil || !slices.Equal(ids, []int64{top, middle, foreign}) {
			t.Errorf("Below gives %v, %v", ids, err)
		}
	})
}

func TestWhatIsInUseIsDeactivated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		a, empty := newOrganization(t, s, "A"), newOrganization(t, s, "Empty")
		top := newDepartment(t, s, a, 0, "Top")
		low := newDepartment(t, s, a, top, "Low")
		for _, c := range []struct {
			name    string
			remove  func(context.Context, int64) (bool, error)
			id      int64
			deleted bool
		}{
			{"department with one below", s.removeDepartment, top, false},
			{"department without", s.removeDepartment, low, true},
			{"organization in use", s.remove, a, false},
			{"organization without anything", s.remove, empty, true},
		} {
			if deleted, err := c.remove(admin(), c.id); err != nil || deleted != c.deleted {
				t.Errorf("%s: deleted %v, %v", c.name, deleted, err)
			}
		}
		if row, err := s.department(admin(), top); err != nil || row.IsActive {
			t.Errorf("department is %+v, %v", row, err)
		}
		if o, err := s.ByID(admin(), a); err != nil || o.Active {
			t.Errorf("organization is %+v, %v", o, err)
		}
		if _, err := s.ByID(admin(), empty); !errors.Is(err, organization.ErrUnknown) {
			t.Errorf("deleted organization: %v", err)
		}
	})
}

func TestALeadSeesItsDepartmentsOnly(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(d)
	a := newOrganization(t, s, "A")
	top := newDepartment(t, s, a, 0, "Top")
	own := newDepartment(t, s, a, top, "Own")
	low := newDepartment(t, s, a, own, "Low")
	lead := as(actor.DepartmentLead, a, own, low)
	if all := gridtest.All(t, lead, s.departments(), "sort=id"); len(all) != 2 || all[0].ID != own || all[1].ID != low {
		t.Errorf("a lead sees %v", all)
	}
	if _, err := s.department(lead, top); !errors.Is(err, organization.ErrDepartmentUnknown) {
		t.Errorf("the department above: %v", err)
	}
	if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason <> ''"); n != 0 {
		t.Errorf("%d violations, want none: it is the lead's own organization", n)
	}
	nodes, err := s.forest(lead, 0)
	if err != nil || len(nodes) != 1 || nodes[0].ID != own || len(nodes[0].Children) != 1 || nodes[0].Children[0].ID != low {
		t.Errorf("the lead's tree is %+v, %v", nodes, err)
	}
	if all := gridtest.All(t, as(actor.DepartmentLead, a), s.departments(), ""); len(all) != 0 {
		t.Errorf("a lead of nothing sees %v", all)
	}
}

func TestListsAreSearchedAndSorted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		a, b := newOrganization(t, s, "Ғалаба"), newOrganization(t, s, "Bekobod")
		top := newDepartment(t, s, a, 0, "Ишлаб чиқариш")
		low := newDepartment(t, s, a, top, "Buxgalteriya")
		newDepartment(t, s, b, 0, "Ombor")
		for query, want := range map[string][]int64{
			"":               {b, a},
			"sort=-fullName": {a, b},
			"q=g'alaba":      {a},
			"shortName=бек":  {b},
			"isActive=false": nil,
		} {
			if got := grid.Items(gridtest.All(t, admin(), s.organizations(), query+"&limit=1"), func(o organizationResponse) int64 { return o.ID }); !slices.Equal(got, want) {
				t.Errorf("organizations by %q are %v, want %v", query, got, want)
			}
		}
		hr := as(actor.HR, a)
		for query, want := range map[string][]int64{
			"":                           {low, top},
			"sort=-parentId,id":          {low, top},
			"parentId=0":                 {top},
			"q=ishlab":                   {top},
			fmt.Sprint("parentId=", top): {low},
		} {
			if got := grid.Items(gridtest.All(t, hr, s.departments(), query+"&limit=1"), func(d departmentResponse) int64 { return d.ID }); !slices.Equal(got, want) {
				t.Errorf("departments by %q are %v, want %v", query, got, want)
			}
		}
		name := "Янги"
		if _, err := s.updateDepartment(hr, low, departmentInput{FullName: &name}); err != nil {
			t.Fatal(err)
		}
		if found := gridtest.All(t, hr, s.departments(), "q=yangi"); len(found) != 1 {
			t.Errorf("by its new name %v is found", found)
		}
	})
}

func TestTheZoneIsThatOfWhatIsSeen(t *testing.T) {
	t.Parallel()
	s, _ := newService(dbtest.SQLite(t))
	a, b := newOrganization(t, s, "A"), newOrganization(t, s, "B")
	zone := func(ctx context.Context) string {
		z, err := s.zone(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return z.String()
	}
	if got := zone(admin()); got != "Asia/Tashkent" {
		t.Errorf("of all organizations alike it is %s", got)
	}
	moscow := "Europe/Moscow"
	if _, err := s.update(admin(), b, organizationInput{Zone: &moscow}); err != nil {
		t.Fatal(err)
	}
	if all, one, other := zone(admin()), zone(as(actor.HR, a)), zone(as(actor.HR, b)); all != "UTC" || one != "Asia/Tashkent" || other != moscow {
		t.Errorf("of all it is %s, of one %s, of the other %s", all, one, other)
	}
}

func TestInputIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	s, _ := newService(dbtest.SQLite(t))
	text := func(s string) *string { return &s }
	_, err := s.create(admin(), organizationInput{Email: text("nobody"), Language: text("fr"), Zone: text("Local")})
	var fields []string
	for _, d := range fault.Of(err).Details {
		fields = append(fields, d.Field)
	}
	if want := []string{"fullName", "shortName", "email", "language", "zone"}; !slices.Equal(fields, want) {
		t.Errorf("refused fields are %v, want %v", fields, want)
	}
	newOrganization(t, s, "A")
	cyrillic := organizationInput{FullName: text("Завод"), ShortName: text("Завод"), Language: text("uz-Cyrl")}
	if o, err := s.create(admin(), cyrillic); err != nil || o.Language != "uz-Cyrl" {
		t.Errorf("an organization that writes Cyrillic: %+v, %v", o, err)
	}
	if _, err := s.create(admin(), organizationInput{FullName: text("Other"), ShortName: text("A")}); !errors.Is(err, errNameTaken) {
		t.Errorf("the same short name: %v", err)
	}
	if _, err := s.createDepartment(admin(), departmentInput{FullName: text("D"), ShortName: text("D")}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("department of no organization: %v", err)
	}
	key := as(actor.Admin, 1)
	if _, err := s.create(key, organizationInput{FullName: text("B"), ShortName: text("B")}); !errors.Is(err, errOperator) {
		t.Errorf("an organization made by an organization's key: %v", err)
	}
}

func TestTreeIsAsFreshAsPromised(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	here, _ := newService(d)
	there, clock := newService(d) // another process
	a := newOrganization(t, here, "A")
	top := newDepartment(t, here, a, 0, "Top")
	hr := as(actor.HR, a)
	if dep, err := there.Department(hr, top); err != nil || dep.Name != "Top" {
		t.Fatalf("department is %+v, %v", dep, err)
	}
	name := "Renamed"
	if _, err := here.updateDepartment(hr, top, departmentInput{FullName: &name}); err != nil {
		t.Fatal(err)
	}
	if dep, _ := here.Department(hr, top); dep.Name != name {
		t.Errorf("the process that changed it says %q", dep.Name)
	}
	if dep, _ := there.Department(hr, top); dep.Name != "Top" {
		t.Errorf("the other asks the database each time: %q", dep.Name)
	}
	low := newDepartment(t, here, a, top, "Low")
	if dep, err := there.Department(hr, low); err != nil || dep.ParentID != top {
		t.Errorf("what was just made is %+v, %v", dep, err)
	}
	if _, err := here.updateDepartment(hr, top, departmentInput{FullName: &[]string{"Again"}[0]}); err != nil {
		t.Fatal(err)
	}
	clock.Time = clock.Add(snapshotAge + time.Second)
	if dep, _ := there.Department(hr, top); dep.Name != "Again" {
		t.Errorf("after %s the other says %q", snapshotAge, dep.Name)
	}
}

func TestASnapshotReadBeforeAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	var c snapshots
	_, generation := c.find(1, noon)
	c.forget()
	c.keep(1, &snapshot{takenAt: noon}, generation)
	if s, _ := c.find(1, noon); s != nil {
		t.Error("a stale snapshot was kept")
	}
}

func TestTreeNeedsAnActor(t *testing.T) {
	t.Parallel()
	s, _ := newService(dbtest.SQLite(t))
	if _, err := s.ByID(context.Background(), 1); !errors.Is(err, db.ErrNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	if _, err := s.Below(as(actor.HR, 0), nil); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("without an organization: %v", err)
	}
}

func TestAnUnknownZoneIsUTC(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(d)
	id := newOrganization(t, s, "A")
	err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("UPDATE organizations SET zone = 'Mars/Base' WHERE id = ?", id).Exec(ctx) // one row, by its id
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.snapshots.forget()
	if o, err := s.ByID(admin(), id); err != nil || o.Zone != time.UTC {
		t.Errorf("zone is %v, %v", o.Zone, err)
	}
}
