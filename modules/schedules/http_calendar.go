package schedules

import (
	"context"
	"net/http"

	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) calendarRoutes(r httpx.Router) {
	const path = prefix + "/calendar"
	r.GET(path, schedule.Read, httpx.Handle(http.StatusOK, s.getCalendar), httpx.Doc("Holidays, days off and moved working days of a year"))
	r.POST(path, schedule.Write, httpx.Handle(http.StatusCreated, s.postDay), httpx.Doc("Add a day of the organization's own, which stands in the place of a public one"))
	r.DELETE(path+"/:id", schedule.Write, httpx.Handle(http.StatusNoContent, s.deleteDay), httpx.Doc("Remove a day of the organization's own"))
}

type calendarRequest struct {
	OrganizationID int64 `query:"organizationId" doc:"for an actor of no organization"`
	Year           int   `query:"year"`
}

// Validate returns all that is wrong.
func (r *calendarRequest) Validate() error {
	var f fault.Fields
	if r.Year < minYear || r.Year > maxYear {
		f.Add("year", codeYear, fault.Params{"Min": minYear, "Max": maxYear})
	}
	return f.Err()
}

func (s *service) getCalendar(ctx context.Context, in calendarRequest) (page httpx.Page[calendarDay], err error) {
	page.Items, err = s.calendar(ctx, in.OrganizationID, in.Year)
	return page, err
}

func (s *service) postDay(ctx context.Context, in dayInput) (calendarDay, error) {
	row, err := s.addDay(ctx, in)
	return asDay(row), err
}

func (s *service) deleteDay(ctx context.Context, in scheduleRequest) (struct{}, error) {
	return struct{}{}, s.removeDay(ctx, in.ID)
}
