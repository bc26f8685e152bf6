package commands

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestRoutesOfPeople(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	o := newOffice(t, d)
	role := kernel.Dashboard
	server := kerneltest.Build(t, role, kerneltest.Options{DB: d}, New(), kerneltest.Provide[gateway.Directory](role, directory{d}),
		kerneltest.Provide[gateway.Pulse](role, newPulse(gateways)), kerneltest.Provide[file.Store](role, o.files))
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:10", UserID: 10, OrganizationID: 1}
	g := gateways[0].String()
	order := func(kind, more string) string { return `{"gatewayId":"` + g + `","type":"` + kind + `"` + more + `}` }
	ordered := o.order(t, gateways[0], func(o *command.Order) { o.Type = command.CollectDiagnostics }).String()
	one := prefix + "/" + ordered
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "restart", As: mine, Path: prefix, Body: order("restart_agent", `,"payload":{"computerUids":["PC-1"],"reason":"r"},"lifeSeconds":60`), Status: 201,
			Golden: "ordered", Mask: []string{"id", "gatewayId", "createdAt", "expiresAt"}},
		httptestx.Scenario{Name: "a device", As: operator, Path: prefix, Body: order("device_command", `,"payload":{"deviceId":7,"command":"open_door","args":{"door":1}}`), Status: 201, Contains: []string{`"open_door"`}},
		httptestx.Scenario{Name: "no device", As: operator, Path: prefix, Body: order("device_command", ``), Status: 400, Contains: []string{"commands.payload_invalid"}},
		httptestx.Scenario{Name: "what does not belong there", As: operator, Path: prefix, Body: order("sync_devices", `,"payload":{"x":1}`), Status: 400, Contains: []string{"commands.payload_invalid"}},
		httptestx.Scenario{Name: "a policy", As: operator, Path: prefix, Body: order("policy_update", ``), Status: 422, Contains: []string{"commands.policy_update_refused"}},
		httptestx.Scenario{Name: "no such type", As: mine, Path: prefix, Body: order("format_disk", ``), Status: 400, Contains: []string{"not_one_of"}},
		httptestx.Scenario{Name: "no gateway", As: mine, Path: prefix, Body: `{"type":"sync_devices"}`, Status: 400, Contains: []string{"required"}},
		httptestx.Scenario{Name: "too short", As: mine, Path: prefix, Body: order("sync_devices", `,"lifeSeconds":9`), Status: 400, Contains: []string{"below_min"}},
		httptestx.Scenario{Name: "too long", As: mine, Path: prefix, Body: order("sync_devices", `,"lifeSeconds":99999999`), Status: 400, Contains: []string{"above_max"}},
		httptestx.Scenario{Name: "a gateway that is not there", As: mine, Path: prefix, Body: strings.ReplaceAll(order("restart_agent", ""), g, id.New().String()), Status: 404, Contains: []string{"gateways.unknown"}},
		httptestx.Scenario{Name: "another tenant's gateway", As: theirs, Path: prefix, Body: order("restart_agent", ""), Status: 404, Contains: []string{"gateways.unknown"}},
		httptestx.Scenario{Name: "HR rotates no key", As: mine, Path: prefix, Body: order("rotate_key", ""), Status: 403, Contains: []string{"commands.type_not_allowed"}},
		httptestx.Scenario{Name: "HR opens no door", As: mine, Path: prefix, Body: order("device_command", `,"payload":{"deviceId":7,"command":"open_door"}`), Status: 403, Contains: []string{"commands.type_not_allowed"}},
		httptestx.Scenario{Name: "HR sends for no devices", As: mine, Path: prefix, Body: order("sync_devices", ""), Status: 403, Contains: []string{"commands.type_not_allowed"}},
		httptestx.Scenario{Name: "HR updates nothing", As: mine, Path: prefix, Body: order("update", ""), Status: 403},
		httptestx.Scenario{Name: "a lead orders nothing", As: lead, Path: prefix, Body: order("restart_agent", ""), Status: 403},
		httptestx.Scenario{Name: "an operator updates", As: operator, Path: prefix, Body: order("update", `,"payload":{"version":"2.1.0"}`), Status: 201, Contains: []string{`"organizationId":1`, `"2.1.0"`}},
		httptestx.Scenario{Name: "the list", As: mine, Path: prefix + "?status=pending&type=restart_agent&gatewayId=" + g, Status: 200, Contains: []string{`"total":1`, `"restart_agent"`}},
		httptestx.Scenario{Name: "another tenant's list", As: theirs, Path: prefix, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "an export", As: mine, Path: prefix + "/export?format=csv", Status: 200, Contains: []string{"restart_agent"}},
		httptestx.Scenario{Name: "one", As: mine, Path: one, Status: 200, Contains: []string{ordered, `"payload":{}`}},
		httptestx.Scenario{Name: "another tenant's", As: theirs, Path: one, Status: 404},
		httptestx.Scenario{Name: "none", As: mine, Path: prefix + "/" + id.New().String(), Status: 404},
		httptestx.Scenario{Name: "no file yet", As: mine, Path: one + "/diagnostics", Status: 404, Contains: []string{"commands.no_diagnostics"}},
		httptestx.Scenario{Name: "no such file", As: mine, Path: prefix + "/x/diagnostics", Status: 404},
		httptestx.Scenario{Name: "another tenant cancels", As: theirs, Method: "POST", Path: one + "/cancel", Status: 404},
	)
	row := o.row(t, id.UUID(mustParse(t, ordered)))
	o.next(t, connect(row.GatewayID))
	if _, err := o.keepBundle(hr(1), row, strings.NewReader("tar.gz")); err != nil {
		t.Fatal(err)
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "the file", As: mine, Path: one + "/diagnostics", Status: 200, Contains: []string{"tar.gz"}},
		httptestx.Scenario{Name: "another tenant's file", As: theirs, Path: one + "/diagnostics", Status: 404},
		httptestx.Scenario{Name: "a lead reads no diagnostics", As: lead, Path: one + "/diagnostics", Status: 403},
		httptestx.Scenario{Name: "cancel", As: mine, Method: "POST", Path: one + "/cancel", Status: 204},
		httptestx.Scenario{Name: "cancel again", As: mine, Method: "POST", Path: one + "/cancel", Status: 409, Contains: []string{"commands.ended"}},
	)
	o.audited(t, map[string]int{"commands.order": 3, "commands.cancel": 2, "commands.diagnostics": 2}) // two of what the other tenant tried
}

func mustParse(t *testing.T, text string) id.UUID {
	t.Helper()
	parsed, err := id.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestAnswersAreShownAsTheyCame(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o, g := newOffice(t, d), populate(t, d)[0]
	commandID := o.order(t, g, nil)
	o.next(t, connect(g))
	o.ack(t, g, command.Ack{CommandID: commandID, Status: command.Failed, Code: "unsupported", Error: "there is no device", Result: json.RawMessage(`{"PC-1":"away"}`)})
	shown, err := o.one(hr(1), commandRequest{commandID})
	if err != nil || shown.Code != "unsupported" || shown.Error != "there is no device" || shown.Result.(map[string]any)["PC-1"] != "away" || shown.AckAt == nil {
		t.Errorf("%+v, %v", shown, err)
	}
}
