package employees

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestEmployeesAreGivenPolicies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		nodira, aziza, other := newEmployee(t, s, 1, "Nodira"), newEmployee(t, s, 2, "Aziza"), newEmployee(t, s, 4, "Boshqa")
		err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("INSERT INTO policies (id, organization_id, title, created_at, updated_at) VALUES (7, 1, 'x', ?0, ?0), (8, 1, 'y', ?0, ?0)", noon).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		give := func(policyID int64, ids ...int64) (before map[int64]int64, err error) {
			err = d.Write(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
				before, err = s.Give(ctx, tx, policyID, ids)
				return err
			})
			return before, err
		}
		for _, step := range []struct {
			policy int64
			to     []int64
			before string
		}{
			{7, []int64{aziza, nodira, aziza}, fmt.Sprint(map[int64]int64{nodira: 0, aziza: 0})}, {8, []int64{aziza}, fmt.Sprint(map[int64]int64{aziza: 7})},
			{8, []int64{aziza}, "map[]"}, {0, []int64{aziza}, fmt.Sprint(map[int64]int64{aziza: 8})}, {7, []int64{aziza}, fmt.Sprint(map[int64]int64{aziza: 0})},
		} {
			if before, err := give(step.policy, step.to...); err != nil || fmt.Sprint(before) != step.before {
				t.Errorf("policy %d to %v: %v, %v", step.policy, step.to, before, err)
			}
		}
		for _, id := range []int64{other, 999} {
			if _, err := give(7, nodira, id); !errors.Is(err, employee.ErrUnknown) {
				t.Errorf("given to %d: %v", id, err)
			}
		}
		list, err := s.Given(as(actor.HR, 1))
		want := []employee.Given{{EmployeeID: nodira, DepartmentID: 1, PolicyID: 7}, {EmployeeID: aziza, DepartmentID: 2, PolicyID: 7}}
		if err != nil || fmt.Sprint(list) != fmt.Sprint(want) {
			t.Errorf("%+v, %v; want %+v", list, err, want)
		}
		if g, err := s.GivenTo(as(actor.HR, 1), aziza); g != want[1] || err != nil {
			t.Errorf("%+v, %v", g, err)
		}
		if _, err := s.GivenTo(as(actor.HR, 2), aziza); !errors.Is(err, employee.ErrUnknown) {
			t.Errorf("of another organization: %v", err)
		}
		err = d.Read(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			n, first, err := s.Holders(ctx, tx, 7, 1)
			if n != 2 || len(first) != 1 || first[0].Name != "Aziza" {
				t.Errorf("held by %d: %+v", n, first)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
