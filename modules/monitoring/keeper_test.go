package monitoring

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// oldDay is long before noon.
var oldDay = noon.Truncate(day).AddDate(0, 0, -100)

// hard are texts that an archive could spoil.
var hard = []string{"Hisobot — Excel", "a,\"b\"\r\nc\rd\n", `\N`, `C:\temp\r.txt`, " O‘zbekiston ", "=1+1", `\`, `\\r`, ""}

// aDayOf are events of all kinds that begin on a day, some at its first and last moments.
func aDayOf(on time.Time) (events []activity.Event) {
	for i, text := range hard {
		at := on.Add(time.Duration(i) * 2 * time.Hour)
		key := fmt.Sprint(on.Unix(), " ", i)
		window := newWindow(key, "PC-1", at)
		window.Title, window.URL = text, "https://www.misol.uz/"+fmt.Sprint(i)
		site := window
		site.Kind = activity.VisitedSite
		shot := activity.Event{Kind: activity.Screenshot, Key: key, ComputerUID: "PC-1", UserSID: "S-1", At: at.Add(time.Microsecond), Title: text,
			FilePath: "elsewhere/" + key, FileSize: 1 << 40, SHA256: "aa", Width: 1920, Height: 1080}
		session := activity.Event{Kind: activity.UserSession, Key: key, ComputerUID: "PC-1", UserSID: "S-1", At: at, Session: activity.Login, Source: "api"}
		if i%2 == 0 {
			session.End = at.Add(time.Hour)
		}
		idle := activity.Event{Kind: activity.IdlePeriod, Key: key, ComputerUID: "PC-1", UserSID: "S-1", At: at, Duration: 90}
		events = append(events, window, site, shot, session, idle)
	}
	last := newWindow(fmt.Sprint(on.Unix(), " last"), "PC-1", on.Add(day-time.Microsecond))
	return append(events, last)
}

// linesOf is what an organization has of all kinds, one line for each row.
func linesOf(t *testing.T, s *service, organization int64) (lines []string) {
	t.Helper()
	for _, k := range activity.Kinds {
		for _, r := range all(t, s, organization, k) {
			lines = append(lines, fmt.Sprintf("%s %s %x", k, r.Datetime.UTC().Format(time.RFC3339Nano), contentOf(r)))
		}
	}
	return lines
}

// ofKindAndDay are the lines of one kind and day.
func ofKindAndDay(lines []string, k activity.Kind, on time.Time) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return !strings.HasPrefix(l, string(k)+" "+on.Format(time.DateOnly))
	})
}

// rest are the others.
func rest(lines, but []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return slices.Contains(but, l) })
}

func usedOn(t *testing.T, s *service, organization int64, on time.Time) (sums []used) {
	t.Helper()
	for _, u := range usages() {
		list, err := s.store.used(as(actor.HR, organization), usageQuery{
			usage: u, byName: true, byTime: true, sights: []partSight{{sight: sight{organization: organization, from: on, until: on.Add(day)}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, folded(list)...)
	}
	return sums
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %d, want %d:\n%v\nwant\n%v", what, len(got), len(want), got, want)
	}
}

// A day of one kind goes, and nothing else; its sums stay; and what was exported comes back as it was.
func TestKeeperTakesADayAwayAndPutsItBack(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s, ctx := newOn(t, primary, series), as(actor.HR, 1)
		for _, on := range []time.Time{oldDay.Add(-day), oldDay, oldDay.Add(day), noon.Truncate(day).Add(-day)} {
			for o := range int64(2) {
				mustPut(t, s, agent(o+1), activity.Batch{Events: aDayOf(on)})
			}
		}
		dbtest.Refresh(t, series)
		rollUp(t, s)
		theirs, before, sums := linesOf(t, s, 2), linesOf(t, s, 1), usedOn(t, s, 1, oldDay)
		if len(sums) == 0 {
			t.Fatal("there are no sums")
		}
		for _, k := range activity.Kinds {
			goes := ofKindAndDay(before, k, oldDay)
			counts, err := s.Expired(ctx, k, oldDay.Add(2*day))
			if err != nil || len(counts) != 3 || !counts[1].Day.Equal(oldDay) || counts[1].Rows != int64(len(goes)) {
				t.Fatalf("%s: expired %v, want %d on %s: %v", k, counts, len(goes), oldDay, err)
			}
			var sheet, again bytes.Buffer
			if n, err := s.Export(ctx, k, oldDay, &sheet); err != nil || n != int64(len(goes)) {
				t.Fatalf("%s: exported %d: %v", k, n, err)
			}
			if n, err := s.Remove(ctx, k, oldDay); err != nil || n != int64(len(goes)) {
				t.Fatalf("%s: removed %d: %v", k, n, err)
			}
			same(t, "after "+string(k)+" is removed", linesOf(t, s, 1), rest(before, goes))
			rollUp(t, s)
			dbtest.Refresh(t, series)
			same(t, "sums after "+string(k)+" is removed", usedOn(t, s, 1, oldDay), sums)
			exported := sheet.String()
			if n, err := s.Import(ctx, k, &sheet); err != nil || n != int64(len(goes)) {
				t.Fatalf("%s: imported %d: %v", k, n, err)
			}
			same(t, "after "+string(k)+" is imported", linesOf(t, s, 1), before)
			if n, err := s.Import(ctx, k, strings.NewReader(exported)); err != nil || n != 0 {
				t.Fatalf("%s: imported %d again: %v", k, n, err)
			}
			if _, err := s.Export(ctx, k, oldDay, &again); err != nil || again.String() != exported {
				t.Errorf("%s: what came back is exported differently: %v", k, err)
			}
			rollUp(t, s)
			dbtest.Refresh(t, series)
			same(t, "sums after "+string(k)+" is back", usedOn(t, s, 1, oldDay), sums)
		}
		same(t, "the other organization", linesOf(t, s, 2), theirs)
	})
}

// What comes late to a day whose rows are gone does not take their sums with it.
func TestSumsOfRemovedRowsStayWhateverComes(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s := newOn(t, primary, series)
		mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay)}) // and not summed when the day is removed
		sums := usedOn(t, s, 1, oldDay)
		mustRemove(t, s, 1, activity.ActiveWindow, oldDay)
		mustRemove(t, s, 1, activity.VisitedSite, oldDay)
		same(t, "sums after the day is removed", usedOn(t, s, 1, oldDay), sums)
		late := newWindow("late", "PC-1", oldDay.Add(time.Minute))
		site := late
		site.Kind, site.URL = activity.VisitedSite, "https://misol.uz/"
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{late, site}})
		rollUp(t, s)
		dbtest.Refresh(t, series)
		same(t, "sums after somebody comes late", usedOn(t, s, 1, oldDay), sums)
	})
}

// What was not exported is not removed with it.
func TestKeeperRemovesNoMoreThanWasExported(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s, ctx := newOn(t, primary, series), as(actor.HR, 1)
		mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay)})
		mustPut(t, s, agent(2), activity.Batch{Events: aDayOf(oldDay)})
		theirs := linesOf(t, s, 2)
		var sheet bytes.Buffer
		if _, err := s.Export(ctx, activity.ActiveWindow, oldDay, &sheet); err != nil {
			t.Fatal(err)
		}
		exported := sheet.String()
		early, late := newWindow("early", "PC-9", oldDay), newWindow("late", "PC-9", oldDay.Add(time.Hour))
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{early, late}})
		n, err := s.RemoveExported(ctx, activity.ActiveWindow, oldDay, &sheet)
		left := all(t, s, 1, activity.ActiveWindow)
		if err != nil || n != int64(len(hard)+1) || len(left) != 2 || left[0].ComputerUID != "PC-9" || left[1].ComputerUID != "PC-9" {
			t.Errorf("removed %d, left %+v: %v", n, left, err)
		}
		if n, err := s.RemoveExported(ctx, activity.ActiveWindow, oldDay, strings.NewReader(exported)); n != 0 || err != nil {
			t.Errorf("removed %d again: %v", n, err)
		}
		if n, err := s.RemoveExported(ctx, activity.ActiveWindow, oldDay.Add(day), strings.NewReader(exported)); n != 0 || err == nil {
			t.Errorf("rows of another day: removed %d: %v", n, err)
		}
		same(t, "the other organization", linesOf(t, s, 2), theirs)
	})
}

// A day of more rows than a part, many of which begin at the same moment, is exported and removed whole.
func TestKeeperTakesManyRowsInParts(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s, ctx := newOn(t, primary, series), as(actor.HR, 1)
		const n = 2*db.Part + 100
		b := activity.Batch{Events: make([]activity.Event, n)}
		for i := range b.Events {
			b.Events[i] = activity.Event{
				Kind: activity.IdlePeriod, Key: fmt.Sprint(i), ComputerUID: "PC-1", UserSID: "S-1", At: oldDay.Add(time.Duration(i/3000) * time.Hour), Duration: 1,
			}
		}
		mustPut(t, s, agent(1), b)
		mustPut(t, s, agent(2), activity.Batch{Events: b.Events[:10]})
		dbtest.Compress(t, series, "idle_periods")
		var sheet bytes.Buffer
		if got, err := s.Export(ctx, activity.IdlePeriod, oldDay, &sheet); err != nil || got != n || strings.Count(sheet.String(), "\n") != n+1 {
			t.Errorf("exported %d of %d: %v", got, n, err)
		}
		if got, err := s.Remove(ctx, activity.IdlePeriod, oldDay); err != nil || got != n {
			t.Errorf("removed %d of %d: %v", got, n, err)
		}
		if got, err := s.Import(ctx, activity.IdlePeriod, bytes.NewReader(sheet.Bytes())); err != nil || got != n {
			t.Errorf("imported %d of %d: %v", got, n, err)
		}
		dbtest.Compress(t, series, "idle_periods")
		if got, err := s.RemoveExported(ctx, activity.IdlePeriod, oldDay, &sheet); err != nil || got != n {
			t.Errorf("removed %d of %d: %v", got, n, err)
		}
		if got := len(all(t, s, 2, activity.IdlePeriod)); got != 10 {
			t.Errorf("the other organization has %d of 10", got)
		}
	})
}

// A row's own files have its whole key for a name, whatever its agent called them.
func TestKeeperKnowsTheFilesOfRows(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s, ctx := newOn(t, primary, series), as(actor.HR, 1)
		shot := func(key, path string, at time.Time) string {
			e := activity.Event{Kind: activity.Screenshot, Key: key, ComputerUID: "PC-1", UserSID: "S-1", At: at, FilePath: path}
			mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{e}})
			return activity.ScreenshotIDOf(1, &e).Files()
		}
		own := shot("own", "x", oldDay)
		want := []string{own, shot("own", own+".jpg", oldDay.Add(time.Microsecond)), shot("thief", own+".jpg", oldDay.Add(time.Hour)), shot("v1", `C:\shots\1.png`, oldDay)}
		shot("other", own+".png", oldDay.Add(day))
		slices.Sort(want)
		paths, err := s.Files(ctx, activity.Screenshot, oldDay)
		if err != nil || !slices.Equal(paths, want) {
			t.Errorf("files %v, want %v: %v", paths, want, err)
		}
		if paths, err := s.Files(as(actor.HR, 2), activity.Screenshot, oldDay); len(paths) != 0 || err != nil {
			t.Errorf("another organization sees %v: %v", paths, err)
		}
		if paths, err := s.Files(ctx, activity.ActiveWindow, oldDay); len(paths) != 0 || err != nil {
			t.Errorf("windows have files %v: %v", paths, err)
		}
	})
}

// While rows wait in the primary database to go back to TimescaleDB, a day is counted and exported from both, and
// removed when all are in one place: what moves meanwhile would be missed, and sums are in two. While TimescaleDB is away
// nothing is touched.
func TestKeeperWhileRowsAreInTwoPlaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, primary *db.DB) {
		s, ctx := newPair(t, primary, dbtest.SQLite(t)), as(actor.HR, 1)
		mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay)})
		s.turn(t, true)
		second := aDayOf(oldDay.Add(time.Minute))
		mustPut(t, s, agent(1), activity.Batch{Events: second[:len(second)-1]})
		if _, err := s.Remove(ctx, activity.IdlePeriod, oldDay); !errors.Is(err, errStorage) {
			t.Errorf("TimescaleDB is away, and a day is removed: %v", err)
		}
		s.turn(t, false)
		counts, err := s.Expired(ctx, activity.IdlePeriod, noon)
		if want := int64(2 * len(hard)); err != nil || len(counts) != 1 || counts[0].Rows != want {
			t.Fatalf("expired %v, want %d: %v", counts, want, err)
		}
		var sheet bytes.Buffer
		if n, err := s.Export(ctx, activity.IdlePeriod, oldDay, &sheet); err != nil || n != counts[0].Rows {
			t.Errorf("exported %d: %v", n, err)
		}
		for _, k := range []activity.Kind{activity.IdlePeriod, activity.ActiveWindow} {
			if _, err := s.Remove(ctx, k, oldDay); !errors.Is(err, errOnTheWay) {
				t.Errorf("%s: rows are on their way, and are removed: %v", k, err)
			}
		}
		if err := s.store.fallback.move(asSystem(ctx)); err != nil {
			t.Fatal(err)
		}
		if err := s.store.fallback.refresh(asSystem(ctx)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Remove(ctx, activity.ActiveWindow, oldDay); err != nil || n != int64(2*len(hard)+1) {
			t.Errorf("removed %d: %v", n, err)
		}
		if n, err := s.Remove(ctx, activity.IdlePeriod, oldDay); err != nil || n != counts[0].Rows {
			t.Errorf("removed %d: %v", n, err)
		}
	})
}

func TestKeeperActsForOneOrganization(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	k := activity.ActiveWindow
	for name, err := range map[string]error{
		"Expired":        faultOnly(s.Expired(system(), k, noon)),
		"Files":          faultOnly(s.Files(system(), k, noon)),
		"Export":         faultOnly(s.Export(system(), k, noon, &bytes.Buffer{})),
		"Remove":         faultOnly(s.Remove(system(), k, noon)),
		"RemoveExported": faultOnly(s.RemoveExported(system(), k, noon, &bytes.Buffer{})),
		"Import":         faultOnly(s.Import(system(), k, &bytes.Buffer{})),
	} {
		if !errors.Is(err, db.ErrNoOrganization) {
			t.Errorf("%s for all organizations: %v", name, err)
		}
	}
	if _, err := s.Expired(as(actor.HR, 1), "nothing", noon); !errors.Is(err, errUnknownKind) {
		t.Errorf("a kind that is none: %v", err)
	}
}

func faultOnly[T any](_ T, err error) error { return err }
