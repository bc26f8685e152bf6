package monitoring

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// usageTenants are the checks of sums, by an organization that has none, whatever it says that it asks for.
func usageTenants(s *service, theirs context.Context, at time.Time) map[string]func() error {
	bucket, late := at.Truncate(quarter), at.AddDate(1, 0, 0)
	query := usageQuery{usage: applications, byName: true, sights: []partSight{
		{sight: sight{organization: 1, from: at.Add(-day), until: late}},
	}}
	mine := as(actor.HR, 1)
	// unchanged reports whether organization 1 has lost sums or marks by what is done.
	unchanged := func(do func() error) error {
		before, err := s.store.used(mine, query)
		if err != nil {
			return err
		}
		marks, err := s.store.marked(mine, applications, late, 100)
		if err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		after, err := s.store.used(mine, query)
		if err != nil {
			return err
		}
		left, err := s.store.marked(mine, applications, late, 100)
		if !slices.Equal(before, after) || len(left) != len(marks) || len(before) == 0 || len(marks) == 0 {
			return fmt.Errorf("organization 1 has %v and %d marks, had %v and %d", after, len(left), before, len(marks))
		}
		return err
	}
	return map[string]func() error{
		"markedOrganizations": func() error {
			ids, err := s.store.markedOrganizations(theirs)
			if len(ids) > 0 {
				return fmt.Errorf("shows %v", ids)
			}
			return err
		},
		"marked": func() error {
			list, err := s.store.marked(theirs, applications, late, 10)
			if len(list) > 0 {
				return fmt.Errorf("shows %v", list)
			}
			return err
		},
		"sum": func() error {
			return unchanged(func() error { return s.store.sum(theirs, applications, []time.Time{bucket}) })
		},
		"raiseFloor": func() error { return unchanged(func() error { return s.store.raiseFloor(theirs, applications, late) }) },
		"used": func() error {
			for _, q := range []usageQuery{query, {usage: applications, sights: []partSight{
				{sight: sight{organization: 1, computer: "PC-1", from: at.Add(-day), until: late}},
			}}} {
				list, err := s.store.used(theirs, q)
				if err != nil {
					return err
				}
				if len(list) > 0 {
					return fmt.Errorf("shows %v", list)
				}
			}
			return nil
		},
	}
}

// The operator's statistics are of one organization at a time, and the job's sums too.
func TestSumsAreOfOneOrganization(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("a", "PC-1", fullDay)}})
	everybody := as(actor.Admin, 0)
	if _, err := s.store.used(everybody, usageQuery{usage: applications, sights: []partSight{{sight: sight{from: fullDay, until: noon}}}}); err == nil {
		t.Error("sums of all organizations at once")
	}
	if err := s.store.sum(everybody, applications, []time.Time{fullDay}); err == nil {
		t.Error("sums made of all organizations at once")
	}
}
