package demo

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routes(r httpx.Router) {
	r.GET("/api/v2/demo", actor.SignedIn, httpx.Handle(200, s.getCompanies), httpx.Doc("Which of the organizations that you see are made up"))
}

type companyResponse struct {
	OrganizationID int64     `json:"organizationId"`
	Employees      int       `json:"employees"`
	Days           int       `json:"days"`
	MadeAt         time.Time `json:"madeAt"`
	// Ready is false while people and computers are still being made.
	Ready     bool      `json:"ready"`
	SentUntil time.Time `json:"sentUntil,omitzero"`
}

func (s *service) getCompanies(ctx context.Context, _ struct{}) (page httpx.Page[companyResponse], err error) {
	rows, err := s.store.companies(ctx)
	for _, row := range rows {
		if !row.RemovedAt.IsZero() {
			continue
		}
		page.Items = append(page.Items, companyResponse{
			OrganizationID: row.OrganizationID, Employees: row.Employees, Days: row.Days, MadeAt: row.MadeAt.UTC(),
			Ready: !row.StaffedAt.IsZero(), SentUntil: row.SentUntil.UTC(),
		})
	}
	return page, err
}
