package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// holders is to whom a policy is given.
type holders struct {
	EmployeeIDs   []int64 `json:"employeeIds,omitempty"`
	DepartmentIDs []int64 `json:"departmentIds,omitempty" doc:"with the departments below that have none of their own"`
}

// maxHolders bounds one request.
const maxHolders = 5000

func (h *holders) check(f *fault.Fields) {
	if len(h.EmployeeIDs)+len(h.DepartmentIDs) == 0 {
		f.Add("employeeIds", "required", nil)
	}
	for name, list := range map[string][]int64{"employeeIds": h.EmployeeIDs, "departmentIds": h.DepartmentIDs} {
		if len(list) > maxHolders {
			f.Add(name, codeTooMany, fault.Params{"Max": maxHolders})
		}
	}
}

// give gives employees and departments of the context's organization a policy; 0 takes theirs away.
func (s *service) give(ctx context.Context, policyID int64, to holders) error {
	var f fault.Fields
	for i, d := range to.DepartmentIDs { // before the transaction, which must not wait for another of this pool
		_, err := s.tree.Department(ctx, d)
		if errors.Is(err, organization.ErrDepartmentUnknown) {
			f.Add(fmt.Sprintf("departmentIds[%d]", i), "unknown_reference", nil)
		} else if err != nil {
			return err
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	err := s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if policyID != 0 {
			if err := s.givable(ctx, tx, policyID); err != nil {
				return err
			}
		}
		return s.given(ctx, tx, policyID, to)
	})
	if errors.Is(err, employee.ErrUnknown) {
		f.Add("employeeIds", "unknown_reference", nil)
		return f.Err()
	}
	if err != nil {
		return err
	}
	return s.compare(ctx, policyID)
}

// givable refuses a policy that nobody can have.
func (s *service) givable(ctx context.Context, tx db.Tx, policyID int64) error {
	row, err := s.again(ctx, tx, policyID)
	if err == nil && !row.counts() {
		err = errInactive
	}
	return err
}

// givenRecord is what the audit keeps of an assignment: who had which policy.
type givenRecord struct {
	Employees   map[int64]int64 `json:"employees,omitempty"`
	Departments map[int64]int64 `json:"departments,omitempty"`
}

func (s *service) given(ctx context.Context, tx db.Tx, policyID int64, to holders) error {
	before := givenRecord{Departments: map[int64]int64{}}
	var err error
	if before.Employees, err = s.staff.Give(ctx, tx, policyID, to.EmployeeIDs); err != nil {
		return err
	}
	rows, err := s.store.departments(ctx, tx)
	if err != nil {
		return err
	}
	now := s.clock()
	for _, d := range to.DepartmentIDs {
		row := departmentRow{DepartmentID: d, PolicyID: policyID, UpdatedAt: now}
		row.OrganizationID = tx.Actor().OrganizationID
		had := int64(0)
		if i := slices.IndexFunc(rows, func(r departmentRow) bool { return r.DepartmentID == d }); i >= 0 {
			had = rows[i].PolicyID
		}
		if had == policyID {
			continue
		}
		before.Departments[d] = had
		if err := s.store.give(ctx, tx, row); err != nil {
			return err
		}
	}
	if len(before.Employees)+len(before.Departments) == 0 {
		return nil
	}
	after := givenRecord{all(before.Employees, policyID), all(before.Departments, policyID)}
	return s.written(ctx, tx, entry("policy.assigned", policyID, before, after))
}

// all gives each key the one value.
func all(keys map[int64]int64, value int64) map[int64]int64 {
	of := map[int64]int64{}
	for k := range keys {
		of[k] = value
	}
	return of
}

// setDefault makes a policy that of everybody in the context's organization who has no other; 0 leaves none.
func (s *service) setDefault(ctx context.Context, policyID int64) error {
	err := s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if policyID != 0 {
			if err := s.givable(ctx, tx, policyID); err != nil {
				return err
			}
		}
		rows, err := s.store.policies(ctx, tx)
		if err != nil {
			return err
		}
		before := newLadder(rows, nil, nil).standard
		if before == policyID {
			return nil
		}
		if err := s.store.setDefault(ctx, tx, policyID, s.clock()); err != nil {
			return err
		}
		type standard struct {
			DefaultID int64 `json:"defaultId"`
		}
		return s.written(ctx, tx, entry("policy.default_set", policyID, standard{before}, standard{policyID}))
	})
	if err != nil {
		return err
	}
	return s.compare(ctx, policyID)
}

// compare tells the gateways of the context's organization if other people than they know of have other policies. The
// policy is the one that this is about; 0 where nobody can say.
func (s *service) compare(ctx context.Context, policyID int64) error {
	a, _ := actor.From(ctx)
	organizationID := a.OrganizationID
	snap, err := s.take(system(ctx, organizationID), organizationID)
	if err != nil {
		return err
	}
	sum, err := canonical.Sum(snap.assigned)
	if err != nil {
		return err
	}
	if sum, err = blank(sum); err != nil {
		return err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.bundle(ctx, tx)
		if err != nil || row.Assigned == sum {
			return err
		}
		row.OrganizationID, row.Assigned = organizationID, sum
		if err := s.told(ctx, tx, row); err != nil {
			return err
		}
		_, err = s.order(ctx, tx, func(g gateway.Gateway) command.PolicyPayload { return snap.payload(policyID, g.ID) }, fleet)
		return err
	})
}

// payload is of an order to a gateway to fetch its bundle for a policy that it has already; of none, if it has not.
func (s *snapshot) payload(policyID int64, gatewayID id.UUID) command.PolicyPayload {
	newest := slices.ContainsFunc(s.stagesOf(gatewayID), func(r rolloutRow) bool { return r.PolicyID == policyID })
	i := slices.IndexFunc(s.policies, func(p policyRow) bool { return p.ID == policyID })
	if i < 0 {
		return command.PolicyPayload{}
	}
	v, ok := s.version(s.policies[i], newest)
	if !ok {
		return command.PolicyPayload{}
	}
	p := payloadOf(v)
	p.RequiresRestart = false // that was said with the version
	return p
}

// blank is the checksum of who has which policy as it is kept: nothing where nobody has any.
func blank(sum string) (string, error) {
	none, err := canonical.Sum(assigned{Users: map[string]int64{}, Computers: map[string]int64{}})
	if sum == none {
		return "", err
	}
	return sum, err
}

// step is one possibility where somebody's policy could come from.
type step struct {
	From         string `json:"from" enum:"employee,department,default,nobody"`
	DepartmentID int64  `json:"departmentId,omitempty"`
	Department   string `json:"department,omitempty"`
	PolicyID     int64  `json:"policyId,omitempty" doc:"0: none here"`
	Title        string `json:"title,omitempty"`
	InForce      bool   `json:"inForce" doc:"of one step; those before it have none, those after it do not count"`
}

// effective says which policy an employee has, and what else could have decided, the nearest first.
func (s *service) effective(ctx context.Context, employeeID int64) (e employee.Employee, steps []step, err error) {
	if e, err = s.people.ByID(ctx, employeeID); err != nil {
		return e, nil, err
	}
	ctx = narrow(ctx, e.OrganizationID)
	own, err := s.staff.GivenTo(ctx, employeeID)
	if err != nil {
		return e, nil, err
	}
	var policies []policyRow
	var departments []departmentRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if policies, err = s.store.policies(ctx, tx); err != nil {
			return err
		}
		departments, err = s.store.departments(ctx, tx)
		return err
	})
	if err != nil {
		return e, nil, err
	}
	l := newLadder(policies, departments, s.parentOf(ctx))
	steps = []step{{From: fromEmployee, PolicyID: own.PolicyID}}
	for at, n := e.DepartmentID, 0; at != 0 && n < deepest; n++ {
		d, err := s.tree.Department(ctx, at)
		if err != nil {
			return e, nil, err
		}
		steps = append(steps, step{From: fromDepartment, DepartmentID: at, Department: d.Name, PolicyID: l.departments[at]})
		at = d.ParentID
	}
	steps = append(steps, step{From: fromDefault, PolicyID: l.standard}, step{From: fromNobody})
	return e, l.mark(steps, policies), nil
}

// mark says which step decides, and what the policies are called.
func (l *ladder) mark(steps []step, policies []policyRow) []step {
	decided := false
	for i := range steps {
		t := &steps[i]
		if p := slices.IndexFunc(policies, func(p policyRow) bool { return p.ID == t.PolicyID }); p >= 0 {
			t.Title = policies[p].Title
		}
		if !decided && (l.counts[t.PolicyID] || t.From == fromNobody) {
			t.InForce, decided = true, true
		}
	}
	return steps
}
