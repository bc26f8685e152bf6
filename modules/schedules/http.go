package schedules

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/api/v2/schedules"

func (s *service) routes(r httpx.Router) {
	r.GET(prefix, schedule.Read, httpx.Handle(200, s.getSchedules), httpx.Doc("Working times"))
	r.POST(prefix, schedule.Write, httpx.Handle(201, s.postSchedule), httpx.Doc("Make a schedule"))
	r.GET(prefix+"/assignments", schedule.Read, httpx.Handle(200, s.getAssignments),
		httpx.Doc("Departments with a schedule of their own. Another has its parent's, and at the root the default."))
	r.PUT(prefix+"/assignments", schedule.Write, httpx.Handle(200, s.putAssignment), httpx.Doc("Choose a department's schedule, or none of its own"))
	s.calendarRoutes(r)
	s.absenceRoutes(r)
	r.GET(prefix+"/:id", schedule.Read, httpx.Handle(200, s.getSchedule), httpx.Doc("One schedule"))
	r.PATCH(prefix+"/:id", schedule.Write, httpx.Handle(200, s.patchSchedule), httpx.Doc("Change what is given of a schedule"))
	r.DELETE(prefix+"/:id", schedule.Write, httpx.Handle(204, s.deleteSchedule), httpx.Doc("Delete a schedule by which no department works"))
}

type scheduleResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	Days           []int64   `json:"days"`
	Start          string    `json:"start"`
	End            string    `json:"end"`
	BreakStart     string    `json:"breakStart,omitempty"`
	BreakEnd       string    `json:"breakEnd,omitempty"`
	GraceMinutes   int64     `json:"graceMinutes"`
	IsDefault      bool      `json:"isDefault"`
	KeepsHolidays  bool      `json:"keepsHolidays" doc:"false: work that goes on whatever the calendar says"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func asSchedule(w scheduleRow) scheduleResponse {
	out := scheduleResponse{
		ID: w.ID, OrganizationID: w.OrganizationID, Name: w.Name, Start: clockText(w.Start), End: clockText(w.End),
		GraceMinutes: w.GraceMinutes, IsDefault: w.IsDefault, KeepsHolidays: w.KeepsHolidays, CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
	for d := int64(1); d <= 7; d++ {
		if w.Days&dayBit(d) != 0 {
			out.Days = append(out.Days, d)
		}
	}
	if w.BreakStart != nil && w.BreakEnd != nil {
		out.BreakStart, out.BreakEnd = clockText(*w.BreakStart), clockText(*w.BreakEnd)
	}
	return out
}

type listRequest struct {
	OrganizationID int64  `query:"organizationId"`
	After          string `query:"after"`
	Limit          int    `query:"limit"`
}

// listing reads the request; its limit is one more than is shown.
func (r listRequest) listing() (l listing, err error) {
	l = listing{organization: r.OrganizationID, limit: db.Limit(r.Limit) + 1}
	if r.After != "" {
		err = db.ParseCursor(r.After, &l.after)
	}
	return l, err
}

func (s *service) getSchedules(ctx context.Context, in listRequest) (page httpx.Page[scheduleResponse], err error) {
	l, err := in.listing()
	if err != nil {
		return page, err
	}
	rows, err := s.store.list(ctx, l)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, l.limit-1, func(w scheduleRow) []any { return []any{w.ID} })
	for _, w := range rows {
		page.Items = append(page.Items, asSchedule(w))
	}
	return page, nil
}

type newSchedule struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	input
}

func (s *service) postSchedule(ctx context.Context, in newSchedule) (scheduleResponse, error) {
	row, err := s.create(ctx, in.OrganizationID, in.input)
	return asSchedule(row), err
}

type scheduleRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) getSchedule(ctx context.Context, in scheduleRequest) (scheduleResponse, error) {
	row, err := s.get(ctx, in.ID)
	return asSchedule(row), err
}

type schedulePatch struct {
	ID int64 `path:"id" json:"-"`
	input
}

func (s *service) patchSchedule(ctx context.Context, in schedulePatch) (scheduleResponse, error) {
	row, err := s.update(ctx, in.ID, in.input)
	return asSchedule(row), err
}

func (s *service) deleteSchedule(ctx context.Context, in scheduleRequest) (struct{}, error) {
	return struct{}{}, s.remove(ctx, in.ID)
}

type assignment struct {
	DepartmentID int64  `json:"departmentId"`
	ScheduleID   *int64 `json:"scheduleId" doc:"null: none of its own"`
}

func (s *service) getAssignments(ctx context.Context, in listRequest) (page httpx.Page[assignment], err error) {
	l, err := in.listing()
	if err != nil {
		return page, err
	}
	rows, err := s.store.assignments(ctx, sightOf(ctx), l)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, l.limit-1, func(a assignmentRow) []any { return []any{a.DepartmentID} })
	for _, a := range rows {
		page.Items = append(page.Items, assignment{a.DepartmentID, &a.ScheduleID})
	}
	return page, nil
}

func (s *service) putAssignment(ctx context.Context, in assignment) (assignment, error) {
	var scheduleID int64
	if in.ScheduleID != nil {
		scheduleID = *in.ScheduleID
	}
	return in, s.assign(ctx, in.DepartmentID, scheduleID)
}
