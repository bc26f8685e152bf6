package visitors

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) codeRoutes(r httpx.Router) {
	const codes = path + "/codes"
	httpx.List(r, codes, visitor.ReadCodes, s.codes(), httpx.Doc("Codes of visitors, the newest first"))
	r.POST(codes+"/check", visitor.Admit, httpx.Handle(http.StatusOK, s.postCheck), httpx.Doc("Say whose code it is and whether it lets in now; it is not used up"))
	r.GET(codes+"/:id", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getCode), httpx.Doc("One code"))
	r.GET(codes+"/:id/qr", visitor.ReadCodes, httpx.Raw(s.getPicture), httpx.GivesFile("image/png"), httpx.Doc("The code as a picture to be read by scanners (PNG)"))
	r.PATCH(codes+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.patchCode), httpx.Doc("Change or withdraw a code"))
	r.DELETE(codes+"/:id", visitor.Write, httpx.Handle(http.StatusNoContent, s.deleteCode), httpx.Doc("Delete a code that was never used"))
	r.POST(path+"/:id/codes", visitor.Write, httpx.Handle(http.StatusCreated, s.postCode), httpx.Doc("Give a visitor a code"))
}

type codeResponse struct {
	ID                int64      `json:"id"`
	OrganizationID    *int64     `json:"organizationId,omitempty"`
	VisitorID         int64      `json:"visitorId"`
	VisitorName       string     `json:"visitorName"`
	CodeType          string     `json:"codeType" enum:"ONETIME,MULTIPLE"`
	Code              string     `json:"code"`
	StartDate         time.Time  `json:"startDate"`
	EndDate           time.Time  `json:"endDate"`
	MaxUses           int64      `json:"maxUses,omitempty" doc:"left out where there is no bound"`
	Uses              int64      `json:"uses"`
	LastUsedAt        *time.Time `json:"lastUsedAt,omitempty"`
	Usable            bool       `json:"usable" doc:"whether it lets in now"`
	IsActive          bool       `json:"isActive"`
	AdditionalDetails string     `json:"additionalDetails,omitempty"`
	CreatedAt         time.Time  `json:"createdAt"`
}

func asCode(c codeRow, v visitorRow, now time.Time) codeResponse {
	out := codeResponse{
		ID: c.ID, OrganizationID: c.OrganizationID, VisitorID: c.VisitorID, VisitorName: nameOf(v), CodeType: c.CodeType, Code: c.Code,
		StartDate: c.StartDate.UTC(), EndDate: c.EndDate.UTC(), MaxUses: c.MaxUses, Uses: c.Uses,
		Usable: usable(c, v, now) == nil, IsActive: c.IsActive, AdditionalDetails: c.AdditionalDetails, CreatedAt: c.CreatedAt.UTC(),
	}
	if c.LastUsedAt != nil {
		at := c.LastUsedAt.UTC()
		out.LastUsedAt = &at
	}
	return out
}

func (s *service) codes() grid.List[codeResponse] {
	return grid.List[codeResponse]{
		Name: "visitor-codes", Title: "visitors.codes", Columns: codeColumns(), Sort: "-createdAt", ID: idOfCode, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]codeResponse, db.Found, error) {
			now := s.time()
			rows, found, err := s.store.codes(ctx, q.Bind("usable", now, now).SQL())
			if err != nil {
				return nil, found, err
			}
			people, err := s.store.byIDs(ctx, visitorsOf(rows))
			return grid.Items(rows, func(c codeRow) codeResponse { return asCode(c, people[c.VisitorID], now) }), found, err
		},
	}
}

func visitorsOf(rows []codeRow) []int64 {
	return different(grid.Items(rows, func(c codeRow) int64 { return c.VisitorID }))
}

type codeRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) getCode(ctx context.Context, in codeRequest) (codeResponse, error) {
	return s.shownCode(s.code(ctx, in.ID))
}

type newCode struct {
	ID int64 `path:"id" json:"-"`
	codeInput
}

func (s *service) postCode(ctx context.Context, in newCode) (codeResponse, error) {
	return s.shownCode(s.give(ctx, in.ID, in.codeInput))
}

func (s *service) patchCode(ctx context.Context, in newCode) (codeResponse, error) {
	return s.shownCode(s.changeCode(ctx, in.ID, in.codeInput))
}

func (s *service) deleteCode(ctx context.Context, in codeRequest) (struct{}, error) {
	return struct{}{}, s.removeCode(ctx, in.ID)
}

type checkRequest struct {
	Code string `json:"code" doc:"as read: the code, or what its picture says"`
}

func (s *service) postCheck(ctx context.Context, in checkRequest) (codeResponse, error) {
	return s.shownCode(s.validate(ctx, scanned(in.Code)))
}

// shownCode shows what a call of the service gave.
func (s *service) shownCode(c codeRow, v visitorRow, err error) (codeResponse, error) {
	if err != nil {
		return codeResponse{}, err
	}
	return asCode(c, v, s.time()), nil
}

func (s *service) getPicture(c *echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return visitor.ErrCodeUnknown
	}
	row, v, err := s.code(c.Request().Context(), id)
	if err != nil {
		return err
	}
	picture, err := qrOf(row, v).picture()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return c.Blob(http.StatusOK, "image/png", picture)
}
