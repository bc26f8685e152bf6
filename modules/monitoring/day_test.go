package monitoring

import (
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

// longest is the longest that one event counts in these tests.
const longest = 4 * time.Hour

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
	d := dayOf(wholeDay, longest, reported{
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
		{at(585), at(590), "chrome.exe", "", "PC"}, {at(590), at(600), "word.exe", "", "PC"}, {at(640), at(640), "blink.exe", "", "PC"}, {at(1430), at(1440), "late.exe", "", "PC"},
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
	// In use 540-600 and 630-680 without 15 idle minutes: a quarter of an hour after the last report nobody knows; and
	// windows alone at both ends of the day.
	tot := d.Totals
	if tot.ActiveSeconds != (10+60+50-15+10)*60 || tot.IdleSeconds != 15*60 || tot.LockedSeconds != 30*60 || !tot.FirstAt.Equal(at(0)) || !tot.LastAt.Equal(at(1440)) {
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
	d := dayOf(wholeDay, longest, reported{sessions: []row{login, lock}})
	want := []SessionSpan{{at(540), at(600), inUse, "PC"}, {at(600), at(620), isLocked, "PC"}, {at(620), at(1080), inUse, "PC"}}
	if !slices.Equal(d.Sessions, want) || d.Totals.ActiveSeconds != 520*60 || d.Totals.LockedSeconds != 20*60 {
		t.Errorf("sessions %v, totals %+v", d.Sessions, d.Totals)
	}
}

// What is said of one instant may contradict itself: v1's agents said that a session began, was locked and ended at once.
func TestOfStatesAtOneInstantTheOneInUseWins(t *testing.T) {
	t.Parallel()
	all := []row{
		newSession("PC", activity.Login, 540), newSession("PC", activity.Unlock, 540), newSession("PC", activity.Lock, 540),
		newSession("PC", activity.Logout, 540), newSession("PC", activity.Logout, 600),
	}
	windows := []row{process(newRow("PC", 540, 60), "excel.exe")}
	for _, ends := range []int{0, 600} {
		sessions := slices.Clone(all)
		for i := range sessions[:4] {
			if ends > 0 {
				sessions[i] = ending(sessions[i], ends)
			}
		}
		for range len(sessions) {
			d := dayOf(wholeDay, longest, reported{sessions: sessions, windows: windows})
			if want := []SessionSpan{{at(540), at(600), inUse, "PC"}}; !slices.Equal(d.Sessions, want) || d.Totals.LockedSeconds != 0 {
				t.Errorf("sessions %v, totals %+v", d.Sessions, d.Totals)
			}
			if want := []WindowSpan{{at(540), at(600), "excel.exe", "", "PC"}}; !slices.Equal(d.Windows, want) || d.Totals.ActiveSeconds != 3600 {
				t.Errorf("windows %v, totals %+v", d.Windows, d.Totals)
			}
			sessions = append(sessions[1:], sessions[0])
		}
	}
	d := dayOf(wholeDay, longest, reported{sessions: []row{newSession("PC", activity.Logout, 540), newSession("PC", activity.Lock, 540)}, windows: windows})
	if len(d.Sessions) != 0 || d.Totals.LockedSeconds != 0 {
		t.Errorf("who signed out has sessions %v, totals %+v", d.Sessions, d.Totals)
	}
}

func TestOpenSessionLastsAsLongAsAnythingIsKnown(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, longest, reported{sessions: []row{newSession("PC", activity.Unlock, 540), newSession("PC-2", activity.Lock, 540)}, windows: []row{newRow("PC", 600, 30)}})
	if want := []SessionSpan{{at(540), at(630), inUse, "PC"}}; !slices.Equal(d.Sessions, want) {
		t.Errorf("sessions %v, want %v", d.Sessions, want)
	}
}

func TestWhoWorksAtOneComputerIsNotIdleAtAnother(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, longest, reported{
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
	d := dayOf(wholeDay, longest, reported{})
	if d.Sessions == nil || d.Windows == nil || d.Sites == nil || d.Idle == nil || d.TopApplications == nil || d.TopSites == nil {
		t.Errorf("a list is null: %+v", d)
	}
	if d.Totals != (Totals{}) {
		t.Errorf("totals %+v", d.Totals)
	}
}
