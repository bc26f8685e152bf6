package computers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func register(t testing.TB, o office, organization int64, uid, name, mac string) int64 {
	t.Helper()
	c, err := o.Register(agent(organization), computer.Details{UID: uid, Name: name, MACAddress: mac})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// listed are the uids of the list.
func listed(t testing.TB, o office, ctx context.Context) (uids []string) {
	t.Helper()
	for _, c := range gridtest.All(t, ctx, (&Module{service: o.service}).computers(), "") {
		uids = append(uids, c.ComputerUID)
	}
	return uids
}

func mergedUIDs(t testing.TB, o office, uid string) string {
	t.Helper()
	uids, err := o.Merged(hr(1), uid)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(uids, " ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A machine that was set up anew is one computer again, with the past of both.
func TestAMergedComputerIsItsTarget(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "OLD", "S-1")
		linkAt(t, o.service, userID(t, o.service, 1, "S-1"), 11, nil)
		o.clock.pass(time.Hour)
		see(t, o.service, 1, "NEW", "S-2")
		old, target := computerID(t, o, 1, "OLD"), computerID(t, o, 1, "NEW")
		lead := as(actor.DepartmentLead, 1, 1)
		if got := listed(t, o, lead); !slices.Equal(got, []string{"OLD"}) {
			t.Errorf("the lead sees %v", got)
		}
		must(t, o.merge(hr(1), old, target))
		for who, ctx := range map[string]context.Context{"HR": hr(1), "the lead of whom it was": lead} {
			if got := listed(t, o, ctx); !slices.Equal(got, []string{"NEW"}) {
				t.Errorf("%s sees %v", who, got)
			}
		}
		if got := mergedUIDs(t, o, "NEW"); got != "OLD" {
			t.Errorf("merged are %s", got)
		}
		users, err := o.usersOn(hr(1), []int64{target})
		if err != nil || len(users[target]) != 2 || users[target][0].SID != "S-1" || *users[target][0].EmployeeID != 11 || users[target][1].SID != "S-2" {
			t.Errorf("its users are %+v (%v)", users, err)
		}
		if users, err := o.usersOn(lead, []int64{target, old}); err != nil || len(users[target]) != 0 || len(users[old]) != 1 {
			t.Errorf("the lead's are %+v (%v)", users, err)
		}
		if got := turnsOf(t, o, "NEW"); got != "1440 reporting, 1440 no_contact, 1500 reporting" {
			t.Errorf("its history is %s", got)
		}
		if got, err := o.byID(hr(1), old, "read"); err != nil || got.MergedInto == nil || *got.MergedInto != target || got.State != offline {
			t.Errorf("the merged one is %+v (%v)", got, err)
		}
		// What the old id reports is heard of the target, and its links stay.
		o.clock.pass(time.Hour)
		settled(t, o)
		wantState(t, o, "NEW", "offline no_contact 60")
		now := o.clock.pass(time.Minute)
		see(t, o.service, 1, "OLD", "S-1")
		wantState(t, o, "NEW", "online reporting 121")
		if r := named(t, o, 1, "NEW"); !r.LastSeenAt.Equal(now) {
			t.Errorf("the target was last seen at %v", r.LastSeenAt)
		}
		if got := periods(t, o.service, 11); len(got) != 1 || got[0].ComputerUID != "OLD" {
			t.Errorf("the links are %+v", got)
		}
		found, err := o.Standings(hr(1), []string{"OLD", "NEW", "NONE"})
		if err != nil || len(found) != 2 || found["OLD"] != found["NEW"] || found["OLD"].State != online || found["OLD"].ID != target {
			t.Errorf("they stand %+v (%v)", found, err)
		}
		must(t, o.split(hr(1), old))
		if got := listed(t, o, hr(1)); !slices.Equal(got, []string{"NEW", "OLD"}) {
			t.Errorf("after the split: %v", got)
		}
		wantState(t, o, "OLD", "online reporting 121")
		wantState(t, o, "NEW", "offline no_contact 60")
		if r := named(t, o, 1, "NEW"); !r.LastSeenAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("after the split it was last seen at %v", r.LastSeenAt)
		}
	})
}

func TestMergesMakeNoChains(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		ids := map[string]int64{}
		for _, uid := range []string{"A", "B", "C", "D"} {
			ids[uid] = register(t, o, 1, uid, "", "")
		}
		theirs := register(t, o, 2, "E", "", "")
		must(t, o.merge(hr(1), ids["A"], ids["B"]))
		must(t, o.merge(hr(1), ids["B"], ids["C"])) // takes A with it
		must(t, o.merge(hr(1), ids["D"], ids["A"])) // which is C
		if got := mergedUIDs(t, o, "C"); got != "A B D" {
			t.Errorf("merged into C are %s", got)
		}
		for _, uid := range []string{"A", "B"} {
			if got := mergedUIDs(t, o, uid); got != "" {
				t.Errorf("merged into %s are %s", uid, got)
			}
		}
		operator := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
		for name, c := range map[string]struct {
			err, want error
		}{
			"into itself":                          {o.merge(hr(1), ids["C"], ids["C"]), errSame},
			"into one of its own":                  {o.merge(hr(1), ids["C"], ids["A"]), errSame},
			"again":                                {o.merge(hr(1), ids["A"], ids["C"]), errSame},
			"into nothing":                         {o.merge(hr(1), ids["A"], 999), errUnknown},
			"nothing":                              {o.merge(hr(1), 999, ids["A"]), errUnknown},
			"into another organization's":          {o.merge(hr(1), ids["C"], theirs), errUnknown},
			"another organization's":               {o.merge(hr(1), theirs, ids["C"]), errUnknown},
			"by the operator across organizations": {o.merge(operator, theirs, ids["C"]), errUnknown},
			"a split of what is not merged":        {o.split(hr(1), ids["C"]), errNotMerged},
			"a split of another organization's":    {o.split(hr(2), ids["A"]), errUnknown},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %v", name, c.err, c.want)
			}
		}
		must(t, o.split(hr(1), ids["A"]))
		if got := mergedUIDs(t, o, "C"); got != "B D" {
			t.Errorf("after the split, merged into C are %s", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE organization_id = 1 AND action IN ('computers.merge', 'computers.split') AND object LIKE 'computer:_'"); n != 4 {
			t.Errorf("the audit has %d lines of them, want 4", n)
		}
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error { // the database refuses it, too
			_, err := tx.Raw("UPDATE computers SET merged_into = ? WHERE id = ?", theirs, ids["A"]).Exec(ctx) // unscoped on purpose
			return err
		})
		if err == nil {
			t.Error("the database merges across organizations")
		}
	})
}

// What a computer was merged into is without it once it is another's.
func TestAMergedComputerMovesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "FORMER", "S-1")
		o.clock.pass(time.Hour)
		see(t, o.service, 1, "MOVED", "S-2")
		register(t, o, 1, "LATTER", "", "")
		moved := computerID(t, o, 1, "MOVED")
		must(t, o.merge(hr(1), moved, computerID(t, o, 1, "FORMER")))
		wantState(t, o, "FORMER", "online reporting 60")
		must(t, o.merge(hr(1), moved, computerID(t, o, 1, "LATTER")))
		wantState(t, o, "FORMER", "offline no_contact 0")
		if r := named(t, o, 1, "FORMER"); !r.LastSeenAt.Equal(noon) {
			t.Errorf("the former target was last seen at %v", r.LastSeenAt)
		}
		wantState(t, o, "LATTER", "online reporting 60")
	})
}

// Of two people who merge the same two computers, each into the other, one is late.
func TestMergesWaitForEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		a, b := register(t, o, 1, "A", "", ""), register(t, o, 1, "B", "", "")
		for range 20 {
			errs := make(chan error, 2)
			for _, c := range [][2]int64{{a, b}, {b, a}} {
				go func() { errs <- o.merge(hr(1), c[0], c[1]) }()
			}
			if one, other := <-errs, <-errs; (one == nil) == (other == nil) || !errors.Is(errors.Join(one, other), errSame) {
				t.Fatalf("%v and %v", one, other)
			}
			merged := a
			if mergedUIDs(t, o, "A") != "" {
				merged = b
			}
			must(t, o.split(hr(1), merged))
		}
	})
}

func TestComputersThatLookLikeOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		for _, c := range []struct{ uid, name, mac string }{
			{"1", "BUX-1", "00:11:22:33:44:55"}, {"2", "bux-1", "00-11-22-33-44-55"}, // the address says it, and the name too
			{"3", "Касса", ""}, {"4", "КАССА ", "00:11:22:33:44:66"}, // the name alone
			{"5", "", "00:00:00:00:00:00"}, {"6", "", "00:00:00:00:00:00"}, {"7", "", "ff:ff:ff:ff:ff:ff"}, {"8", "", "ff:ff:ff:ff:ff:ff"},
			{"9", "", "02:42:ac:11:00:02"}, {"10", "", "02:42:ac:11:00:02"}, {"11", "", "x"}, {"12", "", "x"}, {"13", "localhost", ""}, {"14", "localhost", ""},
		} {
			register(t, o, 1, "PC-"+c.uid, c.name, c.mac)
			o.clock.pass(time.Minute)
		}
		register(t, o, 2, "PC-A", "BUX-1", "00:11:22:33:44:55")
		found := func(ctx context.Context) string {
			t.Helper()
			groups, err := o.duplicates(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, g := range groups {
				words = append(words, g.reason)
				for _, c := range g.computers {
					words = append(words, c.UID)
				}
			}
			return fmt.Sprint(words)
		}
		if got := found(hr(1)); got != "[name PC-4 PC-3 mac PC-2 PC-1]" {
			t.Errorf("alike are %s", got)
		}
		if got := found(hr(2)); got != "[]" {
			t.Errorf("in the other organization alike are %s", got)
		}
		see(t, o.service, 1, "PC-1", "S-1")
		linkAt(t, o.service, userID(t, o.service, 1, "S-1"), 11, nil)
		if got := found(as(actor.DepartmentLead, 1, 1)); got != "[]" { // who sees but one of them
			t.Errorf("to the lead alike are %s", got)
		}
		must(t, o.merge(hr(1), computerID(t, o, 1, "PC-1"), computerID(t, o, 1, "PC-2")))
		if got := found(hr(1)); got != "[name PC-4 PC-3]" {
			t.Errorf("after the merge alike are %s", got)
		}
	})
}
