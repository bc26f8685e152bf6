package monitoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func newShot(key, uid string, at time.Time) activity.Event {
	return activity.Event{
		Kind: activity.Screenshot, Key: key, ComputerUID: uid, UserSID: "S-1-5-21-7", At: at, Title: "Hisobot", Process: "excel.exe",
		FilePath: "screenshots/" + key + ".png", FileSize: 9, SHA256: "ab", Width: 3, Height: 2,
	}
}

// pictured has screenshots of organization 1 on two computers and one of organization 2 with the same key. Of
// organization 1 employee 5, of department 10, was at PC-1 until noon, then nobody.
func pictured(t *testing.T, d *db.DB) *service {
	t.Helper()
	s := newService(t, d)
	s.computers = registry{links: map[int64][]computer.LinkPeriod{
		1: {{EmployeeID: 5, ComputerUID: "PC-1", UserSID: "S-1-5-21-7", From: noon.Add(-40 * day), Until: noon.Add(-time.Hour)}},
	}}
	s.staff = directory{5: {ID: 5, OrganizationID: 1, DepartmentID: 11}, 6: {ID: 6, OrganizationID: 1, DepartmentID: 20}}
	nobodys := newShot("d", "PC-2", noon.Add(-2*time.Hour))
	nobodys.UserSID = "S-1-5-21-8"
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{
		newShot("a", "PC-1", noon.Add(-3*time.Hour)), newShot("b", "PC-1", noon.Add(-2*time.Hour)), newShot("c", "PC-1", noon.Add(-30*time.Minute)),
		nobodys, newShot("e", "PC-1", noon.Add(-30*time.Hour)),
	}})
	mustPut(t, s, agent(2), activity.Batch{Events: []activity.Event{newShot("a", "PC-1", noon.Add(-3*time.Hour))}})
	return s
}

func keysOf(rows []activity.ScreenshotRow) (keys []string) {
	for _, r := range rows {
		keys = append(keys, fmt.Sprintf("%d%s%d", r.OrganizationID, r.FilePath[len("screenshots/"):len("screenshots/")+1], r.EmployeeID))
	}
	return keys
}

func TestScreenshotsAreThoseThatTheActorMaySee(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := pictured(t, d)
		for name, c := range map[string]struct {
			ctx  context.Context
			ask  activity.ScreenshotQuery
			want []string
		}{
			"of HR":                    {as(actor.HR, 1), activity.ScreenshotQuery{}, []string{"1c0", "1b5", "1d0", "1a5", "1e5"}},
			"of a computer":            {as(actor.HR, 1), activity.ScreenshotQuery{Computer: "PC-2"}, []string{"1d0"}},
			"of an employee":           {as(actor.HR, 1), activity.ScreenshotQuery{Employee: 5}, []string{"1b5", "1a5", "1e5"}},
			"of both":                  {as(actor.HR, 1), activity.ScreenshotQuery{Employee: 5, Computer: "PC-2"}, nil},
			"of a time":                {as(actor.HR, 1), activity.ScreenshotQuery{From: noon.Add(-3 * time.Hour), Until: noon.Add(-2 * time.Hour)}, []string{"1a5"}},
			"of a day":                 {as(actor.HR, 1), activity.ScreenshotQuery{Date: "2026-11-02"}, []string{"1c0", "1b5", "1d0", "1a5"}},
			"of the day before, there": {as(actor.HR, 1), activity.ScreenshotQuery{Date: "2026-11-01"}, []string{"1e5"}},
			"of a lead":                {lead(10), activity.ScreenshotQuery{}, []string{"1b5", "1a5", "1e5"}},
			"of another lead":          {lead(20), activity.ScreenshotQuery{}, nil},
			"of a lead of nobody":      {lead(), activity.ScreenshotQuery{Computer: "PC-1"}, nil},
			"of the operator":          {as(actor.Admin, 0), activity.ScreenshotQuery{Computer: "PC-1", From: noon.Add(-4 * time.Hour), Until: noon.Add(-150 * time.Minute)}, []string{"1a5", "2a0"}},
			"of the operator in one":   {as(actor.Admin, 0), activity.ScreenshotQuery{Organization: 2}, []string{"2a0"}},
			"of the other":             {as(actor.HR, 2), activity.ScreenshotQuery{}, []string{"2a0"}},
		} {
			rows, next, err := s.Screenshots(c.ctx, c.ask)
			got := keysOf(rows)
			if name == "of the operator" { // of one instant, in the order of their ids
				slices.Sort(got)
			}
			if b, d := slices.Index(got, "1b5"), slices.Index(got, "1d0"); b > d && d >= 0 {
				got[b], got[d] = got[d], got[b]
			}
			if !slices.Equal(got, c.want) || next != "" || err != nil {
				t.Errorf("%s: %v, %q, %v, want %v", name, got, next, err, c.want)
			}
		}
		if _, _, err := s.Screenshots(as(actor.HR, 1), activity.ScreenshotQuery{Organization: 2}); !errors.Is(err, organization.ErrUnknown) {
			t.Errorf("of another organization: %v", err)
		}
		if _, _, err := s.Screenshots(lead(10), activity.ScreenshotQuery{Employee: 6}); !errors.Is(err, employee.ErrUnknown) {
			t.Errorf("of another department: %v", err)
		}
		if _, _, err := s.Screenshots(as(actor.HR, 1), activity.ScreenshotQuery{After: "x"}); !errors.Is(err, db.ErrCursor) {
			t.Errorf("a cursor of somebody's: %v", err)
		}
	})
}

func TestScreenshotsComeInPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := pictured(t, d)
		var got []string
		after := ""
		for range 4 {
			rows, next, err := s.Screenshots(as(actor.HR, 1), activity.ScreenshotQuery{Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, keysOf(rows)...)
			if after = next; next == "" {
				break
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, []string{"1a5", "1b5", "1c0", "1d0", "1e5"}) {
			t.Errorf("the pages have %v", got)
		}
	})
}

// Of a screenshot that may be in TimescaleDB nobody says that there is none while that is away.
func TestAScreenshotMayBeInADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		before, during := newShot("before", "PC-1", noon.Add(-time.Hour)), newShot("during", "PC-1", noon.Add(-time.Minute))
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{before}})
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{during}})
		find := func(e activity.Event) error {
			_, err := s.Screenshot(agent(1), activity.ScreenshotIDOf(1, &e))
			return err
		}
		if err := find(before); fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("one that is there: %v", err)
		}
		if err := find(during); err != nil {
			t.Errorf("one that is here: %v", err)
		}
		s.turn(t, false)
		if err := find(before); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if err := find(newShot("never", "PC-1", noon)); !errors.Is(err, activity.ErrScreenshotUnknown) {
			t.Errorf("one that is not: %v", err)
		}
	})
}

// What is said to be set aside is set aside, and nothing else.
func TestAsideIsWhatQuarantineDoes(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	for name, at := range map[string]time.Time{"": noon, inFuture: noon.Add(s.cfg.Ahead + time.Second), tooOld: noon.Add(-s.cfg.oldest() - time.Second)} {
		e := newShot("k"+name, "PC-1", at)
		r := mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{e}})
		if got := s.Aside(e); got != name || r.Quarantined > 0 != (name != "") {
			t.Errorf("%q, want %q: %+v", got, name, r)
		}
	}
}

// One is found by its whole key, and by those only who would see it in the list.
func TestAScreenshotIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := pictured(t, d)
		of := func(organizationID int64, key string, ago time.Duration) activity.ScreenshotID {
			return activity.ScreenshotIDOf(organizationID, &activity.Event{Key: key, At: noon.Add(-ago)})
		}
		a, c, theirs := of(1, "a", 3*time.Hour), of(1, "c", 30*time.Minute), of(2, "a", 3*time.Hour)
		for name, k := range map[string]struct {
			ctx   context.Context
			which activity.ScreenshotID
			want  string
		}{
			"by HR": {as(actor.HR, 1), a, "1a5"}, "by its gateway": {as(actor.Gateway, 1), a, "1a5"}, "of nobody": {as(actor.HR, 1), c, "1c0"},
			"by the operator": {as(actor.Admin, 0), theirs, "2a0"}, "by its lead": {lead(10), a, "1a5"},
			"by another lead": {lead(20), a, ""}, "of nobody, by a lead": {lead(10), c, ""},
			"by another organization": {as(actor.HR, 2), a, ""}, "of another organization": {as(actor.HR, 1), theirs, ""},
			"at another time": {as(actor.HR, 1), of(1, "a", 2*time.Hour), ""}, "with another key": {as(actor.HR, 1), of(1, "x", 3*time.Hour), ""},
			"with the last of all ids":         {as(actor.HR, 1), activity.ScreenshotID{OrganizationID: 1, At: a.At, ID: id.UUID{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}, ""},
			"with another organization's name": {as(actor.HR, 1), activity.ScreenshotID{OrganizationID: 2, At: a.At, ID: a.ID}, ""},
			"of no time":                       {as(actor.HR, 1), activity.ScreenshotID{OrganizationID: 1, At: time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC), ID: a.ID}, ""},
		} {
			row, err := s.Screenshot(k.ctx, k.which)
			if k.want == "" {
				if !errors.Is(err, activity.ErrScreenshotUnknown) || row != (activity.ScreenshotRow{}) {
					t.Errorf("%s: %+v, %v", name, row, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got := keysOf([]activity.ScreenshotRow{row})[0]; got != k.want || row.ScreenshotID != k.which {
				t.Errorf("%s: %s %+v, want %s", name, got, row, k.want)
			}
		}
		want := activity.ScreenshotRow{
			ScreenshotID: a, ComputerUID: "PC-1", UserSID: "S-1-5-21-7", EmployeeID: 5, Title: "Hisobot", Process: "excel.exe",
			FilePath: "screenshots/a.png", FileSize: 9, SHA256: "ab", Width: 3, Height: 2,
		}
		if row, err := s.Screenshot(as(actor.HR, 1), a); row != want {
			t.Errorf("row %+v, %v, want %+v", row, err, want)
		}
	})
}
