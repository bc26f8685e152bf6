package modules_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/ingest"
	"github.com/staff-control/staff-control/modules/monitoring"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const benchGateway = "0192f0aa-0000-7000-8000-000000000001"

type noComputers struct{ computer.Registry }

func (noComputers) Seen(context.Context, []computer.Sighting) error { return nil }
func (noComputers) EmployeesOn(context.Context, []string, time.Time, time.Time) ([]computer.LinkPeriod, error) {
	return nil, nil
}

type noGateways struct{}

func (noGateways) Advance(context.Context, id.UUID, gateway.Delivery) error { return nil }

type oneTree struct{ organization.Tree }

type nobody struct{ employee.Directory }

// serveIngest serves ingest and monitoring alone, to one gateway of organization 1 that needs no key.
func serveIngest(t testing.TB, d *db.DB) string {
	t.Helper()
	key := kerneltest.Module{
		Is: kernel.Manifest{Name: "key", Roles: []kernel.Role{kernel.AgentAPI}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Authenticate(kernel.AgentAPI, func(context.Context, *http.Request) (actor.Actor, bool, error) {
				return actor.Actor{Role: actor.Gateway, ID: "gateway:" + benchGateway, OrganizationID: 1}, true, nil
			})
			return nil
		},
	}
	return strings.TrimSuffix(kerneltest.Run(t, kernel.AgentAPI, kerneltest.Options{DB: d}, key, monitoring.New(), ingest.New(),
		kerneltest.Provide[computer.Registry](kernel.AgentAPI, noComputers{}),
		kerneltest.Provide[gateway.Registry](kernel.AgentAPI, noGateways{}),
		kerneltest.Provide[organization.Tree](kernel.AgentAPI, oneTree{}),
		kerneltest.Provide[employee.Directory](kernel.AgentAPI, nobody{})), "/")
}
