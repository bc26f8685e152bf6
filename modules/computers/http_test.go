package computers

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const path = "/api/v2/computers"

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	for uid, sid := range map[string]string{"PC-1": "S-1", "PC-2": "S-1", "PC-3": ""} {
		see(t, o.service, 1, uid, sid)
	}
	if _, err := o.Register(agent(1), computer.Details{UID: "PC-1", Name: "Kassa", OS: "Windows 11", IPAddress: "10.0.0.7", MACAddress: "00:11", AgentVersion: "2.0"}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.RegisterUser(agent(1), computer.UserDetails{SID: "S-2", Name: "Bobur", Domain: "CORP", Username: "bobur", InDomain: true}); err != nil {
		t.Fatal(err)
	}
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(), kerneltest.Provide[employee.Directory](kernel.Dashboard, people))
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:9", UserID: 9, OrganizationID: 1, DepartmentIDs: []int64{1}}
	guard := &actor.Actor{Role: actor.Guard, ID: "user:10", UserID: 10, OrganizationID: 1}
	user := fmt.Sprint(path, "/users/", userID(t, o.service, 1, "S-1"))
	masks := []string{"createdAt", "lastSeenAt", "id"}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "list", As: mine, Path: path, Status: 200, Golden: "computers", Mask: masks},
		httptestx.Scenario{Name: "search", As: mine, Path: path + "?search=KASSA", Status: 200, Contains: []string{"PC-1"}, Excludes: []string{"PC-2"}},
		httptestx.Scenario{Name: "another organization's", As: theirs, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "bad cursor", As: mine, Path: path + "?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "bad cursor of users", As: mine, Path: path + "/users?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "made-up cursor", As: mine, Path: path + "?after=" + db.Cursor("a\x00", 1), Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "unlinked users", As: mine, Path: path + "/users?linked=false", Status: 200, Golden: "users_unlinked", Mask: masks},
		httptestx.Scenario{Name: "link", As: mine, Path: user + "/link", Body: `{"employeeId":11}`, Status: 204},
		httptestx.Scenario{Name: "linked users", As: mine, Path: path + "/users?linked=true", Status: 200, Golden: "users_linked", Mask: masks},
		httptestx.Scenario{Name: "unlinked no more", As: mine, Path: path + "/users?linked=false", Status: 200, Contains: []string{"S-2"}, Excludes: []string{"S-1"}},
		httptestx.Scenario{Name: "a lead's users", As: lead, Path: path + "/users", Status: 200, Contains: []string{"S-1", "Aziza"}, Excludes: []string{"S-2"}},
		httptestx.Scenario{Name: "a lead's computers", As: lead, Path: path, Status: 200, Contains: []string{"PC-1", "PC-2"}, Excludes: []string{"PC-3"}},
		httptestx.Scenario{Name: "a lead links nobody", As: lead, Path: user + "/link", Body: `{"employeeId":11}`, Status: 403},
		httptestx.Scenario{Name: "a guard sees none", As: guard, Path: path, Status: 403},
		httptestx.Scenario{Name: "nobody", Path: path, Status: 401},
		httptestx.Scenario{Name: "link to nobody", As: mine, Path: user + "/link", Body: `{}`, Status: 400, Contains: []string{`"field":"employeeId","code":"required"`}},
		httptestx.Scenario{Name: "link to a stranger", As: mine, Path: user + "/link", Body: `{"employeeId":21}`, Status: 404, Contains: []string{"employees.unknown"}},
		httptestx.Scenario{Name: "link into the past", As: mine, Path: user + "/link", Body: `{"employeeId":12,"from":"2026-01-02T08:00:00+05:00"}`, Status: 204},
		httptestx.Scenario{Name: "overlap", As: mine, Path: user + "/link", Body: `{"employeeId":11,"from":"2025-01-02T08:00:00Z"}`, Status: 409, Contains: []string{"computers.link_overlaps"}},
		httptestx.Scenario{Name: "another organization's user", As: theirs, Path: user + "/link", Body: `{"employeeId":21}`, Status: 404, Contains: []string{"computers.user_unknown"}},
		httptestx.Scenario{Name: "unlink another organization's user", As: theirs, Path: user + "/unlink", Method: "POST", Status: 404, Contains: []string{"computers.user_unknown"}},
		httptestx.Scenario{Name: "unlink", As: mine, Path: user + "/unlink", Method: "POST", Status: 204},
		httptestx.Scenario{Name: "unlink twice", As: mine, Path: user + "/unlink", Method: "POST", Status: 409, Contains: []string{"computers.not_linked"}},
	)
}

// Whatever the page's size, paging shows each row once, in the order of the text, also over organizations.
func TestPagingIsCompleteWithoutRepeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		var want []string
		for i := range 23 {
			name := fmt.Sprintf("PC%02d", i)
			want = append(want, name)
			see(t, o.service, 1, name, name)
			see(t, o.service, 2, name, name) // the operator sees both under one name
		}
		m := &Module{service: o.service}
		operator := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
		for limit := 1; limit < 30; limit += 3 {
			for who, ctx := range map[string]context.Context{"HR": hr(1), "operator": operator} {
				var computers, users []string
				for after, more := "", true; more; more = after != "" {
					page, err := m.list(ctx, listRequest{Limit: limit, After: after})
					if err != nil {
						t.Fatal(err)
					}
					for _, c := range page.Items {
						computers = append(computers, c.ComputerUID)
					}
					after = page.Next
				}
				for after, more := "", true; more; more = after != "" {
					page, err := m.listUsers(ctx, listUsersRequest{Limit: limit, After: after})
					if err != nil {
						t.Fatal(err)
					}
					for _, u := range page.Items {
						users = append(users, u.SID)
					}
					after = page.Next
				}
				want := want
				if who == "operator" {
					want = slices.Sorted(slices.Values(append(slices.Clone(want), want...)))
				}
				if !slices.Equal(computers, want) || !slices.Equal(users, want) {
					t.Errorf("%s, %d a page:\ncomputers %v\nusers %v\nwant %v", who, limit, computers, users, want)
				}
			}
		}
	})
}
