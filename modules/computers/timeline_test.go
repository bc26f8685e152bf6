package computers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// minute is a time of the day that these tests are about.
func minute(n int) time.Time { return noon.Add(time.Duration(n-24*60) * time.Minute) }

// runs is a run as it is told: again and again, each time from the same beginning.
func runs(from, until int, version string) (told []computer.Told) {
	for at := from; at <= until; at += 5 {
		told = append(told, computer.Told{Since: minute(from), At: minute(at), Version: version})
	}
	return told
}

func stop(at int, reason string) computer.Told {
	return computer.Told{At: minute(at), Stopped: true, Reason: reason}
}

// turnsOf writes a computer's history, the oldest first.
func turnsOf(t testing.TB, o office, uid string) string {
	t.Helper()
	turns, err := o.history(hr(1), computerID(t, o, 1, uid))
	if err != nil {
		t.Fatal(err)
	}
	words := make([]string, len(turns))
	for i, n := range turns {
		words[i] = fmt.Sprint(int(n.At.Sub(minute(0)).Minutes()), " ", n.Reason)
		if n.Detail+n.Version != "" {
			words[i] += "(" + n.Detail + n.Version + ")"
		}
	}
	return strings.Join(words, ", ")
}

// stateOf writes what a computer is now.
func stateOf(t testing.TB, o office, uid string) string {
	t.Helper()
	r := named(t, o, 1, uid)
	since := "never"
	if r.StateSince != nil {
		since = fmt.Sprint(int(r.StateSince.Sub(minute(0)).Minutes()))
	}
	return strings.Join(strings.Fields(fmt.Sprint(r.State, " ", r.StateReason, " ", r.StateDetail, " since ", since, " ", text(r.AgentVersion))), " ")
}

func report(t testing.TB, o office, uid string, told ...computer.Told) {
	t.Helper()
	told = slices.Clone(told)
	for i := range told {
		told[i].UID = uid
	}
	if err := o.Report(agent(1), told); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsToldComesToAHistory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told    []computer.Told
		history string
		state   string
	}{
		"one run":   {runs(0, 60, "1"), "0 reporting(1), 60 no_contact(1)", "offline no_contact since 60 1"},
		"a goodbye": {append(runs(0, 60, "1"), stop(62, "shutdown")), "0 reporting(1), 62 shutdown(1)", "offline shutdown since 62 1"},
		"a new run right after a goodbye": {
			slices.Concat(runs(0, 60, "1"), []computer.Told{stop(62, "update")}, runs(63, 100, "2")),
			"0 reporting(1), 62 update(1), 63 reporting(2), 98 no_contact(2)", "offline no_contact since 98 2",
		},
		"a silence":                   {append(runs(0, 60, ""), runs(71, 80, "")...), "0 reporting, 60 no_contact, 71 reporting, 76 no_contact", "offline no_contact since 76"},
		"a gateway that starts anew":  {append(runs(0, 60, ""), runs(70, 80, "")...), "0 reporting, 80 no_contact", "offline no_contact since 80"},
		"another version":             {append(runs(0, 60, "1"), runs(61, 66, "2")...), "0 reporting(1), 61 reporting(2), 66 no_contact(2)", "offline no_contact since 66 2"},
		"two gateways at once":        {append(runs(0, 60, ""), runs(20, 30, "")...), "0 reporting, 60 no_contact", "offline no_contact since 60"},
		"a goodbye that was none":     {append(runs(0, 60, ""), stop(20, "logout")), "0 reporting, 60 no_contact", "offline no_contact since 60"},
		"a goodbye after a silence":   {append(runs(0, 10, ""), stop(40, "error")), "0 reporting, 10 no_contact, 40 error", "offline error since 40"},
		"two goodbyes":                {[]computer.Told{stop(5, "logout"), stop(6, "shutdown")}, "5 logout, 6 shutdown", "offline shutdown since 6"},
		"it runs to this very minute": {runs(24*60-20, 24*60, ""), "1420 reporting", "online reporting since 1420"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.SQLite(t)
			populate(t, d)
			o := newOffice(d)
			report(t, o, "PC-1", c.told...)
			if got := turnsOf(t, o, "PC-1"); got != c.history {
				t.Errorf("history\n got %s\nwant %s", got, c.history)
			}
			if got := stateOf(t, o, "PC-1"); got != c.state {
				t.Errorf("state\n got %s\nwant %s", got, c.state)
			}
		})
	}
}

// day is what a computer may tell in a day, by chance: runs, goodbyes, silences, two gateways that overlap.
func day(r *rand.Rand) (told []computer.Told) {
	for at := r.IntN(60); at < 24*60-30; {
		length := r.IntN(120)
		told = append(told, runs(at, min(at+length, 24*60-1), fmt.Sprint(r.IntN(2)))...)
		if r.IntN(3) == 0 { // by another gateway, too
			other := at + r.IntN(30)
			told = append(told, runs(other, min(other+r.IntN(60), 24*60-1), "")...)
		}
		at += length + r.IntN(15)
		if r.IntN(2) == 0 && at < 24*60 {
			told = append(told, stop(at, []string{"shutdown", "suspend", "logout"}[r.IntN(3)]))
		}
		at += r.IntN(90)
	}
	return told
}

// In whatever order, in however many parts and how often the same things are told, and whenever the search for silent
// computers runs: the history and the state are the same.
func TestAnyOrderOfWhatIsToldComesToTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 1))
			told := day(r)
			if seed%2 == 0 { // two gateways hear it to this very minute
				told = slices.Concat(told, runs(24*60-40, 24*60, "1"), runs(24*60-60+r.IntN(20), 24*60-1, ""))
			}
			first := fmt.Sprint("PC-", seed, "-first")
			report(t, o, first, told...)
			settled(t, o)
			history, state := turnsOf(t, o, first), stateOf(t, o, first)
			if !strings.Contains(history, ",") {
				t.Fatalf("seed %d has no history: %s", seed, history)
			}
			for n := range 5 {
				uid := fmt.Sprint("PC-", seed, "-", n)
				again := append(slices.Clone(told), told[:r.IntN(len(told))]...)
				r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
				for part := range slices.Chunk(again, 1+r.IntN(len(again))) {
					report(t, o, uid, part...)
					if r.IntN(4) == 0 {
						settled(t, o)
					}
				}
				settled(t, o)
				if got := turnsOf(t, o, uid); got != history {
					t.Errorf("seed %d, order %d: history\n got %s\nwant %s", seed, n, got, history)
				}
				if got := stateOf(t, o, uid); got != state {
					t.Errorf("seed %d, order %d: state\n got %s\nwant %s", seed, n, got, state)
				}
			}
		}
	})
}

// What comes last may change what began long before.
func TestALateWordMendsTheHistory(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	const now = 24 * 60
	at := func(from, at int) computer.Told { return computer.Told{Since: minute(from), At: minute(at)} }
	report(t, o, "PC-1", at(now-20, now-20), at(now-5, now))
	if got := stateOf(t, o, "PC-1"); got != "online reporting since 1435" {
		t.Errorf("with a silence between: %s", got)
	}
	report(t, o, "PC-1", at(now-20, now-12))
	if got := stateOf(t, o, "PC-1"); got != "online reporting since 1420" {
		t.Errorf("without it: %s", got)
	}
	report(t, o, "PC-2", at(now-40, now-30), stop(now-25, "logout"), at(now-24, now))
	if got := stateOf(t, o, "PC-2"); got != "online reporting since 1416" {
		t.Errorf("after a goodbye: %s", got)
	}
	report(t, o, "PC-2", at(now-40, now-2))
	if got := stateOf(t, o, "PC-2"); got != "online reporting since 1400" {
		t.Errorf("after a goodbye that was none: %s", got)
	}
}

func settled(t testing.TB, o office) {
	t.Helper()
	if err := o.findSilent(system()); err != nil {
		t.Fatal(err)
	}
}

// A computer that is never switched off is online since it began, however long ago that is.
func TestALongRunBeganLongAgo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		began := noon.AddDate(0, 0, -30)
		for _, told := range []computer.Told{
			{At: began.Add(-time.Hour), Stopped: true, Reason: "update"}, {Since: began, At: noon.AddDate(0, 0, -10)},
			{Since: noon.AddDate(0, 0, -10), At: noon.Add(-time.Minute)}, {Since: noon, At: noon}, // as its gateway started anew
		} {
			report(t, o, "PC-1", told)
		}
		if r := named(t, o, 1, "PC-1"); r.State != online || !r.StateSince.Equal(began) {
			t.Errorf("it is %s since %v, want %v", r.State, r.StateSince, began)
		}
	})
}
