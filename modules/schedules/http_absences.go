package schedules

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

const absencesPath = "/api/v2/absences"

func (s *service) absenceRoutes(r httpx.Router) {
	httpx.List(r, absencesPath, schedule.ReadAbsences, s.absences(),
		httpx.Doc("Absences of people, the latest first; who is absent on some day of 2026-11 is ?firstDay.to=2026-12-01&lastDay.from=2026-11-01"))
	r.POST(absencesPath, schedule.WriteAbsences, httpx.Handle(http.StatusCreated, s.postAbsence), httpx.Doc("Enter an absence; nobody has two on one day"))
	r.PATCH(absencesPath+"/:id", schedule.WriteAbsences, httpx.Handle(http.StatusOK, s.patchAbsence), httpx.Doc("Change what is given of an absence"))
	r.DELETE(absencesPath+"/:id", schedule.WriteAbsences, httpx.Handle(http.StatusNoContent, s.deleteAbsence), httpx.Doc("Remove an absence"))
}

type absenceResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	EmployeeID     int64     `json:"employeeId"`
	EmployeeName   string    `json:"employeeName"`
	Kind           string    `json:"kind" enum:"vacation,sick,trip,unpaid,study,maternity,other"`
	FirstDay       string    `json:"firstDay" doc:"as in 2026-11-23, on the organization's clocks"`
	LastDay        string    `json:"lastDay" doc:"part of the absence"`
	Reason         string    `json:"reason"`
	CreatedBy      int64     `json:"createdBy,omitempty" doc:"the user"`
	CreatedByName  string    `json:"createdByName,omitempty" doc:"of a user whom you may see"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func (s *service) absences() grid.List[absenceResponse] {
	return grid.List[absenceResponse]{
		Name: "absences", Title: "schedules.absences", Columns: absenceColumns, Sort: "-firstDay", ID: idOfAbsence, Prepare: s.widenAbsences, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]absenceResponse, db.Found, error) {
			rows, found, err := s.store.absences(ctx, sightOf(ctx), q.SQL())
			if err != nil {
				return nil, found, err
			}
			items, err := s.showAbsences(ctx, rows...)
			return items, found, err
		},
	}
}

// showAbsences says of whom absences are, and who entered them.
func (s *service) showAbsences(ctx context.Context, rows ...absenceRow) ([]absenceResponse, error) {
	people := grid.Items(rows, func(b absenceRow) int64 { return b.EmployeeID })
	staff, err := s.staff.ByIDs(ctx, people)
	if err != nil {
		return nil, err
	}
	users, err := s.store.userNames(ctx, grid.Items(rows, func(b absenceRow) int64 { return b.CreatedBy }))
	return grid.Items(rows, func(b absenceRow) absenceResponse {
		return absenceResponse{
			ID: b.ID, OrganizationID: b.OrganizationID, EmployeeID: b.EmployeeID, EmployeeName: staff[b.EmployeeID].Name,
			Kind: b.Kind, FirstDay: b.FirstDay, LastDay: b.LastDay, Reason: b.Reason,
			CreatedBy: b.CreatedBy, CreatedByName: users[b.CreatedBy], CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.UpdatedAt.UTC(),
		}
	}), err
}

func (s *service) shownAbsence(ctx context.Context, row absenceRow, err error) (absenceResponse, error) {
	if err != nil {
		return absenceResponse{}, err
	}
	items, err := s.showAbsences(ctx, row)
	if err != nil {
		return absenceResponse{}, err
	}
	return items[0], nil
}

type newAbsence struct {
	EmployeeID int64 `json:"employeeId"`
	absenceInput
}

func (s *service) postAbsence(ctx context.Context, in newAbsence) (absenceResponse, error) {
	row, err := s.addAbsence(ctx, in.EmployeeID, in.absenceInput)
	return s.shownAbsence(ctx, row, err)
}

type absencePatch struct {
	ID int64 `path:"id" json:"-"`
	absenceInput
}

func (s *service) patchAbsence(ctx context.Context, in absencePatch) (absenceResponse, error) {
	row, err := s.changeAbsence(ctx, in.ID, in.absenceInput)
	return s.shownAbsence(ctx, row, err)
}

func (s *service) deleteAbsence(ctx context.Context, in scheduleRequest) (struct{}, error) {
	return struct{}{}, s.removeAbsence(ctx, in.ID)
}
