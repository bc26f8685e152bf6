package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// The design document's days are there from the beginning, and an organization's own rule stands before them until it is
// taken away.
func TestRulesAreTheDefaultsUntilAnOrganizationHasItsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		admin, hr := as(actor.Admin, 0), as(actor.HR, 1)
		rules := func(ctx context.Context, organization int64) (text string) {
			items, err := o.list(ctx, organization)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range items {
				text += fmt.Sprintf("%s %d %s %v %v; ", r.ResourceType, r.Days, r.Action, r.Active, r.Own)
			}
			return text
		}
		const defaults = "active_window 90 delete true false; visited_site 90 delete true false; screenshot 30 delete true false; " +
			"user_session 365 delete true false; credential 365 delete false false; profile 365 delete false false; "
		for organization := range int64(2) {
			if got := rules(hr, organization); got != defaults {
				t.Errorf("rules of %d are %s", organization, got)
			}
		}
		own, err := o.setRule(hr, 1, ruleInput{ResourceType: "screenshot", Days: 7, Action: toArchive, Active: true})
		if err != nil || !own.Own || own.ID == nil || *own.OrganizationID != 1 || own.Days != 7 || own.Default.Days != 30 {
			t.Fatalf("own rule %+v: %v", own, err)
		}
		if _, err := o.setRule(admin, 0, ruleInput{ResourceType: "screenshot", Days: 40, Action: toDelete, Active: true}); err != nil {
			t.Fatal(err)
		}
		again, err := o.setRule(hr, 1, ruleInput{ResourceType: "screenshot", Days: 8, Action: toArchive, Active: false})
		if err != nil || *again.ID != *own.ID || again.Default.Days != 40 {
			t.Errorf("changed rule %+v: %v", again, err)
		}
		if got, want := rules(hr, 1), strings.Replace(defaults, "screenshot 30 delete true false", "screenshot 8 archive false true", 1); got != want {
			t.Errorf("rules of 1 are %s", got)
		}
		if got, want := rules(as(actor.HR, 2), 2), strings.Replace(defaults, "screenshot 30", "screenshot 40", 1); got != want {
			t.Errorf("rules of 2 are %s", got)
		}
		if err := o.inherit(as(actor.HR, 2), *own.ID); !errors.Is(err, errRuleUnknown) {
			t.Errorf("another organization takes it away: %v", err)
		}
		if err := o.inherit(hr, *own.ID); err != nil {
			t.Fatal(err)
		}
		if got, want := rules(hr, 1), strings.Replace(defaults, "screenshot 30", "screenshot 40", 1); got != want {
			t.Errorf("rules of 1 are %s", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action LIKE 'retention.rule_%' AND object = 'retention:screenshot'"); n != 4 {
			t.Errorf("%d entries in the audit", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'retention.rule_set' AND organization_id IS NULL"); n != 1 {
			t.Errorf("%d entries of the default", n)
		}
		var byDefault []ruleRow
		if byDefault, err = o.defaults(hr); err != nil {
			t.Fatal(err)
		}
		for _, r := range byDefault {
			if err := o.inherit(admin, r.ID); !errors.Is(err, errRuleUnknown) {
				t.Errorf("a default is taken away: %v", err)
			}
		}
	})
}

func TestHoldsAreRefusedAndReleased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for want, in := range map[string]holdInput{
			"resourceType": {ResourceType: "visitors", Reason: "sud ishi"},
			"from":         {ResourceType: "all", From: "23.11.2026", Reason: "sud ishi"},
			"until":        {ResourceType: "all", From: "2026-11-23", Until: "2026-11-22", Reason: "sud ishi"},
			"reason":       {ResourceType: "all", Reason: " sud "},
		} {
			_, err := in.row()
			if f := fault.Of(err); f == nil || len(f.Details) != 1 || f.Details[0].Field != want {
				t.Errorf("%+v: %v, want %s", in, err, want)
			}
		}
		h := o.mustHold(t, 1, holdInput{ResourceType: "screenshot", From: "2026-11-22", Until: "2026-11-22"})
		if h.From != "2026-11-22" || h.Until != "2026-11-22" || !h.Active || h.CreatedBy != "user:2" || h.OrganizationID != 1 {
			t.Errorf("hold %+v", h)
		}
		if err := o.release(as(actor.HR, 2), h.ID); !errors.Is(err, errHoldUnknown) {
			t.Errorf("another organization releases it: %v", err)
		}
		for range 2 {
			if err := o.release(as(actor.HR, 1), h.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE object = ? AND reason = 'sud ishi 12'", "hold:"+h.ID.String()); n != 2 {
			t.Errorf("%d entries in the audit", n)
		}
		if holds, err := o.store.holds(as(actor.HR, 1), 1, noon); len(holds) != 0 || err != nil {
			t.Errorf("it holds still: %v, %v", holds, err)
		}
	})
}

func TestHoldsCoverDays(t *testing.T) {
	t.Parallel()
	first, after := ago(3).Truncate(day), ago(1).Truncate(day)
	for _, c := range []struct {
		hold holdRow
		rule string
		on   time.Time
		want bool
	}{
		{holdRow{Type: "all"}, "screenshot", first, true},
		{holdRow{Type: "screenshot"}, "screenshot", first, true},
		{holdRow{Type: "screenshot"}, "active_window", first, false},
		{holdRow{Type: "all", From: &first}, "screenshot", first, true},
		{holdRow{Type: "all", From: &first}, "screenshot", first.Add(-day), false},
		{holdRow{Type: "all", Until: &after}, "screenshot", after.Add(-day), true},
		{holdRow{Type: "all", Until: &after}, "screenshot", after, false},
	} {
		if got := covering([]holdRow{c.hold}, c.rule, c.on) != nil; got != c.want {
			t.Errorf("%+v covers %s on %s: %v", c.hold, c.rule, c.on, got)
		}
	}
}

// An organization that asks for another's gets nothing of it.
func TestOrganizationsDoNotMeet(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	hr := as(actor.HR, 1)
	if _, err := o.getRules(hr, organizationRequest{2}); !errors.Is(err, organization.ErrUnknown) {
		t.Errorf("rules: %v", err)
	}
	if _, err := o.putRule(hr, ruleInput{OrganizationID: 2, ResourceType: "screenshot", Days: 1, Action: toDelete}); !errors.Is(err, organization.ErrUnknown) {
		t.Errorf("rule: %v", err)
	}
	if _, err := o.postPreview(hr, previewRequest{2}); !errors.Is(err, organization.ErrUnknown) {
		t.Errorf("preview: %v", err)
	}
	if _, err := o.postHold(hr, holdInput{OrganizationID: 2, ResourceType: "all", Reason: "sud ishi"}); !errors.Is(err, organization.ErrUnknown) {
		t.Errorf("hold: %v", err)
	}
	if n := counted(t, o.store.db, "SELECT (SELECT count(*) FROM retention_holds) + (SELECT count(*) FROM retention_policies WHERE organization_id IS NOT NULL)"); n != 0 {
		t.Errorf("%d rows were made", n)
	}
}

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		s, theirs := o.store, as(actor.HR, 2)
		o.mustRule(t, 1, "screenshot", 7, toArchive)
		o.mustHold(t, 1, holdInput{ResourceType: "all"})
		run := runRow{Owned: db.Owned{OrganizationID: 1}, ID: id.New(), Kind: "screenshot", Day: dayOf(ago(40)), Action: toDelete, State: begun, StartedAt: noon, Error: "x"}
		if err := s.begin(as(actor.HR, 1), &run); err != nil {
			t.Fatal(err)
		}
		if err := s.note(as(actor.HR, 1), run, []file.File{{Path: "screenshots/1.jpg", Size: 3}}); err != nil {
			t.Fatal(err)
		}
		before := tenantPicture(t, o)
		rules, _ := s.rules(as(actor.HR, 1), 1)
		holds, _ := s.holds(as(actor.HR, 1), 1, noon)
		nothing := func(n int, err error) error {
			if n != 0 {
				return fmt.Errorf("shows %d", n)
			}
			return err
		}
		doing := func(want error, do func(ctx context.Context, tx db.Tx) error) func() error {
			return func() error {
				if err := d.Write(theirs, do); !errors.Is(err, want) {
					return fmt.Errorf("error %v, want %v", err, want)
				}
				return nil
			}
		}
		refused := func(err error) error {
			if err == nil {
				return errors.New("does it")
			}
			return nil
		}
		fixed := func(err error) error {
			if d.Name() == "postgres" && !errors.Is(err, db.ErrForeign) {
				return fmt.Errorf("error %v, want %w", err, db.ErrForeign)
			}
			return nil
		}
		page := db.List{Limit: 9, Order: []db.Order{{Name: "id", Expr: idOfRunExpr}}}
		holdPage := db.List{Limit: 9, Order: []db.Order{{Name: "id", Expr: db.Expr{SQL: "h.id", Kind: db.UUID}}}}
		dbtest.Tenants(t, map[string]func() error{
			"rules": func() error { rows, err := s.rules(theirs, 1); return nothing(len(rows), err) },
			"rulesOf": doing(nil, func(ctx context.Context, tx db.Tx) error {
				rows, err := s.rulesOf(ctx, tx, 1)
				return nothing(len(rows), err)
			}),
			"rule": doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.rule(ctx, tx, rules[0].ID); return err }),
			"addRule": doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
				r := rules[0]
				r.ID = id.New()
				return s.addRule(ctx, tx, &r)
			}),
			"changeRule": doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { r := rules[0]; r.Days = 1; return s.changeRule(ctx, tx, &r) }),
			"removeRule": doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeRule(ctx, tx, rules[0].ID) }),
			"holds":      func() error { rows, err := s.holds(theirs, 1, noon); return nothing(len(rows), err) },
			"hold":       doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.hold(ctx, tx, holds[0].ID); return err }),
			"addHold": doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
				h := holds[0]
				h.ID = id.New()
				return s.addHold(ctx, tx, &h)
			}),
			"release": doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
				h, at := holds[0], noon
				h.ReleasedAt = &at
				return s.release(ctx, tx, &h)
			}),
			"holdsPage":  func() error { rows, _, err := s.holdsPage(theirs, holdPage); return nothing(len(rows), err) },
			"runsPage":   func() error { rows, _, err := s.runsPage(theirs, page); return nothing(len(rows), err) },
			"unfinished": func() error { rows, err := s.unfinished(theirs, 1); return nothing(len(rows), err) },
			"failed":     func() error { n, err := s.failed(theirs); return nothing(int(n), err) },
			"begin":      func() error { r := run; return refused(s.begin(theirs, &r)) },
			"change":     func() error { r := run; r.Rows = 9; return refused(s.change(theirs, &r, "rows")) },
			"note":       func() error { return refused(s.note(theirs, run, []file.File{{Path: "screenshots/2.jpg"}})) },
			"notes":      func() error { rows, err := s.notes(theirs, run); return nothing(len(rows), err) },
			"finish":     func() error { r := run; return refused(s.finish(theirs, &r)) },
			"organizations": func() error {
				ids, err := s.organizations(theirs)
				if len(ids) != 1 || ids[0] != 2 {
					return fmt.Errorf("shows %v", ids)
				}
				return err
			},
			// Who carries the rules out is nobody's and the same for all; PostgreSQL lets no organization change it.
			"state": func() error { _, err := s.state(theirs); return err },
			"take":  func() error { _, err := s.take(theirs, "a", noon, noon); return fixed(err) },
			"keep":  func() error { _, err := s.keep(theirs, "a", noon); return fixed(err) },
			"give":  func() error { return fixed(s.give(theirs, "a", nil)) },
		})
		if after := tenantPicture(t, o); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

var idOfRunExpr = db.Expr{SQL: "r.id", Kind: db.UUID}

// tenantPicture is all that is stored of organization 1, as text.
func tenantPicture(t *testing.T, o *office) string {
	t.Helper()
	ctx := as(actor.HR, 1)
	rules, err := o.store.rules(ctx, 1)
	holds, err2 := o.store.holds(ctx, 1, noon)
	runs, err3 := o.store.unfinished(ctx, 1)
	if err := errors.Join(err, err2, err3); err != nil || len(rules) != 1 || len(holds) != 1 || len(runs) != 1 {
		t.Fatalf("%d rules, %d holds, %d runs: %v", len(rules), len(holds), len(runs), err)
	}
	notes, err := o.store.notes(ctx, runs[0])
	if err != nil || len(notes) != 1 {
		t.Fatalf("%d notes: %v", len(notes), err)
	}
	text, err := json.Marshal([]any{rules, holds, runs, notes})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
