package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// systemOf is the context of the system in one organization.
func systemOf(organization int64) context.Context { return system(context.Background(), organization) }

func TestAStageIsAStablePartOfTheGateways(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	fleet := o.gateways(t, 1, 200)
	rollout := id.New()
	var before int
	for _, percent := range []int64{1, 10, 30, 60, 100} {
		in := members(rollout, percent, fleet)
		if diff := int64(len(in))*100/int64(len(fleet)) - percent; diff < -12 || diff > 12 || len(in) < before || len(in) == 0 {
			t.Errorf("%d of %d gateways are in %d %%", len(in), len(fleet), percent)
		}
		if !slices.Equal(in, members(rollout, percent, fleet)) {
			t.Error("others the next time")
		}
		before = len(in)
	}
	if few := members(rollout, 1, fleet[:2]); len(few) != 1 {
		t.Errorf("of two gateways one percent is %d", len(few))
	}
	if none := members(rollout, 50, nil); len(none) != 0 {
		t.Errorf("of no gateways half is %d", len(none))
	}
}

func TestAStagedVersionComesToMoreAndMoreGateways(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		fleet := o.gateways(t, 1, 20)
		p := o.mustCreate(t, wanted("Ofis"))
		o.world.taken()
		p = o.mustUpdate(t, p.ID, wanted("Ofis", every(30), to(30)))
		first := o.world.taken()
		if p.Latest != 2 || p.Released != 1 || len(first) == 0 || len(first) == len(fleet) {
			t.Fatalf("%d gateways have an order, the policy is %+v", len(first), p)
		}
		for _, g := range fleet {
			in := slices.ContainsFunc(first, func(w order) bool { return w.GatewayID == g.ID })
			want := map[bool]string{true: "2", false: "1"}[in]
			if got := versionsIn(o.bundleFor(t, 1, g.ID)); got != fmt.Sprintf("map[%d:%s]", p.ID, want) {
				t.Errorf("a gateway that is in %v gets %s", in, got)
			}
		}
		if r, err := (set{o.service}).Of(as(actor.Agent, 1), "PC", ""); err != nil || r.Released().ID != 0 {
			t.Errorf("agents without a gateway go by %+v, %v", r, err)
		}
		if _, err := o.advance(hr(), p.ID, 20); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("a step back: %v", err)
		}
		if _, err := o.advance(hr(), p.ID, 100); err != nil {
			t.Fatal(err)
		}
		second := o.world.taken()
		if len(first)+len(second) != len(fleet) || o.row(t, p.ID).Released != 2 {
			t.Errorf("%d and %d gateways have orders", len(first), len(second))
		}
		for _, w := range slices.Concat(first, second) {
			o.answer(t, w, command.Completed, "")
		}
		if got := o.states(t, p.ID); fmt.Sprint(got) != "[superseded 1 100 finished 2 100]" {
			t.Errorf("roll-outs %v", got)
		}
		if _, err := o.advance(hr(), p.ID, 100); !errors.Is(err, errNoRollout) {
			t.Errorf("brought on what is through: %v", err)
		}
		if _, err := o.stop(hr(), p.ID); !errors.Is(err, errNoRollout) {
			t.Errorf("stopped what is through: %v", err)
		}
	})
}

func TestARollOutGoesOnByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 10)
	p := o.mustCreate(t, wanted("Ofis"))
	o.mustUpdate(t, p.ID, wanted("Ofis", every(30), to(20), func(in *input) { in.Step, in.EveryMinutes = 50, 10 }))
	for i, want := range []string{"running 2 20", "running 2 70", "running 2 100", "running 2 100"} {
		if got := o.states(t, p.ID); got[1] != want {
			t.Errorf("after %d steps: %s, want %s", i, got[1], want)
		}
		o.world.pass(9 * time.Minute)
		if err := o.goOn(everybody()); err != nil {
			t.Fatal(err)
		}
		o.world.pass(time.Minute)
		if err := o.goOn(everybody()); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.row(t, p.ID).Released; got != 2 {
		t.Errorf("version %d is in force", got)
	}
}

func TestTooManyFailuresStopARollOutAndRollItBack(t *testing.T) { // S224
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		fleet := o.gateways(t, 1, 10)
		p := o.mustCreate(t, wanted("Ofis"))
		good := o.mustVersion(t, p.ID, 1).Checksum
		o.world.taken()
		o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
		orders := o.world.taken()
		for _, w := range orders[:4] { // too few answers to say anything
			o.answer(t, w, command.Completed, "")
		}
		if got := o.states(t, p.ID); got[1] != "running 2 100" {
			t.Fatalf("after four good answers: %v", got)
		}
		o.answer(t, orders[4], command.Failed, "checksum")
		if got := o.states(t, p.ID); fmt.Sprint(got[1:]) != "[stopped 2 100 running 3 100]" {
			t.Fatalf("after a bad one: %v", got)
		}
		if row, v := o.row(t, p.ID), o.mustVersion(t, p.ID, 3); row.Released != 3 || v.Checksum != good || v.ReleasedBy != "system:policy" || *row.ScreenshotInterval != 60 {
			t.Errorf("version 3 is %+v, the policy %+v", v, row)
		}
		back := o.world.taken()
		if len(back) != len(fleet) || back[0].Payload.(command.PolicyPayload).Checksum != good {
			t.Errorf("%d orders to go back: %+v", len(back), back[0])
		}
		want := fmt.Sprintf("1 policy_rollout_stopped policy:%d map[rolledBackTo:1 version:2] ", p.ID)
		if len(o.world.raised) != 1 || !strings.HasPrefix(o.world.raised[0], want) {
			t.Errorf("raised %v, want %s", o.world.raised, want)
		}
		audited := texts(t, d, "SELECT actor || ' ' || CAST(after AS text) FROM audit_log WHERE action = 'policy.rollout_stopped'")
		if len(audited) != 1 || !strings.HasPrefix(audited[0], "system:policy ") || !strings.Contains(strings.ReplaceAll(audited[0], " ", ""), `"failed":1`) {
			t.Errorf("audited %v", audited)
		}
		if n := texts(t, d, "SELECT change_type FROM policy_changes ORDER BY id"); fmt.Sprint(n) != "[create update rollback]" {
			t.Errorf("changes %v", n)
		}
		o.answer(t, orders[4], command.Failed, "checksum") // told twice
		for _, w := range back {                           // the way back is never rolled back
			o.answer(t, w, command.Failed, "checksum")
		}
		if got := o.states(t, p.ID); fmt.Sprint(got[1:]) != "[stopped 2 100 finished 3 100]" || len(o.world.raised) != 1 {
			t.Errorf("in the end: %v, raised %v", got, o.world.raised)
		}
		if n := testutil.ToFloat64(o.metrics.stopped); n != 1 {
			t.Errorf("%v roll-outs were stopped", n)
		}
	})
}

func TestASuccessMayBeTheAnswerThatStopsARollOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	fleet := o.gateways(t, 1, 10)
	p := o.mustCreate(t, wanted("Ofis"))
	o.world.taken()
	o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
	orders := o.world.taken()
	for _, w := range orders[:4] {
		o.answer(t, w, command.Failed, "checksum")
	}
	if got := o.states(t, p.ID); got[1] != "running 2 100" {
		t.Fatalf("four answers are too few, but: %v", got)
	}
	o.answer(t, orders[4], command.Completed, "") // the fifth makes them enough
	if back := o.world.taken(); len(back) != len(fleet) {
		t.Errorf("%d of %d gateways are to go back", len(back), len(fleet))
	}
	if got := o.states(t, p.ID); fmt.Sprint(got[1:]) != "[stopped 2 100 running 3 100]" {
		t.Errorf("roll-outs %v", got)
	}
}

func TestFewFailuresStopNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 40)
	p := o.mustCreate(t, wanted("Ofis"))
	o.world.taken()
	o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
	orders := o.world.taken()
	for i, w := range orders {
		status := command.Completed
		switch {
		case i == 37 || i == 38: // two of forty are five percent
			status = command.Failed
		case i < 10:
			status = command.Expired // away: that says nothing of the policy
		}
		o.answer(t, w, status, "")
	}
	// Of thirty answers two are more than five percent: so it is the second failure that stops it.
	if got := o.states(t, p.ID); got[1] != "stopped 2 100" {
		t.Errorf("roll-outs %v", got)
	}
	c := Config{FailurePercent: 5, LeastAnswers: 5}
	for _, a := range []struct {
		answers
		bad bool
	}{
		{answers{Reached: 40, Completed: 38, Failed: 2}, false}, {answers{Reached: 40, Completed: 37, Failed: 3}, true}, {answers{Reached: 40, Completed: 3, Failed: 1}, false},
		{answers{Reached: 40, Completed: 4, Failed: 1}, true}, {answers{Reached: 1, Failed: 1}, true}, {answers{Reached: 3, Completed: 1, Failed: 1}, false}, {answers{}, false},
	} {
		if c.tooBad(a.answers) != a.bad {
			t.Errorf("%+v is too bad: %v", a.answers, !a.bad)
		}
	}
}

func TestSomebodyStopsARollOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	fleet := o.gateways(t, 1, 4)
	p := o.mustCreate(t, wanted("Ofis"))
	if _, err := o.stop(hr(), p.ID); err != nil { // of the first version nothing can be brought back
		t.Fatal(err)
	}
	if got := o.row(t, p.ID); got.Released != 1 || got.Latest != 1 {
		t.Errorf("became %+v", got)
	}
	o.mustUpdate(t, p.ID, wanted("Ofis", every(30), to(50)))
	o.world.taken()
	if _, err := o.stop(hr(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := o.states(t, p.ID); fmt.Sprint(got) != "[stopped 1 100 stopped 2 50 running 3 100]" || len(o.world.taken()) != len(fleet) || len(o.world.raised) != 0 {
		t.Errorf("roll-outs %v", got)
	}
	if a, b := o.mustVersion(t, p.ID, 1), o.mustVersion(t, p.ID, 3); a.Checksum != b.Checksum {
		t.Error("another content than before")
	}
}

func TestAgentsRestartOnceIfAVersionNeedsIt(t *testing.T) { // S131
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.gateways(t, 1, 1)
		p := o.mustCreate(t, wanted("Ofis"))
		o.world.taken()
		o.mustUpdate(t, p.ID, wanted("Ofis", every(30), restarting))
		lost := o.world.taken()[0]
		o.mustUpdate(t, p.ID, wanted("Ofis", every(40))) // takes its place, and owes the restart
		w := o.world.taken()[0]
		o.answer(t, lost, command.Cancelled, "replaced")
		if list := o.world.taken(); len(list) != 0 {
			t.Errorf("ordered %+v", list)
		}
		for range 3 { // the answer is told more than once
			o.answer(t, w, command.Completed, "")
		}
		list := o.world.taken()
		if len(list) != 1 || list[0].Type != command.RestartAgent || list[0].GatewayID != w.GatewayID || fmt.Sprint(list[0].Payload) != "{[] policy}" {
			t.Errorf("ordered %+v", list)
		}
		o.mustUpdate(t, p.ID, wanted("Ofis", every(50), restarting))
		o.answer(t, o.world.taken()[0], command.Failed, "checksum")
		for _, w := range o.world.taken() {
			if w.Type == command.RestartAgent {
				t.Error("agents restart for what failed")
			}
		}
	})
}

func TestAnswersAreMeasured(t *testing.T) { // S216
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 4)
	p := o.mustCreate(t, wanted("Ofis"))
	o.world.taken()
	o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
	for i, w := range o.world.taken() {
		o.answer(t, w, []command.Status{command.Completed, command.Completed, command.Expired, command.Cancelled}[i], "")
	}
	for outcome, want := range map[string]float64{"completed": 2, "expired": 1, "cancelled": 1, "failed": 0} {
		if got := testutil.ToFloat64(o.metrics.distributions.WithLabelValues(outcome)); got != want {
			t.Errorf("%s: %v, want %v", outcome, got, want)
		}
	}
	if err := o.ended(systemOf(1), command.Ended{Type: command.RestartAgent, OrganizationID: 1}); err != nil {
		t.Error(err)
	}
	if got := o.states(t, p.ID); got[1] != "finished 2 100" {
		t.Errorf("with nobody left to answer it is %v", got)
	}
}

func TestAGatewayThatTakesNoOrderIsAFailure(t *testing.T) { // S223
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		fleet := o.gateways(t, 1, 3)
		p := o.mustCreate(t, wanted("Ofis"))
		o.world.taken()
		o.world.full[fleet[0].ID] = true
		o.mustUpdate(t, p.ID, wanted("Ofis", every(30)))
		if n := len(o.world.taken()); n != 2 {
			t.Errorf("%d orders", n)
		}
		list, err := o.rolloutsOf(hr(), p.ID, 1)
		if err != nil || len(list) != 1 || list[0].Gateways != (answers{Reached: 3, Waiting: 2, Failed: 1}) || len(list[0].Failures) != 1 || list[0].Failures[0].Code != "queue_full" {
			t.Errorf("the roll-out is %+v, %v", list, err)
		}
	})
}

func TestWithoutGatewaysAVersionIsThroughAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	p := o.mustCreate(t, wanted("Ofis"))
	if got := o.states(t, p.ID); fmt.Sprint(got) != "[finished 1 100]" {
		t.Errorf("roll-outs %v", got)
	}
}

func TestAgentsArePutDownAsHavingTheirPolicies(t *testing.T) { // S129, S130
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	g := o.gateways(t, 1, 1)[0]
	p := o.mustCreate(t, wanted("Ofis"))
	w := o.world.taken()[0]
	o.answer(t, w, command.Completed, "")
	if got := o.world.applied[g.ID]; got != nil {
		t.Errorf("of a policy that nobody has: %v", got)
	}
	if err := o.setDefault(hr(), p.ID); err != nil {
		t.Fatal(err)
	}
	o.answer(t, o.world.taken()[0], command.Completed, "")
	if got := fmt.Sprint(o.world.applied[g.ID]); got != fmt.Sprintf("map[*:%d.1]", p.ID) {
		t.Errorf("the default: %s", got)
	}
	delete(o.world.applied, g.ID)
	o.world.seats[1] = seatsOf("PC-1 S-1 1", "PC-2 S-2 2", "PC-2 S-3 3", "PC-3 S-9 0", "PC-4 - 0")
	q := o.mustCreate(t, wanted("Kassa"))
	if err := o.give(hr(), q.ID, holders{EmployeeIDs: []int64{1, 2}}); err != nil {
		t.Fatal(err)
	}
	list := o.world.taken()
	o.answer(t, list[len(list)-1], command.Completed, "")
	if got, want := fmt.Sprint(o.world.applied[g.ID]), fmt.Sprintf("map[PC-1:%d.1 PC-3:%d.1 PC-4:%d.1]", q.ID, p.ID, p.ID); got != want {
		t.Errorf("agents have %s, want %s", got, want)
	}
}
