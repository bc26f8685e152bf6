package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

// tables are those of this module, with the organization's name in every row that is checked.
var tables = []string{
	"policies", "groups", "resources", "resource_groups", "policy_group_rules", "policy_versions", "policy_changes", "policy_departments", "policy_rollouts",
	"policy_rollout_gateways", "policy_bundles",
}

// everythingOf is all that is stored of organization 1.
func everythingOf(t *testing.T, d *db.DB) (all string) {
	t.Helper()
	for _, table := range tables {
		var rows []map[string]any
		err := d.Read(everybody(), func(ctx context.Context, tx db.Tx) error {
			return tx.Raw("SELECT * FROM "+table+" WHERE organization_id = 1 ORDER BY 1, 2, 3").Scan(ctx, &rows) // the test looks at everything
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			t.Errorf("the test has nothing in %s", table)
		}
		all += fmt.Sprintf("%s %v\n", table, rows)
	}
	return all
}

func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		g := o.gateways(t, 1, 1)[0]
		group, err := o.createGroup(hr(), 0, groupInput{Name: "Chat", Type: rule.Website, Values: []string{"t.me"}})
		if err != nil {
			t.Fatal(err)
		}
		p := o.mustCreate(t, wanted("Ofis", func(in *input) { in.Groups = []choice{{group.ID, rule.Neutral}} }))
		ordered := o.world.taken()[0].id
		if err := errors.Join(o.give(hr(), p.ID, holders{[]int64{1}, []int64{11}}), o.setDefault(hr(), p.ID)); err != nil {
			t.Fatal(err)
		}
		commandID := o.world.taken()[0].id
		rollouts, err := o.store.rollouts(hr(), p.ID, 1)
		if err != nil || len(rollouts) != 1 || ordered == commandID {
			t.Fatalf("%+v, %v", rollouts, err)
		}
		var member memberRow
		err = d.Read(hr(), func(ctx context.Context, tx db.Tx) error { return tx.Select(&member).Column("m.resource_id").Scan(ctx) })
		if err != nil {
			t.Fatal(err)
		}
		before := everythingOf(t, d)
		all := trespasses(t, o, p, group, rollouts[0], member, g.ID, commandID)
		maps.Copy(all, trespassesV1(t, o, p, group, member))
		dbtest.Tenants(t, all)
		if after := everythingOf(t, d); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

func none(n int, err error) error {
	if n != 0 {
		return fmt.Errorf("shows or changes %d", n)
	}
	return err
}

func wants(want, err error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("answers %w", err)
	}
	return nil
}

// trespasses are the store's methods, called by organization 2 with what is organization 1's.
func trespasses(t *testing.T, o *office, p policyRow, group groupRow, r rolloutRow, member memberRow, gatewayID, commandID id.UUID) map[string]func() error {
	s, theirs, later := o.store, as(actor.HR, 2), noon.Add(time.Hour)
	mine := db.Owned{OrganizationID: 1}
	in := func(do func(ctx context.Context, tx db.Tx) error) func() error {
		return func() error { return s.db.Write(theirs, do) }
	}
	refused := func(want error, do func(ctx context.Context, tx db.Tx) error) func() error {
		return func() error { return wants(want, s.db.Write(theirs, do)) }
	}
	return map[string]func() error{
		"list":       func() error { return none(len(gridtest.All(t, theirs, o.list(), "sort=-employees&q=ofis")), nil) },
		"groupsPage": func() error { return none(len(gridtest.All(t, theirs, o.groups(), "sort=-values")), nil) },
		"policy":     refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.policy(ctx, tx, p.ID); return err }),
		"policies": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.policies(ctx, tx)
			return none(len(rows), err)
		}),
		"unversioned": func() error {
			rows, err := s.unversioned(theirs)
			return none(len(rows), err)
		},
		"organizations": func() error {
			ids, err := s.organizations(theirs)
			return none(len(ids), err)
		},
		"insert": refused(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
			return s.insert(ctx, tx, &policyRow{Owned: mine, Title: "x", CreatedAt: noon, UpdatedAt: noon})
		}),
		"update":     refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.update(ctx, tx, &policyRow{ID: p.ID, Title: "x"}) }),
		"setDefault": in(func(ctx context.Context, tx db.Tx) error { return s.setDefault(ctx, tx, 0, later) }),
		"addVersion": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.addVersion(ctx, tx, &versionRow{ID: id.New(), PolicyID: p.ID, Version: "9", Checksum: "x", Content: []byte("{}"), ReleasedAt: noon})
		}),
		"version": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.version(ctx, tx, p.ID, 1); return err }),
		"versions": func() error {
			rows, err := s.versions(theirs, p.ID, 0, 9)
			return none(len(rows), err)
		},
		"current": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.current(ctx, tx)
			return none(len(rows), err)
		}),
		"addChange": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.addChange(ctx, tx, &changeRow{ID: id.New(), PolicyID: p.ID, VersionID: id.New(), Changeset: []byte("[]"), Type: updated, CreatedAt: noon})
		}),
		"changes": func() error {
			rows, err := s.changes(theirs, p.ID, id.Nil, 9)
			return none(len(rows), err)
		},
		"departments": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.departments(ctx, tx)
			return none(len(rows), err)
		}),
		"give": func() error {
			take := in(func(ctx context.Context, tx db.Tx) error { return s.give(ctx, tx, departmentRow{DepartmentID: 11}) })
			return errors.Join(take(), refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
				return s.give(ctx, tx, departmentRow{DepartmentID: 20, PolicyID: p.ID, UpdatedAt: noon})
			})())
		},
		"holders": func() error {
			employees, departments, err := s.holders(theirs, []int64{p.ID})
			return none(len(employees)+len(departments), err)
		},
		"group": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.group(ctx, tx, group.ID); return err }),
		"groups": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.groups(ctx, tx)
			return none(len(rows), err)
		}),
		"addGroup": refused(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
			return s.addGroup(ctx, tx, &groupRow{Owned: mine, Name: "x", Type: rule.Website, CreatedAt: noon, UpdatedAt: noon})
		}),
		"changeGroup": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.changeGroup(ctx, tx, &groupRow{ID: group.ID}) }),
		"removeGroup": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeGroup(ctx, tx, group.ID) }),
		"options": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.options(ctx, tx, p.ID)
			return none(len(rows), err)
		}),
		"putOptions": func() error {
			clear := in(func(ctx context.Context, tx db.Tx) error { return s.putOptions(ctx, tx, p.ID, nil) })
			return errors.Join(clear(), refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
				return s.putOptions(ctx, tx, p.ID, []optionRow{{PolicyID: p.ID, GroupID: group.ID, Type: "WEBSITE", Category: rule.Neutral, CreatedAt: noon, UpdatedAt: noon}})
			})())
		},
		"counts": func() error {
			values, policies, err := s.counts(theirs, []int64{group.ID})
			return none(len(values)+len(policies), err)
		},
		"members": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.members(ctx, tx, []int64{group.ID})
			return none(len(rows), err)
		}),
		"addMembers": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.addMembers(ctx, tx, groupRow{ID: group.ID, Type: rule.Website}, []string{"x.uz"}, noon)
		}),
		"resources": in(func(ctx context.Context, tx db.Tx) error { // makes one of its own
			ids, err := s.resources(ctx, tx, groupRow{ID: group.ID, Type: rule.Website}, []string{"t.me"}, noon)
			if ids["t.me"] == member.ResourceID {
				return errors.New("finds another organization's")
			}
			return err
		}),
		"removeMembers": in(func(ctx context.Context, tx db.Tx) error {
			return s.removeMembers(ctx, tx, group, []int64{member.ResourceID})
		}),
		"addRollout": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.addRollout(ctx, tx, &rolloutRow{ID: id.New(), PolicyID: p.ID, State: stopped, Percent: 1, StartedAt: noon})
		}),
		"changeRollout": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
			return s.changeRollout(ctx, tx, &rolloutRow{ID: r.ID, State: stopped}, "state")
		}),
		"runningOf": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.runningOf(ctx, tx, p.ID); return err }),
		"running": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.running(ctx, tx)
			return none(len(rows), err)
		}),
		"due": func() error {
			rows, err := s.due(theirs, later)
			return none(len(rows), err)
		},
		"rollouts": func() error {
			rows, err := s.rollouts(theirs, p.ID, 9)
			return none(len(rows), err)
		},
		"rollout": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.rollout(ctx, tx, r.ID); return err }),
		"reach": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.reach(ctx, tx, []reachedRow{{RolloutID: r.ID, GatewayID: id.New(), CommandID: id.New(), State: waiting, OrderedAt: noon}})
		}),
		"reached": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.reached(ctx, tx, r.ID)
			return none(len(rows), err)
		}),
		"unanswered": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.unanswered(ctx, tx)
			return none(len(rows), err)
		}),
		"await": in(func(ctx context.Context, tx db.Tx) error { return s.await(ctx, tx, gatewayID, id.New()) }),
		"settle": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.settle(ctx, tx, commandID, "completed", "", later)
			return none(len(rows), err)
		}),
		"answeredBy": func() error {
			rows, err := s.answeredBy(theirs, commandID)
			return none(len(rows), err)
		},
		"bundle": in(func(ctx context.Context, tx db.Tx) error {
			row, err := s.bundle(ctx, tx)
			return none(int(row.Generation), err)
		}),
		"generation": func() error {
			n, err := s.generation(theirs)
			return none(int(n), err)
		},
		"putBundle": refused(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
			return s.putBundle(ctx, tx, &bundleRow{Owned: mine, Generation: 9, UpdatedAt: noon})
		}),
	}
}
