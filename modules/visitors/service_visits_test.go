package visitors

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func TestWhoStaysTooLongIsListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		until := noon.Add(time.Hour)
		for _, v := range []visitorRow{newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1), newVisitor(t, s, hr(), "Ботир", "Ҳамкоров", 2)} {
			if _, err := s.arrives(guard(), arrival{VisitorID: v.ID, Until: &until}); err != nil {
				t.Fatal(err)
			}
			until = until.Add(time.Hour)
		}
		newCodeOf(t, s, hr(), newVisitor(t, s, hr(), "Kutilgan", "Mehmon", 0).ID, oneTime)
		s.now = func() time.Time { return noon.Add(90 * time.Minute) }
		listed := func(ctx context.Context, query string) string {
			return strings.Join(grid.Items(gridtest.All(t, ctx, s.visits(), query), func(v visitResponse) string { return v.VisitorName }), "; ")
		}
		for query, want := range map[string]string{
			"overstay=true": "Mehmonov Anvar", "overstay=false": "Ҳамкоров Ботир", "inside=true&sort=visitorName": "Ҳамкоров Ботир; Mehmonov Anvar",
			"q=hamkorov": "Ҳамкоров Ботир", "hostName=nodira": "Mehmonov Anvar", "hostId=2": "Ҳамкоров Ботир", "inside=false": "",
		} {
			if got := listed(guard(), query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		if got := listed(lead(), ""); got != "Mehmonov Anvar" {
			t.Errorf("a lead sees %s", got)
		}
		today, err := s.getToday(guard(), struct{}{})
		if want := (todayResponse{"2026-11-02", "Asia/Tashkent", 1, 2, 1, 2, 0}); err != nil || today != want {
			t.Errorf("today %+v, %v", today, err)
		}
	})
}

// A door lets in whom a desk would let in, and out whoever is inside.
func TestADoorLetsVisitorsThrough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
		code := newCodeOf(t, s, hr(), v.ID, multiple)
		pass := func(ctx context.Context, p visitor.Passage) (a visitor.Admission, err error) {
			err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				a, err = s.Pass(ctx, tx, p)
				return err
			})
			return a, err
		}
		if a, err := pass(guard(), visitor.Passage{Code: code.Code, At: noon, Exit: true}); err != nil || a != (visitor.Admission{VisitorID: v.ID, Name: "Mehmonov Anvar", Exit: true}) {
			t.Errorf("out before in: %+v, %v", a, err)
		}
		if _, err := pass(other(), visitor.Passage{Code: code.Code, At: noon}); !errors.Is(err, visitor.ErrCodeUnknown) {
			t.Errorf("another tenant's door: %v", err)
		}
		if _, err := pass(guard(), visitor.Passage{Code: code.Code, At: noon.Add(3 * time.Hour)}); !errors.Is(err, visitor.ErrCodeExpired) {
			t.Errorf("too late: %v", err)
		}
		text, err := json.Marshal(qrOf(code, v))
		if err != nil {
			t.Fatal(err)
		}
		in, err := pass(guard(), visitor.Passage{Code: string(text), At: noon})
		if err != nil || in.VisitID == 0 {
			t.Errorf("in: %+v, %v", in, err)
		}
		if again, err := pass(guard(), visitor.Passage{Code: code.Code, At: noon}); err != nil || again != in {
			t.Errorf("in by a second door: %+v, %v", again, err)
		}
		if out, err := pass(guard(), visitor.Passage{Code: code.Code, At: noon.Add(5 * time.Hour), Exit: true}); err != nil || !out.Exit || out.VisitID != in.VisitID {
			t.Errorf("out: %+v, %v", out, err)
		}
		// A door of both ways: in, and out.
		in, err = pass(guard(), visitor.Passage{Code: code.Code, At: noon, Turns: true})
		if err != nil || in.Exit || in.VisitID == 0 {
			t.Errorf("by turns in: %+v, %v", in, err)
		}
		if out, err := pass(guard(), visitor.Passage{Code: code.Code, At: noon, Turns: true}); err != nil || !out.Exit || out.VisitID != in.VisitID {
			t.Errorf("by turns out: %+v, %v", out, err)
		}
		if n := counted(t, d, "SELECT uses FROM onetime_codes WHERE id = ?", code.ID); n != 3 {
			t.Errorf("%d uses", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM visits WHERE checked_out_at IS NOT NULL"); n != 2 {
			t.Errorf("%d have left", n)
		}
		names, err := s.ByIDs(guard(), []int64{v.ID, 999})
		if err != nil || len(names) != 1 || names[v.ID].Name != "Mehmonov Anvar" {
			t.Errorf("names %v, %v", names, err)
		}
		if names, err := s.ByIDs(other(), []int64{v.ID}); err != nil || len(names) != 0 {
			t.Errorf("another tenant has names %v, %v", names, err)
		}
	})
}

// Two desks check the same visitor in at once: one visit begins.
func TestAVisitorComesInOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
		var all sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			all.Go(func() { _, results[i] = s.arrives(guard(), arrival{VisitorID: v.ID}) })
		}
		all.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, errInside) {
				t.Errorf("a loser is told %v", err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM visits"); won != 1 || n != 1 {
			t.Errorf("%d were let in, %d visits", won, n)
		}
	})
}
