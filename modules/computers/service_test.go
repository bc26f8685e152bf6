package computers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func TestWhatWasSeenLatelyIsNotStoredAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	see(t, o.service, 1, "PC-1", "S-1")
	forget := func() {
		t.Helper()
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("UPDATE computers SET last_seen_at = NULL").Exec(ctx) // unscoped: the only row
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	known := func() bool {
		return counted(t, d, "SELECT count(*) FROM computers WHERE last_seen_at IS NOT NULL") == 1
	}
	forget()
	o.clock.pass(freshness - time.Second)
	see(t, o.service, 1, "PC-1", "S-1")
	if known() {
		t.Error("a sighting within the freshness was stored")
	}
	o.clock.pass(time.Second)
	see(t, o.service, 1, "PC-1", "S-1")
	if !known() {
		t.Error("a sighting past the freshness was not stored")
	}
	// Another organization's memory is its own.
	see(t, o.service, 2, "PC-1", "S-1")
	if n := counted(t, d, "SELECT count(*) FROM computers"); n != 2 {
		t.Errorf("there are %d computers, want one for each organization", n)
	}
}

func TestLatestSightingOfABatchCounts(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	at := func(minutes int) computer.Sighting {
		return computer.Sighting{ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(time.Duration(minutes) * time.Minute)}
	}
	if err := o.Seen(agent(1), []computer.Sighting{at(-5), at(-1), at(-3)}); err != nil {
		t.Fatal(err)
	}
	if n := counted(t, d, "SELECT count(*) FROM users_on_computers WHERE last_seen_at = ?", noon.Add(-time.Minute)); n != 1 {
		t.Error("the pair was not last seen at the latest of its sightings")
	}
}

func TestMemoryOfSightingsIsBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	for i := range maxRemembered {
		o.seen[sightingKey{9, fmt.Sprint(i), ""}] = noon
	}
	see(t, o.service, 1, "PC-1", "S-1")
	if len(o.seen) != 1 {
		t.Errorf("%d sightings are remembered", len(o.seen))
	}
}

func TestNobodySeesForNoOrganization(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(d)
	one := []computer.Sighting{{ComputerUID: "PC-1", At: noon}}
	if err := o.Seen(context.Background(), one); !errors.Is(err, db.ErrNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	if err := o.Seen(system(), one); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("across organizations: %v", err)
	}
	if err := o.Seen(agent(1), nil); err != nil {
		t.Errorf("nothing seen: %v", err)
	}
}

// Two processes with the same agents, at once and in opposite orders.
func TestSightingsMeetFromManySides(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		const computers, users = 12, 9
		var group sync.WaitGroup
		for worker := range 6 {
			o := newOffice(d)
			group.Go(func() {
				var all []computer.Sighting
				for i := range computers * users {
					if worker%2 == 1 {
						i = computers*users - 1 - i
					}
					all = append(all, computer.Sighting{ComputerUID: fmt.Sprint("PC-", i%computers), UserSID: fmt.Sprint("S-", i/computers), At: noon})
				}
				for _, part := range [][]computer.Sighting{all[:50], all[50:], all} {
					if err := o.Seen(agent(1), part); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		for table, want := range map[string]int{"computers": computers, "computer_users": users, "users_on_computers": computers * users} {
			if n := counted(t, d, "SELECT count(*) FROM "+table); n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
	})
}

func TestAgentsTextsAreTidied(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		c, err := o.Register(agent(1), computer.Details{UID: " PC-1\x00 ", Name: strings.Repeat("я", 200), OS: "bad\xff"})
		if err != nil {
			t.Fatal(err)
		}
		if c.UID != "PC-1" || c.Name != strings.Repeat("я", 127) || c.OS != "bad\uFFFD" || !c.Active || !c.CreatedAt.Equal(noon) {
			t.Errorf("computer is %+v", c)
		}
		u, err := o.RegisterUser(agent(1), computer.UserDetails{SID: "S-1", Name: "A\x00ziza", Username: "aziza", Admin: true})
		if err != nil {
			t.Fatal(err)
		}
		if u.Name != "Aziza" || u.SID != "S-1" || !u.Admin || u.InDomain || !u.Active || u.EmployeeID != 0 {
			t.Errorf("user is %+v", u)
		}
		if _, err := o.Register(agent(1), computer.Details{UID: " "}); !errors.Is(err, errNameless) {
			t.Errorf("a computer without a name: %v", err)
		}
		if _, err := o.RegisterUser(agent(1), computer.UserDetails{SID: "\x00"}); !errors.Is(err, errNameless) {
			t.Errorf("a user without a name: %v", err)
		}
	})
}

func TestDepartmentLeadSeesOwnPeopleOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		for uid, sid := range map[string]string{"PC-1": "S-1", "PC-2": "S-2", "PC-3": "S-3"} {
			see(t, o.service, 1, uid, sid)
		}
		first, second := userID(t, o.service, 1, "S-1"), userID(t, o.service, 1, "S-2")
		linkAt(t, o.service, first, 11, nil)
		linkAt(t, o.service, second, 12, nil)
		seen := func(ctx context.Context) (computers, users int) {
			t.Helper()
			m := &Module{service: o.service}
			return len(gridtest.All(t, ctx, m.computers(), "")), len(gridtest.All(t, ctx, m.users(), ""))
		}
		for _, c := range []struct {
			who  string
			ctx  context.Context
			want int
		}{
			{"HR", hr(1), 3},
			{"the lead of one department", as(actor.DepartmentLead, 1, 1), 1},
			{"the lead of both", as(actor.DepartmentLead, 1, 1, 2), 2},
			{"a lead of none", as(actor.DepartmentLead, 1), 0},
			{"another organization's lead", as(actor.DepartmentLead, 2, 1, 2, 3), 0},
		} {
			if computers, users := seen(c.ctx); computers != c.want || users != c.want {
				t.Errorf("%s sees %d computers and %d users, want %d", c.who, computers, users, c.want)
			}
		}
		o.clock.pass(time.Hour)
		linkAt(t, o.service, first, 12, nil) // who is somebody else's now is out of sight
		if computers, users := seen(as(actor.DepartmentLead, 1, 1)); computers != 0 || users != 0 {
			t.Errorf("after the move the former lead sees %d computers and %d users", computers, users)
		}
	})
}

// A gateway's batch can hold many agents at once; their sightings must not cost a round trip each.
func BenchmarkSeen500(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			populate(b, d)
			o := newOffice(d)
			var all []computer.Sighting
			for i := range 500 {
				all = append(all, computer.Sighting{ComputerUID: fmt.Sprint("PC-", i), UserSID: fmt.Sprint("S-1-5-21-1004336348-1177238915-", i), At: noon})
			}
			if err := o.Seen(agent(1), all); err != nil { // then all are known
				b.Fatal(err)
			}
			for b.Loop() {
				at := o.clock.pass(freshness)
				for i := range all {
					all[i].At = at
				}
				if err := o.Seen(agent(1), all); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
