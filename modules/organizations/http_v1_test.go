package organizations

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// newServerV1 has two organizations, one with departments, as in v1's dump.
func newServerV1(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	o, _ := newService(d)
	sector, oltin := newOrganization(t, o, "Sector Soft MChJ"), newOrganization(t, o, "Олтин Водий АЖ")
	newDepartment(t, o, sector, 0, "Sex")
	newDepartment(t, o, sector, 0, "Ombor")
	newDepartment(t, o, oltin, 0, "QA")
	err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("UPDATE organizations SET logo = 'logos/1.png', phone = '+998712000001', email = 'info@sector.uz', address = 'T', additional_details = 'B' WHERE id = ?", sector).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New())
}

func TestOrganizationsAreListedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		one := &actor.Actor{Role: actor.Admin, ID: "key:1", OrganizationID: 2}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		const both = `"total":2,"page":1,"limit":10}`
		for _, path := range []string{"/api/v1/organizations", "/api/organizations"} {
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "all", As: operator, Path: path, Status: 200, Golden: "v1-organizations", Mask: []string{"createdAt", "updatedAt"}},
				httptestx.Scenario{Name: "found in the other script", As: operator, Path: path + "?search=oltin", Status: 200, Contains: []string{"Олтин", `"total":1`}},
				httptestx.Scenario{Name: "found in its script", As: operator, Path: path + "?search=%D0%9E%D0%9B%D0%A2", Status: 200, Contains: []string{`"total":1`}},
				httptestx.Scenario{Name: "signs find everything", As: operator, Path: path + "?search=%25", Status: 200, Contains: []string{both}},
				httptestx.Scenario{Name: "not found", As: operator, Path: path + "?search=zzz", Status: 200, Contains: []string{`{"data":[],"total":0,"page":1,"limit":10}`}},
				httptestx.Scenario{Name: "inactive", As: operator, Path: path + "?isActive=false", Status: 200, Contains: []string{`{"data":[],"total":0,`}},
				httptestx.Scenario{Name: "second page", As: operator, Path: path + "?limit=1&page=2", Status: 200, Contains: []string{`"id":2`, `"total":2,"page":2,"limit":1}`}, Excludes: []string{`"id":1,`}},
				httptestx.Scenario{Name: "after the last", As: operator, Path: path + "?page=99999", Status: 200, Contains: []string{`{"data":[],"total":2,"page":99999,"limit":10}`}},
				httptestx.Scenario{Name: "turned", As: operator, Path: path + "?sort=createdAt&order=desc&limit=1", Status: 200, Contains: []string{`"id":2`}},
				httptestx.Scenario{Name: "a name alone does nothing", As: operator, Path: path + "?sort=fullName&limit=1", Status: 200, Contains: []string{`"id":1`}},
				httptestx.Scenario{Name: "no such name", As: operator, Path: path + "?sort=zone&order=asc", Status: 400},
				httptestx.Scenario{Name: "unknown parameter", As: operator, Path: path + "?departmentId=1", Status: 400, Contains: []string{"property departmentId should not exist"}},
				httptestx.Scenario{Name: "one organization's administrator", As: one, Path: path, Status: 200, Contains: []string{`"total":1`, `"departments":1`}, Excludes: []string{"Sector"}},
				httptestx.Scenario{Name: "not for others", As: hr, Path: path, Status: 403, Contains: []string{`"code":"Forbidden","message":"Forbidden resource"`}},
				httptestx.Scenario{Name: "nobody", Path: path, Status: 401, Contains: []string{`"code":"HTTP_EXCEPTION","message":"Unauthorized"`}},
			)
		}
	})
}
