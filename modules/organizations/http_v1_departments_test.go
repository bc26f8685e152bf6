package organizations

import (
	"context"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestOrganizationsAreChangedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{1}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 1}
		const path = "/api/v1/organizations"
		full := `{"fullName":"Yangi","shortName":"Y","email":"y@x.uz","phone":"+998 90 123-45-67","address":"Buxoro","additionalDetails":"d"}`
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "made", As: operator, Path: path, Body: full, Status: 201, Contains: []string{`"id":3,`, `"phone":"+998 90 123-45-67"`, `"logo":null`, `"isActive":true`}},
			httptestx.Scenario{Name: "short name taken", As: operator, Path: path, Body: full, Status: 409, Contains: []string{`"code":"Conflict"`}},
			httptestx.Scenario{Name: "nothing given", As: operator, Path: path, Body: `{}`, Status: 400, Contains: []string{`"HTTP_EXCEPTION"`, "Validation failed: fullName: ", "shortName: "}},
			httptestx.Scenario{Name: "foreign phone", As: operator, Path: path, Body: `{"fullName":"F","shortName":"F","phone":"+14155552671"}`, Status: 400, Contains: []string{"Validation failed: phone: "}},
			httptestx.Scenario{Name: "dialled within", As: operator, Path: path, Body: `{"fullName":"F","shortName":"F","phone":"901234567","email":null}`, Status: 201, Contains: []string{`"email":null`}},
			httptestx.Scenario{Name: "bad e-mail", As: operator, Path: path, Body: `{"fullName":"G","shortName":"G","email":"nope"}`, Status: 400, Contains: []string{"email: "}},
			httptestx.Scenario{Name: "not to be sent", As: operator, Path: path, Body: `{"fullName":"G","shortName":"G","isActive":false}`, Status: 400, Contains: []string{"isActive: "}},
			httptestx.Scenario{Name: "changed in part", As: operator, Method: "PUT", Path: path + "/1", Body: `{"address":null}`, Status: 200, Contains: []string{`"address":null`, `"logo":"logos/1.png"`, `"email":"info@sector.uz"`}},
			httptestx.Scenario{Name: "no such", As: operator, Method: "PUT", Path: path + "/99", Body: `{"fullName":"z"}`, Status: 404, Contains: []string{`"Not Found"`}},
			httptestx.Scenario{Name: "whole", As: operator, Path: path + "/1", Status: 200, Contains: []string{`"departments":[{"id":1,"organizationId":1,"parentId":null,`}},
			httptestx.Scenario{Name: "no number", As: operator, Path: path + "/abc", Status: 400},
			httptestx.Scenario{Name: "its departments", As: operator, Path: path + "/1/departments?limit=1", Status: 200, Contains: []string{`"_count":{"employees":0,"children":0}`, `"total":2,"page":1,"limit":1`}},
			httptestx.Scenario{Name: "a lead's own", As: lead, Path: path + "/self", Status: 200, Contains: []string{`[{"id":1,`}, Excludes: []string{`"id":2,`}},
			httptestx.Scenario{Name: "no guard's", As: guard, Path: path + "/self", Status: 403},
			httptestx.Scenario{Name: "used", As: operator, Method: "DELETE", Path: path + "/1", Status: 200, Contains: []string{`{"message":"Organization is in use and was deactivated."}`}},
			httptestx.Scenario{Name: "deleted", As: operator, Method: "DELETE", Path: path + "/3", Status: 200, Contains: []string{`{"message":"Organization deleted successfully."}`}},
			httptestx.Scenario{Name: "deleted again", As: operator, Method: "DELETE", Path: path + "/3", Status: 404},
		)
	})
}

func TestDepartmentsAreServedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("INSERT INTO employees (organization_id, department_id, name, name_search, created_at, updated_at) VALUES (1, 1, 'Aziz Rahimov', 'aziz', ?0, ?0)", noon).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{2}}
		for i, path := range []string{"/api/v1/departments", "/api/departments"} {
			made := 4 + i
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "listed", As: hr, Path: path + "?search=SEX", Status: 200, Contains: []string{`"parentId":null`, `"_count":{"employees":1,"children":0}}],"total":1,"page":1,"limit":10}`}},
				httptestx.Scenario{Name: "a lead's", As: lead, Path: path, Status: 200, Contains: []string{`"id":2,`, `"total":1`}},
				httptestx.Scenario{Name: "made below", As: hr, Path: path, Body: `{"fullName":"Brigada","shortName":"B","organizationId":1,"parentId":1}`, Status: 201, Contains: []string{fmt.Sprintf(`"id":%d,"organizationId":1,"parentId":1`, made)}},
				httptestx.Scenario{Name: "of no organization", As: hr, Path: path, Body: `{"fullName":"Brigada","shortName":"B"}`, Status: 400, Contains: []string{"organizationId: "}},
				httptestx.Scenario{Name: "of another organization", As: hr, Path: path, Body: `{"fullName":"Brigada","shortName":"B","organizationId":2}`, Status: 404},
				httptestx.Scenario{Name: "below none", As: hr, Path: path, Body: `{"fullName":"Brigada","shortName":"B","organizationId":1,"parentId":999}`, Status: 400, Contains: []string{"parentId: "}},
				httptestx.Scenario{Name: "made by a lead", As: lead, Path: path, Body: `{"fullName":"Brigada","shortName":"B","organizationId":1}`, Status: 403},
				httptestx.Scenario{Name: "own", As: hr, Path: path + "/self", Status: 200, Contains: []string{`"id":1,`, `"_count":{"employees":1,"children":1}`}, Excludes: []string{`"organizationId":2`}},
				httptestx.Scenario{Name: "whole", As: hr, Path: path + "/1", Status: 200, Contains: []string{`"organization":{"id":1,`, `"parent":null`, fmt.Sprintf(`"children":[{"id":%d,`, made), `"employees":[{"id":1,"departmentId":1,"organizationId":1,"policyId":null,"name":"Aziz Rahimov"`}},
				httptestx.Scenario{Name: "with its parent", As: hr, Path: fmt.Sprint(path, "/", made), Status: 200, Contains: []string{`"parent":{"id":1,`, `"children":[]`, `"employees":[]`}},
				httptestx.Scenario{Name: "a foreign one", As: hr, Path: path + "/3", Status: 404},
				httptestx.Scenario{Name: "below one", As: hr, Path: path + "/1/sub-departments", Status: 200, Contains: []string{
					`{"success":true,"data":{"department":{"id":1,"full_name":"Sex","short_name":"Sex","organization_name":"Sector Soft MChJ"}`,
					`"policy_id":null`, `"total_sub_departments":1,"active_sub_departments":1,"total_employees":0`, `"can_edit_sub_dept":true`,
				}},
				httptestx.Scenario{Name: "in a circle", As: hr, Method: "PUT", Path: path + "/1", Body: fmt.Sprintf(`{"parentId":%d}`, made), Status: 409},
				httptestx.Scenario{Name: "to another organization", As: hr, Method: "PUT", Path: path + "/1", Body: `{"organizationId":2}`, Status: 409},
				httptestx.Scenario{Name: "changed", As: hr, Method: "PUT", Path: path + "/1", Body: `{"organizationId":1,"email":"it@sector.uz"}`, Status: 200, Contains: []string{`"email":"it@sector.uz"`}},
				httptestx.Scenario{Name: "used", As: hr, Method: "DELETE", Path: path + "/1", Status: 200, Contains: []string{"Department is in use and was deactivated."}},
				httptestx.Scenario{Name: "deleted", As: hr, Method: "DELETE", Path: fmt.Sprint(path, "/", made), Status: 200, Contains: []string{"Department deleted successfully."}},
			)
		}
	})
}
