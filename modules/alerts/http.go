package alerts

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

func (m *Module) routes(r httpx.Router) {
	r.GET("/api/v2/alerts", alert.Read, httpx.Handle(http.StatusOK, m.list), httpx.Doc("Alerts, the latest first."))
	r.POST("/api/v2/alerts/:id/acknowledge", alert.Write, httpx.Handle(http.StatusNoContent, m.acknowledge), httpx.Doc("Say that the alert has been seen."))
}

type listRequest struct {
	Severity string `query:"severity" enum:"info,warning,critical"`
	Open     bool   `query:"open"`
	Limit    int    `query:"limit"`
	After    string `query:"after"`
}

// Validate refuses severities that there are not.
func (r *listRequest) Validate() error {
	var f fault.Fields
	if r.Severity != "" {
		checkSeverity(&f, alert.Severity(r.Severity))
	}
	return f.Err()
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

func (m *Module) list(ctx context.Context, in listRequest) (page httpx.Page[alertResponse], err error) {
	q := listQuery{severity: in.Severity, open: in.Open, limit: db.Limit(in.Limit)}
	if in.After != "" {
		if err := db.ParseCursor(in.After, &q.after.at, &q.after.id); err != nil {
			return page, err
		}
	}
	rows, err := m.service.store.page(ctx, q)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, q.limit, func(r alertRow) []any { return []any{r.At, r.ID} })
	for _, r := range rows {
		page.Items = append(page.Items, alertResponse{
			ID: r.ID, Kind: r.Kind, Severity: r.Severity, At: r.At, Subject: r.Subject, Details: r.Details,
			OrganizationID: r.OrganizationID, AcknowledgedAt: r.AcknowledgedAt,
		})
	}
	return page, nil
}

type acknowledgeRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (m *Module) acknowledge(ctx context.Context, in acknowledgeRequest) (struct{}, error) {
	return struct{}{}, m.service.acknowledge(ctx, in.ID)
}
