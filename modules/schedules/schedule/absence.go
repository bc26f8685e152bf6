package schedule

import (
	"context"

	"github.com/staff-control/staff-control/platform/actor"
)

// The rights to absences of people.
var (
	ReadAbsences  = actor.Permission{Name: "absence.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	WriteAbsences = actor.Permission{Name: "absence.write", Roles: actor.Admin | actor.HR}
)

// Absence is why somebody does not work on whole days, FirstDay and LastDay (2026-11-23) among them.
type Absence struct {
	EmployeeID int64
	// Kind is vacation, sick, trip, unpaid, study, maternity or other.
	Kind              string
	FirstDay, LastDay string
}

// On reports whether the date is one of the absence.
func (a Absence) On(date string) bool { return a.FirstDay <= date && date <= a.LastDay }

// Absences knows who is absent in the actor's one organization.
type Absences interface {
	// Absent returns the absences with a day from first to last, both inside, of the employees whom the actor may see,
	// by employee and day. Nobody has two on one day.
	Absent(ctx context.Context, first, last string) ([]Absence, error)
}
