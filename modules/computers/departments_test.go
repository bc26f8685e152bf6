package computers

import (
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func TestComputersOfADepartment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		see(t, o.service, 1, "PC-2", "S-2")
		see(t, o.service, 1, "PC-3", "S-3")
		for sid, employee := range map[string]int64{"S-1": 11, "S-2": 12} {
			if err := o.link(as(actor.HR, 1), userID(t, o.service, 1, sid), employee, nil); err != nil {
				t.Fatal(err)
			}
		}
		m := &Module{service: o.service}
		for query, want := range map[string]string{
			"departmentId=1":              "PC-1 PC-2", // 2 is below it
			"departmentId=2":              "PC-2",
			"departmentId=1&sort=-name":   "PC-2 PC-1",
			"departmentId=2&q=pc-1":       "",
			"organizationId=1&sort=-name": "PC-3 PC-2 PC-1",
			"organizationId=2":            "",
			"departmentId=1&limit=1":      "PC-1 PC-2",
			"departmentId=2,1&sort=-id":   "PC-2 PC-1",
		} {
			var uids []string
			for _, c := range gridtest.All(t, as(actor.Admin, 0), m.computers(), query) {
				uids = append(uids, c.ComputerUID)
			}
			if got := strings.Join(uids, " "); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
	})
}
