package employees

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/grid"
)

// maxMoved bounds who may join and leave at one time.
const maxMoved = 500

// groupInput is what a caller may say of a group; what is absent stays.
type groupInput struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

func (in groupInput) apply(row *groupRow) error {
	setText(&row.Name, in.Name)
	setText(&row.Description, in.Description)
	row.NameSearch = fold.Name(row.Name)
	var f fault.Fields
	f.Text("name", row.Name, 1, maxName)
	f.Text("description", row.Description, 0, maxText)
	return f.Err()
}

func (s *service) group(ctx context.Context, id int64) (row groupRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.group(ctx, tx, id)
		return err
	})
	return row, s.groupFault(ctx, "read", id, err)
}

func (s *service) createGroup(ctx context.Context, organizationID int64, in groupInput) (groupRow, error) {
	var row groupRow
	if err := in.apply(&row); err != nil {
		return row, err
	}
	home, err := organization.Home(ctx, s.tree, organizationID)
	if err != nil {
		return row, err
	}
	row.OrganizationID, row.CreatedAt, row.UpdatedAt = home, s.time(), s.time()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.addGroup(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, groupEntry("employee_group.created", row, nil, recordOfGroup(row)))
	})
	return row, s.groupFault(ctx, "create", 0, err)
}

func (s *service) updateGroup(ctx context.Context, id int64, in groupInput) (row groupRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.group(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		if err := s.store.changeGroup(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, groupEntry("employee_group.updated", row, recordOfGroup(before), recordOfGroup(row)))
	})
	return row, s.groupFault(ctx, "update", id, err)
}

// removeGroup deletes a group; its members stay employees.
func (s *service) removeGroup(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.group(ctx, tx, id)
		if err != nil {
			return err
		}
		members, err := s.store.members(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, employeeID := range members {
			if err := s.audit.Write(ctx, tx, membershipEntry(left, row, employeeID)); err != nil {
				return err
			}
		}
		if err := s.store.dropGroup(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, groupEntry("employee_group.deleted", row, recordOfGroup(row), nil))
	})
	return s.groupFault(ctx, "delete", id, err)
}

// moves are who joins a group and who leaves it.
type moves struct {
	Add    []int64 `json:"add,omitempty" doc:"ids of employees"`
	Remove []int64 `json:"remove,omitempty" doc:"ids of employees"`
}

// Validate returns all that is wrong.
func (m *moves) Validate() error {
	m.Add, m.Remove = distinct(m.Add), distinct(m.Remove)
	var f fault.Fields
	if len(m.Add)+len(m.Remove) == 0 {
		f.Add("add", "required", nil)
	}
	if len(m.Add) > maxMoved {
		f.Add("add", "above_max", fault.Params{"Max": maxMoved})
	}
	if len(m.Remove) > maxMoved {
		f.Add("remove", "above_max", fault.Params{"Max": maxMoved})
	}
	return f.Err()
}

func distinct(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// move lets employees join a group and leave it. Who is in it already joins without a trace, and who is not leaves so.
func (s *service) move(ctx context.Context, groupID int64, m moves) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.group(ctx, tx, groupID)
		if err != nil {
			return err
		}
		known, err := s.store.byIDsIn(ctx, tx, sightOf(ctx), slices.Concat(m.Add, m.Remove))
		if err != nil {
			return err
		}
		theirs := map[int64]bool{}
		for _, e := range known {
			theirs[e.ID] = e.OrganizationID == row.OrganizationID
		}
		var f fault.Fields
		for field, ids := range map[string][]int64{"add": m.Add, "remove": m.Remove} {
			if slices.ContainsFunc(ids, func(id int64) bool { return !theirs[id] }) {
				f.Add(field, "unknown_reference", nil)
			}
		}
		if err := f.Err(); err != nil {
			return err
		}
		inside, err := s.store.among(ctx, tx, groupID, slices.Concat(m.Add, m.Remove))
		if err != nil {
			return err
		}
		for _, id := range m.Add {
			if !slices.Contains(inside, id) {
				if err := s.joins(ctx, tx, row, id); err != nil {
					return err
				}
			}
		}
		for _, id := range m.Remove {
			if slices.Contains(inside, id) && !slices.Contains(m.Add, id) {
				if err := s.leaves(ctx, tx, row, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return s.groupFault(ctx, "update", groupID, err)
}

func (s *service) joins(ctx context.Context, tx db.Tx, g groupRow, employeeID int64) error {
	row := memberRow{Owned: db.Owned{OrganizationID: g.OrganizationID}, GroupID: g.ID, EmployeeID: employeeID, CreatedAt: s.time()}
	if err := s.store.join(ctx, tx, row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, membershipEntry(joined, g, employeeID))
}

func (s *service) leaves(ctx context.Context, tx db.Tx, g groupRow, employeeID int64) error {
	if err := s.store.leave(ctx, tx, g.ID, employeeID); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, membershipEntry(left, g, employeeID))
}

// chooseGroups puts an employee into these groups, and into no others.
func (s *service) chooseGroups(ctx context.Context, employeeID int64, groupIDs []int64) (row employeeRow, err error) {
	groupIDs = distinct(groupIDs)
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.byID(ctx, tx, sightOf(ctx), employeeID); err != nil {
			return err
		}
		wanted, err := s.wantedGroups(ctx, tx, row.OrganizationID, groupIDs)
		if err != nil {
			return err
		}
		before, err := s.store.memberships(ctx, tx, []int64{employeeID})
		if err != nil {
			return err
		}
		for _, m := range before {
			if slices.Contains(groupIDs, m.GroupID) {
				continue
			}
			g := groupRow{Owned: row.Owned, ID: m.GroupID, Name: m.Name}
			if err := s.leaves(ctx, tx, g, employeeID); err != nil {
				return err
			}
		}
		for _, g := range wanted {
			if slices.ContainsFunc(before, func(m membership) bool { return m.GroupID == g.ID }) {
				continue
			}
			if err := s.joins(ctx, tx, g, employeeID); err != nil {
				return err
			}
		}
		return nil
	})
	return row, s.faultOf(ctx, "update", employeeID, err)
}

// wantedGroups returns the groups, or refuses what is none of the organization's.
func (s *service) wantedGroups(ctx context.Context, tx db.Tx, organizationID int64, ids []int64) ([]groupRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var f fault.Fields
	if len(ids) > maxMoved {
		f.Add("groupIds", "above_max", fault.Params{"Max": maxMoved})
		return nil, f.Err()
	}
	rows, err := s.store.groupsByID(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(g groupRow) bool { return g.OrganizationID != organizationID })
	if len(rows) < len(ids) {
		f.Add("groupIds", "unknown_reference", nil)
	}
	return rows, f.Err()
}

// groupsOf returns the groups of employees, by name; each of them has a list, which may be empty.
func (s *service) groupsOf(ctx context.Context, employees []employeeRow) (map[int64][]groupRef, error) {
	found, ids := map[int64][]groupRef{}, make([]int64, len(employees))
	for i, e := range employees {
		ids[i], found[e.ID] = e.ID, []groupRef{}
	}
	if len(ids) == 0 {
		return found, nil
	}
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.memberships(ctx, tx, ids)
		for _, m := range rows {
			found[m.EmployeeID] = append(found[m.EmployeeID], groupRef{m.GroupID, m.Name})
		}
		return err
	})
	return found, err
}

// inGroups makes the filter by groups find those who are in one of them.
func (s *service) inGroups(ctx context.Context, q grid.Query) (grid.Query, error) {
	asked := q.IDs("group")
	if asked == nil {
		return q, nil
	}
	names := make([]string, len(asked))
	for i, id := range asked {
		g, err := s.group(ctx, id)
		if err != nil {
			return q, err
		}
		names[i] = g.Name
	}
	return q.Widen("group", asked, strings.Join(names, ", ")).Bind("group", asked), nil
}

// groupRecord is what the audit keeps of a group.
type groupRecord struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

func recordOfGroup(g groupRow) groupRecord { return groupRecord{g.Name, g.Description} }

func groupEntry(action string, row groupRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: employee.Write, Object: fmt.Sprintf("employee_group:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

const (
	joined = "employee.group_joined"
	left   = "employee.group_left"
)

// membershipEntry is written for the employee, whose history tells of groups, too.
func membershipEntry(action string, g groupRow, employeeID int64) audit.Entry {
	e := audit.Entry{Action: action, Permission: employee.Write, Object: fmt.Sprintf("employee:%d", employeeID), OrganizationID: g.OrganizationID}
	name := map[string]string{"group": g.Name}
	if action == joined {
		e.After = name
	} else {
		e.Before = name
	}
	return e
}

// groupFault says what an error of the store means to the asker.
func (s *service) groupFault(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*groupRow)(nil), id, "employee_group", "employee_group."+action)
		return errGroupUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errGroupTaken.Wrap(err)
	}
	return err
}
