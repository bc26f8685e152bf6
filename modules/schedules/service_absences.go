package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
)

// absenceKinds are why people are absent.
var absenceKinds = []string{"vacation", "sick", "trip", "unpaid", "study", "maternity", "other"}

// maxReason bounds the reason of an absence, in characters.
const maxReason = 500

// absenceInput is what a caller may say of an absence; what is absent stays.
type absenceInput struct {
	Kind     *string `json:"kind,omitempty" enum:"vacation,sick,trip,unpaid,study,maternity,other"`
	FirstDay *string `json:"firstDay,omitempty" doc:"as in 2026-11-23"`
	LastDay  *string `json:"lastDay,omitempty" doc:"part of the absence"`
	Reason   *string `json:"reason,omitempty"`
}

func (in absenceInput) apply(row *absenceRow) error {
	var f fault.Fields
	if in.Kind != nil {
		row.Kind = *in.Kind
	}
	if !slices.Contains(absenceKinds, row.Kind) {
		f.Add("kind", "not_one_of", fault.Params{"Values": strings.Join(absenceKinds, ", ")})
	}
	if in.Reason != nil {
		row.Reason = strings.TrimSpace(*in.Reason)
	}
	f.Text("reason", row.Reason, 0, maxReason)
	first := setDay(&f, "firstDay", &row.FirstDay, in.FirstDay)
	last := setDay(&f, "lastDay", &row.LastDay, in.LastDay)
	if first && last && row.LastDay < row.FirstDay {
		f.Add("lastDay", codeEndsBefore, nil)
	}
	return f.Err()
}

// setDay sets the day and reports whether there is one now.
func setDay(f *fault.Fields, field string, to, text *string) bool {
	if text != nil {
		*to = *text
	}
	day, err := time.Parse(time.DateOnly, *to)
	if *to == "" {
		f.Add(field, "required", nil)
	} else if err != nil || day.Year() < minYear || day.Year() > maxYear {
		f.Add(field, codeNotADate, nil)
		return false
	}
	return *to != ""
}

// widenAbsences makes of the departments that were asked for those with all below them.
func (s *service) widenAbsences(ctx context.Context, q grid.Query) (grid.Query, error) {
	asked := q.IDs("departmentId")
	if asked == nil {
		return q, nil
	}
	below, called, err := organization.Asked(ctx, s.tree, asked)
	return q.Widen("departmentId", below, called), err
}

func (s *service) addAbsence(ctx context.Context, employeeID int64, in absenceInput) (row absenceRow, err error) {
	if err := in.apply(&row); err != nil {
		return row, err
	}
	whose, err := s.staff.ByID(ctx, employeeID)
	if err != nil {
		return row, unknownField(err, employee.ErrUnknown, "employeeId")
	}
	a, _ := actor.From(ctx)
	row.OrganizationID, row.EmployeeID, row.CreatedBy = whose.OrganizationID, whose.ID, a.UserID
	row.CreatedAt, row.UpdatedAt = s.time(), s.time()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.disjoint(ctx, tx, row); err != nil {
			return err
		}
		if err := s.store.addAbsence(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, absenceEntry("employee.absence_added", row, nil, recordOf(row)))
	})
	if errors.Is(err, db.ErrMissingReference) { // deleted meanwhile
		return row, unknownField(employee.ErrUnknown, employee.ErrUnknown, "employeeId")
	}
	return row, err
}

// disjoint refuses an absence that has a day in common with another of the same employee, and keeps others from adding one
// until the transaction ends.
func (s *service) disjoint(ctx context.Context, tx db.Tx, row absenceRow) error {
	if err := holdAbsences(ctx, tx, row.EmployeeID); err != nil {
		return err
	}
	other, err := s.store.overlapping(ctx, tx, row)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errOverlap.With("First", other.FirstDay).With("Last", other.LastDay)
}

func (s *service) changeAbsence(ctx context.Context, id int64, in absenceInput) (row absenceRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.heldAbsence(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if err := s.disjoint(ctx, tx, row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		if err := s.store.changeAbsence(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, absenceEntry("employee.absence_changed", row, recordOf(before), recordOf(row)))
	})
	return row, s.absenceFault(ctx, "absence.change", id, err)
}

func (s *service) removeAbsence(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.heldAbsence(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.dropAbsence(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, absenceEntry("employee.absence_removed", row, recordOf(row), nil))
	})
	return s.absenceFault(ctx, "absence.remove", id, err)
}

// heldAbsence returns the absence as it stays until the transaction ends.
func (s *service) heldAbsence(ctx context.Context, tx db.Tx, id int64) (row absenceRow, err error) {
	if row, err = s.store.absence(ctx, tx, id); err != nil {
		return row, err
	}
	if err = holdAbsences(ctx, tx, row.EmployeeID); err != nil {
		return row, err
	}
	return s.store.absence(ctx, tx, id)
}

// absenceFault says what an error of the store means to the asker.
func (s *service) absenceFault(ctx context.Context, action string, id int64, err error) error {
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	s.audit.Missed(ctx, (*absenceRow)(nil), id, "absence", action)
	return errAbsenceUnknown.Wrap(err)
}

// absenceRecord is what the history of an employee tells of an absence.
type absenceRecord struct {
	ID       int64  `json:"id"`
	Kind     string `json:"absenceKind"`
	FirstDay string `json:"firstDay"`
	LastDay  string `json:"lastDay"`
	Reason   string `json:"reason"`
}

func recordOf(row absenceRow) absenceRecord {
	return absenceRecord{row.ID, row.Kind, row.FirstDay, row.LastDay, row.Reason}
}

func absenceEntry(action string, row absenceRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: schedule.WriteAbsences, Object: fmt.Sprintf("employee:%d", row.EmployeeID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

// Absent returns the absences with a day in the range; see schedule.Absences.
func (s *service) Absent(ctx context.Context, first, last string) (list []schedule.Absence, err error) {
	if a, _ := actor.From(ctx); a.OrganizationID == 0 {
		return nil, db.ErrNoOrganization
	}
	rows, err := s.store.absent(ctx, sightOf(ctx), first, last)
	for _, row := range rows {
		list = append(list, schedule.Absence{EmployeeID: row.EmployeeID, Kind: row.Kind, FirstDay: row.FirstDay, LastDay: row.LastDay})
	}
	return list, err
}
