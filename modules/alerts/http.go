package alerts

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

func (m *Module) routes(r httpx.Router) {
	httpx.List(r, "/api/v2/alerts", alert.Read, m.service.alerts(), httpx.Doc("Alerts, the latest first."))
	r.POST("/api/v2/alerts/:id/acknowledge", alert.Write, httpx.Handle(http.StatusNoContent, m.acknowledge), httpx.Doc("Say that the alert has been seen."))
}

type alertResponse struct {
	ID             id.UUID        `json:"id"`
	Kind           string         `json:"kind"`
	Severity       string         `json:"severity" enum:"info,warning,critical"`
	At             time.Time      `json:"at"`
	Subject        string         `json:"subject"`
	Details        map[string]any `json:"details,omitempty"`
	OrganizationID *int64         `json:"organizationId,omitempty"`
	AcknowledgedAt *time.Time     `json:"acknowledgedAt,omitempty"`
}

func asAlert(r alertRow) alertResponse {
	return alertResponse{
		ID: r.ID, Kind: r.Kind, Severity: r.Severity, At: r.At, Subject: r.Subject, Details: r.Details,
		OrganizationID: r.OrganizationID, AcknowledgedAt: r.AcknowledgedAt,
	}
}

func (s *service) alerts() grid.List[alertResponse] {
	return grid.List[alertResponse]{
		Name: "alerts", Title: "alerts.list", Columns: columns, Sort: "-at", ID: idOfAlert,
		Read: func(ctx context.Context, q grid.Query) ([]alertResponse, db.Found, error) {
			rows, found, err := s.store.page(ctx, q.SQL())
			return grid.Items(rows, asAlert), found, err
		},
	}
}

type acknowledgeRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (m *Module) acknowledge(ctx context.Context, in acknowledgeRequest) (struct{}, error) {
	return struct{}{}, m.service.acknowledge(ctx, in.ID)
}
