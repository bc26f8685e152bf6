package monitoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func TestSinkKeepsItsContract(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(name, func(t *testing.T) {
			activitytest.Sink(t, func(t *testing.T) activitytest.Provider {
				s := newService(t, open(t))
				s.now = time.Now // its events are of now
				stored := func(organizationID int64) (events []activity.Event) {
					for _, k := range activity.Kinds {
						for _, r := range all(t, s, organizationID, k) {
							events = append(events, event(k, r))
						}
					}
					return events
				}
				return activitytest.Provider{Sink: s, Stored: stored, Organizations: [2]int64{1, 2}}
			})
		})
	}
}

func event(k activity.Kind, r row) activity.Event {
	return activity.Event{
		Kind: k, ComputerUID: r.ComputerUID, UserSID: r.UserSID, At: r.Datetime, End: r.EndTime, Duration: r.DurationSeconds,
		Title: r.Title, Process: r.ProcessName, URL: r.URL, Session: r.SessionType, FilePath: r.FilePath, FileSize: r.FileSize,
		SHA256: r.SHA256, Width: r.Width, Height: r.Height,
	}
}

func TestBatchIsStoredOnceByItsToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		b := activity.Batch{Token: "t1", Skew: 1500 * time.Millisecond, Events: []activity.Event{
			newWindow("a", "PC-1", noon.Add(-time.Hour)), newWindow("b", "PC-1", noon.Add(-time.Minute)),
		}}
		if r := mustPut(t, s, agent(1), b); r != (activity.Receipt{Stored: 2}) {
			t.Errorf("first receipt %+v", r)
		}
		b.Events = append(b.Events, newWindow("c", "PC-1", noon)) // what comes with a known token is not looked at
		if r := mustPut(t, s, agent(1), b); r != (activity.Receipt{Duplicate: true}) {
			t.Errorf("second receipt %+v", r)
		}
		if r := mustPut(t, s, agent(2), b); r.Duplicate || r.Stored != 3 {
			t.Errorf("another organization's receipt %+v", r)
		}
		b.Token = "t2"
		if r := mustPut(t, s, agent(1), b); r != (activity.Receipt{Stored: 1, Known: 2}) {
			t.Errorf("receipt of a batch with known rows %+v", r)
		}
		if n := len(all(t, s, 1, activity.ActiveWindow)); n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
		want := map[string]tokenRow{"t1": {ClockSkewMS: 1500, Stored: 2}, "t2": {ClockSkewMS: 1500, Stored: 1, Known: 2}}
		for _, got := range tokens(t, s, 1) {
			w := want[got.Token]
			if got.ClockSkewMS != w.ClockSkewMS || got.Stored != w.Stored || got.Known != w.Known || !got.StoredAt.Equal(noon) {
				t.Errorf("token row %+v, want %+v", got, w)
			}
		}
	})
}

func tokens(t *testing.T, s *service, organizationID int64) (rows []tokenRow) {
	t.Helper()
	err := s.store.db.Read(as(actor.HR, organizationID), func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Scan(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSameBatchAtTheSameTimeIsStoredOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		b := activity.Batch{Token: "t"}
		for i := range 200 {
			b.Events = append(b.Events, newWindow(fmt.Sprint(i), "PC-1", noon.Add(-time.Duration(i)*time.Minute)))
		}
		receipts := make([]activity.Receipt, 8)
		var wg sync.WaitGroup
		for i := range receipts {
			wg.Go(func() {
				r, err := s.Put(agent(1), b)
				if err != nil {
					t.Errorf("put: %v", err)
				}
				receipts[i] = r
			})
		}
		wg.Wait()
		first := 0
		for _, r := range receipts {
			if r == (activity.Receipt{Stored: 200}) {
				first++
			} else if r != (activity.Receipt{Duplicate: true}) {
				t.Errorf("receipt %+v", r)
			}
		}
		if n := len(all(t, s, 1, activity.ActiveWindow)); first != 1 || n != 200 {
			t.Errorf("%d batches were the first, %d rows", first, n)
		}
	})
}

func TestImpossibleEventsAreSetAside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		at := noon.Add(-time.Hour)
		login := activity.Event{Kind: activity.UserSession, ComputerUID: "PC-1", UserSID: "S-1", At: at, Session: activity.Login}
		change := func(e activity.Event, key string, f func(*activity.Event)) activity.Event {
			e.Key = key
			f(&e)
			return e
		}
		events := []activity.Event{
			change(newWindow("", "PC-1", at), "negative", func(e *activity.Event) { e.Duration = -1 }),
			change(newWindow("", "PC-1", at), "endless", func(e *activity.Event) { e.Duration = 1 << 40 }),
			change(login, "backwards", func(e *activity.Event) { e.End = at.Add(-time.Second) }),
			change(newWindow("", "PC-9", at), "old", func(e *activity.Event) { e.At = noon.AddDate(-5, 0, -2) }),
			change(newWindow("", "PC-9", at), "early", func(e *activity.Event) { e.At = noon.Add(11 * time.Minute) }),
			change(login, "ends early", func(e *activity.Event) { e.End = noon.Add(time.Hour) }),
			change(newWindow("", "PC-1", at), "year 10000", func(e *activity.Event) { e.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
			newWindow("oldest", "PC-1", noon.Add(-s.cfg.oldest())),
			newWindow("newest", "PC-1", noon.Add(10*time.Minute)),
			change(login, "instant", func(e *activity.Event) { e.End = at }),
		}
		events[0].Title = "a\x00b\xff"
		r := mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: events})
		if r != (activity.Receipt{Stored: 3, Quarantined: 7}) {
			t.Errorf("receipt %+v", r)
		}
		want := map[string]string{}
		for i, reason := range []string{negativeDuration, tooLong, endBeforeStart, tooOld, inFuture, inFuture, inFuture} {
			want[id.Derive(1, string(events[i].Kind), events[i].Key).String()] = reason
		}
		for _, got := range allAside(t, s, 1) {
			if want[got.ID.String()] != got.Reason || !strings.Contains(string(got.Payload), "PC-") {
				t.Errorf("set aside %+v %s, want reason %q", got.ID, got.Reason, want[got.ID.String()])
			}
			delete(want, got.ID.String())
		}
		if len(want) != 0 {
			t.Errorf("not set aside: %v", want)
		}
		if n := len(allAside(t, s, 2)); n != 0 {
			t.Errorf("another organization sees %d events that were set aside", n)
		}
	})
}

func TestTextsAreCutAndMendedNotRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		e := newWindow("k", "PC\x00-1", noon.Add(-time.Hour))
		e.Title = "x" + strings.Repeat("я", 400) // the 500th byte is in the middle of a letter
		e.Process = strings.Repeat("\xffa", 300) // 4 bytes each, once they are mended
		e.URL = strings.Repeat("https://oʻzbek/", 100)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{e}})
		got := all(t, s, 1, activity.ActiveWindow)[0]
		if got.Title != "x"+strings.Repeat("я", 249) {
			t.Errorf("title of %d bytes %q", len(got.Title), got.Title)
		}
		if got.ComputerUID != "PC-1" || got.ProcessName != strings.Repeat("\uFFFDa", 63)+"\uFFFD" || len(got.URL) > activity.MaxURL || !utf8.ValidString(got.URL) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestEventsThatNoTableHoldsRefuseTheBatch(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	good := newWindow("k", "PC-1", noon.Add(-time.Hour))
	for name, spoil := range map[string]func(*activity.Event){
		"kind":        func(e *activity.Event) { e.Kind = "coffee" },
		"key":         func(e *activity.Event) { e.Key = "" },
		"computerUid": func(e *activity.Event) { e.ComputerUID = "\x00" },
		"at":          func(e *activity.Event) { e.At = time.Time{} },
		"url":         func(e *activity.Event) { e.Kind = activity.VisitedSite },
		"filePath":    func(e *activity.Event) { e.Kind = activity.Screenshot },
		"sessionType": func(e *activity.Event) { e.Kind, e.Session = activity.UserSession, "LOGIN" },
	} {
		bad := good
		spoil(&bad)
		_, err := s.Put(agent(1), activity.Batch{Token: name, Events: []activity.Event{good, bad}})
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid || f.Params["Index"] != 1 || (name != "kind" && f.Params["Field"] != name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(all(t, s, 1, activity.ActiveWindow)) + len(tokens(t, s, 1)); n != 0 {
		t.Errorf("%d rows of refused batches", n)
	}
}

func TestPutNeedsAnOrganization(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	if _, err := s.Put(as(actor.Admin, 0), activity.Batch{Events: activitytest.Events(1)}); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("across organizations: %v", err)
	}
}

func TestComputersAreMadeKnownOnce(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	seen := make(chan []computer.Sighting, 1)
	s.computers = registry{seen: seen}
	at := noon.Add(-time.Hour)
	future := newWindow("f", "PC-3", noon.Add(time.Hour))
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{
		newWindow("a", "PC-2", at), newWindow("b", "PC-1", at), newWindow("c", "PC-2", at.Add(time.Minute)), newWindow("d", "PC-2", at), future,
	}})
	got := <-seen
	if len(got) != 2 || got[0].ComputerUID != "PC-1" || got[1].ComputerUID != "PC-2" || !got[1].At.Equal(at.Add(time.Minute)) {
		t.Errorf("seen %+v", got)
	}
	rows := all(t, s, 1, activity.ActiveWindow)
	s.computers = registry{err: db.ErrUnavailable}
	_, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{newWindow("z", "PC-1", at)}})
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("registry away: %v", err)
	}
	if n := len(all(t, s, 1, activity.ActiveWindow)); n != len(rows) {
		t.Errorf("%d rows, want %d", n, len(rows))
	}
}

func TestForgettingTakesOldTokensAndAsidesOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		bad := newWindow("bad", "PC-1", noon.Add(time.Hour))
		for org := range int64(2) {
			for i, age := range []int{0, 29, 31, 91} {
				s.now = func() time.Time { return noon.AddDate(0, 0, -age) }
				bad.Key, bad.At = fmt.Sprint(age), s.now().Add(time.Hour)
				mustPut(t, s, agent(org+1), activity.Batch{Token: fmt.Sprint(i), Events: []activity.Event{bad}})
			}
		}
		s.now = func() time.Time { return noon }
		if err := s.forget(actor.With(context.Background(), actor.System("test"))); err != nil {
			t.Fatal(err)
		}
		for _, org := range []int64{1, 2} {
			if n, m := len(tokens(t, s, org)), len(allAside(t, s, org)); n != 2 || m != 3 {
				t.Errorf("organization %d keeps %d tokens and %d set aside, want 2 and 3", org, n, m)
			}
		}
	})
}

func TestForgettingIsOfTheActorsOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for org := range int64(2) {
			mustPut(t, s, agent(org+1), activity.Batch{Token: "t", Events: []activity.Event{newWindow("k", "PC-1", noon.Add(time.Hour))}})
		}
		if n, err := s.store.forgetTokens(as(actor.HR, 1), noon.Add(day)); n != 1 || err != nil {
			t.Errorf("deleted %d tokens, %v", n, err)
		}
		if n, err := s.store.forgetAside(as(actor.HR, 1), noon.Add(day)); n != 1 || err != nil {
			t.Errorf("deleted %d set aside, %v", n, err)
		}
		if n, m := len(tokens(t, s, 2)), len(allAside(t, s, 2)); n != 1 || m != 1 {
			t.Errorf("the other organization keeps %d tokens and %d set aside", n, m)
		}
	})
}

func TestTimesWithoutInputAreReadWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		first, second := noon.Add(-time.Hour+125*time.Millisecond), noon.Add(-time.Minute)
		for i, at := range []time.Time{first, second, noon} {
			e := newWindow(fmt.Sprint("idle", i), "PC-1", at)
			e.Kind, e.Duration = activity.IdlePeriod, int64(60*i)
			mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{e}})
		}
		seats := []activity.Seat{{ComputerUID: "PC-1", UserSID: "S-1-5-21-7"}, {ComputerUID: "PC-2", UserSID: "S-1-5-21-7"}}
		found, err := s.store.emptiness(as(actor.HR, 1), seats, first, noon)
		if err != nil || len(found) != 2 {
			t.Fatalf("%+v, %v", found, err)
		}
		of := map[string][]span{}
		for _, e := range found {
			list, err := e.spans()
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
			of[e.UID] = list
		}
		if want := []span{{micros(first), micros(first)}, {micros(second), micros(noon)}}; !slices.Equal(of["PC-1"], want) || len(of["PC-2"]) != 0 {
			t.Errorf("%v, want %v", of, want)
		}
	})
}

func TestTimesThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	for _, times := range []string{"x 60", "1 x"} {
		if list, err := (emptiness{Times: times}).spans(); err == nil {
			t.Errorf("%q is %v", times, list)
		}
	}
}
