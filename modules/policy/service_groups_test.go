package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAGroupTakesItsPoliciesAlong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.gateways(t, 1, 10)
		g, err := o.createGroup(hr(), 0, groupInput{Name: "Chat", Type: rule.Website, Values: []string{"t.me"}})
		if err != nil {
			t.Fatal(err)
		}
		with := func(in *input) { in.Groups = []choice{{g.ID, rule.Unproductive}} }
		p, q, none := o.mustCreate(t, wanted("Ofis", with)), o.mustCreate(t, wanted("Ombor", with)), o.mustCreate(t, wanted("Boshqa"))
		o.mustUpdate(t, q.ID, wanted("Ombor", with, every(30), to(20)))
		o.world.taken()
		if err := o.changeValues(hr(), g.ID, []string{"vk.com", "wa.me"}, nil); err != nil {
			t.Fatal(err)
		}
		if got := contentAt(t, o, p.ID, 2).Groups; fmt.Sprint(got) != fmt.Sprintf("[{%d Chat WEBSITE unproductive [t.me vk.com wa.me]}]", g.ID) {
			t.Errorf("the policy has %+v", got)
		}
		if a, b, c := o.states(t, p.ID), o.states(t, q.ID), o.states(t, none.ID); a[1] != "running 2 100" || b[2] != "running 3 20" || len(c) != 1 {
			t.Errorf("roll-outs %v, %v, %v", a, b, c)
		}
		if err := o.updateGroup(hr(), g.ID, groupInput{Name: "Suhbat", Type: rule.Website, Values: []string{"t.me"}}); err != nil {
			t.Fatal(err)
		}
		if got := contentAt(t, o, p.ID, 3).Groups[0]; got.Name != "Suhbat" || len(got.Values) != 1 {
			t.Errorf("the policy has %+v", got)
		}
		if n := texts(t, d, "SELECT value FROM resources ORDER BY id"); fmt.Sprint(n) != "[t.me]" {
			t.Errorf("left are %v", n)
		}
		off := groupInput{Name: "Suhbat", Type: rule.Website, IsActive: ptr(false)}
		for what, err := range map[string]error{"deleted": o.removeGroup(hr(), g.ID, false), "deactivated": o.updateGroup(hr(), g.ID, off)} {
			var f *fault.Error
			if !errors.Is(err, errGroupInUse) || !errors.As(err, &f) || f.Params["Policies"] != "Ofis, Ombor" {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The way back brings the group as it was, the next change as it is.
		if _, err := o.rollBack(hr(), p.ID, o.row(t, p.ID).Revision, 2, stage{Percent: 100}); err != nil {
			t.Fatal(err)
		}
		if got := contentAt(t, o, p.ID, 4).Groups[0]; got.Name != "Chat" || len(got.Values) != 3 {
			t.Errorf("rolled back to %+v", got)
		}
		o.mustUpdate(t, p.ID, wanted("Ofis"))
		o.mustUpdate(t, q.ID, wanted("Ombor"))
		if err := o.updateGroup(hr(), g.ID, off); err != nil {
			t.Fatal(err)
		}
		if _, err := o.create(hr(), 0, wanted("x", with)); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("an inactive group is taken: %v", err)
		}
		if err := o.removeGroup(hr(), g.ID, false); err != nil {
			t.Fatal(err)
		}
		// A policy goes back also where a group of then is gone.
		if _, err := o.rollBack(hr(), p.ID, o.row(t, p.ID).Revision, 1, stage{Percent: 100}); err != nil {
			t.Fatal(err)
		}
		if got := contentAt(t, o, p.ID, 0).Groups; len(got) != 1 || got[0].ID != g.ID {
			t.Errorf("rolled back to %+v", got)
		}
		want := "[policy.group_created policy.group_updated policy.group_updated policy.group_updated policy.group_deleted]"
		if got := texts(t, d, "SELECT action FROM audit_log WHERE action LIKE 'policy.group%' ORDER BY id"); fmt.Sprint(got) != want {
			t.Errorf("audited %v", got)
		}
	})
}

func TestGroupsAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	g, err := o.createGroup(hr(), 0, groupInput{Name: "Chat", Type: rule.Website, Values: []string{"t.me"}})
	if err != nil {
		t.Fatal(err)
	}
	fields := func(err error) string {
		var f *fault.Error
		var list []string
		if errors.As(err, &f) {
			for _, d := range f.Details {
				list = append(list, d.Field+" "+d.Code)
			}
		}
		slices.Sort(list)
		return strings.Join(list, ", ")
	}
	many := make([]string, rule.MaxEntries+1)
	for i := range many {
		many[i] = fmt.Sprintf("s%d.uz", i)
	}
	for _, c := range []struct {
		in   groupInput
		want string
	}{
		{groupInput{Name: " ", Type: "x"}, "name required, type not_one_of"},
		{groupInput{Name: "a", Type: rule.Website, Values: []string{"a b"}}, "values[0] policy.not_a_host"},
		{groupInput{Name: "a", Type: rule.Application, Values: []string{"", "a.exe"}}, "values[0] required"},
		{groupInput{Name: "a", Type: rule.Website, Values: many}, "values policy.too_many"},
		{groupInput{Name: "a", Type: rule.Website, Values: []string{"a\x00"}}, "values wrong_format"},
	} {
		if got := fields(c.in.Validate()); got != c.want {
			t.Errorf("%.40v: %s, want %s", c.in, got, c.want)
		}
	}
	_, err = o.createGroup(hr(), 0, groupInput{Name: "CHAT", Type: rule.Website})
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"name taken": {err, "name policy.name_taken"},
		"other type": {o.updateGroup(hr(), g.ID, groupInput{Name: "Chat", Type: rule.Application}), "type wrong_format"},
		"too many":   {o.changeValues(hr(), g.ID, many[1:], nil), "values policy.too_many"},
	} {
		if got := fields(c.err); got != c.want {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	for what, err := range map[string]error{
		"unknown": o.updateGroup(hr(), 99, groupInput{}), "of another": o.updateGroup(as(actor.HR, 2), g.ID, groupInput{}), "deleted": o.removeGroup(hr(), 99, false),
	} {
		if !errors.Is(err, errGroupUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := o.createGroup(as(actor.Admin, 0), 0, groupInput{Name: "a", Type: rule.Website}); fault.Of(err).Kind != fault.Invalid {
		t.Errorf("of nobody: %v", err)
	}
}
