package employees

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

// newServerV1 has twelve employees of two organizations, of which the last has everything, as in v1's dump.
func newServerV1(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	s := newService(t, d)
	all := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
	for i := range 12 {
		name, department, active := fmt.Sprintf("Xodim %d", i+1), int64(1+i%4), i%3 > 0
		in := employeeInput{Name: &name, DepartmentID: &department, IsActive: &active}
		if i == 5 {
			in.Name = text("Шаҳноза Қодирова")
		}
		if i == 11 {
			in.Name, in.Address, in.Phone, in.Email, in.Photo = text("Bobur Mahmudov"), text("Toshkent, 20-uy"), text("+998901002220"), text("emp_20@oltin.uz"), text("employees/20.jpg")
		}
		s.now = func() time.Time { return noon.Add(time.Duration(i) * time.Hour) }
		if _, err := s.create(all, in); err != nil {
			t.Fatal(err)
		}
	}
	return serverOn(t, d)
}

func text(s string) *string { return &s }

func TestEmployeesAreListedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{2}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 2}
		for _, path := range []string{"/api/v1/employees", "/api/employees"} {
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "newest first", As: operator, Path: path + "?limit=2", Status: 200, Golden: "v1-employees"},
				httptestx.Scenario{Name: "second page", As: operator, Path: path + "?page=2", Status: 200, Contains: []string{`"id":2,`, `"id":1,`, `"total":12,"page":2,"limit":10}`}, Excludes: []string{`"id":3,`}},
				httptestx.Scenario{Name: "in the other script", As: operator, Path: path + "?search=shahnoza", Status: 200, Contains: []string{"Шаҳноза", `"total":1`}},
				httptestx.Scenario{Name: "in large letters", As: operator, Path: path + "?search=%D0%A8%D0%90%D2%B2%D0%9D%D0%9E%D0%97%D0%90", Status: 200, Contains: []string{`"total":1`}},
				httptestx.Scenario{Name: "by phone", As: operator, Path: path + "?search=%2B99890", Status: 200, Contains: []string{"Bobur", `"total":1`}},
				httptestx.Scenario{Name: "by e-mail", As: operator, Path: path + "?search=EMP_2", Status: 200, Contains: []string{"Bobur", `"total":1`}},
				httptestx.Scenario{Name: "no wildcards", As: operator, Path: path + "?search=emp%252", Status: 200, Contains: []string{`"data":[],"total":0`}},
				httptestx.Scenario{Name: "inactive", As: operator, Path: path + "?isActive=false", Status: 200, Contains: []string{`"total":4`}, Excludes: []string{`"isActive":true`}},
				httptestx.Scenario{Name: "by name", As: operator, Path: path + "?sort=name&limit=1", Status: 200, Contains: []string{"Bobur"}},
				httptestx.Scenario{Name: "by name, turned", As: operator, Path: path + "?sort=id&order=desc&limit=1", Status: 200, Contains: []string{`"id":12`}},
				httptestx.Scenario{Name: "HR sees its organization", As: hr, Path: path, Status: 200, Contains: []string{`"total":3`}, Excludes: []string{`"organizationId":1`}},
				httptestx.Scenario{Name: "a lead sees its departments", As: lead, Path: path, Status: 200, Contains: []string{`"total":3`}, Excludes: []string{`"departmentId":1`, `"departmentId":3`}},
				httptestx.Scenario{Name: "a guard sees less", As: guard, Path: path, Status: 200, Contains: []string{`"phone":null`, `"email":null`, `"photo":"employees/20.jpg"`, `"organizationId":null`, `"isActive":null`, `"createdAt":null,"updatedAt":null`}, Excludes: []string{"998", "oltin", "20-uy", "2026"}},
				httptestx.Scenario{Name: "a guard finds no phone", As: guard, Path: path + "?search=%2B99890", Status: 200, Contains: []string{`"total":0`}},
				httptestx.Scenario{Name: "a guard sorts by no phone", As: guard, Path: path + "?sort=phone", Status: 400},
				httptestx.Scenario{Name: "a guard sorts by no time", As: guard, Path: path + "?sort=createdAt", Status: 400},
				httptestx.Scenario{Name: "a guard's newest first", As: guard, Path: path + "?limit=1", Status: 200, Contains: []string{`"id":12`}},
				httptestx.Scenario{Name: "a guard's list of those who work", As: guard, Path: path + "?isActive=true", Status: 200, Contains: []string{`"total":2`}},
				httptestx.Scenario{Name: "unknown parameter", As: operator, Path: path + "?departmentId=1", Status: 400},
				httptestx.Scenario{Name: "nobody", Path: path, Status: 401},
			)
		}
	})
}
