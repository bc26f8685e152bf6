package auth

import (
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestUsersAreServedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		root := newUser(t, s, 0, "ADMIN", "root")
		hr, lead := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1")
		if _, err := s.assign(admin(), lead.ID, []int64{1}); err != nil {
			t.Fatal(err)
		}
		server := build(t, kernel.Dashboard, kerneltest.Options{DB: d, Set: []string{"auth.admin_password=admin", "auth.token_key=0123456789abcdef0123456789abcdef"}})
		operator := &actor.Actor{Role: actor.Admin, ID: fmt.Sprint("user:", root.ID), UserID: root.ID}
		self := &actor.Actor{Role: actor.HR, ID: fmt.Sprint("user:", hr.ID), UserID: hr.ID, OrganizationID: 1}
		const path = "/api/v1/users"
		one := func(id int64, more string) string { return fmt.Sprint(path, "/", id, more) }
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "listed", As: operator, Path: path, Status: 200, Contains: []string{`"organizationId":null`, `"departmentUsers":[{"departmentId":1}]`, `"departmentUsers":[]`, `"total":3,"page":1,"limit":10}`}, Excludes: []string{"password", "$2a$"}},
			httptestx.Scenario{Name: "found", As: operator, Path: path + "?search=LEAD", Status: 200, Contains: []string{`"username":"lead1"`, `"total":1`}},
			httptestx.Scenario{Name: "inactive", As: operator, Path: path + "?isActive=false", Status: 200, Contains: []string{`"data":[],"total":0`}},
			httptestx.Scenario{Name: "sorted by what is not shown", As: operator, Path: path + "?sort=password&order=asc", Status: 400},
			httptestx.Scenario{Name: "not for HR", As: self, Path: path, Status: 403},
			httptestx.Scenario{Name: "roles", As: operator, Path: path + "/roles", Status: 200, Contains: []string{`["ADMIN","HR","DEPARTMENT_LEAD","GUARD"]`}},
			httptestx.Scenario{Name: "made", As: operator, Path: path, Body: `{"username":"new","password":"Password123!","name":"Yangi","role":"HR","organizationId":1}`, Status: 201, Contains: []string{`"organizationId":1,"role":"HR","isActive":true`}},
			httptestx.Scenario{Name: "made again", As: operator, Path: path, Body: `{"username":"new","password":"Password123!","name":"Yangi","role":"HR","organizationId":1}`, Status: 409},
			httptestx.Scenario{Name: "weak", As: operator, Path: path, Body: `{"username":"weak","password":"password","name":"Y","role":"HR","organizationId":1}`, Status: 400, Contains: []string{"Validation failed: password: "}},
			httptestx.Scenario{Name: "of no organization there is", As: operator, Path: path, Body: `{"username":"w","password":"Password123!","name":"Y","role":"HR","organizationId":99}`, Status: 400, Contains: []string{"organizationId: "}},
			httptestx.Scenario{Name: "an id of its own", As: operator, Path: path, Body: `{"username":"w","password":"Password123!","name":"Y","role":"HR","organizationId":1,"id":500}`, Status: 400, Contains: []string{"id: "}},
			httptestx.Scenario{Name: "one", As: operator, Path: one(hr.ID, ""), Status: 200, Contains: []string{`"username":"hr1"`}},
			httptestx.Scenario{Name: "none", As: operator, Path: one(999, ""), Status: 404},
			httptestx.Scenario{Name: "oneself by id", As: operator, Method: "PUT", Path: one(root.ID, ""), Body: `{"name":"X"}`, Status: 409},
			httptestx.Scenario{Name: "taken name", As: operator, Method: "PUT", Path: one(lead.ID, ""), Body: `{"username":"hr1"}`, Status: 409},
			httptestx.Scenario{Name: "departments added", As: operator, Path: one(lead.ID, "/assign-department"), Body: `{"departmentIds":[2]}`, Status: 201, Contains: []string{`"username":"lead1"`}},
			httptestx.Scenario{Name: "departments added again", As: operator, Path: one(lead.ID, "/assign-department"), Body: `{"departmentIds":[2]}`, Status: 201},
			httptestx.Scenario{Name: "both", As: operator, Path: path + "?search=lead1", Status: 200, Contains: []string{`[{"departmentId":1},{"departmentId":2}]`}},
			httptestx.Scenario{Name: "no such department", As: operator, Path: one(lead.ID, "/assign-department"), Body: `{"departmentIds":[999]}`, Status: 400},
			httptestx.Scenario{Name: "none given", As: operator, Path: one(lead.ID, "/assign-department"), Body: `{}`, Status: 400, Contains: []string{"departmentIds: "}},
			httptestx.Scenario{Name: "no lead", As: operator, Path: one(hr.ID, "/assign-department"), Body: `{"departmentIds":[1]}`, Status: 409},
			httptestx.Scenario{Name: "moved", As: operator, Path: one(lead.ID, "/assign-organization"), Body: `{"organizationId":2}`, Status: 201, Contains: []string{`"organizationId":2`}},
			httptestx.Scenario{Name: "leads none there", As: operator, Path: path + "?search=lead1", Status: 200, Contains: []string{`"departmentUsers":[]`}},
			httptestx.Scenario{Name: "an operator belongs to none", As: operator, Path: one(root.ID, "/assign-organization"), Body: `{"organizationId":2}`, Status: 400},
			httptestx.Scenario{Name: "moved to none", As: operator, Path: one(lead.ID, "/assign-organization"), Body: `{"organizationId":99}`, Status: 400},
			httptestx.Scenario{Name: "another role", As: operator, Path: one(lead.ID, "/change-role"), Body: `{"role":"GUARD"}`, Status: 201, Contains: []string{`"role":"GUARD"`}},
			httptestx.Scenario{Name: "no such role", As: operator, Path: one(lead.ID, "/change-role"), Body: `{"role":"BOSS"}`, Status: 400},
			httptestx.Scenario{Name: "operators are of another kind", As: operator, Path: one(lead.ID, "/change-role"), Body: `{"role":"ADMIN"}`, Status: 409},
			httptestx.Scenario{Name: "oneself is not deleted", As: operator, Method: "DELETE", Path: one(root.ID, ""), Status: 409},
			httptestx.Scenario{Name: "deleted", As: operator, Method: "DELETE", Path: one(lead.ID, ""), Status: 200, Contains: []string{`"isActive":false`}},
			httptestx.Scenario{Name: "me", As: self, Path: path + "/me", Status: 200, Contains: []string{`"username":"hr1"`}, Excludes: []string{"password"}},
			httptestx.Scenario{Name: "my name", As: self, Method: "PUT", Path: path + "/me", Body: `{"name":"Q"}`, Status: 200, Contains: []string{`"name":"Q"`}, Excludes: []string{"$2a$"}},
			httptestx.Scenario{Name: "my user name wants my password", As: self, Method: "PUT", Path: path + "/me", Body: `{"username":"q"}`, Status: 400, Contains: []string{"currentPassword: "}},
			httptestx.Scenario{Name: "a wrong password", As: self, Method: "PUT", Path: path + "/me", Body: `{"currentPassword":"Wrong123!","newPassword":"Another123#"}`, Status: 409},
			httptestx.Scenario{Name: "a weak password", As: self, Method: "PUT", Path: path + "/me", Body: `{"currentPassword":"Wrong123!","newPassword":"weak"}`, Status: 400},
			httptestx.Scenario{Name: "a taken user name", As: self, Method: "PUT", Path: path + "/me", Body: fmt.Sprintf(`{"username":"root","currentPassword":%q}`, password), Status: 409},
			httptestx.Scenario{Name: "my password", As: self, Method: "PUT", Path: path + "/me", Body: fmt.Sprintf(`{"currentPassword":%q,"newPassword":"Another123#"}`, password), Status: 200},
			httptestx.Scenario{Name: "it is another", As: self, Method: "PUT", Path: path + "/me", Body: fmt.Sprintf(`{"currentPassword":%q,"newPassword":"Another123#"}`, password), Status: 409},
			httptestx.Scenario{Name: "not mine to say", As: self, Method: "PUT", Path: path + "/me", Body: `{"role":"ADMIN"}`, Status: 400, Contains: []string{"role: "}},
			httptestx.Scenario{Name: "a key is nobody", As: &actor.Actor{Role: actor.Admin, ID: "key:1", OrganizationID: 1}, Path: path + "/me", Status: 403},
		)
	})
}

// Whoever is moved is signed out, and its sign-ins do not stand in the way.
func TestAMoveEndsSignIns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u, two := newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1"), int64(2)
		g := signIn(t, s, "lead1")
		if _, err := s.updateUser(admin(), u.ID, userInput{OrganizationID: &two}); err != nil || !good(t, s, g.access) {
			t.Fatalf("%v; what /api/v2 says of the organization is left alone", err)
		}
		moved, err := s.updateUser(admin(), u.ID, userInput{OrganizationID: &two, move: true})
		if err != nil || moved.organization() != 2 || good(t, s, g.access) {
			t.Errorf("%+v, %v, signed in: %v", moved, err, good(t, s, g.access))
		}
		if again := signIn(t, s, "lead1"); !good(t, s, again.access) || again.user.organization() != 2 {
			t.Errorf("signed in as of %d", again.user.organization())
		}
		if _, err := s.updateUser(keyOfOrganization(2), u.ID, userInput{OrganizationID: new(int64), move: true}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("moved by an administrator of one organization: %v", err)
		}
	})
}
