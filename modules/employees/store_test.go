package employees

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

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
		o := newService(t, d)
		nodira := newEmployee(t, o, 1, "Aliyeva Nodira")
		newEmployee(t, o, 4, "Boshqa Odam")
		write(t, d, "INSERT INTO policies (organization_id, title, created_at, updated_at) VALUES (1, 'P', ?0, ?0)", noon)
		given, err := o.equip(admin(), nodira, credentialInput{Type: card, Code: "CARD1"})
		if err != nil {
			t.Fatal(err)
		}
		club, err := o.createGroup(as(actor.HR, 1), 0, groupInput{Name: text("Klub")})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.move(as(actor.HR, 1), club.ID, moves{Add: []int64{nodira}}); err != nil {
			t.Fatal(err)
		}
		write(t, d, "INSERT INTO users (id, organization_id, name, username, password, role, created_at, updated_at) VALUES (77, 1, 'Kadrlar', 'hr77', 'x', 'HR', ?0, ?0)", noon)
		s, theirs, all := store{d}, as(actor.HR, 2), sight{all: true}
		before := stored(t, s)
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		foreign := func(rows []employeeRow, err error) error {
			for _, r := range rows {
				if r.OrganizationID != 2 {
					return fmt.Errorf("shows %+v", r)
				}
			}
			return err
		}
		dbtest.Tenants(t, map[string]func() error{
			"list": func() error {
				for _, query := range []string{"", "q=nodira", "sort=-departmentName,name&id=1,2,3"} {
					for _, e := range gridtest.All(t, theirs, o.employees(), query) {
						if e.OrganizationID != 2 {
							return fmt.Errorf("shows %+v", e)
						}
					}
				}
				return nil
			},
			"departments": func() error {
				ids, err := s.departments(theirs, sight{all: true})
				if !slices.Equal(ids, []int64{4}) {
					return fmt.Errorf("shows %v", ids)
				}
				return err
			},
			"active": func() error {
				for _, departments := range [][]int64{nil, {1, 2, 3}} {
					rows, err := s.active(theirs, sight{all: true}, departments)
					for _, e := range rows {
						if e.OrganizationID != 2 {
							return fmt.Errorf("shows %+v", e)
						}
					}
					if err != nil {
						return err
					}
				}
				return nil
			},
			"oneV1": func() error {
				if _, err := s.oneV1(theirs, all, nodira); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("error %v", err)
				}
				return nil
			},
			"lockImports": func() error { // locks a name, and sees no row
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.lockImports(ctx, tx, 2) })
			},
			"holdEverybody": func() error { // holds none, and shows none
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.holdEverybody(ctx, tx, 1) })
			},
			"branches": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.branches(ctx, tx, 1)
					if len(rows) != 0 {
						return fmt.Errorf("shows %+v", rows)
					}
					return err
				})
			},
			"everybody": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.everybody(ctx, tx, 1)
					if len(rows) != 0 {
						return fmt.Errorf("shows %+v", rows)
					}
					return err
				})
			},
			"inForce": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.inForce(ctx, tx, 1)
					if len(rows) != 0 {
						return fmt.Errorf("shows %+v", rows)
					}
					return err
				})
			},
			"knowsPolicy": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					known, err := s.knowsPolicy(ctx, tx, 1, 1)
					if known {
						return errors.New("knows a foreign one")
					}
					return err
				})
			},
			"addCredential": func() error {
				row := credentialRow{EmployeeID: nodira, Type: card, Code: "theirs", CreatedAt: noon, UpdatedAt: noon}
				if err := in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.addCredential(ctx, tx, &row) }); err != nil {
					return err
				}
				foreign := credentialRow{Owned: db.Owned{OrganizationID: 1}, EmployeeID: nodira, Type: card, Code: "theirs", CreatedAt: noon, UpdatedAt: noon}
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addCredential(ctx, tx, &foreign) })
			},
			"credential": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.credential(ctx, tx, nodira, given.ID)
					return err
				})
			},
			"credentials": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.credentials(ctx, tx, nodira)
					if len(rows) != 0 {
						return fmt.Errorf("shows %+v", rows)
					}
					return err
				})
			},
			"cards": func() error {
				rows, err := s.cards(theirs, []string{"CARD1"})
				if len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"dropCredential": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.dropCredential(ctx, tx, given) })
			},
			"listV1": func() error {
				for _, l := range []httpx.ListV1{{Page: 1, Limit: 10}, {Page: 1, Limit: 10, Search: "nodira"}} {
					rows, _, err := s.listV1(theirs, all, l, true)
					for _, e := range rows {
						if e.OrganizationID != 2 {
							return fmt.Errorf("shows %+v", e)
						}
					}
					if err != nil {
						return err
					}
				}
				return nil
			},
			"byID": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.byID(ctx, tx, all, nodira)
					return err
				})
			},
			"held": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.held(ctx, tx, all, nodira)
					return err
				})
			},
			"byIDs": func() error { return foreign(s.byIDs(theirs, all, []int64{nodira})) },
			"inDepartments": func() error {
				ids, err := s.inDepartments(theirs, all, []int64{1, 2, 3})
				if len(ids) != 0 {
					return fmt.Errorf("shows %v", ids)
				}
				return err
			},
			"insert": func() error {
				row := employeeRow{Owned: db.Owned{OrganizationID: 1}, DepartmentID: 1, Name: "theirs", CreatedAt: noon, UpdatedAt: noon}
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.insert(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID = 0 // theirs, in a department that is not
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.insert(ctx, tx, &row) })
			},
			"update": func() error {
				row := employeeRow{ID: nodira, DepartmentID: 4, Name: "theirs", UpdatedAt: noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.update(ctx, tx, &row) })
			},
			"namePhoto": func() error {
				row := employeeRow{ID: nodira, Photo: "theirs", PhotoFile: "theirs", UpdatedAt: noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.namePhoto(ctx, tx, &row) })
			},
			"remove": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.remove(ctx, tx, nodira) })
			},
			"groups": func() error {
				for _, g := range gridtest.All(t, theirs, o.groups(), "") {
					return fmt.Errorf("shows %+v", g)
				}
				return nil
			},
			"group": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.group(ctx, tx, club.ID); return err })
			},
			"groupsByID": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.groupsByID(ctx, tx, []int64{club.ID})
					return none(rows, err)
				})
			},
			"sizes": func() error {
				counts, err := s.sizes(theirs, []int64{club.ID})
				if len(counts) != 0 {
					return fmt.Errorf("counts %v", counts)
				}
				return err
			},
			"addGroup": func() error {
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
					return s.addGroup(ctx, tx, &groupRow{Owned: db.Owned{OrganizationID: 1}, Name: "theirs", CreatedAt: noon, UpdatedAt: noon})
				})
			},
			"changeGroup": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					return s.changeGroup(ctx, tx, &groupRow{ID: club.ID, Name: "theirs", UpdatedAt: noon})
				})
			},
			"dropGroup": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.dropGroup(ctx, tx, club.ID) })
			},
			"memberships": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.memberships(ctx, tx, []int64{nodira})
					return none(rows, err)
				})
			},
			"among": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					ids, err := s.among(ctx, tx, club.ID, []int64{nodira})
					return none(ids, err)
				})
			},
			"members": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					ids, err := s.members(ctx, tx, club.ID)
					return none(ids, err)
				})
			},
			"join": func() error {
				foreign := memberRow{Owned: db.Owned{OrganizationID: 1}, GroupID: club.ID, EmployeeID: 2, CreatedAt: noon}
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.join(ctx, tx, foreign) }); err != nil {
					return err
				}
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
					return s.join(ctx, tx, memberRow{GroupID: club.ID, EmployeeID: 2, CreatedAt: noon})
				})
			},
			"leave": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.leave(ctx, tx, club.ID, nodira) })
			},
			"byIDsIn": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.byIDsIn(ctx, tx, all, []int64{nodira})
					return none(rows, err)
				})
			},
			"given": func() error {
				rows, err := s.given(theirs)
				return onlyTheirs(rows, err)
			},
			"givenTo": func() error {
				rows, err := s.givenTo(theirs, all, nodira)
				return onlyTheirs(rows, err)
			},
			"policies": func() error {
				return d.Read(theirs, func(ctx context.Context, tx db.Tx) error { return onlyTheirs(s.policies(ctx, tx, []int64{nodira})) })
			},
			"give": func() error { // touches nobody
				return d.Write(theirs, func(ctx context.Context, tx db.Tx) error {
					return s.give(ctx, tx, 0, []int64{nodira}, noon.Add(time.Hour))
				})
			},
			"holders": func() error {
				return d.Read(theirs, func(ctx context.Context, tx db.Tx) error {
					rows, n, err := s.holders(ctx, tx, 1, 9)
					if n != 0 || len(rows) != 0 {
						return fmt.Errorf("shows %d", n)
					}
					return err
				})
			},
		})
		if after := stored(t, s); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

func none[T any](rows []T, err error) error {
	if len(rows) > 0 {
		return fmt.Errorf("shows %+v", rows)
	}
	return err
}

func onlyTheirs(rows []givenRow, err error) error {
	for _, r := range rows {
		if r.OrganizationID != 2 {
			return fmt.Errorf("shows %+v", r)
		}
	}
	return err
}

// stored is all that is stored of organization 1, as text.
func stored(t *testing.T, s store) string {
	t.Helper()
	rows, err := s.byIDs(as(actor.HR, 1), sight{all: true}, []int64{1, 2})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d employees of organization 1, %v", len(rows), err)
	}
	groups, err := (&service{store: s}).groupsOf(as(actor.HR, 1), rows)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v %+v", rows, groups)
}
