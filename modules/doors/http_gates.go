package doors

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routesGates(r httpx.Router) {
	const path = "/api/v2/gates"
	r.GET(path, pass.ReadDevices, httpx.Handle(http.StatusOK, s.getGates), httpx.Doc("Gates, where door terminals hang."))
	r.POST(path, pass.WriteDevices, httpx.Handle(http.StatusCreated, s.postGate), httpx.Doc("Add a gate."))
	r.PATCH(path+"/:id", pass.WriteDevices, httpx.Handle(http.StatusOK, s.patchGate), httpx.Doc("Name a gate otherwise."))
	r.DELETE(path+"/:id", pass.WriteDevices, httpx.Handle(http.StatusNoContent, s.deleteGate), httpx.Doc("Delete a gate; its terminals stay."))
}

type gateResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	CreatedAt      time.Time `json:"createdAt"`
}

func asGate(g gateRow) gateResponse {
	return gateResponse{g.ID, g.OrganizationID, g.Name, g.CreatedAt.UTC()}
}

type gatesRequest struct {
	Organization int64  `query:"organization"`
	After        string `query:"after"`
	Limit        int    `query:"limit"`
}

func (s *service) getGates(ctx context.Context, in gatesRequest) (page httpx.Page[gateResponse], err error) {
	var after int64
	if in.After != "" {
		if err := db.ParseCursor(in.After, &after); err != nil {
			return page, err
		}
	}
	rows, err := s.store.gates(ctx, in.Organization, after, db.Limit(in.Limit))
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, db.Limit(in.Limit), func(g gateRow) []any { return []any{g.ID} })
	for _, g := range rows {
		page.Items = append(page.Items, asGate(g))
	}
	return page, nil
}

type newGateRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty"`
	gateInput
}

func (s *service) postGate(ctx context.Context, in newGateRequest) (gateResponse, error) {
	row, err := s.createGate(ctx, in.OrganizationID, in.gateInput)
	return asGate(row), err
}

type gateRequest struct {
	ID int64 `path:"id" json:"-"`
	gateInput
}

func (s *service) patchGate(ctx context.Context, in gateRequest) (gateResponse, error) {
	row, err := s.updateGate(ctx, in.ID, in.gateInput)
	return asGate(row), err
}

type idRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) deleteGate(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.removeGate(ctx, in.ID)
}
