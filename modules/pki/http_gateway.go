package pki

import (
	"context"
	"net/http"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesOfGateways are what gateways ask of agent-api.
func (s *service) routesOfGateways(r httpx.Router) {
	r.GET("/v2/pki/authorities", actor.Public, httpx.Raw(s.getAuthorities), httpx.GivesFile(pemType), httpx.Doc("The authorities of the certificates of gateways and agents, PEM."))
	r.GET("/v2/pki/crl", actor.Public, httpx.Raw(s.getCRL), httpx.GivesFile(pemType), httpx.Doc("What was revoked: a list (CRL) of each authority, PEM."))
	r.GET("/v2/gateway/revoked", gateway.Deliver, httpx.Handle(http.StatusOK, s.getRevoked),
		httpx.Doc("The serials of agents' certificates that were revoked, and of gateways' towards agents that were or will be: those are to be renewed."))
}

type revokedResponse struct {
	Items []string `json:"items"`
}

func (s *service) getRevoked(ctx context.Context, _ struct{}) (revokedResponse, error) {
	now := s.clock()
	rows, err := s.store.revoked(ctx, now, cert.Agent, cert.Listener)
	out := revokedResponse{Items: make([]string, 0, len(rows))}
	for _, row := range rows {
		if row.Kind == string(cert.Listener) || row.ended(now) {
			out.Items = append(out.Items, row.Serial)
		}
	}
	return out, err
}

// authenticate knows agents that come to agent-api itself by their certificates. Gateways are known by the module gateways.
func (s *service) authenticate(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
	h, shown, err := s.Presented(r.TLS)
	if err != nil || !shown || h.Kind != cert.Agent || r.Header.Get("Authorization") != "" { // beside another's credential it says nothing
		return actor.Actor{}, false, err
	}
	return agent.Of(h.OrganizationID, h.Subject), true, nil
}
