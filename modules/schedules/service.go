package schedules

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// service decides who may have which schedules and absences, and knows who works when.
type service struct {
	store store
	tree  organization.Tree
	staff employee.Directory
	audit *audit.Log
	now   func() time.Time
}

// time is the present as both databases keep it.
func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func (s *service) get(ctx context.Context, id int64) (row scheduleRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.byID(ctx, tx, id)
		return err
	})
	return row, s.faultOf(ctx, "read", id, err)
}

func (s *service) create(ctx context.Context, organizationID int64, in input) (scheduleRow, error) {
	row := scheduleRow{KeepsHolidays: true}
	if err := in.apply(&row); err != nil {
		return row, err
	}
	home, err := organization.Home(ctx, s.tree, organizationID)
	if err != nil {
		return row, err
	}
	row.OrganizationID, row.CreatedAt, row.UpdatedAt = home, s.time(), s.time()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row.IsDefault { // before it stands: there is one at a time
			if err := alone(ctx, tx, home); err != nil {
				return err
			}
			if err := s.store.onlyDefault(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := s.store.insert(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("schedule.created", row, nil, asSchedule(row)))
	})
	return row, s.faultOf(ctx, "create", 0, err)
}

func (s *service) update(ctx context.Context, id int64, in input) (row scheduleRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.hold(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		if row.IsDefault && !before.IsDefault {
			if err := s.store.onlyDefault(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := s.store.update(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("schedule.updated", row, asSchedule(before), asSchedule(row)))
	})
	return row, s.faultOf(ctx, "update", id, err)
}

func (s *service) remove(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("schedule.deleted", before, asSchedule(before), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		return errInUse.Wrap(err)
	}
	return s.faultOf(ctx, "delete", id, err)
}

// assign says by which schedule a department works; 0 takes its own away.
func (s *service) assign(ctx context.Context, departmentID, scheduleID int64) error {
	d, err := s.tree.Department(ctx, departmentID)
	if err != nil {
		return unknownField(err, organization.ErrDepartmentUnknown, "departmentId")
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.assignment(ctx, tx, departmentID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		if before.ScheduleID == scheduleID {
			return nil
		}
		if scheduleID == 0 {
			err = s.store.release(ctx, tx, departmentID)
		} else {
			err = s.choose(ctx, tx, d, scheduleID)
		}
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: "schedule.assigned", Permission: schedule.Write, Object: fmt.Sprintf("department:%d", departmentID),
			OrganizationID: d.OrganizationID, Before: chosen(before.ScheduleID), After: chosen(scheduleID),
		})
	})
	return unknownField(err, schedule.ErrUnknown, "scheduleId")
}

// choose writes the assignment down. The schedule must be of the department's organization.
func (s *service) choose(ctx context.Context, tx db.Tx, d organization.Department, scheduleID int64) error {
	w, err := s.store.byID(ctx, tx, scheduleID)
	if errors.Is(err, db.ErrNotFound) || err == nil && w.OrganizationID != d.OrganizationID {
		return schedule.ErrUnknown
	}
	if err != nil {
		return err
	}
	return s.store.assign(ctx, tx, &assignmentRow{
		Owned: db.Owned{OrganizationID: d.OrganizationID}, DepartmentID: d.ID, ScheduleID: scheduleID, UpdatedAt: s.time(),
	})
}

// chosen is a schedule as the audit shows it; nil for none.
func chosen(scheduleID int64) any {
	if scheduleID == 0 {
		return nil
	}
	return map[string]int64{"scheduleId": scheduleID}
}

// unknownField refuses the field that named what is not there.
func unknownField(err, unknown error, field string) error {
	if !errors.Is(err, unknown) {
		return err
	}
	var f fault.Fields
	f.Add(field, "unknown_reference", nil)
	return f.Err()
}

func sightOf(ctx context.Context) sight {
	a, _ := actor.From(ctx)
	return sight{all: a.Role != actor.DepartmentLead, departments: a.DepartmentIDs}
}

func entry(action string, row scheduleRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: schedule.Write, Object: fmt.Sprintf("schedule:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

// faultOf says what an error of the store means to the asker.
func (s *service) faultOf(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*scheduleRow)(nil), id, "schedule", "schedule."+action)
		return schedule.ErrUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errNameTaken.Wrap(err)
	}
	return err
}
