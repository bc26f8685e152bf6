package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it. Both
// have sent the same, under the same token, of computers and users with the same names.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newService(t, d)
		bad := newWindow("bad", "PC-1", noon.Add(day))
		idle := newWindow("idle", "PC-1", noon.Add(-day))
		idle.Kind = activity.IdlePeriod
		mustPut(t, o, agent(1), activity.Batch{Events: []activity.Event{idle}})
		batch := activity.Batch{Token: "token", Events: []activity.Event{newWindow("good", "PC-1", noon.Add(-day)), bad}}
		mustPut(t, o, agent(1), batch)
		mustPut(t, o, agent(1), activity.Batch{Token: "second", Events: batch.Events[:1]})
		before := picture(t, o)
		s, theirs, late := o.store, as(actor.HR, 2), noon.AddDate(1, 0, 0)
		in := func(do func(ctx context.Context, tx db.Tx) error) error { return d.Write(theirs, do) }
		dbtest.Tenants(t, together(fallbackTenants(t, o.store, before.windows[0]), keepTenants(o.store, as(actor.HR, 4), before.windows[0]), usageTenants(o, as(actor.HR, 5), noon.Add(-day)), map[string]func() error{
			"put": func() error { // the same token and rows are new to them, and make no row of organization 1
				r := mustPut(t, o, agent(2), batch)
				if r.Duplicate || r.Stored != 1 || r.Quarantined != 1 {
					return fmt.Errorf("receipt %+v", r)
				}
				return nil
			},
			"claim": func() error {
				err := in(func(ctx context.Context, tx db.Tx) error {
					_, err := s.claim(ctx, tx, &tokenRow{Owned: db.Owned{OrganizationID: 1}, Token: "t", StoredAt: noon})
					return err
				})
				if !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("a row of organization 1: %w", err)
				}
				return in(func(ctx context.Context, tx db.Tx) error {
					duplicate, err := s.claim(ctx, tx, &tokenRow{Token: "second", StoredAt: noon})
					if duplicate {
						return errors.New("finds it")
					}
					return err
				})
			},
			"setAside": func() error { // the picture shows that organization 1 has no more of it
				set := []aside{{id: before.asides[0].ID, kind: bad.Kind, reason: "theirs", payload: json.RawMessage("{}")}}
				return in(func(ctx context.Context, tx db.Tx) error { return s.setAside(ctx, tx, set, late) })
			},
			"newest": func() error { // also when it is asked for organization 1 by name
				for _, k := range activity.Kinds {
					rows, err := s.newest(theirs, k, []sight{{organization: 1}, {organization: 1, computer: "PC-1"}}, window{limit: 10})
					if err != nil {
						return err
					}
					if len(rows) != 0 {
						return fmt.Errorf("shows %d rows of %s", len(rows), k)
					}
				}
				return nil
			},
			"lastDay": func() error { // it tells where to look, of anybody's rows, and shows none
				last, err := s.lastDay(theirs, activity.ActiveWindow, late)
				if err == nil && last.IsZero() {
					return errors.New("there is no day")
				}
				return err
			},
			"count": func() error {
				for _, k := range activity.Kinds {
					sum, err := s.count(theirs, k, []sight{{organization: 1}, {organization: 1, computer: "PC-1"}})
					if err != nil {
						return err
					}
					if sum != (counted{}) {
						return fmt.Errorf("counts %+v of %s", sum, k)
					}
				}
				return nil
			},
			"ends": func() error {
				rows, err := s.ends(as(actor.HR, 3), []activity.Seat{{ComputerUID: "PC-1", UserSID: "S-1-5-21-7"}}, longest, noon.AddDate(-1, 0, 0), late)
				if err == nil && (len(rows) != 1 || rows[0].FirstWindow != nil || rows[0].LastWindow != nil) {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"at": func() error {
				rows, err := s.at(as(actor.HR, 3), activity.ActiveWindow, []activity.Seat{{ComputerUID: "PC-1", UserSID: "S-1-5-21-7"}}, noon.AddDate(-1, 0, 0), late)
				if len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"emptiness": func() error {
				rows, err := s.emptiness(as(actor.HR, 3), []activity.Seat{{ComputerUID: "PC-1", UserSID: "S-1-5-21-7"}}, noon.AddDate(-1, 0, 0), late)
				if err == nil && (len(rows) != 1 || rows[0].Times != "") {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"organizations": func() error {
				ids, err := s.organizations(theirs, activity.ActiveWindow)
				for _, id := range ids {
					if id != 2 {
						return fmt.Errorf("shows organization %d", id)
					}
				}
				return err
			},
			"quarantined": func() error {
				rows, err := s.quarantined(theirs, nil, 10)
				for _, r := range rows {
					if r.OrganizationID != 2 {
						return fmt.Errorf("shows %+v", r)
					}
				}
				return err
			},
			"forgetTokens": func() error { _, err := s.forgetTokens(theirs, late); return err },
			"forgetAside":  func() error { _, err := s.forgetAside(theirs, late); return err },
		}))
		if after := picture(t, o); after.text() != before.text() {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after.text(), before.text())
		}
	})
}

// stored is all that is kept of an organization.
type stored struct {
	windows []row
	tokens  []tokenRow
	asides  []quarantineRow
}

func (s stored) text() string { return fmt.Sprintf("%+v\n%+v\n%+v", s.windows, s.tokens, s.asides) }

// picture is what organization 1 has.
func picture(t *testing.T, s *service) stored {
	t.Helper()
	p := stored{all(t, s, 1, activity.ActiveWindow), tokens(t, s, 1), allAside(t, s, 1)}
	if len(p.windows) != 1 || len(p.tokens) != 2 || len(p.asides) != 1 {
		t.Fatalf("organization 1 has %s", p.text())
	}
	return p
}
