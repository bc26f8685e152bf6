package uplink

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestTheModuleRunsInAKernel(t *testing.T) {
	t.Parallel()
	a, m := newAgentAPI(), newMemory()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Set: []string{"uplink.url=" + s.URL, "uplink.token=enrol-me", "uplink.interval=0s"}},
		New(),
		kerneltest.Provide[backlog.Log](kernel.Gateway, m), kerneltest.Provide[alert.Log](kernel.Gateway, m),
		kerneltest.Provide[alert.Outbox](kernel.Gateway, m),
		kerneltest.Module{Is: kernel.Manifest{
			Name: "user", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{kernel.PortOf[identity.Keys]()},
		}, InitFn: func(_ context.Context, h *kernel.Host) error { kernel.Get[identity.Keys](h); return nil }},
	)
	m.add(backlog.Agent, 10)
	eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
	a.once(t, backlog.Agent, 10)
}
