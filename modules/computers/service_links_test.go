package computers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestFirstLinkIsForAlwaysAndTheNextFromNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		see(t, o.service, 1, "PC-2", "S-1")
		user := userID(t, o.service, 1, "S-1")
		if got := periods(t, o.service, 11); len(got) != 0 {
			t.Fatalf("linked before anybody said so: %+v", got)
		}
		linkAt(t, o.service, user, 11, nil)
		always := computer.LinkPeriod{EmployeeID: 11, ComputerUID: "PC-1", UserSID: "S-1"}
		second := always
		second.ComputerUID = "PC-2"
		if got := periods(t, o.service, 11); len(got) != 2 || got[0] != always || got[1] != second {
			t.Errorf("the first link is %+v", got)
		}
		change := o.clock.pass(time.Hour)
		linkAt(t, o.service, user, 12, nil)
		always.Until = change
		since := computer.LinkPeriod{EmployeeID: 12, ComputerUID: "PC-1", UserSID: "S-1", From: change}
		if got := periods(t, o.service, 11); got[0] != always {
			t.Errorf("the former link is %+v", got)
		}
		if got := periods(t, o.service, 12); got[0] != since {
			t.Errorf("the new link is %+v", got)
		}
		end := o.clock.pass(time.Hour)
		if err := o.unlink(hr(1), user, false); err != nil {
			t.Fatal(err)
		}
		since.Until = end
		if got := periods(t, o.service, 12); got[0] != since {
			t.Errorf("after the unlinking the link is %+v", got)
		}
		if err := o.unlink(hr(1), user, false); !errors.Is(err, errNotLinked) {
			t.Errorf("unlinking twice: %v", err)
		}
		again := o.clock.pass(time.Hour)
		linkAt(t, o.service, user, 11, nil)
		if got := periods(t, o.service, 11); len(got) != 4 || !got[2].From.Equal(again) {
			t.Errorf("after a pause the link is %+v", got)
		}
	})
}

// A link that was a mistake leaves no trace in anybody's day.
func TestAMistakenLinkNeverWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		linkAt(t, o.service, user, 11, nil)
		o.clock.pass(time.Hour)
		linkAt(t, o.service, user, 12, nil)
		o.clock.pass(time.Minute)
		if err := o.unlink(hr(1), user, true); err != nil {
			t.Fatal(err)
		}
		always := computer.LinkPeriod{EmployeeID: 11, ComputerUID: "PC-1", UserSID: "S-1"}
		if first, second := periods(t, o.service, 11), periods(t, o.service, 12); len(first) != 1 || first[0] != always || len(second) != 0 {
			t.Errorf("the link before is %+v, the mistake %+v", first, second)
		}
		if err := o.unlink(hr(1), user, true); err != nil {
			t.Fatal(err)
		}
		if got := periods(t, o.service, 11); len(got) != 0 {
			t.Errorf("the first link was a mistake too, and is %+v", got)
		}
	})
}

func TestDatedLinksDoNotOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		day := func(n int) *time.Time { at := noon.AddDate(0, 0, n); return &at }
		linkAt(t, o.service, user, 11, day(-10))
		linkAt(t, o.service, user, 12, day(-5))
		for name, from := range map[string]*time.Time{"inside an ended link": day(-7), "before all links": day(-20), "before the open link": day(-6)} {
			if err := o.link(hr(1), user, 11, from); !errors.Is(err, errLinkOverlaps) {
				t.Errorf("%s: %v", name, err)
			}
		}
		see(t, o.service, 1, "PC-1", "S-2")
		other := userID(t, o.service, 1, "S-2")
		linkAt(t, o.service, other, 11, day(-5))
		if err := o.link(hr(1), other, 12, day(-6)); !errors.Is(err, errLinkOverlaps) {
			t.Errorf("before the only link: %v", err)
		}
		if err := o.unlink(hr(1), other, false); err != nil {
			t.Fatal(err)
		}
		// Who was linked at the same moment was linked by mistake.
		linkAt(t, o.service, user, 11, day(-5))
		if got := periods(t, o.service, 12); len(got) != 0 {
			t.Errorf("the mistaken link is still there: %+v", got)
		}
		// A link may begin later than now; unlinking ends all that reaches beyond now.
		linkAt(t, o.service, user, 12, day(3))
		if err := o.unlink(hr(1), user, false); err != nil {
			t.Fatal(err)
		}
		if got := periods(t, o.service, 12); len(got) != 0 {
			t.Errorf("the link to come is still there: %+v", got)
		}
		got := slices.DeleteFunc(periods(t, o.service, 11), func(p computer.LinkPeriod) bool { return p.UserSID != "S-1" })
		if len(got) != 2 || !got[1].From.Equal(*day(-5)) || !got[1].Until.Equal(noon) {
			t.Errorf("the links are %+v", got)
		}
	})
}

func TestLinksTouchAHalfOpenTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		from, until := noon.Add(-2*time.Hour), noon
		linkAt(t, o.service, user, 11, &from)
		if err := o.unlink(hr(1), user, false); err != nil { // at noon
			t.Fatal(err)
		}
		for _, c := range []struct {
			from, until time.Time
			want        int
		}{
			{time.Time{}, time.Time{}, 1},
			{time.Time{}, from, 0},
			{time.Time{}, from.Add(time.Microsecond), 1},
			{until, time.Time{}, 0},
			{until.Add(-time.Microsecond), time.Time{}, 1},
			{from, until, 1},
			{until, until.Add(time.Hour), 0},
		} {
			links, err := o.LinksOf(hr(1), []int64{11}, c.from, c.until)
			if err != nil {
				t.Fatal(err)
			}
			behind, err := o.EmployeesBehind(hr(1), []string{"S-1", "S-9"}, c.from, c.until)
			if err != nil {
				t.Fatal(err)
			}
			if len(links) != c.want || len(behind) != c.want {
				t.Errorf("[%v, %v): %d links and %d employees, want %d", c.from, c.until, len(links), len(behind), c.want)
			}
		}
		if behind, err := o.EmployeesBehind(hr(1), nil, time.Time{}, time.Time{}); err != nil || behind != nil {
			t.Errorf("behind no user: %v, %v", behind, err)
		}
		if behind, err := o.EmployeesBehind(hr(2), []string{"S-1"}, time.Time{}, time.Time{}); err != nil || len(behind) != 0 {
			t.Errorf("to another organization: %v, %v", behind, err)
		}
		if links, err := o.LinksOf(hr(2), []int64{11}, time.Time{}, time.Time{}); err != nil || len(links) != 0 {
			t.Errorf("for another organization: %v, %v", links, err)
		}
	})
}

func TestOneOfTwoLinksAtOnceComesFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				if err := o.link(hr(1), user, 11+int64(i%2), nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		open := counted(t, d, "SELECT count(*) FROM computer_user_links WHERE linked_until IS NULL")
		if open != 1 {
			t.Errorf("%d links are open at once", open)
		}
	})
}

func TestLinkIsWithinOneOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		operator := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
		for name, ctx := range map[string]context.Context{"HR": hr(1), "the operator": operator} {
			if err := o.link(ctx, user, 21, nil); !errors.Is(err, employee.ErrUnknown) {
				t.Errorf("%s links somebody of another organization: %v", name, err)
			}
		}
		if err := o.link(operator, user, 11, nil); err != nil {
			t.Errorf("the operator: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'computers.link' AND organization_id = 1 AND actor = 'user:1'"); n != 1 {
			t.Errorf("%d lines in the audit of organization 1", n)
		}
	})
}

func TestReachingForAnotherOrganizationsUserIsAViolation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		if err := o.link(hr(2), user, 21, nil); !errors.Is(err, errUserUnknown) {
			t.Errorf("link: %v", err)
		}
		if err := o.unlink(hr(2), user, false); !errors.Is(err, errUserUnknown) {
			t.Errorf("unlink: %v", err)
		}
		if err := o.unlink(hr(2), user+100, false); !errors.Is(err, errUserUnknown) { // nobody's, so no violation
			t.Errorf("unlink nobody: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND organization_id = 2 AND object = 'computer_user'"); n != 2 {
			t.Errorf("%d violations in the audit, want 2", n)
		}
		want := `
			# HELP rls_violations_total Attempts to reach a row of another organization.
			# TYPE rls_violations_total counter
			rls_violations_total{policy="tenant",resource="computer_user"} 2
		`
		if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "rls_violations_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestAuditShowsLinksBeforeAndAfter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		linkAt(t, o.service, user, 11, nil)
		linkAt(t, o.service, user, 12, nil)
		if err := o.unlink(hr(1), user, false); err != nil {
			t.Fatal(err)
		}
		if err := o.unlink(hr(1), user, false); err == nil { // changes nothing and leaves no line
			t.Fatal("unlinked twice")
		}
		var got []struct{ Action, Actor, Permission, Object, Before, After string }
		err := d.Read(hr(1), func(ctx context.Context, tx db.Tx) error {
			return tx.Raw(`SELECT action, actor, permission, object, CAST(before AS text) AS before, CAST(after AS text) AS after
				FROM audit_log WHERE organization_id = 1 ORDER BY id`).Scan(ctx, &got)
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 {
			t.Fatalf("the audit has %d lines: %+v", len(got), got)
		}
		for i, action := range []string{"computers.link", "computers.link", "computers.unlink"} {
			l := got[i]
			if l.Action != action || l.Actor != "user:7" || l.Permission != "computer.link" || l.Object != "computer_user:S-1" {
				t.Errorf("line %d is %+v", i, l)
			}
		}
		if strings.Contains(got[0].Before, "employeeId") || !strings.Contains(got[0].After, "11") ||
			!strings.Contains(got[1].After, "12") || !strings.Contains(got[1].After, "until") {
			t.Errorf("the lines say %+v", got)
		}
	})
}

// A Windows user is found by those who may see it, with whom it is now.
func TestAWindowsUserIsFoundById(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		id := userID(t, o.service, 1, "S-1")
		if u, err := o.UserByID(hr(1), id); err != nil || u.SID != "S-1" || u.OrganizationID != 1 || u.EmployeeID != 0 {
			t.Errorf("%+v, %v", u, err)
		}
		linkAt(t, o.service, id, 11, nil)
		if u, err := o.UserByID(hr(1), id); err != nil || u.EmployeeID != 11 {
			t.Errorf("%+v, %v", u, err)
		}
		if _, err := o.UserByID(hr(2), id); !errors.Is(err, errUserUnknown) {
			t.Errorf("another organization's: %v", err)
		}
	})
}
