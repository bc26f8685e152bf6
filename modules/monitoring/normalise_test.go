package monitoring

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/id"
)

func TestNothingCountsTwiceNorAfterNow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(600) {
		a := newAdversary(seed)
		r := a.day()
		bounds := a.until(wholeDay)
		checkDay(t, dayOf(bounds, longest, r), bounds)
		if t.Failed() {
			t.Fatalf("seed %d, bounds %v", seed, bounds)
		}
	}
}

// Days on which the clocks change have 23 or 25 hours.
func TestDaysWithOtherLengths(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for i, date := range []string{"2026-03-29", "2026-10-25"} {
		midnight, err := time.ParseInLocation(time.DateOnly, date, zone)
		if err != nil {
			t.Fatal(err)
		}
		bounds := span{micros(midnight), micros(midnight.AddDate(0, 0, 1))}
		if hours := (bounds.to - bounds.from) / (3600 * second); hours != int64(23+2*i) {
			t.Fatalf("%s has %d hours", date, hours)
		}
		for seed := range uint64(100) {
			a := newAdversary(seed)
			a.from = midnight
			checkDay(t, dayOf(bounds, longest, a.day()), bounds)
		}
		full := []row{{ComputerUID: "PC", UserSID: "S", Datetime: midnight.UTC()}, {ComputerUID: "PC", UserSID: "S", Datetime: midnight.Add(12 * time.Hour).UTC()}}
		for i := range full {
			full[i].DurationSeconds = 86400
		}
		if got := dayOf(bounds, day, reported{windows: full}).Totals.ActiveSeconds; got != (bounds.to-bounds.from)/second {
			t.Errorf("%s: a window all day long is %d seconds", date, got)
		}
	}
}

// checkDay holds of every day, whatever was reported.
func checkDay(t *testing.T, d Day, bounds span) {
	t.Helper()
	tot := d.Totals
	elapsed := max(0, bounds.to-bounds.from) / second
	if sum := tot.ActiveSeconds + tot.IdleSeconds + tot.LockedSeconds; sum > elapsed || min(tot.ActiveSeconds, tot.IdleSeconds, tot.LockedSeconds) < 0 {
		t.Errorf("totals %+v add up to %d of %d seconds", tot, sum, elapsed)
	}
	for _, top := range [][]Share{d.TopApplications, d.TopSites} {
		seconds := int64(0)
		for _, s := range top {
			seconds += s.Seconds
		}
		if seconds > tot.ActiveSeconds {
			t.Errorf("%v add up to %d seconds of %d active", top, seconds, tot.ActiveSeconds)
		}
	}
	inside := func(lane string, from, to time.Time) {
		if micros(from) < bounds.from || micros(to) > bounds.to || to.Before(from) {
			t.Errorf("%s from %v to %v is outside %v", lane, from, to, bounds)
		}
	}
	for _, s := range d.Sessions {
		inside("session", s.From, s.To)
	}
	for i, w := range d.Windows {
		inside("window", w.From, w.To)
		if i > 0 && w.From.Before(d.Windows[i-1].From) {
			t.Errorf("windows are out of order at %d", i)
		}
	}
	for _, s := range d.Sites {
		inside("site", s.From, s.To)
	}
	for _, s := range d.Idle {
		inside("idle", s.From, s.To)
	}
}

func TestNothingIsInFrontOfALockedScreen(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		a := newAdversary(seed)
		r := a.day()
		for _, list := range [][]row{r.windows, r.sites, r.idle, r.sessions} {
			for i := range list { // one seat, so that a lane belongs to the lock beside it
				list[i].ComputerUID, list[i].UserSID = "PC-0", "S"
			}
		}
		d := dayOf(wholeDay, longest, r)
		var locked, active []span
		for _, s := range d.Sessions {
			if s.State == isLocked {
				locked = append(locked, span{micros(s.From), micros(s.To)})
			}
		}
		for _, w := range d.Windows {
			active = append(active, span{micros(w.From), micros(w.To)})
		}
		for _, s := range d.Sites {
			active = append(active, span{micros(s.From), micros(s.To)})
		}
		if both := union(active).and(union(locked)); len(both) > 0 {
			t.Fatalf("seed %d: in front of a locked screen: %v", seed, both)
		}
		if n := newNormal(wholeDay, longest, r); d.Totals.LockedSeconds != n.seats[pair{"PC-0", "S"}].lockedSeconds() {
			t.Fatalf("seed %d: locked for %d seconds, totals %+v", seed, n.seats[pair{"PC-0", "S"}].lockedSeconds(), d.Totals)
		}
		for _, off := range r.stops["PC-0"] {
			if on := union(active).and(spans{off}); len(on) > 0 {
				t.Fatalf("seed %d: in front while the agent did not run: %v", seed, on)
			}
		}
	}
}

func (s *seat) lockedSeconds() int64 {
	if s == nil {
		return 0
	}
	return s.locked.length() / second
}

func TestOrderAndRepeatsDoNotMatter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		a := newAdversary(seed)
		r := a.day()
		want := dayOf(wholeDay, longest, r)
		again := reported{stops: r.stops}
		for _, l := range []struct{ from, to *[]row }{{&r.windows, &again.windows}, {&r.sites, &again.sites}, {&r.idle, &again.idle}, {&r.sessions, &again.sessions}} {
			for _, e := range *l.from {
				for range 1 + a.IntN(3) {
					e.ID = id.New()
					*l.to = append(*l.to, e)
				}
			}
			a.Shuffle(len(*l.to), func(i, j int) { (*l.to)[i], (*l.to)[j] = (*l.to)[j], (*l.to)[i] })
		}
		if got := dayOf(wholeDay, longest, again); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d:\n%+v\nwant\n%+v", seed, got, want)
		}
	}
}

// Agents report one thing in as many pieces as they like.
func TestPiecesAreTheWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		a := newAdversary(seed)
		a.exact = true
		r := a.day()
		want := dayOf(wholeDay, longest, r).Totals
		for _, list := range []*[]row{&r.windows, &r.sites, &r.idle} {
			var pieces []row
			for _, e := range *list {
				pieces = append(pieces, a.split(e)...)
			}
			*list = pieces
		}
		if got := dayOf(wholeDay, longest, r).Totals; !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

// The rules, counted minute by minute, give the same totals.
func TestTotalsAgreeWithTheRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(80) {
		a := newAdversary(seed)
		a.exact = true
		r := a.day()
		bounds := a.until(wholeDay)
		got, want := dayOf(bounds, longest, r).Totals, countMinutes(bounds, r)
		if got.ActiveSeconds != want.ActiveSeconds || got.IdleSeconds != want.IdleSeconds || got.LockedSeconds != want.LockedSeconds {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

// countMinutes asks of each minute what it was at each seat.
func countMinutes(bounds span, r reported) (tot Totals) {
	seats := map[pair]bool{}
	for _, list := range [][]row{r.windows, r.sites, r.idle, r.sessions} {
		for _, e := range list {
			seats[seatOf(e)] = true
		}
	}
	for at := bounds.from; at < bounds.to; at += 60 * second {
		var active, idle, locked bool
		for seat := range seats {
			switch stateAt(r, seat, at) {
			case "active":
				active = true
			case "idle":
				idle = true
			case "locked":
				locked = true
			}
		}
		switch {
		case active:
			tot.ActiveSeconds += 60
		case idle:
			tot.IdleSeconds += 60
		case locked:
			tot.LockedSeconds += 60
		}
	}
	return tot
}

func stateAt(r reported, seat pair, at int64) string {
	lasts := func(list []row, more int64) bool {
		return slices.ContainsFunc(list, func(e row) bool {
			s := timed(e)
			return seatOf(e) == seat && s.from <= at && at < s.to+more
		})
	}
	state, trusted := sessionAt(r, seat, at)
	inUse := state == inUse && (trusted || lasts(r.windows, quiet) || lasts(r.sites, quiet) || lasts(r.idle, quiet) ||
		slices.ContainsFunc(r.sessions, func(e row) bool {
			return seatOf(e) == seat && micros(e.Datetime) <= at && at < micros(e.Datetime)+quiet
		}))
	switch {
	case slices.ContainsFunc(r.stops[seat.uid], func(s span) bool { return s.from <= at && at < s.to }):
		return ""
	case state == isLocked:
		return "locked"
	case lasts(r.idle, 0):
		return "idle"
	case inUse, lasts(r.windows, 0), lasts(r.sites, 0):
		return "active"
	}
	return ""
}

// sessionAt is the state of the session that began last of those that last, and whether it needs no other report.
func sessionAt(r reported, seat pair, at int64) (state string, trusted bool) {
	var mine []row
	newest, others := int64(0), false
	for i, list := range [][]row{r.windows, r.sites, r.idle, r.sessions} {
		for _, e := range list {
			if seatOf(e) == seat {
				newest = max(newest, timed(e).to)
				if others = others || i < 3; i == 3 {
					mine = append(mine, e)
				}
			}
		}
	}
	slices.SortFunc(mine, compareEvents)
	mine = slices.CompactFunc(mine, func(a, b row) bool { return compareEvents(a, b) == 0 })
	for i, e := range mine {
		end := newest
		if i+1 < len(mine) {
			end = micros(mine[i+1].Datetime)
		}
		if !e.EndTime.IsZero() {
			end = micros(e.EndTime)
		}
		if from := micros(e.Datetime); stateAfter(e.SessionType) != "" && from <= at && at < end {
			state = stateAfter(e.SessionType)
			trusted = !e.EndTime.IsZero() || !others && at < from+int64(longest/time.Microsecond)
		}
	}
	return state, trusted
}

func TestLongEventsAreOfAgentsThatSlept(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, longest, reported{windows: []row{
		process(newRow("PC", 60, 600), "slept.exe"), process(newRow("PC", 90, 10), "next.exe"), // it cannot have lasted
		process(newRow("PC", 700, 600), "last.exe"),
	}})
	want := []WindowSpan{{at(60), at(90), "slept.exe", "", "PC"}, {at(90), at(100), "next.exe", "", "PC"}, {at(700), at(940), "last.exe", "", "PC"}}
	if !slices.Equal(d.Windows, want) || d.Totals.ActiveSeconds != (40+240)*60 {
		t.Errorf("windows %v, totals %+v", d.Windows, d.Totals)
	}
}

func TestStopsSplitEvents(t *testing.T) {
	t.Parallel()
	d := dayOf(wholeDay, longest, reported{
		windows:  []row{process(newRow("PC", 540, 120), "excel.exe"), process(newRow("PC-2", 540, 30), "word.exe")},
		idle:     []row{newRow("PC", 570, 20)},
		sessions: []row{newSession("PC", activity.Login, 530), newSession("PC", activity.Lock, 640)},
		stops:    map[string][]span{"PC": {{micros(at(580)), micros(at(620))}}},
	})
	want := []WindowSpan{{at(540), at(580), "excel.exe", "", "PC"}, {at(540), at(570), "word.exe", "", "PC-2"}, {at(620), at(640), "excel.exe", "", "PC"}}
	if !slices.Equal(d.Windows, want) {
		t.Errorf("windows %v", d.Windows)
	}
	if tot := d.Totals; tot.ActiveSeconds != (10+30+20)*60 || tot.IdleSeconds != 10*60 || tot.LockedSeconds != 20*60 {
		t.Errorf("totals %+v", tot)
	}
}

func TestForgottenSessionIsInUseOnlyNearReports(t *testing.T) {
	t.Parallel()
	login := newSession("PC", activity.Login, 540)
	next := newSession("PC", activity.Unlock, 1500) // tomorrow
	for name, c := range map[string]struct {
		r    reported
		want int64
	}{
		"with windows":        {reported{sessions: []row{login, next}, windows: []row{newRow("PC", 545, 60)}}, 80},
		"with idle time":      {reported{sessions: []row{login, next}, idle: []row{newRow("PC", 600, 5)}}, 15 + 15},
		"sessions alone":      {reported{sessions: []row{login, next}}, 240},
		"sessions with ends":  {reported{sessions: []row{ending(login, 1000)}, windows: []row{newRow("PC", 545, 60)}}, 460},
		"of another computer": {reported{sessions: []row{login, next}, windows: []row{newRow("PC-2", 545, 230)}}, 240},
	} {
		if got := dayOf(wholeDay, longest, c.r).Totals.ActiveSeconds; got != c.want*60 {
			t.Errorf("%s: active for %d minutes, want %d", name, got/60, c.want)
		}
	}
}

func ending(s row, minute int) row {
	s.EndTime = at(minute)
	return s
}
