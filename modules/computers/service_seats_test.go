package computers

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestSeatsAreWhoSitsWhereNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		see(t, o.service, 1, "PC-1", "S-2")
		see(t, o.service, 1, "PC-2", "S-1")
		see(t, o.service, 1, "PC-3", "")
		see(t, o.service, 2, "PC-1", "S-1")
		if _, err := o.RegisterUser(hr(1), computer.UserDetails{SID: "S-9"}); err != nil {
			t.Fatal(err)
		}
		linkAt(t, o.service, userID(t, o.service, 1, "S-1"), 11, nil)
		want := []computer.Seat{
			{UserSID: "S-9"}, {ComputerUID: "PC-1", UserSID: "S-1", EmployeeID: 11}, {ComputerUID: "PC-1", UserSID: "S-2"},
			{ComputerUID: "PC-2", UserSID: "S-1", EmployeeID: 11}, {ComputerUID: "PC-3"},
		}
		if got, err := o.Seats(hr(1)); fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	})
}
