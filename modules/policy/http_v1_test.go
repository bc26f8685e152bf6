package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// stepV1 is a request of a client of v1, and what is in force of policy 1 once it is answered.
type stepV1 struct {
	method, path string
	body         any
	status       int
	version      string // the newest of policy 1; not given: as before
	contains     string
	orders       bool // to the gateways, for another policy than 1
}

// Every change by v1's routes is a version of the policies that it is about, with an order to the gateways, as by any other
// route; what changes nothing of a policy makes none.
func TestChangesOfV1MakeVersions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.gateways(t, 1, 1)
		server := serve(t, kernel.Dashboard, o)
		person := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		const full = `"isActiveWindowEnabled":true,"isScreenshotEnabled":true,"isVisitedSitesEnabled":true,"screenshotInterval":60,"screenshotIsGrayscale":false,"screenshotCaptureAll":true`
		version := ""
		for i, step := range []stepV1{
			{method: "POST", body: `{"title":"Ofis",` + full + `}`, status: 201, version: "1", contains: `"screenshotInterval":60`},
			{method: "PUT", path: "/1", body: `{"screenshotInterval":30}`, status: 200, version: "2", contains: `"title":"Ofis"`},
			{method: "PUT", path: "/1", body: `{}`, status: 200, contains: `"isActive":true`},
			{method: "PUT", path: "/1", body: `{"title":"Idora"}`, status: 200, contains: `"title":"Idora"`},
			{method: "POST", path: "/groups", body: `{"name":"Chat","type":"WEBSITE"}`, status: 201},
			{method: "POST", path: "/groups", body: `{"name":"IDE","type":"APPLICATION"}`, status: 201},
			{method: "POST", path: "/resources", body: `{"type":"WEBSITE","value":"T.me"}`, status: 201, contains: `"value":"t.me"`},
			{method: "POST", path: "/resources/bulk", body: `[{"type":"WEBSITE","value":"vk.com"},{"type":"APPLICATION","value":"code.exe"},{"type":"WEBSITE","value":"t.me"}]`, status: 201, contains: `{"created":2,"skipped":1}`},
			{method: "POST", path: "/groups/1/resources", body: `{"resourceIds":[1]}`, status: 201, contains: `{"added":1}`},
			{method: "POST", path: "/options", body: `{"policyId":1,"groupId":1,"type":"WEBSITE","isActive":false}`, status: 201},
			{method: "PUT", path: "/options/{1}", body: `{"isActive":true}`, status: 200, version: "3"},
			{method: "PUT", path: "/1", body: `{"isScreenshotEnabled":false}`, status: 200, version: "4"},
			{method: "POST", path: "/groups/1/resources", body: `{"resourceIds":[1,2,2]}`, status: 201, version: "5", contains: `{"added":1}`},
			{method: "PUT", path: "/resources/2", body: `{"value":"vk.ru"}`, status: 200, version: "6"},
			{method: "PUT", path: "/groups/1", body: `{"name":"Suhbat"}`, status: 200, version: "7", contains: `"isActive":true`},
			{method: "DELETE", path: "/groups/1/resources/2", status: 200, version: "8", contains: `{"message":`},
			{method: "POST", path: "/options/bulk", body: `{"policyId":1,"groupIds":[1,2],"type":"ACTIVE_WINDOW"}`, status: 201, version: "9", contains: `{"created":1,"skipped":1}`},
			{method: "PUT", path: "/options/{2}", body: `{"isActive":false}`, status: 200, version: "10"},
			{method: "DELETE", path: "/options/{2}", status: 200},
			{method: "DELETE", path: "/options/{1}", status: 200, version: "11"},
			{method: "DELETE", path: "/groups/1", status: 200},
			{method: "GET", path: "/resources/1", status: 200, contains: `"resourceGroups":[],"_count":{"resourceGroups":0}`},
			{method: "DELETE", path: "/resources/1", status: 200},
			{method: "POST", path: "/website", body: `{"policyId":1,"name":"Yangiliklar","websites":["kun.uz","Daryo.uz"],"category":"unproductive"}`, status: 201, version: "12", contains: `"category":"unproductive","added":2}`},
			{method: "POST", path: "/website", body: `{"policyId":1,"name":"yangiliklar","websites":["kun.uz","gazeta.uz"]}`, status: 201, version: "13", contains: `"category":"unproductive","added":1}`},
			{method: "POST", path: "/website", body: `{"policyId":1,"name":"yangiliklar","websites":["kun.uz"]}`, status: 201, contains: `"added":0}`},
			{method: "POST", body: `{"title":"Ikki",` + full + `}`, status: 201, orders: true},
			{method: "PUT", path: "/options/{3}", body: `{"policyId":2}`, status: 200, version: "14", contains: `"policyId":2`},
		} {
			if path, group, named := strings.Cut(step.path, "{"); named { // the option of a group
				step.path = path + texts(t, d, "SELECT CAST(id AS text) FROM policy_group_rules WHERE group_id = ?", strings.TrimSuffix(group, "}"))[0]
			}
			httptestx.Run(t, server, httptestx.Scenario{
				Name: fmt.Sprint(i, " ", step.method, " ", step.path), As: person, Method: step.method, Path: prefixesV1[i%2] + step.path,
				Body: step.body, Status: step.status, Contains: []string{step.contains},
			})
			orders := o.world.taken()
			if step.version != "" {
				version = step.version
			}
			if newest := o.mustVersion(t, 1, 0).Version; newest != version {
				t.Fatalf("%d %s %s: version %s, want %s", i, step.method, step.path, newest, version)
			}
			if (len(orders) > 0) != (step.version != "" || step.orders) {
				t.Errorf("%d %s %s: %d orders", i, step.method, step.path, len(orders))
			}
		}
		if row := o.row(t, 2); row.Latest != 2 || row.Released != 2 {
			t.Errorf("the policy that got an option is %+v", row)
		}
	})
}

// What counts for nothing is v1's alone: a change by another route, which does not show it, leaves it as it is.
func TestInactiveOptionsStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		p := o.mustCreate(t, wanted("Ofis"))
		on, err := o.createGroup(hr(), 0, groupInput{Name: "Chat", Type: rule.Website, Values: []string{"t.me"}})
		if err != nil {
			t.Fatal(err)
		}
		off, err := o.createGroup(hr(), 0, groupInput{Name: "News", Type: rule.Website, IsActive: ptr(false)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.addOptions(hr(), p.ID, []int64{on.ID, off.ID}, "WEBSITE", true); err != nil {
			t.Fatal(err)
		}
		switched, err := o.createGroup(hr(), 0, groupInput{Name: "Games", Type: rule.Application})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.addOptions(hr(), p.ID, []int64{switched.ID}, "ACTIVE_WINDOW", false); err != nil {
			t.Fatal(err)
		}
		o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
		options, err := o.optionsOf(hr(), p.ID)
		if left := options[p.ID]; err != nil || len(left) != 2 || left[0].GroupID != off.ID || left[1].GroupID != switched.ID || left[1].IsActive {
			t.Errorf("%+v, %v", left, err)
		}
		if err := o.updateGroup(hr(), off.ID, groupInput{Name: "News", Type: rule.Website, Values: []string{"kun.uz"}}); err != nil {
			t.Fatal(err)
		}
		c, err := o.mustVersion(t, p.ID, 0).content()
		if err != nil || len(c.Groups) != 1 || c.Groups[0].ID != off.ID || c.Groups[0].Category != rule.Neutral {
			t.Errorf("once its group is active, it counts: %+v, %v", c.Groups, err)
		}
	})
}

func TestRoutesOfV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		server := serve(t, kernel.Dashboard, o)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		person := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
		n := 0
		of := func(as *actor.Actor, method, path string, status int, body any, contains ...string) httptestx.Scenario {
			n++
			return httptestx.Scenario{Name: fmt.Sprint(n, " ", as.ID, " ", method, " ", path), As: as, Method: method, Path: prefixesV1[0] + path, Body: body, Status: status, Contains: contains}
		}
		const off = `"isActiveWindowEnabled":true,"isScreenshotEnabled":false,"isVisitedSitesEnabled":true`
		httptestx.Run(t, server,
			of(operator, "POST", "", 400, `{"title":"A",`+off+`}`, "organizationId"),
			of(operator, "POST", "", 201, `{"title":"A",`+off+`,"organizationId":1}`, `"organizationId":1`, `"screenshotInterval":null`),
			of(person, "POST", "", 201, `{"title":"B",`+off+`,"organizationId":2}`, `"organizationId":1`),
			of(person, "POST", "", 400, `{"title":"B",`+off+`}`, `"code":"HTTP_EXCEPTION"`, "title: "),
			of(person, "POST", "", 400, `{}`, "isActiveWindowEnabled", "isScreenshotEnabled", "isVisitedSitesEnabled"),
			of(person, "POST", "", 400, `{"title":"C","isActiveWindowEnabled":true,"isScreenshotEnabled":true,"isVisitedSitesEnabled":true}`, "screenshotInterval", "screenshotIsGrayscale", "screenshotCaptureAll"),
			of(person, "PUT", "/1", 400, `{"organizationId":2}`, "organizationId: A policy cannot move"),
			of(person, "PUT", "/1", 200, `{"organizationId":1,"isActive":false}`, `"isActive":false`),
			of(person, "PUT", "/1", 200, `{"title":"AA"}`, `"title":"AA","isActive":false`),
			of(other, "PUT", "/1", 404, `{}`, `"code":"Not Found"`),
			of(other, "GET", "/1", 404, nil),
			of(person, "GET", "?search=aa", 200, nil, `"total":1`, `"organization":{"id":1,"fullName":"A","shortName":"A"}`, `"options":[]`, `"_count":{"employees":0}`),
			of(person, "GET", "?isActive=true", 200, nil, `"total":1`, `"title":"B"`),
			of(person, "GET", "?sort=isScreenshotEnabled&order=desc&limit=1", 200, nil, `"id":2`, `"total":2,"page":1,"limit":1}`),
			of(person, "GET", "?sort=hours", 400, nil),
			of(person, "GET", "?title=x", 400, nil, "property title should not exist"),
			of(operator, "POST", "/groups", 400, `{"name":"Chat","type":"WEBSITE"}`, "organizationId"),
			of(operator, "POST", "/groups", 201, `{"name":"Chat","type":"WEBSITE","organizationId":1}`, `"id":1`),
			of(person, "POST", "/groups", 400, `{"name":"chat","type":"WEBSITE"}`, "name: "),
			of(person, "POST", "/groups", 400, `{"name":"x","type":"NOPE"}`, "type: "),
			of(person, "POST", "/groups", 201, `{"name":"IDE","type":"APPLICATION"}`, `"id":2`),
			of(person, "POST", "/resources/bulk", 201, `[{"type":"WEBSITE","value":"t.me"},{"type":"APPLICATION","value":"100%.exe"}]`),
			of(person, "POST", "/resources/bulk", 400, `[{"type":"WEBSITE","value":"t.me"}]`, `"code":"Bad Request"`),
			of(person, "POST", "/resources/bulk", 400, `[]`),
			of(operator, "POST", "/resources/bulk", 400, `[{"type":"WEBSITE","value":"a.uz","organizationId":1},{"type":"WEBSITE","value":"b.uz","organizationId":2}]`, "organizationId"),
			of(person, "POST", "/resources", 400, `{"type":"WEBSITE","value":"a b"}`, "value: "),
			of(person, "GET", "/resources?search=0%25", 200, nil, `"total":1`, "100%.exe"),
			of(person, "GET", "/resources?search=%25t", 200, nil, `"total":0`, `"data":[]`),
			of(person, "PUT", "/resources/1", 400, `{"value":"100%.exe"}`),
			of(person, "POST", "/groups/1/resources", 400, `{"resourceIds":[9]}`, "resourceIds[0]"),
			of(person, "POST", "/groups/1/resources", 400, `{"resourceIds":[2]}`, "another type"),
			of(person, "POST", "/groups/1/resources", 201, `{"resourceIds":[1]}`),
			of(person, "POST", "/groups/1/resources", 400, `{"resourceIds":[1]}`, `"code":"Bad Request"`),
			of(other, "POST", "/groups/1/resources", 404, `{"resourceIds":[1]}`),
			of(person, "PUT", "/resources/1", 400, `{"type":"APPLICATION"}`, "type: "),
			of(person, "PUT", "/groups/1", 400, `{"type":"APPLICATION"}`, "type: "),
			of(person, "DELETE", "/resources/1", 400, nil, `"code":"Bad Request"`),
			of(person, "DELETE", "/groups/1/resources/2", 404, nil),
			of(person, "POST", "/options", 404, `{"policyId":9,"groupId":1,"type":"WEBSITE"}`),
			of(person, "POST", "/options", 404, `{"policyId":1,"groupId":9,"type":"WEBSITE"}`),
			of(person, "POST", "/options", 400, `{}`, "policyId", "groupId", "type"),
			of(person, "POST", "/options/bulk", 400, `{"policyId":1,"groupIds":[1,9],"type":"WEBSITE"}`, `"code":"Bad Request"`),
			of(person, "POST", "/options/bulk", 201, `{"policyId":1,"groupIds":[1,2,2],"type":"WEBSITE"}`, `{"created":2,"skipped":1}`),
			of(person, "POST", "/options/bulk", 400, `{"policyId":1,"groupIds":[1],"type":"WEBSITE"}`, `"code":"Bad Request"`),
			of(person, "PUT", "/options/1", 400, `{"groupId":2}`),
			of(person, "PUT", "/options/1", 404, `{"groupId":9}`),
			of(person, "PUT", "/options/1", 400, `{"type":"NOPE"}`),
			of(other, "PUT", "/options/1", 404, `{}`),
			of(other, "DELETE", "/options/1", 404, nil),
			of(person, "DELETE", "/options/x", 400, nil),
			of(person, "DELETE", "/groups/1", 400, nil, `"code":"Bad Request"`),
			of(person, "PUT", "/groups/1", 400, `{"isActive":false}`, `"code":"Bad Request"`),
			of(person, "GET", "/options?isActive=true&sort=groupId&order=desc", 200, nil, `"total":2`, `"policy":{"id":1,"title":"AA"}`, `"group":{"id":2,"name":"IDE","type":"APPLICATION"}`),
			of(person, "GET", "/options/policy/2", 200, nil, `[]`),
			of(other, "GET", "/options/policy/1", 404, nil),
			of(other, "GET", "/options/group/1", 404, nil),
			of(other, "GET", "/resources/1", 404, nil),
			of(other, "GET", "/groups", 200, nil, `{"data":[],"total":0,"page":1,"limit":10}`),
			of(person, "GET", "/groups?isActive=false&search=ide", 200, nil, `"total":0`),
			of(person, "POST", "/website", 400, `{"policyId":1,"websites":["a b"],"category":"x"}`, "websites", "category", "name"),
			of(other, "POST", "/website", 404, `{"policyId":1,"name":"x","websites":["x.uz"]}`),
			of(person, "DELETE", "/1", 200, nil),
			of(person, "GET", "/1", 404, nil),
			of(person, "GET", "/options/1", 404, nil),
		)
		if err := o.setDefault(hr(), 2); err != nil {
			t.Fatal(err)
		}
		httptestx.Run(t, server, of(person, "DELETE", "/2", 409, nil, `"code":"Conflict"`))
	})
}
