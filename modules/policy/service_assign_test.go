package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// seatsOf reads "computer user employee"; a hyphen is nothing.
func seatsOf(lines ...string) (list []computer.Seat) {
	for _, l := range lines {
		var s computer.Seat
		fmt.Sscan(l, &s.ComputerUID, &s.UserSID, &s.EmployeeID)
		s.ComputerUID, s.UserSID = strings.TrimSuffix(s.ComputerUID, "-"), strings.TrimSuffix(s.UserSID, "-")
		list = append(list, s)
	}
	return list
}

func TestThePolicyOfSomebodyIsTheNearest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		standard, sales, own := o.mustCreate(t, wanted("Asosiy")), o.mustCreate(t, wanted("Savdo")), o.mustCreate(t, wanted("Shaxsiy"))
		has := func(employeeID int64, want string) {
			t.Helper()
			_, steps, err := o.effective(hr(), employeeID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if s.InForce && fmt.Sprintf("%s %d %s", s.From, s.DepartmentID, s.Title) != want {
					t.Errorf("employee %d: %+v, want %s", employeeID, steps, want)
				}
			}
		}
		has(1, "nobody 0 ")
		if err := errors.Join(o.setDefault(hr(), standard.ID), o.give(hr(), sales.ID, holders{nil, []int64{11}}), o.give(hr(), own.ID, holders{[]int64{3}, nil})); err != nil {
			t.Fatal(err)
		}
		has(1, "default 0 Asosiy")
		has(2, "department 11 Savdo")
		has(3, "employee 0 Shaxsiy")
		has(4, "department 11 Savdo") // of the department above
		if err := o.give(hr(), standard.ID, holders{nil, []int64{12}}); err != nil {
			t.Fatal(err)
		}
		has(4, "department 12 Asosiy")
		if err := o.give(hr(), 0, holders{[]int64{3, 4}, []int64{12}}); err != nil {
			t.Fatal(err)
		}
		has(3, "department 11 Savdo")
		if _, _, err := o.effective(as(actor.HR, 2), 3); !errors.Is(err, employee.ErrUnknown) {
			t.Errorf("of another organization: %v", err)
		}
		audited := texts(t, d, "SELECT CAST(after AS text) FROM audit_log WHERE action = 'policy.assigned' ORDER BY id")
		if len(audited) != 4 || !strings.Contains(audited[0], `"11"`) {
			t.Errorf("audited %v", audited)
		}
		for _, to := range []holders{{[]int64{5}, nil}, {nil, []int64{20}}, {[]int64{99}, nil}} {
			if err := o.give(hr(), sales.ID, to); fault.Of(err).Kind != fault.Invalid {
				t.Errorf("given to %+v: %v", to, err)
			}
		}
		if err := o.give(hr(), 99, holders{[]int64{1}, nil}); !errors.Is(err, errUnknown) {
			t.Errorf("an unknown policy is given: %v", err)
		}
	})
}

func TestTheBundleSaysWhoHasWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		g := o.gateways(t, 1, 1)[0]
		o.world.seats[1] = seatsOf("PC-1 S-1 1", "PC-2 S-2 2", "PC-2 S-9 0", "PC-3 S-2 2", "PC-3 S-3 3", "PC-4 - 0", "- S-4 4")
		standard, sales := o.mustCreate(t, wanted("Asosiy")), o.mustCreate(t, wanted("Savdo"))
		if err := o.setDefault(hr(), standard.ID); err != nil {
			t.Fatal(err)
		}
		if b := o.bundleFor(t, 1, g.ID); len(b.Users)+len(b.Computers) != 0 || b.DefaultID != standard.ID {
			t.Errorf("all have the default: %+v", b)
		}
		o.world.taken()
		if err := o.give(hr(), sales.ID, holders{[]int64{2, 4}, nil}); err != nil {
			t.Fatal(err)
		}
		b := o.bundleFor(t, 1, g.ID)
		if got, want := fmt.Sprint(b.Users, b.Computers), fmt.Sprintf("map[S-1:%d S-2:%d S-3:%d S-4:%d] map[PC-2:%d]", standard.ID, sales.ID, standard.ID, sales.ID, sales.ID); got != want {
			t.Errorf("the bundle says %s, want %s", got, want)
		}
		orders := o.world.taken()
		if len(orders) != 1 || orders[0].Payload != (command.PolicyPayload{PolicyID: sales.ID, Version: "1", Checksum: o.mustVersion(t, sales.ID, 1).Checksum}) {
			t.Errorf("ordered %+v", orders)
		}
		c, err := rule.Compile(b)
		if err != nil {
			t.Fatal(err)
		}
		for who, want := range map[[2]string]int64{{"PC-1", "S-1"}: standard.ID, {"PC-9", "S-4"}: sales.ID, {"PC-2", "S-9"}: sales.ID, {"PC-2", "S-1"}: standard.ID, {"PC-3", ""}: standard.ID} {
			if got := c.Of(who[0], who[1]).Released().ID; got != want {
				t.Errorf("%v has policy %d, want %d", who, got, want)
			}
		}
	})
}

func TestMovesAndLinksReachTheGateways(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.gateways(t, 1, 2)
		o.gateways(t, 2, 1)
		p := o.mustCreate(t, wanted("Savdo"))
		if err := o.give(hr(), p.ID, holders{nil, []int64{11}}); err != nil {
			t.Fatal(err)
		}
		sweep := func(want int) {
			t.Helper()
			if err := o.sweep(everybody()); err != nil {
				t.Fatal(err)
			}
			orders := o.world.taken()
			if len(orders) != want {
				t.Errorf("%d orders, want %d: %+v", len(orders), want, orders)
			}
			for _, w := range orders {
				if w.Replaces != "bundle" || w.Payload != (command.PolicyPayload{}) || w.OrganizationID != 1 {
					t.Errorf("ordered %+v", w)
				}
			}
		}
		o.world.taken()
		sweep(0)
		o.world.seats[1] = seatsOf("PC-1 S-1 1") // not of the department
		sweep(0)
		o.world.seats[1] = seatsOf("PC-1 S-1 1", "PC-2 S-2 2")
		sweep(2)
		sweep(0)
		write(t, d, "UPDATE employees SET department_id = 12 WHERE id = 1")
		sweep(2)
		write(t, d, "UPDATE employees SET department_id = 10 WHERE id IN (1, 2)")
		sweep(2)
		o.world.away = errors.New("away")
		if err := o.sweep(everybody()); err == nil {
			t.Error("nobody is told that people cannot be read")
		}
	})
}

func TestAnOrderForABundleOwesWhatItReplaces(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 1)
	p := o.mustCreate(t, wanted("Savdo"))
	o.mustUpdate(t, p.ID, wanted("Savdo", every(30), restarting))
	lost := o.world.taken()[1]
	if err := o.setDefault(hr(), p.ID); err != nil {
		t.Fatal(err)
	}
	w := o.world.taken()[0]
	o.answer(t, lost, command.Cancelled, "replaced")
	if got := o.states(t, p.ID); got[1] != "running 2 100" {
		t.Errorf("roll-outs %v", got)
	}
	o.answer(t, w, command.Completed, "")
	if got := o.states(t, p.ID); got[1] != "finished 2 100" {
		t.Errorf("roll-outs %v", got)
	}
	if list := o.world.taken(); len(list) != 1 || list[0].Type != command.RestartAgent {
		t.Errorf("ordered %+v", list)
	}
}

// A policy that an import wrote into the database has its first version made, also where it is the default already.
func TestPoliciesOfBeforeThereWereVersionsAreReleased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		write(t, d, `INSERT INTO policies (organization_id, title, screenshot, is_default, is_active, screenshot_interval, screenshot_is_grayscale, created_at, updated_at) VALUES
			(1, 'not the default', true, false, true, 5, false, ?0, ?0), (1, 'the default', false, true, true, 90, true, ?0, ?0), (1, 'a later one', true, true, true, 7, false, ?0, ?0),
			(2, 'wrong', true, true, true, 100000, true, ?0, ?0), (2, 'inactive', true, true, false, 5, true, ?0, ?0)`, noon)
		if err := o.sweep(everybody()); err != nil {
			t.Fatal(err)
		}
		for organization, want := range map[int64]rule.Policy{1: {ActiveWindows: true, VisitedSites: true, ScreenshotSeconds: 90, ScreenshotGrayscale: true}, 2: rule.Everything()} {
			r, err := (set{o.service}).Of(as(actor.Agent, organization), "PC", "")
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Released().Content; len(changesOf(got, want)) > 0 {
				t.Errorf("in organization %d %+v is in force", organization, got)
			}
		}
		if _, err := (set{o.service}).Of(as(actor.Admin, 0), "PC", ""); !errors.Is(err, db.ErrNoOrganization) {
			t.Errorf("of all organizations: %v", err)
		}
		versions := texts(t, d, "SELECT p.title || ' ' || v.version FROM policy_versions AS v JOIN policies AS p ON p.id = v.policy_id ORDER BY v.id")
		if fmt.Sprint(versions) != "[not the default 1 the default 1 a later one 1 inactive 1]" {
			t.Errorf("versions %v", versions)
		}
		again := o.bundleFor(t, 1, id.Nil)
		if len(again.Policies) != 3 || again.Policies[1].Content.ScreenshotSeconds != 90 {
			t.Errorf("the bundle is %+v", again)
		}
	})
}

func TestTheSetFollowsWhatChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	rules := set{o.service}
	of := func(sid string) int64 {
		t.Helper()
		r, err := rules.Of(as(actor.Agent, 1), "PC-1", sid)
		if err != nil {
			t.Fatal(err)
		}
		return r.Released().ID
	}
	if got := of("S-1"); got != 0 {
		t.Errorf("policy %d is in force", got)
	}
	ctx, cancel := context.WithCancel(everybody())
	done := make(chan error)
	listening := make(chan error)
	go func() { listening <- o.events.Run(ctx) }()
	go func() { done <- o.watch(ctx) }()
	p := o.mustCreate(t, wanted("Ofis"))
	for deadline := time.Now().Add(10 * time.Second); of("S-1") != p.ID; {
		changed := rules.Changed()
		if err := o.setDefault(hr(), p.ID); err != nil {
			t.Fatal(err)
		}
		if of("S-1") == p.ID {
			break
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond): // the watch may not have begun
			if err := o.setDefault(hr(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the default does not come into force")
		}
	}
	cancel()
	if err := errors.Join(<-done, <-listening); err != nil {
		t.Error(err)
	}
	// Without a nudge it takes half a minute.
	o.world.seats[1] = seatsOf("PC-1 S-1 1")
	q := o.mustCreate(t, wanted("Shaxsiy"))
	of("S-1") // may have been told of the new policy or not
	write(t, o.world.d, "UPDATE employees SET policy_id = ? WHERE id = 1", q.ID)
	changed := rules.Changed()
	o.world.pass(shelfLife)
	if got := of("S-1"); got != q.ID {
		t.Errorf("after half a minute policy %d is in force, want %d", got, q.ID)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	// Whoever missed a nudge asks anew.
	write(t, o.world.d, "UPDATE employees SET policy_id = ? WHERE id = 1", p.ID)
	o.shelf.forgetAll()
	if got := of("S-1"); got != p.ID {
		t.Errorf("after a nudge was missed policy %d is in force, want %d", got, p.ID)
	}
	write(t, o.world.d, "UPDATE employees SET policy_id = ? WHERE id = 1", q.ID)
	o.shelf.forget(1)
	of("S-1")
	// While people cannot be read, what was known goes on.
	o.world.away = errors.New("away")
	o.world.pass(shelfLife)
	if got := of("S-1"); got != q.ID {
		t.Errorf("while the database is away policy %d is in force", got)
	}
	if _, err := (set{officeOn(t, o.world).service}).Of(as(actor.Agent, 1), "PC-1", "S-1"); err == nil {
		t.Error("a process that has never known anything answers")
	}
}

// What is out of date stays so while it cannot be read anew: it is not good for another half a minute.
func TestWhatCouldNotBeReadAnewIsStillOld(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	p, q := o.mustCreate(t, wanted("Ofis")), o.mustCreate(t, wanted("Shaxsiy"))
	if err := o.setDefault(hr(), p.ID); err != nil {
		t.Fatal(err)
	}
	of := func() int64 {
		t.Helper()
		r, err := set{o.service}.Of(as(actor.Agent, 1), "PC-1", "S-1")
		if err != nil {
			t.Fatal(err)
		}
		return r.Released().ID
	}
	of()
	if err := o.setDefault(hr(), q.ID); err != nil {
		t.Fatal(err)
	}
	o.shelf.forget(1)
	o.world.away = errors.New("away")
	if got := of(); got != p.ID {
		t.Errorf("policy %d is in force", got)
	}
	o.world.away = nil
	if got := of(); got != q.ID {
		t.Errorf("policy %d is in force, want %d", got, q.ID)
	}
}

// A replica that has kept an old bundle gives out the new one as soon as that is ordered.
func TestNoReplicaGivesOutAnOldBundle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		g := o.gateways(t, 1, 1)[0]
		other := officeOn(t, o.world)
		p := o.mustCreate(t, wanted("Ofis"))
		for n := int64(2); n < 5; n++ {
			other.bundleFor(t, 1, g.ID)
			o.mustUpdate(t, p.ID, wanted("Ofis", every(n)))
			if got := versionsIn(other.bundleFor(t, 1, g.ID)); got != fmt.Sprintf("map[%d:%d]", p.ID, n) {
				t.Errorf("after version %d the other replica has %s", n, got)
			}
		}
	})
}

// crowd is an organization of so many employees with a computer each, a tenth of whom have policies of their own.
func crowd(b testing.TB, n int) (*office, []employee.Given) {
	b.Helper()
	d := dbtest.SQLite(b)
	o := newOffice(b, d)
	o.log = slog.New(slog.DiscardHandler)
	p, q := o.mustCreate(b, wanted("Ofis")), o.mustCreate(b, wanted("Savdo"))
	if err := o.setDefault(hr(), p.ID); err != nil {
		b.Fatal(err)
	}
	var given []employee.Given
	for i := range n {
		e := employee.Given{EmployeeID: int64(100 + i), DepartmentID: 10 + int64(i%3)}
		if i%10 == 0 {
			e.PolicyID = q.ID
		}
		given = append(given, e)
		o.world.seats[1] = append(o.world.seats[1], computer.Seat{
			ComputerUID: fmt.Sprintf("PC-%05d", i), UserSID: fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", i), EmployeeID: e.EmployeeID,
		})
	}
	return o, given
}

type roster struct {
	employee.Policies
	list []employee.Given
}

func (r roster) Given(context.Context) ([]employee.Given, error) { return r.list, nil }

func TestABundleOfFiveThousandIsQuick(t *testing.T) {
	t.Parallel()
	o, given := crowd(t, 5000)
	o.staff = roster{list: given}
	begun := time.Now()
	snap, err := o.fetch(as(actor.Gateway, 1))
	if err != nil {
		t.Fatal(err)
	}
	made, err := snap.of(id.New())
	if took := time.Since(begun); err != nil || took > 2*time.Second || len(made.bundle.Users) != 5000 || len(made.bundle.Computers) != 500 {
		t.Errorf("%d users and %d computers in %s, %v", len(made.bundle.Users), len(made.bundle.Computers), took, err)
	}
	var back rule.Bundle
	if err := json.Unmarshal(made.body, &back); err != nil || len(made.body) > 1<<20 {
		t.Errorf("%d bytes, %v", len(made.body), err)
	}
}

func BenchmarkBundleOf5000(b *testing.B) {
	o, given := crowd(b, 5000)
	o.staff = roster{list: given}
	for b.Loop() {
		o.shelf.forget(1)
		snap, err := o.fetch(as(actor.Gateway, 1))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := snap.of(id.New()); err != nil {
			b.Fatal(err)
		}
	}
}
