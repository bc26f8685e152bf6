package monitoring

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// fullDay is the day before noon's, with the days around it.
var fullDay = noon.Truncate(day).Add(-day)

// summed is what an organization used, as a list in one order.
func summed(t *testing.T, s *service, u usage, byTime bool) []used {
	t.Helper()
	list, err := s.store.used(as(actor.HR, 1), usageQuery{
		usage: u, byName: true, byTime: byTime,
		sights: []partSight{{sight: sight{organization: 1, from: fullDay.Add(-2 * day), until: fullDay.Add(4 * day)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return folded(list)
}

// folded sums what belongs together and puts it in one order.
func folded(list []used) (out []used) {
	sums := tally(list, func(u used) used { return used{Part: u.Part, Name: u.Name, At: u.At} })
	for key, a := range sums {
		key.Seconds, key.Events = a.seconds, a.events
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b used) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Name, b.Name), cmp.Compare(a.At, b.At))
	})
	return out
}

// expected sums the events themselves.
func expected(t *testing.T, s *service, u usage, byTime bool) []used {
	t.Helper()
	var list []used
	for _, r := range all(t, s, 1, u.of) {
		e := used{Name: r.ProcessName, Seconds: r.DurationSeconds, Events: 1}
		if u == sites {
			e.Name = host(r.URL)
		}
		if byTime {
			e.At = r.Datetime.Truncate(quarter).Unix()
		}
		list = append(list, e)
	}
	return folded(list)
}

// seatsAt are all seats of arrivals, as sights that divide the time at a moment.
func seatsAt(at time.Time) (list []partSight) {
	for pc := range 3 {
		for user := range 2 {
			v := sight{
				organization: 1, computer: fmt.Sprint("PC-", pc), user: fmt.Sprint("S-", user), someUser: true,
				from: fullDay.Add(-2 * day), until: fullDay.Add(4 * day),
			}
			before, after := v, v
			before.until, after.from = at, at
			list = append(list, partSight{before, 0}, partSight{after, 1})
		}
	}
	return list
}

func checkSums(t *testing.T, s *service, when string) {
	t.Helper()
	for _, u := range usages() {
		for _, byTime := range []bool{false, true} {
			if got, want := summed(t, s, u, byTime), expected(t, s, u, byTime); !slices.Equal(got, want) {
				t.Fatalf("%s: sums of %s by time %v are\n%v\nthe events'\n%v", when, u.kind, byTime, got, want)
			}
		}
	}
}

// checkSeats checks that the sums of the seats are those of all, wherever the time is divided.
func checkSeats(t *testing.T, s *service, at time.Time, when string) {
	t.Helper()
	for _, u := range usages() {
		for _, byTime := range []bool{false, true} {
			got, err := s.store.used(as(actor.HR, 1), usageQuery{usage: u, byName: true, byTime: byTime, sights: seatsAt(at)})
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if byTime && (got[i].Part == 0 && got[i].At >= at.Unix() || got[i].Part == 1 && got[i].At < at.Truncate(quarter).Unix()) {
					t.Fatalf("%s: %+v is on the other side of %v", when, got[i], at)
				}
				got[i].Part = 0
			}
			if got, want := folded(got), expected(t, s, u, byTime); !slices.Equal(got, want) {
				t.Fatalf("%s: sums of %s of the seats, divided at %v, by time %v are\n%v\nthe events'\n%v", when, u.kind, at, byTime, got, want)
			}
		}
	}
}

// system is on whose behalf jobs run.
func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func rollUp(t *testing.T, s *service) {
	t.Helper()
	if err := s.rollUp(system()); err != nil {
		t.Fatal(err)
	}
}

// rollUpLater sums everything: a day later everything has settled.
func rollUpLater(t *testing.T, s *service) {
	t.Helper()
	then := *s
	then.now = func() time.Time { return s.now().Add(day) }
	rollUp(t, &then)
	for _, u := range usages() {
		if left, err := s.store.marked(as(actor.HR, 1), u, noon.Add(10*day), 1000); err != nil || len(left) > 0 {
			t.Fatalf("%d quarter hours of %s are left, %v", len(left), u.kind, err)
		}
	}
}

// arrivals are batches as they come: late, out of order, again, and of two organizations.
func arrivals(rnd *rand.Rand) (batches []activity.Batch) {
	var events []activity.Event
	for i := range 150 {
		e := newWindow(fmt.Sprint("e", i), fmt.Sprint("PC-", rnd.IntN(3)), fullDay.Add(time.Duration(rnd.IntN(36*3600))*time.Second))
		e.UserSID, e.Process, e.Duration = fmt.Sprint("S-", rnd.IntN(2)), fmt.Sprint("p", rnd.IntN(4)), int64(rnd.IntN(3000))
		if rnd.IntN(3) == 0 {
			e.Kind, e.URL = activity.VisitedSite, fmt.Sprintf("https://www.site%d.uz/x", rnd.IntN(3))
		}
		events = append(events, e)
	}
	for len(events) > 0 {
		n := min(1+rnd.IntN(20), len(events))
		batch := slices.Clone(events[:n])
		events = events[n:]
		if len(batches) > 0 && rnd.IntN(3) == 0 {
			batch = append(batch, batches[rnd.IntN(len(batches))].Events...)
		}
		batches = append(batches, activity.Batch{Token: fmt.Sprint("t", len(batches)), Events: batch})
		if rnd.IntN(4) == 0 {
			batches = append(batches, batches[rnd.IntN(len(batches))])
		}
	}
	rnd.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// newOn is a service on these databases.
func newOn(t *testing.T, primary, series *db.DB) *service {
	t.Helper()
	if primary == series {
		return newService(t, primary)
	}
	return newPair(t, primary, series)
}

// Whatever comes in whatever order, sums are those of the events, at every moment and when all is summed. TimescaleDB
// shows what comes late after it has summed it again.
func TestSumsAreThoseOfTheEvents(t *testing.T) {
	t.Parallel()
	fresh := rand.Uint64()
	t.Logf("the random seed is %d", fresh)
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		for _, seed := range []uint64{1, 2, 3, fresh} {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { checkArrivals(t, newOn(t, primary, series), seed) })
		}
	})
}

func checkArrivals(t *testing.T, s *service, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	exact := s.store.series.Engine().Name != db.TimescaleDB
	check := func(when string) {
		checkSums(t, s, when)
		checkSeats(t, s, fullDay.Add(time.Duration(rnd.IntN(36*3600))*time.Second), when)
	}
	for i, b := range arrivals(rnd) {
		for j := range b.Events { // each seed has events of its own in the one database
			b.Events[j].Key = fmt.Sprint(seed, " ", b.Events[j].Key)
		}
		b.Token = fmt.Sprint(seed, b.Token)
		mustPut(t, s, agent(1), b)
		mustPut(t, s, agent(2), b)
		if exact {
			check(fmt.Sprint("after batch ", i))
		}
		if n := rnd.IntN(9); n == 0 || n < 3 && exact {
			rollUp(t, s)
			dbtest.Refresh(t, s.store.series)
			check(fmt.Sprint("after the job, batch ", i))
		}
	}
	rollUpLater(t, s)
	dbtest.Refresh(t, s.store.series)
	check("in the end")
	for _, u := range usages() {
		checkTables(t, s, u)
	}
}

// checkTables looks at the sums themselves.
func checkTables(t *testing.T, s *service, u usage) {
	t.Helper()
	read := func(table string) (list []used) {
		t.Helper()
		err := s.store.read(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			// Scoped by the organization that it names.
			return tx.Raw("SELECT "+u.name+" AS name, CAST("+tx.Epoch("bucket")+" AS bigint) AS at, CAST(seconds AS bigint) AS seconds, events FROM "+
				table+" WHERE organization_id = 1").Scan(ctx, &list)
		})
		if err != nil {
			t.Fatal(err)
		}
		return folded(list)
	}
	want := expected(t, s, u, true)
	if got := read(u.quarters()); !slices.Equal(got, want) {
		t.Errorf("quarter hours of %s are\n%v\nthe events'\n%v", u.kind, got, want)
	}
	for i := range want {
		want[i].At -= want[i].At % int64(day/time.Second)
	}
	if got := read(u.days()); !slices.Equal(got, folded(want)) {
		t.Errorf("days of %s are\n%v\nthe events'\n%v", u.kind, got, folded(want))
	}
}
