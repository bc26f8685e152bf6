package organizations

import (
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestIndexIsOfActiveOrganizations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(d)
		alpha, beta, gone := newOrganization(t, s, "Alpha"), newOrganization(t, s, "Beta"), newOrganization(t, s, "Gone")
		off := false
		if _, err := s.update(admin(), gone, organizationInput{IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		all, err := s.All(admin())
		if err != nil || len(all) != 2 || all[0].ID != alpha || all[1].ID != beta || all[0].Zone == nil {
			t.Errorf("the operator sees %+v, %v", all, err)
		}
		if all, err = s.All(as(actor.HR, beta)); err != nil || len(all) != 1 || all[0].ID != beta {
			t.Errorf("the second sees %+v, %v", all, err)
		}
	})
}
