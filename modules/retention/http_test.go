package retention

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
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
	o.fill(t)
	m := New()
	m.now = o.now
	role := kernel.Dashboard
	server := kerneltest.Build(t, role, kerneltest.Options{DB: d}, m, kerneltest.Provide[activity.Keeper](role, o.world), kerneltest.Provide[file.Store](role, shelf{o.world}),
		kerneltest.Provide[organization.Tree](role, tree{}), kerneltest.Provide[alert.Log](role, o.board))
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1}
	other := &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
	of := func(as *actor.Actor, method, path string, status int, body any, contains ...string) httptestx.Scenario {
		return httptestx.Scenario{Name: fmt.Sprint(as.ID, " ", method, " ", path, " ", status), As: as, Method: method, Path: prefix + path, Body: body, Status: status, Contains: contains}
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "rules", As: hr, Path: prefix + "/rules", Status: 200, Golden: "rules", Mask: []string{"updatedAt", "id"}},
		of(operator, "GET", "/rules", 200, nil, `"own":false`),
		of(operator, "GET", "/rules?organizationId=1", 200, nil, `"own":true`),
		of(hr, "GET", "/rules?organizationId=2", 404, nil),
		of(lead, "GET", "/rules", 403, nil),
		of(hr, "PUT", "/rules", 200, `{"resourceType":"user_session","days":400,"action":"archive","active":true}`, `"days":400`, `"own":true`, `"default":{"days":365`),
		of(operator, "PUT", "/rules", 200, `{"resourceType":"profile","days":99,"action":"delete","active":true}`, `"own":false`),
		of(hr, "PUT", "/rules", 400, `{"resourceType":"profile","days":0,"action":"delete","active":true}`, `"days"`, "below_min"),
		of(hr, "PUT", "/rules", 400, `{"resourceType":"profile","days":3651,"action":"keep","active":true}`, `"days"`, `"action"`, "above_max"),
		of(hr, "PUT", "/rules", 400, `{"resourceType":"visitor","days":3,"action":"delete","active":true}`, "resourceType"),
		of(lead, "PUT", "/rules", 403, `{"resourceType":"profile","days":1,"action":"delete","active":true}`),
		of(hr, "DELETE", "/rules/00000000-0000-4000-8000-000000000003", 404, nil),
		of(hr, "POST", "/holds", 201, `{"resourceType":"screenshot","from":"2026-09-21","until":"2026-09-21","reason":"sud ishi 12"}`, `"until":"2026-09-21"`, `"active":true`),
		of(hr, "POST", "/holds", 400, `{"resourceType":"screenshot","reason":"x"}`, "reason"),
		of(operator, "POST", "/holds", 400, `{"resourceType":"all","reason":"sud ishi"}`, "organizationId"),
		of(operator, "POST", "/holds", 201, `{"organizationId":3,"resourceType":"all","reason":"sud ishi"}`, `"organizationId":3`),
		of(hr, "GET", "/holds?active=true", 200, nil, `"total":1`, "sud ishi 12"),
		of(operator, "GET", "/holds", 200, nil, `"total":2`),
		of(other, "GET", "/holds", 200, nil, `"items":[]`),
		httptestx.Scenario{Name: "preview", As: hr, Path: prefix + "/preview", Body: `{}`, Status: 200, Golden: "preview", Mask: []string{"holdId"}},
		of(operator, "POST", "/preview", 400, `{}`, "organizationId"),
		of(operator, "POST", "/preview", 200, `{"organizationId":2}`, `"kind":"screenshot"`),
		of(hr, "GET", "/runs", 200, nil, `"items":[]`),
		of(hr, "GET", "/status", 200, nil, `"running":false`, `"nextRunAt":"2026-11-24T02:30:00Z"`, `"failed":0`),
	)
	if err := m.sweep(all(), sweep{}); err != nil {
		t.Fatal(err)
	}
	write(t, d, "UPDATE retention_state SET holder = 'another', held_until = ?", o.now().Add(pulse))
	if err := m.sweep(all(), sweep{}); err != nil {
		t.Errorf("a run beside another: %v", err)
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "runs", As: hr, Path: prefix + "/runs?kind=visited_site&sort=day", Status: 200, Golden: "runs", Mask: []string{"id", "startedAt", "finishedAt", "archiveSha256"}},
		of(hr, "GET", "/runs?action=archive&state=finished&failed=false", 200, nil, `"total":4`), // a day of pictures is held
		of(operator, "GET", "/runs?organizationId=2", 200, nil, `"organizationId":2`),
		of(hr, "GET", "/runs/export", 200, nil, "archives/visited_site/2026/08/22.csv.zst"),
		of(hr, "GET", "/holds/export", 200, nil, "sud ishi 12"),
		of(hr, "GET", "/status", 200, nil, `"running":true`, `"lastRunAt":"2026-11-23T12:00:00Z"`),
	)
	h, err := o.store.holds(as(actor.HR, 1), 1, noon)
	if err != nil || len(h) != 1 {
		t.Fatalf("holds %+v: %v", h, err)
	}
	httptestx.Run(t, server,
		of(other, "DELETE", "/holds/"+h[0].ID.String(), 404, nil),
		of(hr, "DELETE", "/holds/"+h[0].ID.String(), 204, nil),
		of(hr, "GET", "/holds?active=false", 200, nil, `"releasedBy":"user:2"`, `"active":false`),
	)
}

// The night orders a run; of it one exists, however often it is ordered.
func TestTheNightOrdersARun(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	role := kernel.Dashboard
	k, options := kerneltest.New(t, role, kerneltest.Options{DB: o.store.db}, New(), kerneltest.Provide[activity.Keeper](role, o.world), kerneltest.Provide[file.Store](role, shelf{o.world}),
		kerneltest.Provide[organization.Tree](role, tree{}), kerneltest.Provide[alert.Log](role, o.board))
	defer options.Listener.Close()
	defer k.Close(all())
	if err := k.Build(all()); err != nil {
		t.Fatal(err)
	}
	night := options.Schedule.(*kerneltest.Schedule).Runs["retention run"]
	if night == nil {
		t.Fatal("nothing is planned for the night")
	}
	if err := night(all()); err != nil {
		t.Error(err)
	}
}
