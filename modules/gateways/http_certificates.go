package gateways

import (
	"context"
	"net/http"
	"strings"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// maxCertified bounds the body of a request for a certificate.
const maxCertified = 64 << 10

// routesOfCertificates are the certificates that gateways ask for: which key a gateway has come with is known here.
func (m *Module) routesOfCertificates(r httpx.Router) {
	limit := httpx.BodyLimit(maxCertified)
	r.POST("/v2/gateway/certificate", gateway.Deliver, httpx.Handle(http.StatusOK, m.certificate), limit, httpx.Lenient(),
		httpx.Doc("Get the gateway's own certificate, for a PKCS #10 request. Since its key was replaced it takes the new one, or a certificate given since."))
	r.POST("/v2/gateway/listener-certificate", gateway.Deliver, httpx.Handle(http.StatusOK, m.listenerCertificate), limit, httpx.Lenient(),
		httpx.Doc("Get the certificate that the gateway shows agents, with the names of the request."))
	r.POST("/v2/gateway/agent-certificate", gateway.Deliver, httpx.Handle(http.StatusOK, m.agentCertificate), limit, httpx.Lenient(),
		httpx.Doc("Get an agent's certificate: the gateway has made sure whose computer it is. It ends with the agents' key."))
}

type csrRequest struct {
	CSR string `json:"csr" doc:"PKCS #10, PEM"`
}

// Validate wants a request.
func (r *csrRequest) Validate() error {
	var f fault.Fields
	if r.CSR == "" {
		f.Add("csr", "required", nil)
	}
	return f.Err()
}

type agentRequest struct {
	csrRequest
	ComputerUID string `json:"computerUid"`
	Key         string `json:"key,omitempty" doc:"the hash of the agents' key that the agent came with, or that its token came from"`
	Serial      string `json:"serial,omitempty" doc:"in place of a key: the certificate that the agent came with, in hex"`
}

// Validate wants a request, a computer, and what the agent came with.
func (r *agentRequest) Validate() error {
	var f fault.Fields
	if strings.TrimSpace(r.ComputerUID) == "" {
		f.Add("computerUid", "required", nil)
	}
	if len(r.ComputerUID) > activity.MaxUID {
		f.Add("computerUid", "too_long", fault.Params{"Max": activity.MaxUID})
	}
	if !db.KeepsText(r.ComputerUID) {
		f.Add("computerUid", "wrong_format", nil)
	}
	if r.Key == "" && r.Serial == "" {
		f.Add("key", "required", nil)
	}
	if !db.KeepsText(r.Serial) {
		f.Add("serial", "wrong_format", nil)
	}
	if err := f.Err(); err != nil {
		return err
	}
	return r.csrRequest.Validate()
}

func (m *Module) certificate(ctx context.Context, in csrRequest) (cert.Issued, error) {
	return m.service.issue(ctx, proofOf(ctx), cert.Request{Kind: cert.Gateway, CSR: in.CSR})
}

func (m *Module) listenerCertificate(ctx context.Context, in csrRequest) (cert.Issued, error) {
	return m.service.issue(ctx, proofOf(ctx), cert.Request{Kind: cert.Listener, CSR: in.CSR})
}

func (m *Module) agentCertificate(ctx context.Context, in agentRequest) (cert.Issued, error) {
	k, err := m.service.agentKey(ctx, in.ComputerUID, cert.Origin{Key: in.Key, Serial: in.Serial})
	if err != nil {
		return cert.Issued{}, err
	}
	return m.service.issue(ctx, proofOf(ctx), cert.Request{Kind: cert.Agent, Subject: in.ComputerUID, CSR: in.CSR, KeyID: k.ID, Until: k.ExpiresAt})
}
