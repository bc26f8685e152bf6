package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAnEditIsAVersionForEveryGatewayOfTheOrganization(t *testing.T) { // S123, S124, S125
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		fleet := o.gateways(t, 1, 3)
		o.gateways(t, 2, 2)
		p := o.mustCreate(t, wanted("Ofis"))
		if p.Latest != 1 || p.Released != 1 || p.Revision != 1 {
			t.Fatalf("made as %+v", p)
		}
		o.world.taken()
		p = o.mustUpdate(t, p.ID, wanted("Ofis", every(30), restarting))
		v := o.mustVersion(t, p.ID, 0)
		if v.Version != "2" || !v.RequiresRestart || v.ReleasedBy != "user:2" || len(v.Checksum) != 64 {
			t.Errorf("the version is %+v", v)
		}
		orders := o.world.taken()
		for i, w := range orders {
			want := command.Order{
				OrganizationID: 1, GatewayID: fleet[i].ID, Type: command.PolicyUpdate, Replaces: "bundle", By: "policy",
				Payload: command.PolicyPayload{PolicyID: p.ID, Version: "2", Checksum: v.Checksum, RequiresRestart: true},
			}
			if w.Order != want {
				t.Errorf("ordered %+v\nwant %+v", w.Order, want)
			}
		}
		if len(orders) != len(fleet) {
			t.Errorf("%d orders", len(orders))
		}
		if got := versionsIn(o.bundleFor(t, 1, fleet[0].ID)); got != fmt.Sprintf("map[%d:2]", p.ID) {
			t.Errorf("the bundle has %s", got)
		}
		if got := versionsIn(o.bundleFor(t, 2, o.world.fleet[2][0].ID)); got != "map[]" {
			t.Errorf("the other organization's bundle has %s", got)
		}
		audited := texts(t, d, "SELECT action || ' ' || actor || ' ' || object FROM audit_log WHERE organization_id = 1 ORDER BY id")
		want := fmt.Sprintf("[policy.created user:2 policy:%d policy.updated user:2 policy:%d]", p.ID, p.ID)
		if fmt.Sprint(audited) != want {
			t.Errorf("audited %v, want %s", audited, want)
		}
		changed := texts(t, d, "SELECT CAST(after AS text) FROM audit_log WHERE action = 'policy.updated'")
		if !strings.Contains(changed[0], "/screenshotSeconds") || strings.Contains(changed[0], "/title") {
			t.Errorf("the audit says %s", changed)
		}
	})
}

func TestNothingIsReleasedWhereNothingChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 1)
	p := o.mustCreate(t, wanted("Ofis", func(in *input) {
		in.Exclude = rule.Exclusions{Sites: []string{"b.uz", "A.uz", "a.uz "}, Titles: []string{"Parol"}}
	}))
	o.world.taken()
	same := wanted("Ofis", func(in *input) {
		in.Exclude = rule.Exclusions{Sites: []string{"a.uz", "b.uz"}, Titles: []string{"Parol", "parol"}}
	})
	if again := o.mustUpdate(t, p.ID, same); again.Revision != p.Revision || again.Latest != 1 || len(o.world.taken()) != 0 {
		t.Errorf("became %+v", again)
	}
	same.Title = "Bosh ofis"
	if again := o.mustUpdate(t, p.ID, same); again.Revision != p.Revision+1 || again.Latest != 1 || again.Title != "Bosh ofis" || len(o.world.taken()) != 0 {
		t.Errorf("became %+v", again)
	}
	rows, next, err := o.changesOf(hr(), pageRequest{ID: p.ID, Limit: 1})
	if err != nil || len(rows) != 1 || next == "" || rows[0].Version != "1" || rows[0].Type != updated || !strings.Contains(string(rows[0].Changeset), `"Bosh ofis"`) {
		t.Errorf("changes %+v, %q, %v", rows, next, err)
	}
	rows, next, err = o.changesOf(hr(), pageRequest{ID: p.ID, After: next})
	if err != nil || len(rows) != 1 || next != "" || rows[0].Type != created {
		t.Errorf("changes %+v, %q, %v", rows, next, err)
	}
}

func TestTwoWhoChangeAPolicyDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		p := o.mustCreate(t, wanted("Ofis"))
		results := make(chan error)
		for i := range 4 {
			go func() {
				_, err := o.update(hr(), p.ID, p.Revision, wanted("Ofis", every(int64(100+i))))
				results <- err
			}()
		}
		won := 0
		for range 4 {
			if err := <-results; err == nil {
				won++
			} else if !errors.Is(err, errStale) {
				t.Error(err)
			}
		}
		if after := o.row(t, p.ID); won != 1 || after.Latest != 2 {
			t.Errorf("%d won, the policy is %+v", won, after)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	p := o.mustCreate(t, wanted("Ofis"))
	other := o.mustCreate(t, wanted("Ombor"))
	fields := func(err error) (list []string) {
		var f *fault.Error
		if errors.As(err, &f) {
			for _, d := range f.Details {
				list = append(list, d.Field+" "+d.Code)
			}
			slices.Sort(list)
		}
		return list
	}
	hours := func(zone string, days []int, from, to string) func(*input) {
		return func(in *input) { in.Hours = &rule.Hours{Zone: zone, Days: days, From: from, To: to} }
	}
	for name, c := range map[string]struct {
		in   input
		want []string
	}{
		"title taken":  {wanted("OFIS"), []string{"title policy.title_taken"}},
		"interval":     {wanted("x", every(-1)), []string{"screenshotSeconds policy.out_of_range"}},
		"zone":         {wanted("x", hours("Asia/Toshkent", []int{1}, "09:00", "18:00")), []string{"hours.zone policy.unknown_zone"}},
		"hours":        {wanted("x", hours("Asia/Tashkent", []int{1}, "9", "25:00")), []string{"hours.from policy.not_a_time_of_day", "hours.to policy.not_a_time_of_day"}},
		"days":         {wanted("x", hours("Asia/Tashkent", []int{8}, "09:00", "18:00")), []string{"hours.days[0] policy.not_a_weekday"}},
		"hosts":        {wanted("x", func(in *input) { in.Exclude.Sites = []string{"a.uz", "not a host"} }), []string{"exclude.sites[1] policy.not_a_host"}},
		"no title":     {wanted("x", func(in *input) { in.Exclude.Titles = []string{"  "} }), []string{"exclude.titles[0] required"}},
		"group":        {wanted("x", func(in *input) { in.Groups = []choice{{7, rule.Neutral}} }), []string{"groups[0].id unknown_reference"}},
		"all together": {wanted("ofis", every(-5), hours("", nil, "09:00", "18:00")), []string{"hours.days required", "hours.zone policy.unknown_zone", "screenshotSeconds policy.out_of_range", "title policy.title_taken"}},
	} {
		if _, err := o.create(hr(), 0, c.in); !slices.Equal(fields(err), c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, fields(err), c.want, err)
		}
	}
	in := input{Title: " ", stage: stage{Percent: 101, Step: 5}, Groups: []choice{{1, "x"}, {1, "x"}}, Exclude: rule.Exclusions{Titles: []string{"\x00"}}}
	want := []string{"activeWindows required", "everyMinutes policy.goes_on", "exclude wrong_format", "groups[1].id wrong_format", "percent above_max", "screenshots required", "title required", "visitedSites required"}
	if got := fields(in.Validate()); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if _, err := o.update(hr(), other.ID, other.Revision, wanted("Ofis")); !slices.Equal(fields(err), []string{"title policy.title_taken"}) {
		t.Errorf("renamed: %v", err)
	}
	for what, err := range map[string]error{
		"of nobody":            func() error { _, err := o.create(as(actor.Admin, 0), 0, wanted("y")); return err }(),
		"of another":           func() error { _, err := o.create(hr(), 2, wanted("y")); return err }(),
		"unknown":              func() error { _, err := o.update(hr(), 99, 1, wanted("y")); return err }(),
		"of another's":         func() error { _, err := o.update(as(actor.HR, 2), p.ID, 1, wanted("y")); return err }(),
		"unknown version":      func() error { _, err := o.rollBack(hr(), p.ID, p.Revision, 9, stage{Percent: 100}); return err }(),
		"rolled back stale":    func() error { _, err := o.rollBack(hr(), p.ID, 77, 1, stage{Percent: 100}); return err }(),
		"no such version":      func() error { _, err := o.version(hr(), p.ID, 9); return err }(),
		"no such to compare":   func() error { _, _, err := o.compared(hr(), p.ID, 1, 9); return err }(),
		"no such to compare 2": func() error { _, _, err := o.compared(hr(), p.ID, 9, 1); return err }(),
	} {
		if kind := fault.Of(err).Kind; kind != fault.NotFound && kind != fault.Invalid && kind != fault.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAPolicyThatSomebodyHasStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		p := o.mustCreate(t, wanted("Ofis"))
		refused := func(want error, contains string) {
			t.Helper()
			off := wanted("Ofis", func(in *input) { in.IsActive = ptr(false) })
			_, err := o.update(hr(), p.ID, o.row(t, p.ID).Revision, off)
			for what, err := range map[string]error{"delete": o.remove(hr(), p.ID), "deactivate": err} {
				var f *fault.Error
				if !errors.Is(err, want) || !errors.As(err, &f) || !strings.Contains(fmt.Sprint(f.Params), contains) {
					t.Errorf("%s: %v, want %v with %s", what, err, want, contains)
				}
			}
		}
		if err := o.setDefault(hr(), p.ID); err != nil {
			t.Fatal(err)
		}
		refused(errIsDefault, "map[]")
		if err := errors.Join(o.setDefault(hr(), 0), o.give(hr(), p.ID, holders{[]int64{1, 2}, []int64{11}})); err != nil {
			t.Fatal(err)
		}
		refused(errInUse, "Names:Aziza, Bobur, Savdo")
		if err := o.give(hr(), 0, holders{[]int64{1, 2}, []int64{11}}); err != nil {
			t.Fatal(err)
		}
		off := o.mustUpdate(t, p.ID, wanted("Ofis", func(in *input) { in.IsActive = ptr(false) }))
		if off.IsActive || off.Latest != 1 {
			t.Errorf("became %+v", off)
		}
		for what, err := range map[string]error{"default": o.setDefault(hr(), p.ID), "somebody's": o.give(hr(), p.ID, holders{EmployeeIDs: []int64{1}})} {
			if !errors.Is(err, errInactive) {
				t.Errorf("an inactive policy became %s: %v", what, err)
			}
		}
		if err := o.remove(hr(), p.ID); err != nil {
			t.Fatal(err)
		}
		if err := o.remove(hr(), p.ID); !errors.Is(err, errUnknown) {
			t.Errorf("deleted twice: %v", err)
		}
		if got := versionsIn(o.bundleFor(t, 1, o.gateways(t, 1, 1)[0].ID)); got != "map[]" {
			t.Errorf("gateways still get %s", got)
		}
		kinds := texts(t, d, "SELECT change_type FROM policy_changes ORDER BY id")
		if fmt.Sprint(kinds) != "[create update delete]" {
			t.Errorf("changes %v", kinds)
		}
		o.mustCreate(t, wanted("Ofis")) // the title is free again
	})
}
