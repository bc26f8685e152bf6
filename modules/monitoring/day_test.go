package monitoring

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

var (
	dayFrom  = time.Date(2026, 11, 1, 19, 0, 0, 0, time.UTC) // midnight in Tashkent
	dayTo    = dayFrom.Add(day)
	wholeDay = span{dayFrom.UnixMicro(), dayTo.UnixMicro()}
)

// at is a time of the day, given in its minutes.
func at(minute int) time.Time { return dayFrom.Add(time.Duration(minute) * time.Minute) }

func newRow(uid string, minute, minutes int) row {
	return row{ComputerUID: uid, UserSID: "S", Datetime: at(minute), DurationSeconds: int64(minutes) * 60}
}

func newSession(uid, kind string, minute int) row {
	return row{ComputerUID: uid, UserSID: "S", Datetime: at(minute), SessionType: kind}
}

func process(r row, name string) row {
	r.ProcessName = name
	return r
}

func TestDayOfOnePerson(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, reported{
		sessions: []row{newSession("PC", activity.Login, 540), newSession("PC", activity.Lock, 600), newSession("PC", activity.Unlock, 630), newSession("PC", activity.Logout, 700)},
		windows: []row{
			process(newRow("PC", -10, 20), "night.exe"), // began yesterday
			process(newRow("PC", 540, 30), "excel.exe"), process(newRow("PC", 570, 10), "excel.exe"),
			process(newRow("PC", 580, 40), "word.exe"),  // reaches into the lock
			process(newRow("PC", 585, 5), "chrome.exe"), // came to the front over it
			process(newRow("PC", 640, 0), "blink.exe"),
			process(newRow("PC", 1430, 30), "late.exe"), // ends tomorrow
		},
		sites: []row{{ComputerUID: "PC", UserSID: "S", Datetime: at(585), DurationSeconds: 300, URL: "https://www.Kun.uz/a", Title: "Kun"}},
		idle:  []row{newRow("PC", 650, 10), newRow("PC", 655, 10)},
	})
	wantSessions := []SessionSpan{{at(540), at(600), inUse, "PC"}, {at(600), at(630), isLocked, "PC"}, {at(630), at(700), inUse, "PC"}}
	if !slices.Equal(d.Sessions, wantSessions) {
		t.Errorf("sessions %v", d.Sessions)
	}
	wantWindows := []WindowSpan{
		{at(0), at(10), "night.exe", "", "PC"}, {at(540), at(580), "excel.exe", "", "PC"}, {at(580), at(585), "word.exe", "", "PC"},
		{at(585), at(590), "chrome.exe", "", "PC"}, {at(590), at(620), "word.exe", "", "PC"}, {at(640), at(640), "blink.exe", "", "PC"}, {at(1430), at(1440), "late.exe", "", "PC"},
	}
	if !slices.Equal(d.Windows, wantWindows) {
		t.Errorf("windows %v", d.Windows)
	}
	if want := []SiteSpan{{at(585), at(590), "kun.uz", "https://www.Kun.uz/a", "Kun", "PC"}}; !slices.Equal(d.Sites, want) {
		t.Errorf("sites %v", d.Sites)
	}
	if want := []IdleSpan{{at(650), at(665), "PC"}}; !slices.Equal(d.Idle, want) {
		t.Errorf("idle %v", d.Idle)
	}
	// In use 540-600 and 630-700 without 15 idle minutes, and windows alone at both ends of the day.
	tot := d.Totals
	if tot.ActiveSeconds != (10+60+70-15+10)*60 || tot.IdleSeconds != 15*60 || tot.LockedSeconds != 30*60 || !tot.FirstAt.Equal(at(0)) || !tot.LastAt.Equal(at(1440)) {
		t.Errorf("totals %+v, from %v to %v", tot, tot.FirstAt, tot.LastAt)
	}
	want := []Share{{"excel.exe", 2400, 0.5}, {"word.exe", 900, 0.1875}, {"late.exe", 600, 0.125}, {"night.exe", 600, 0.125}, {"chrome.exe", 300, 0.0625}}
	if !slices.Equal(d.TopApplications, want) {
		t.Errorf("applications %v, want %v", d.TopApplications, want)
	}
	if got := d.TopSites; !slices.Equal(got, []Share{{"kun.uz", 300, 1}}) {
		t.Errorf("sites %v", got)
	}
}

func TestSessionWithItsOwnEndGivesWayToWhatIsInIt(t *testing.T) {
	t.Parallel()
	login, lock := newSession("PC", activity.Login, 540), newSession("PC", activity.Lock, 600)
	login.EndTime, lock.EndTime = at(1080), at(620)
	d := dayOf(wholeDay, reported{sessions: []row{login, lock}})
	want := []SessionSpan{{at(540), at(600), inUse, "PC"}, {at(600), at(620), isLocked, "PC"}, {at(620), at(1080), inUse, "PC"}}
	if !slices.Equal(d.Sessions, want) || d.Totals.ActiveSeconds != 520*60 || d.Totals.LockedSeconds != 20*60 {
		t.Errorf("sessions %v, totals %+v", d.Sessions, d.Totals)
	}
}

func TestOpenSessionLastsAsLongAsAnythingIsKnown(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, reported{sessions: []row{newSession("PC", activity.Unlock, 540), newSession("PC-2", activity.Lock, 540)}, windows: []row{newRow("PC", 600, 30)}})
	if want := []SessionSpan{{at(540), at(630), inUse, "PC"}}; !slices.Equal(d.Sessions, want) {
		t.Errorf("sessions %v, want %v", d.Sessions, want)
	}
}

func TestWhoWorksAtOneComputerIsNotIdleAtAnother(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, reported{
		windows:  []row{newRow("A", 540, 60), newRow("B", 550, 20)},
		idle:     []row{newRow("B", 560, 60)},
		sessions: []row{newSession("C", activity.Lock, 500), newSession("C", activity.Logout, 700)},
	})
	if tot := d.Totals; tot.ActiveSeconds != 60*60 || tot.IdleSeconds != 20*60 || tot.LockedSeconds != (200-60-20)*60 {
		t.Errorf("totals %+v", tot)
	}
}

func TestEmptyDayHasLists(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, reported{})
	if d.Sessions == nil || d.Windows == nil || d.Sites == nil || d.Idle == nil || d.TopApplications == nil || d.TopSites == nil {
		t.Errorf("a list is null: %+v", d)
	}
	if d.Totals != (Totals{}) {
		t.Errorf("totals %+v", d.Totals)
	}
}

// Whatever is reported, in whatever order and overlap, no second counts twice.
func TestNoSecondCountsTwice(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 400 {
		rep := randomDay(r)
		d := dayOf(wholeDay, rep)
		checkTotals(t, d)
		checkLanes(t, d)
		if t.Failed() {
			t.Fatalf("reported %+v", rep)
		}
	}
}

func TestTotalsAgreeWithCountingEveryMinute(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		rep := randomDay(r)
		rep.sessions = nil
		for _, list := range [][]row{rep.windows, rep.sites, rep.idle} {
			for i := range list {
				list[i].Datetime = list[i].Datetime.Truncate(time.Minute)
			}
		}
		var want Totals
		for minute := range 1440 {
			idleAt := map[pair]bool{}
			for _, e := range rep.idle {
				if covers(e, minute) {
					idleAt[seatOf(e)] = true
				}
			}
			active := slices.ContainsFunc(append(slices.Clone(rep.windows), rep.sites...), func(e row) bool {
				return covers(e, minute) && !idleAt[seatOf(e)]
			})
			if active {
				want.ActiveSeconds += 60
			} else if len(idleAt) > 0 {
				want.IdleSeconds += 60
			}
		}
		got := dayOf(wholeDay, rep).Totals
		if got.ActiveSeconds != want.ActiveSeconds || got.IdleSeconds != want.IdleSeconds {
			t.Fatalf("totals %+v, want %+v, of %+v", got, want, rep)
		}
	}
}

func covers(e row, minute int) bool {
	m := at(minute)
	return !m.Before(e.Datetime) && m.Before(e.Datetime.Add(time.Duration(e.DurationSeconds)*time.Second))
}

func randomDay(r *rand.Rand) (rep reported) {
	list := func(n int) (rows []row) {
		for range r.IntN(n) {
			e := newRow(fmt.Sprint("PC-", r.IntN(3)), r.IntN(1800)-240, r.IntN(90))
			e.UserSID = fmt.Sprint("S-", r.IntN(2))
			e.Datetime = e.Datetime.Add(time.Duration(r.IntN(1e9)))
			e.ProcessName, e.URL = fmt.Sprint(r.IntN(5)), fmt.Sprintf("https://%d.uz/", r.IntN(5))
			rows = append(rows, e)
		}
		slices.SortFunc(rows, func(a, b row) int { return a.Datetime.Compare(b.Datetime) })
		return rows
	}
	rep.windows, rep.sites, rep.idle, rep.sessions = list(60), list(40), list(20), list(20)
	for i := range rep.sessions {
		s := &rep.sessions[i]
		s.SessionType = []string{activity.Login, activity.Logout, activity.Lock, activity.Unlock}[r.IntN(4)]
		if r.IntN(3) == 0 {
			s.EndTime = s.Datetime.Add(time.Duration(r.IntN(300)) * time.Minute)
		}
	}
	return rep
}

func checkTotals(t *testing.T, d Day) {
	t.Helper()
	sum := d.Totals.ActiveSeconds + d.Totals.IdleSeconds + d.Totals.LockedSeconds
	if sum > 86400 || d.Totals.ActiveSeconds < 0 || d.Totals.IdleSeconds < 0 || d.Totals.LockedSeconds < 0 {
		t.Errorf("totals %+v add up to %d seconds", d.Totals, sum)
	}
	for _, top := range [][]Share{d.TopApplications, d.TopSites} {
		seconds, share := int64(0), 0.0
		for _, s := range top {
			seconds += s.Seconds
			share += s.Share
		}
		if seconds > d.Totals.ActiveSeconds || share > 1.001 {
			t.Errorf("%v add up to %d seconds of %d active, share %v", top, seconds, d.Totals.ActiveSeconds, share)
		}
	}
}

// checkLanes counts, on each computer of one user each, that spans of a lane are in order and inside the day.
func checkLanes(t *testing.T, d Day) {
	t.Helper()
	inside := func(from, to time.Time) {
		if from.Before(dayFrom) || to.After(dayTo) || to.Before(from) {
			t.Errorf("span from %v to %v is outside the day", from, to)
		}
	}
	for i, w := range d.Windows {
		inside(w.From, w.To)
		if i > 0 && w.From.Before(d.Windows[i-1].From) {
			t.Errorf("windows are out of order at %d", i)
		}
	}
	for _, s := range d.Sites {
		inside(s.From, s.To)
	}
	for _, s := range d.Sessions {
		inside(s.From, s.To)
	}
	for _, s := range d.Idle {
		inside(s.From, s.To)
	}
}
