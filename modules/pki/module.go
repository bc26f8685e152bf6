// Package pki is the authority of the certificates by which gateways and agents are known: it makes one, or uses the
// operator's, issues, revokes, and opens agent-api's listener on which certificates are shown.
package pki

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
	now     func() time.Time
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults(), now: time.Now} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "pki",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[identity.Secret](), kernel.PortOf[identity.KeyList]()},
		Provides: []kernel.Port{kernel.PortOf[cert.Authority](), kernel.PortOf[cert.Verifier]()},
		Paths:    []string{"/v2/pki", "/v2/gateway/revoked", certificates},
		Commands: []kernel.Command{{Name: "ca", Usage: usage, Role: kernel.Dashboard, Run: m.command}},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(ctx context.Context, h *kernel.Host) (err error) {
	s := &service{
		store: store{h.DB}, secret: kernel.Get[identity.Secret](h), keys: kernel.Get[identity.KeyList](h), events: h.Events, audit: h.Audit, cfg: &m.cfg, log: h.Log, now: m.now,
	}
	m.service = s
	kernel.Put[cert.Authority](h, s)
	kernel.Put[cert.Verifier](h, s)
	s.listens = h.Role == kernel.AgentAPI && m.cfg.Listen != ""
	if m.cfg.CACert != "" {
		s.own, err = ownAuthorities(m.cfg.CACert, m.cfg.CAKey.Reveal())
		if err != nil && h.Role == kernel.AgentAPI { // the dashboard issues nothing: the files need not be there
			return config.Problem("pki.ca_cert", "be an authority's certificate with the key of pki.ca_key, both PEM", err)
		}
	}
	if err := s.refresh(ctx); err != nil {
		return fmt.Errorf("read authorities: %w", err)
	}
	s.routesOfPeople(h.Routes(kernel.Dashboard))
	s.routesOfGateways(h.Routes(kernel.AgentAPI))
	h.Go("follow", s.follow)
	if h.Role != kernel.AgentAPI {
		return nil
	}
	h.Authenticate(kernel.AgentAPI, s.authenticate)
	h.Cron("renew", "41 4 * * *", s.renewInTime)
	h.Cron("forget", "43 4 * * *", s.forget)
	return s.listen(ctx, h)
}

// listen opens the listener on which certificates are shown.
func (s *service) listen(ctx context.Context, h *kernel.Host) error {
	if !s.listens {
		return nil
	}
	if err := s.Ready(ctx); err != nil {
		return fmt.Errorf("pki.listen: %w", err)
	}
	if len(s.seen.Load().secure.Certificates) == 0 {
		return fmt.Errorf("pki.listen: %w", errNoCertificate)
	}
	at, err := h.Listen(ctx, s.cfg.Listen, httpx.Door{TLS: s.door()})
	if err != nil {
		return fmt.Errorf("pki.listen: %w", err)
	}
	h.Log.InfoContext(ctx, "certificates are taken", "listen", at.String(), "required", s.cfg.Require)
	return nil
}
