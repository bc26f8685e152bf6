package pki

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

const certificates = "/api/v2/certificates"

// routesOfPeople are for those who look after an organization's gateways.
func (s *service) routesOfPeople(r httpx.Router) {
	httpx.List(r, certificates, cert.Read, s.certificates(), httpx.Doc("Certificates of gateways and agents, the latest first."))
	r.POST(certificates+"/:id/revoke", cert.Write, httpx.Handle(http.StatusNoContent, s.postRevoke),
		httpx.Doc("Revoke one certificate. A gateway whose key still works gets another: revoke the gateway to shut it out."))
}

type certificateResponse struct {
	ID             id.UUID    `json:"id"`
	OrganizationID int64      `json:"organizationId"`
	Kind           string     `json:"kind" enum:"gateway,agent,listener"`
	Subject        string     `json:"subject" doc:"a gateway's id, or a computer's UID"`
	Serial         string     `json:"serial"`
	NotBefore      time.Time  `json:"notBefore"`
	NotAfter       time.Time  `json:"notAfter"`
	CreatedAt      time.Time  `json:"createdAt"`
	RevokedAt      *time.Time `json:"revokedAt,omitempty" doc:"may be yet to come: when the overlap of a gateway's keys ends"`
	RevokedBy      *string    `json:"revokedBy,omitempty"`
	InForce        bool       `json:"inForce"`
}

func (s *service) certificates() grid.List[certificateResponse] {
	return grid.List[certificateResponse]{
		Name: "certificates", Title: "pki.list", Columns: columns(), Sort: "-createdAt", ID: idOfCertificate,
		Read: func(ctx context.Context, q grid.Query) ([]certificateResponse, db.Found, error) {
			now := s.clock()
			rows, found, err := s.store.page(ctx, q.Bind("inForce", now, now).SQL())
			return grid.Items(rows, func(c certificateRow) certificateResponse { return asCertificate(c, now) }), found, err
		},
	}
}

func asCertificate(c certificateRow, now time.Time) certificateResponse {
	return certificateResponse{
		ID: c.ID, OrganizationID: c.OrganizationID, Kind: c.Kind, Subject: c.Subject, Serial: c.Serial,
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), CreatedAt: c.CreatedAt.UTC(), RevokedAt: c.RevokedAt, RevokedBy: c.RevokedBy,
		InForce: !c.ended(now) && c.NotAfter.After(now),
	}
}

type idRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (s *service) postRevoke(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.revoke(ctx, in.ID)
}

const pemType = "application/x-pem-file"

// getAuthorities serves what others have to trust. It is no secret.
func (s *service) getAuthorities(c *echo.Context) error {
	if err := s.Ready(c.Request().Context()); err != nil && len(s.seen.Load().authorities) == 0 {
		return err
	}
	return c.Blob(http.StatusOK, pemType, []byte(s.seen.Load().pem()))
}

func (s *service) getCRL(c *echo.Context) error {
	list, err := s.crl()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, pemType, list)
}
