package organizations

import (
	"context"
	"fmt"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) historyRoutes(r httpx.Router) {
	r.GET("/api/v2/organizations/:id/history", organization.ReadHistory, httpx.Handle(200, s.getOrganizationHistory),
		httpx.Doc("What was changed of an organization, by whom and when; the newest first"))
	r.GET("/api/v2/departments/:id/history", organization.ReadHistory, httpx.Handle(200, s.getDepartmentHistory),
		httpx.Doc("What was changed of a department, by whom and when; the newest first"))
}

type historyRequest struct {
	ID    int64  `path:"id" json:"-"`
	After string `query:"after"`
	Limit int    `query:"limit"`
}

func (s *service) getOrganizationHistory(ctx context.Context, in historyRequest) (page httpx.Page[audit.Change], err error) {
	row, err := s.organization(ctx, in.ID)
	if err != nil {
		return page, err
	}
	return s.history(ctx, in, row.ID, "organization")
}

func (s *service) getDepartmentHistory(ctx context.Context, in historyRequest) (page httpx.Page[audit.Change], err error) {
	row, err := s.department(ctx, in.ID)
	if err != nil {
		return page, err
	}
	return s.history(ctx, in, row.OrganizationID, "department")
}

// history returns what was done to a thing that the actor may see.
func (s *service) history(ctx context.Context, in historyRequest, organizationID int64, kind string) (page httpx.Page[audit.Change], err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		of := audit.Of{OrganizationID: organizationID, Object: fmt.Sprintf("%s:%d", kind, in.ID), After: in.After, Limit: in.Limit}
		page.Items, page.Next, err = s.audit.History(ctx, tx, of)
		return err
	})
	return page, err
}
