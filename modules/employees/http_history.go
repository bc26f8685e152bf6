package employees

import (
	"context"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) historyRoutes(r httpx.Router) {
	r.GET("/api/v2/employees/:id/history", employee.ReadHistory, httpx.Handle(200, s.getHistory), httpx.Doc("What was changed of an employee, by whom and when; the newest first"))
}

type historyRequest struct {
	ID    int64  `path:"id" json:"-"`
	After string `query:"after"`
	Limit int    `query:"limit"`
}

func (s *service) getHistory(ctx context.Context, in historyRequest) (page httpx.Page[audit.Change], err error) {
	page.Items, page.Next, err = s.history(ctx, in.ID, in.After, in.Limit)
	return page, err
}
