package doors

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// A visitor's code at a door: in once, out by it, and what it may not do is a problem of the pass.
func TestACodeLetsAVisitorThrough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for i, want := range []struct {
			device    int
			granted   bool
			person    string
			visitor   int64
			direction pass.Direction
			by        string
			problem   problem
		}{
			{1, false, `{"cardNumber":"GUEST"}`, 0, "", "", personUnknown}, // refused: nothing is used up
			{1, true, `{"cardNumber":"GUEST"}`, 5, pass.Enter, byDevice, ""},
			{3, true, `{"personId":"GUEST"}`, 5, pass.Exit, byAlternation, ""},
			{1, true, `{"cardNumber":"GUEST"}`, 0, pass.Enter, byDevice, codeUsed},
			{1, true, `{"cardNumber":"LATE"}`, 0, pass.Enter, byDevice, codeExpired},
			{1, true, `{"cardNumber":"WRONG"}`, 0, pass.Enter, byDevice, personUnknown},
			{2, true, `{"cardNumber":"GUEST"}`, 5, pass.Exit, byDevice, ""},
			{1, true, `{"employeeId":"999","cardNumber":"LATE"}`, 0, pass.Enter, byDevice, codeExpired},
			{1, true, `{"cardNumber":"TAKEN"}`, 0, pass.Enter, byDevice, codeWithdrawn}, // which must not turn the other reports away
		} {
			in := action(want.device, fmt.Sprintf("09:00:%02d", i), want.granted, want.person)
			got := mustTake(t, o, terminal(1), in)[0]
			if got.row.VisitorID != want.visitor || got.row.EntryType != want.direction || got.row.DirectionBy != want.by || got.row.Problem != want.problem {
				t.Errorf("%d: visitor %d went %q by %q (%s), want %+v", i, got.row.VisitorID, got.row.EntryType, got.row.DirectionBy, got.row.Problem, want)
			}
			if want.visitor != 0 && (got.told.VisitorName != "Anvar" || got.row.VisitorType != "VISITOR") {
				t.Errorf("%d: told %+v of a %s", i, got.told, got.row.VisitorType)
			}
			if again := mustTake(t, o, terminal(1), in)[0]; !again.duplicate {
				t.Errorf("%d: sent again it is another pass", i)
			}
		}
		today, err := o.today(as(actor.HR, 1), 1, 0)
		if err != nil || today.entries != 6 || today.nobody != 5 || len(today.inside) != 0 {
			t.Errorf("today %d came, %d are nobody, %d inside, %v", today.entries, today.nobody, len(today.inside), err)
		}
	})
}

// The text of a QR picture is what counts, wherever a terminal puts it, and two texts are two passes.
func TestAPictureIsReadWhereverItStands(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	shown := func(text string) []byte {
		return fmt.Appendf(nil, `{"deviceIp":"10.0.0.1","deviceSerial":"SN1","actionType":"QR_CODE","timestamp":"2026-11-02T09:00:00Z","accessGranted":true,"eventData":{"QRCodeInfo":%q}}`, text)
	}
	got := mustTake(t, o, terminal(1), shown("OTHER"), shown("GUEST"))
	if got[0].row.VisitorID != 0 || got[0].row.Problem != personNotNamed || got[1].row.VisitorID != 5 || got[1].duplicate {
		t.Errorf("read as %+v and %+v", got[0].row, got[1].row)
	}
	if page, err := o.getPasses(as(actor.HR, 1), passesRequest{}); err != nil || page.Items[0].VisitorName != "Anvar" {
		t.Errorf("listed as %+v, %v", page.Items, err)
	}
}
