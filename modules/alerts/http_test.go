package alerts

import (
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	a := newAlert(noon)
	a.Details = map[string]any{"serial": "GW-001", "usage": 0.96}
	mustRaise(t, o, hr(1), a)
	b := newAlert(noon)
	b.Kind, b.Severity = alert.BufferOverflow, alert.Warning
	mustRaise(t, o, hr(2), b)
	path := "/api/v2/alerts"
	acknowledge := path + "/" + shown(t, o, hr(1))[0].ID.String() + "/acknowledge"
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New())
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:9", UserID: 9, OrganizationID: 1}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "list", As: mine, Path: path, Status: 200, Golden: "alerts", Mask: []string{"id"}},
		httptestx.Scenario{Name: "the operator sees all", As: operator, Path: path, Status: 200, Contains: []string{`"organizationId":1`, `"organizationId":2`}},
		httptestx.Scenario{Name: "page", As: operator, Path: path + "?limit=1", Status: 200, Excludes: []string{`"next":""`}},
		httptestx.Scenario{Name: "by severity", As: mine, Path: path + "?severity=warning", Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "unknown severity", As: mine, Path: path + "?severity=huge", Status: 400, Contains: []string{`"field":"severity","code":"not_one_of"`}},
		httptestx.Scenario{Name: "bad cursor", As: mine, Path: path + "?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "a lead sees none", As: lead, Path: path, Status: 403},
		httptestx.Scenario{Name: "another organization's", As: theirs, Method: "POST", Path: acknowledge, Status: 404, Contains: []string{"alerts.unknown"}},
		httptestx.Scenario{Name: "acknowledge", As: mine, Method: "POST", Path: acknowledge, Status: 204},
		httptestx.Scenario{Name: "acknowledge again", As: mine, Method: "POST", Path: acknowledge, Status: 204},
		httptestx.Scenario{Name: "open ones", As: mine, Path: path + "?open=true", Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "no such id", As: mine, Method: "POST", Path: path + "/7/acknowledge", Status: 400, Contains: []string{"not_an_id"}},
	)
}
