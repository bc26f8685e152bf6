package monitoring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

// What comes late is of a day that is compressed: TimescaleDB unpacks rows of all computers for it, more than the
// settings let a transaction unpack.
func TestLateRowsUnpackAsManyAsTheyHaveTo(t *testing.T) {
	t.Parallel()
	for _, version := range dbtest.TimescaleVersions(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			address := dbtest.SecondURL(t, version)
			fill := newService(t, dbtest.OpenSeries(t, address))
			var events []activity.Event
			for n := range 400 {
				events = append(events, newWindow(fmt.Sprint(n), fmt.Sprint("PC-", n%20), oldDay.Add(time.Duration(n)*time.Minute)))
			}
			mustPut(t, fill, agent(1), activity.Batch{Events: events})
			dbtest.Compress(t, fill.store.db, "active_windows")
			limited := dbtest.As(t, address, "staff_app", "")
			if strings.Contains(limited, "?") {
				limited += "&"
			} else {
				limited += "?"
			}
			series, err := db.OpenSeries(limited+"timescaledb.max_tuples_decompressed_per_dml_transaction=1", nil, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { series.Close() })
			s := newPair(t, dbtest.Postgres(t), series)
			late := activity.Batch{Token: "late", Events: []activity.Event{newWindow("late", "PC-7", oldDay.Add(time.Hour)), events[3]}}
			if r := mustPut(t, s, agent(1), late); r.Fallback || r.Stored != 1 || r.Known != 1 {
				t.Errorf("receipt %+v", r)
			}
			s.turn(t, true)
			late = activity.Batch{Events: []activity.Event{newWindow("moved", "PC-7", oldDay.Add(2*time.Hour))}}
			mustPut(t, s, agent(1), late)
			s.turn(t, false)
			s.move(t)
			if n := len(all(t, s, 1, activity.ActiveWindow)); n != len(events)+2 {
				t.Errorf("%d rows", n)
			}
		})
	}
}

// A batch that is slow while TimescaleDB takes rows of now is slow by itself: it gets more time, and nobody else is sent
// elsewhere for it.
func TestABatchThatIsSlowByItselfIsNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		f := p.process()
		for range 5 {
			again, err := f.try(agent(1), func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(15 * time.Second):
					return nil
				}
			})
			if again || err != nil {
				t.Fatalf("again %v, %v", again, err)
			}
		}
		if f.active() || len(p.probes) != 5 {
			t.Errorf("active %v after %d probes", f.active(), len(p.probes))
		}
	})
}

// A row that TimescaleDB refuses stays, with its day; days, organizations and kinds beside it go.
func TestWhatCannotBeMovedKeepsNothingElseWaiting(t *testing.T) {
	t.Parallel()
	s := newPair(t, dbtest.SQLite(t), dbtest.SQLite(t))
	s.turn(t, true)
	for o := range int64(2) {
		mustPut(t, s, agent(o+1), activity.Batch{Token: "t", Events: ofEachKind("k")})
	}
	poison, beside := newWindow("poison", "PC-1", noon.Add(-3*day)), newWindow("beside", "PC-1", noon.Add(-3*day+time.Hour))
	poison.Title = "poison"
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{poison, beside}})
	s.turn(t, false)
	want := contents(t, s.store.db, 2)
	err := s.store.series.Write(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("CREATE TRIGGER poisoned BEFORE INSERT ON active_windows WHEN NEW.window_title = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.fallback.move(asSystem(context.Background())); err == nil || !strings.Contains(err.Error(), "poisoned") {
		t.Errorf("moved with %v", err)
	}
	same(t, "the other organization", contents(t, s.store.series, 2), want)
	left := contents(t, s.store.db, 1)
	if len(left) != 2 || slices.ContainsFunc(left, func(l string) bool { return !strings.HasPrefix(l, string(activity.ActiveWindow)) }) {
		t.Errorf("left\n%s", strings.Join(left, "\n"))
	}
	if n := len(all(t, s, 1, activity.ActiveWindow)); n != 3 {
		t.Errorf("readers see %d windows", n)
	}
	if state, err := s.store.state(asSystem(context.Background())); err != nil || !state.Waiting {
		t.Errorf("state %+v, %v", state, err)
	}
}

// Whoever reads while rows move sees each of them, once, and of two contents of one the one that stays.
func TestRowsThatMoveWhileTheyAreReadAreSeen(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		first, second := newWindow("a", "PC-1", noon.Add(-time.Hour)), newWindow("a", "PC-1", noon.Add(-time.Hour))
		second.Title = "another"
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{first}})
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{second, newWindow("b", "PC-1", noon.Add(-time.Minute))}})
		s.turn(t, false)
		var paged []row
		for rows, err := range s.store.rowsOf(as(actor.HR, 1), activity.ActiveWindow, noon.Truncate(day)) {
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, rows...)
		}
		listed := all(t, s, 1, activity.ActiveWindow)
		if len(paged) != 2 || paged[0].Title != first.Title || len(listed) != 2 || listed[1].Title != first.Title {
			t.Errorf("paged %+v, listed %+v", paged, listed)
		}
		var seen []row
		for i, d := range s.store.places() {
			err := d.Read(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
				rows, err := newest(ctx, tx, activity.ActiveWindow, []sight{{organization: 1}}, window{limit: 10})
				seen = merged(seen, rows, newerRow, 10)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				s.move(t)
			}
		}
		if len(seen) != 2 {
			t.Errorf("%d rows are seen of 2", len(seen))
		}
	})
}

// Nothing is removed of a day, or dropped, while rows of it or of a day before it wait, although the process knows of none.
func TestNothingIsTakenAwayWhileRowsWait(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay)})
		s.turn(t, false)
		s.store.fallback.learn(stateRow{ID: 1}) // a second ago
		ctx := as(actor.HR, 1)
		for _, k := range activity.Kinds {
			if n, err := s.Remove(ctx, k, oldDay.Add(day)); n != 0 || !errors.Is(err, errOnTheWay) || !fault.Retryable(err) {
				t.Errorf("%s: removed %d of the day after it: %v", k, n, err)
			}
			if _, err := s.Remove(as(actor.HR, 2), k, oldDay.Add(day)); err != nil {
				t.Errorf("%s: the other organization waits too: %v", k, err)
			}
			if _, err := s.Remove(ctx, k, oldDay.Add(-day)); err != nil {
				t.Errorf("%s: the day before it waits too: %v", k, err)
			}
			if s.store.series.Engine().Name == db.SQLite {
				continue
			}
			if n, err := s.Drop(system(), k, oldDay.Add(2*day), []int64{1}); n != 0 || !errors.Is(err, errOnTheWay) {
				t.Errorf("%s: dropped %d: %v", k, n, err)
			}
		}
		if _, err := s.Files(ctx, activity.Screenshot, oldDay); !errors.Is(err, errOnTheWay) {
			t.Errorf("files: %v", err)
		}
		if err := s.store.fallback.refresh(asSystem(context.Background())); err != nil {
			t.Fatal(err)
		}
		sums := usedOn(t, s, 1, oldDay)
		s.move(t)
		dbtest.Refresh(t, s.store.series)
		same(t, "sums", usedOn(t, s, 1, oldDay), sums)
		if paths, err := s.Files(ctx, activity.Screenshot, oldDay); err != nil || len(paths) != len(hard) {
			t.Errorf("%d files: %v", len(paths), err)
		}
		// While the other is away, whatever this process knows.
		s.turn(t, true)
		s.store.fallback.learn(stateRow{ID: 1})
		if _, err := s.Remove(ctx, activity.ActiveWindow, oldDay); !errors.Is(err, errOnTheWay) {
			t.Errorf("removed while it is away: %v", err)
		}
	})
}

// There is room for the days to come before anybody needs it.
func TestThereIsRoomForTheDaysToCome(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	s := newService(t, d)
	if err := s.makeDays(system()); err != nil {
		t.Fatal(err)
	}
	for _, k := range activity.Kinds {
		if n := days(t, d, tables[k].name); n != daysAhead {
			t.Errorf("%s: %d days", k, n)
		}
	}
}

// A batch of very many days is refused for its size, so that a gateway halves it.
func TestABatchOfTooManyDaysIsSentInParts(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	var events []activity.Event
	for n := range maxDays + 1 {
		events = append(events, newWindow(fmt.Sprint(n), "PC-1", noon.AddDate(0, 0, -n)))
	}
	var refused *fault.Error
	if _, err := s.Put(agent(1), activity.Batch{Events: events}); !errors.As(err, &refused) || refused.Kind != fault.TooLarge || refused.Code != errTooManyDays.Code {
		t.Errorf("put: %v", err)
	}
	for part := range slices.Chunk(events, maxDays/2+1) {
		mustPut(t, s, agent(1), activity.Batch{Events: part})
	}
	if n := len(all(t, s, 1, activity.ActiveWindow)); n != len(events) {
		t.Errorf("%d rows of %d", n, len(events))
	}
	if oldest := newWindow("old", "PC-1", noon.AddDate(0, 0, -401)); s.Aside(oldest) != tooOld {
		t.Error("an event of 401 days ago is believed")
	}
}

// A page is the same as if all days were read at once.
func TestPagesWalkBackwards(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	for i, ago := range []int{0, 0, 1, 2, 2, 3, 9, 10, 30, 31, 33, 41, 42, 43, 129, 170, 171, 300, 399} {
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow(fmt.Sprint(i), fmt.Sprint("PC-", i%3), noon.AddDate(0, 0, -ago))}})
	}
	ctx := as(actor.HR, 1)
	for name, sights := range map[string][]sight{
		"all":           {{organization: 1}},
		"some":          {{organization: 1, computer: "PC-0"}, {organization: 1, computer: "PC-1", from: noon.AddDate(0, 0, -42)}, {organization: 1, computer: "PC-2", until: noon.AddDate(0, 0, -41)}},
		"of long ago":   {{organization: 1, from: noon.AddDate(0, 0, -171), until: noon.AddDate(0, 0, -129)}},
		"nothing":       {{organization: 1, computer: "PC-9"}},
		"of an instant": {{organization: 1, from: noon.AddDate(0, 0, -30), until: noon.AddDate(0, 0, -30).Add(time.Second)}},
	} {
		want, err := s.store.newest(ctx, activity.ActiveWindow, sights, window{limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1, 4, 100} {
			var got []row
			for w := (window{limit: limit}); ; {
				page, err := s.newest(ctx, activity.ActiveWindow, sights, w)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, page...)
				if len(page) < limit {
					break
				}
				w.after = &place{page[limit-1].Datetime, page[limit-1].ID}
			}
			same(t, fmt.Sprint(name, " by ", limit), ids(got), ids(want))
		}
	}
}

// What is read first is what is of the last two days, and then four times as much.
func TestAWalkBeginsWithFewDays(t *testing.T) {
	t.Parallel()
	sights := []sight{{organization: 1}, {organization: 1, computer: "PC-1", until: noon.Add(-2 * day)}, {organization: 1, computer: "PC-2", from: noon.Add(-day)}}
	part, older := within(sights, noon.Add(-2*day), time.Time{})
	if len(part) != 2 || !older || !part[0].from.Equal(noon.Add(-2*day)) || !part[0].until.IsZero() || !part[1].from.Equal(noon.Add(-day)) {
		t.Errorf("%v %+v", older, part)
	}
	part, older = within(sights, time.Time{}, noon.Add(-2*day))
	if len(part) != 2 || older || !part[0].until.Equal(noon.Add(-2*day)) || part[1].computer != "PC-1" {
		t.Errorf("%v %+v", older, part)
	}
}
