package visitors

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
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
		for name, c := range map[string]struct {
			ctx  context.Context
			in   todayRequest
			want todayResponse
		}{
			"a guard's":             {guard(), todayRequest{}, todayResponse{"2026-11-02", "Asia/Tashkent", 1, 2, 1, 2, 0, "O1"}},
			"of one organization":   {admin(), todayRequest{1}, todayResponse{"2026-11-02", "Asia/Tashkent", 1, 2, 1, 2, 0, "O1"}},
			"of the other":          {admin(), todayRequest{2}, todayResponse{"2026-11-02", "Asia/Tashkent", 0, 0, 0, 0, 0, "O2"}},
			"a guard asks for more": {guard(), todayRequest{1}, todayResponse{"2026-11-02", "Asia/Tashkent", 1, 2, 1, 2, 0, "O1"}},
		} {
			if today, err := s.getToday(c.ctx, c.in); err != nil || today != c.want {
				t.Errorf("%s today is %+v, %v", name, today, err)
			}
		}
		if _, err := s.getToday(guard(), todayRequest{2}); !errors.Is(err, organization.ErrUnknown) {
			t.Errorf("another organization's day: %v", err)
		}
	})
}

// Expected today is who has a code for what is left of it and is not here; until when says the code that comes first.
func TestWhoIsExpectedTodayIsListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		give := func(name string, host int64, from, until time.Time) visitorRow {
			t.Helper()
			v := newVisitor(t, s, hr(), name, "Mehmon", host)
			kind := oneTime
			if _, _, err := s.give(hr(), v.ID, codeInput{CodeType: &kind, StartDate: &from, EndDate: &until}); err != nil {
				t.Fatal(err)
			}
			return v
		}
		midnight := noon.Add(12 * time.Hour)
		give("Bugun", 1, noon.Add(3*time.Hour), noon.Add(4*time.Hour))
		give("Kechqurun", 2, midnight.Add(-time.Minute), midnight.Add(time.Hour))
		give("Ertaga", 1, midnight, midnight.Add(time.Hour))
		give("Kech", 1, noon.Add(-2*time.Hour), noon.Add(-time.Hour))
		here := give("Ichkarida", 1, noon.Add(-time.Hour), noon.Add(time.Hour))
		gone := give("Kiritilmaydi", 1, noon.Add(-time.Hour), noon.Add(time.Hour))
		off := false
		_, failed := s.arrives(guard(), arrival{VisitorID: here.ID})
		if _, err := s.update(hr(), gone.ID, visitorInput{IsActive: &off}); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		listed := func(ctx context.Context, query string) string {
			return strings.Join(grid.Items(gridtest.All(t, ctx, s.visitors(), query), func(v visitorResponse) string { return v.FirstName }), " ")
		}
		for query, want := range map[string]string{"expected=true&sort=id": "Bugun Kechqurun", "expected=false&sort=id": "Ertaga Kech Ichkarida Kiritilmaydi"} {
			if got := listed(guard(), query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		if got := listed(lead(), "expected=true"); got != "Bugun" {
			t.Errorf("a lead expects %s", got)
		}
		if got := listed(other(), "expected=true"); got != "" {
			t.Errorf("another organization expects %s", got)
		}
		if got := listed(admin(), "expected=true&sort=id&organizationId=1"); got != "Bugun Kechqurun" {
			t.Errorf("of one organization are expected %s", got)
		}
		for _, v := range gridtest.All(t, guard(), s.visitors(), "") {
			coming := slices.Contains([]string{"Bugun", "Kechqurun", "Ertaga"}, v.FirstName)
			if coming != (v.ExpectedFrom != nil && v.ExpectedUntil != nil && v.ExpectedUntil.After(*v.ExpectedFrom)) {
				t.Errorf("%s is expected from %v until %v", v.FirstName, v.ExpectedFrom, v.ExpectedUntil)
			}
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
