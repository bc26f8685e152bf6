package doors

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// runOrders judges what is ordered, until nothing is.
func (o office) runOrders(t *testing.T) (n int) {
	t.Helper()
	for ; len(*o.ordered) > 0; n++ {
		next := (*o.ordered)[0]
		*o.ordered = (*o.ordered)[1:]
		if err := o.again(as(actor.Admin, 0), next); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func input(t *testing.T, text string) (in deviceInput) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestAPassThatWasSetAsideCountsWhenItIsSentAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		stranger, ahead := action(5, "09:00:00", true, named(11)), action(3, "12:30:00", true, named(11))
		before := mustTake(t, o, terminal(1), stranger, ahead)
		if before[0].row.Problem != deviceUnknown || before[1].row.Problem != timeAhead {
			t.Fatalf("set aside as %s and %s", before[0].row.Problem, before[1].row.Problem)
		}
		write(t, d, "UPDATE devices SET is_active = true WHERE id = 5") // unscoped: the test
		o.now = func() time.Time { return noon.Add(time.Hour) }
		for i, got := range mustTake(t, o, terminal(1), stranger, ahead) {
			if !got.duplicate || got.row.ID != before[i].row.ID || got.row.Problem != "" || got.row.EmployeeID != 11 || got.row.DeviceID == 0 {
				t.Errorf("sent again it is %+v", got)
			}
		}
		if got := ways(t, o, 11); got != "IO" {
			t.Errorf("went %s, want IO", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE problem IS NULL AND visitor_type = 'EMPLOYEE'"); n != 2 {
			t.Errorf("%d passes, want 2", n)
		}
	})
}

func TestADeviceThatIsMadeKnownBringsWhatItReportedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(9, "11:00:00", true, named(11)), action(9, "09:00:00", true, named(11)), action(9, "10:00:00", false, named(11)),
			action(9, "08:00:00", true, named(12)), action(5, "09:00:00", true, named(12)), action(8, "09:00:00", true, named(12)))
		mustTake(t, o, terminal(2), action(9, "09:00:00", true, named(21)))
		if _, err := o.create(as(actor.HR, 1), 0, input(t, `{"name":"New","ipAddress":"10.0.0.9","entryType":"BOTH"}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := o.update(as(actor.HR, 1), 5, input(t, `{"isActive":true}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := o.update(as(actor.HR, 1), 5, input(t, `{"name":"Side"}`)); err != nil {
			t.Fatal(err)
		}
		if n := o.runOrders(t); n != 2 {
			t.Errorf("%d orders, want 2: a new name brings nothing", n)
		}
		if got := ways(t, o, 11) + " " + ways(t, o, 12); got != "IO II" {
			t.Errorf("went %s, want IO II", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE organization_id = 1 AND problem = 'device_unknown'"); n != 1 {
			t.Errorf("%d passes are set aside, want that of the unknown device", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE organization_id = 2 AND problem IS NULL"); n != 0 {
			t.Errorf("%d passes of another tenant count", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM devices WHERE ip_address = '10.0.0.9' AND last_seen_at IS NOT NULL"); n != 0 {
			t.Error("what came before made the device look alive")
		}
	})
}

func TestPassesAreJudgedAgainInPortions(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	var in []json.RawMessage
	for i := range 2*portion + 1 {
		in = append(in, action(5, fmt.Sprintf("08:%02d:%02d", i/60, i%60), true, named(11)))
	}
	mustTake(t, o, terminal(1), in...)
	order := again{OrganizationID: 1, Address: "10.0.0.5"}
	*o.ordered = append(*o.ordered, order)
	if n := o.runOrders(t); n != 3 || len(ways(t, o, 11)) != 0 {
		t.Errorf("%d orders for a device that is not active, %s", n, ways(t, o, 11))
	}
	if _, err := o.update(as(actor.HR, 1), 5, input(t, `{"isActive":true,"entryType":"EXIT"}`)); err != nil {
		t.Fatal(err)
	}
	if n := o.runOrders(t); n != 3 {
		t.Errorf("%d orders, want 3", n)
	}
	if n := counted(t, o.store.db, "SELECT count(*) FROM passes WHERE entry_type = ?", pass.Exit); n != len(in) {
		t.Errorf("%d passes count, want %d", n, len(in))
	}
}
