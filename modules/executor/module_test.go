package executor

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// In a kernel the bundle has what the process knows of itself.
func TestTheModuleRunsInAKernel(t *testing.T) {
	t.Parallel()
	w := &crew{}
	var bundle []byte
	c := cloud{crew: w, answer: func(_ *http.Request, body []byte) int { bundle = body; return 201 }}
	built := make(chan command.Doer, 1)
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{}, New(),
		kerneltest.Provide[rule.Keeper](kernel.Gateway, w), kerneltest.Provide[agent.Fleet](kernel.Gateway, w),
		kerneltest.Provide[update.Installer](kernel.Gateway, w), kerneltest.Provide[gateway.Cloud](kernel.Gateway, c),
		kerneltest.Provide[gateway.Reporter](kernel.Gateway, reporter{`{}`}),
		kerneltest.Module{Is: kernel.Manifest{
			Name: "user", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{kernel.PortOf[command.Doer]()},
		}, InitFn: func(_ context.Context, h *kernel.Host) error { built <- kernel.Get[command.Doer](h); return nil }})
	if a := (<-built).Do(t.Context(), orderOf(command.CollectDiagnostics, `{}`)); a.Status != command.Completed {
		t.Fatalf("answer is %+v", a)
	}
	files := unpack(t, bundle)
	for name, want := range map[string]string{"metrics.txt": "staff_executor_remembered 1", "ready.json": `"role": "gateway"`, "log.txt": "the log is no file"} {
		if !strings.Contains(files["diagnostics/"+name], want) {
			t.Errorf("%s is %.500q", name, files["diagnostics/"+name])
		}
	}
}
