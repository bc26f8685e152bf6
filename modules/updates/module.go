// Package updates offers releases to the gateways, and writes down which of them a gateway had to take back.
package updates

import (
	"context"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

type service struct {
	cfg      *Config
	releases releases
	db       *db.DB
	audit    *audit.Log
}

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:    "updates",
		Roles:   []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Paths:   []string{manifestPath, packagesPath, releasesPath},
		Handles: []event.Handler{event.On("rolled_back", m.rolledBack)},
		Config:  &m.cfg,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{cfg: &m.cfg, releases: releases{m.cfg.Path, h.Log}, db: h.DB, audit: h.Audit}
	m.service.routesOfGateways(h.Routes(kernel.AgentAPI))
	m.service.routesOfPeople(h.Routes(kernel.Dashboard))
	return nil
}
