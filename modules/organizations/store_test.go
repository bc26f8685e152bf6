package organizations

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, _ := newService(d)
		alpha, beta := newOrganization(t, o, "Alpha"), newOrganization(t, o, "Beta")
		dep := newDepartment(t, o, alpha, 0, "Sex")
		newDepartment(t, o, alpha, dep, "Brigada")
		own := newDepartment(t, o, beta, 0, "Ombor")
		before := picture(t, d, alpha)
		s, theirs, all := store{d}, as(actor.HR, beta), sight{all: true}
		organization, department := rowsOf(t, s, alpha, dep)
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		dbtest.Tenants(t, map[string]func() error{
			"organizations": func() error {
				if all := gridtest.All(t, theirs, o.organizations(), fmt.Sprint("id=", alpha, ",", beta)); len(all) != 1 || all[0].ID != beta {
					return fmt.Errorf("shows %+v", all)
				}
				return nil
			},
			"organizationsV1": func() error {
				rows, total, err := s.organizationsV1(theirs, httpx.ListV1{Page: 1, Limit: 10, Search: "a"})
				if len(rows) != 1 || rows[0].ID != beta || total != 1 || rows[0].Departments != 1 {
					return fmt.Errorf("shows %+v of %d", rows, total)
				}
				return err
			},
			"newestV1": func() error {
				rows, err := s.newestV1(theirs)
				if len(rows) != 1 || rows[0].ID != beta {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"departmentsV1": func() error {
				for _, organization := range []int64{0, alpha} {
					rows, total, err := s.departmentsV1(theirs, all, organization, httpx.ListV1{Page: 1, Limit: 10})
					if err != nil || len(rows) != int(total) {
						return fmt.Errorf("%d of %d, %v", len(rows), total, err)
					}
					if err := onlyOf(beta, rows); err != nil {
						return err
					}
				}
				return nil
			},
			"departmentsOfV1": func() error {
				for _, organization := range []int64{0, alpha} {
					rows, err := s.departmentsOfV1(theirs, all, organization)
					if err := errors.Join(err, onlyOf(beta, rows)); err != nil {
						return err
					}
				}
				return nil
			},
			"neighboursV1": func() error {
				n, err := s.neighboursV1(theirs, all, departmentRow{ID: dep, Owned: db.Owned{OrganizationID: alpha}, ParentID: dep})
				if n.parent != nil || len(n.children) > 0 || len(n.employees) > 0 {
					return fmt.Errorf("shows %+v", n)
				}
				return err
			},
			"belowV1": func() error {
				rows, err := s.belowV1(theirs, all, department)
				if len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"any": func() error { // sees its own, and none but its own
				return d.Write(as(actor.HR, 99), func(ctx context.Context, tx db.Tx) error {
					found, err := s.any(ctx, tx)
					if found {
						return errors.New("finds one")
					}
					return err
				})
			},
			"organization": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.organization(ctx, tx, alpha)
					return err
				})
			},
			"insertOrganization": func() error {
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
					return s.insertOrganization(ctx, tx, &organizationRow{FullName: "theirs", ShortName: "t", Language: "uz", Zone: "UTC"})
				})
			},
			"updateOrganization": func() error {
				row := organization
				row.FullName = "theirs"
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.updateOrganization(ctx, tx, &row) })
			},
			"deleteOrganization": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.deleteOrganization(ctx, tx, alpha) })
			},
			"lockOrganization": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.lockOrganization(ctx, tx, alpha) })
			},
			"departments": func() error {
				for _, query := range []string{"", fmt.Sprint("organizationId=", alpha), "q=sex&sort=-parentId,fullName"} {
					for _, r := range gridtest.All(t, theirs, o.departments(), query) {
						if r.OrganizationID != beta {
							return fmt.Errorf("shows %+v", r)
						}
					}
				}
				return nil
			},
			"forest": func() error {
				rows, err := s.forest(theirs, all, alpha)
				if len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"department": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.department(ctx, tx, all, dep)
					return err
				})
			},
			"insertDepartment": func() error {
				row := department
				row.ID = 0
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.insertDepartment(ctx, tx, &row) }); err != nil {
					return err
				}
				below := departmentRow{ParentID: dep, FullName: "theirs", ShortName: "t", CreatedAt: noon, UpdatedAt: noon}
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.insertDepartment(ctx, tx, &below) })
			},
			"updateDepartment": func() error {
				row := department
				row.FullName = "theirs"
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.updateDepartment(ctx, tx, &row) })
			},
			"deleteDepartment": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.deleteDepartment(ctx, tx, dep) })
			},
			"everything": func() error {
				organizations, departments, err := s.everything(theirs)
				if len(organizations) != 1 || organizations[0].ID != beta || len(departments) != 1 || departments[0].ID != own {
					return fmt.Errorf("shows %+v %+v", organizations, departments)
				}
				return err
			},
		})
		if after := picture(t, d, alpha); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

// onlyOf refuses departments of other organizations.
func onlyOf(organization int64, rows []countedDepartment) error {
	for _, d := range rows {
		if d.OrganizationID != organization {
			return fmt.Errorf("shows %+v", d)
		}
	}
	return nil
}

func rowsOf(t *testing.T, s store, organization, department int64) (o organizationRow, d departmentRow) {
	t.Helper()
	err := s.db.Read(admin(), func(ctx context.Context, tx db.Tx) (err error) {
		if o, err = s.organization(ctx, tx, organization); err != nil {
			return err
		}
		d, err = s.department(ctx, tx, sight{all: true}, department)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return o, d
}

// picture is all that is stored of an organization, as text.
func picture(t *testing.T, d *db.DB, organization int64) string {
	t.Helper()
	var o []organizationRow
	var all []departmentRow
	err := d.Read(as(actor.HR, organization), func(ctx context.Context, tx db.Tx) error {
		return errors.Join(tx.Select(&o).Scan(ctx), tx.Select(&all).Order("d.id").Scan(ctx))
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v", o, all)
}
