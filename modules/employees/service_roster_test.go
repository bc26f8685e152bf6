package employees

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestRosterIsOfThoseWhoWorkHere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		newEmployee(t, s, 1, "Яна")
		newEmployee(t, s, 2, "Aziza")
		newEmployee(t, s, 4, "Boshqa")
		gone, off := newEmployee(t, s, 1, "Gone"), false
		if _, err := s.update(admin(), gone, employeeInput{IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			who         actor.Role
			led, within []int64
			want        string
		}{
			{actor.HR, nil, nil, "[Aziza Яна]"}, {actor.HR, nil, []int64{1, 4}, "[Яна]"}, {actor.Guard, nil, []int64{}, "[Aziza Яна]"},
			{actor.DepartmentLead, []int64{2}, nil, "[Aziza]"}, {actor.DepartmentLead, []int64{2}, []int64{1}, "[]"}, {actor.DepartmentLead, nil, nil, "[]"},
		} {
			list, err := s.Active(as(c.who, 1, c.led...), c.within)
			names := []string{}
			for _, e := range list {
				if e.OrganizationID != 1 || e.DepartmentID == 0 || !e.Active {
					t.Errorf("%+v", e)
				}
				names = append(names, e.Name)
			}
			if err != nil || fmt.Sprint(names) != c.want {
				t.Errorf("%s of %v within %v: %v, %v; want %s", c.who, c.led, c.within, names, err, c.want)
			}
		}
	})
}
