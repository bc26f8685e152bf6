// Package schedule is the contract of when people are to be at work.
package schedule

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "schedule.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	Write = actor.Permission{Name: "schedule.write", Roles: actor.Admin | actor.HR}
)

// ErrUnknown is returned for a schedule that is not there or that the actor may not see.
var ErrUnknown = fault.New(fault.NotFound, "schedules.unknown")

// Shift is the working time of one date. It may end on the next.
type Shift struct {
	From, Until time.Time
	// Grace is how much later than From somebody may come and is not late.
	Grace time.Duration
	Name  string
}

// Book knows the shifts of the actor's one organization.
type Book interface {
	// On returns the shift of each of these departments that begins on the date (2026-11-23) in the zone. A department
	// that is missing has a day off, by its schedule or by the calendar of holidays and moved days. Without a schedule of its own a department has its parent's, and at the root
	// the organization's default; where there is none, nobody is expected.
	On(ctx context.Context, departmentIDs []int64, date string, zone *time.Location) (map[int64]Shift, error)
}
