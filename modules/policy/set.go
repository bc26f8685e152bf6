package policy

import (
	"context"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

// set is rule.Set on the server: what is in force for all, for agents that come without a gateway.
type set struct{ s *service }

// Of returns the rules of a Windows user on a computer; see rule.Set. While the database is away they stay what they were.
func (t set) Of(ctx context.Context, computerUID, sid string) (rule.Rules, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return nil, db.ErrNoOrganization
	}
	snap, fresh := t.s.shelf.slot(a.OrganizationID).look(t.s.now())
	if !fresh {
		newer, err := t.s.fetch(system(ctx, a.OrganizationID))
		switch {
		case err == nil:
			snap = newer
		case snap == nil:
			return nil, err
		default:
			t.s.log.WarnContext(ctx, "policies cannot be read: the last ones stay in force", "error", err)
		}
	}
	made, err := snap.of(id.Nil)
	if err != nil {
		return nil, err
	}
	return made.compiled.Of(computerUID, sid), nil
}

// Changed is closed when other rules than now come into force.
func (t set) Changed() <-chan struct{} { return t.s.shelf.next() }

// watch has changed policies put together anew, until ctx ends.
func (s *service) watch(ctx context.Context) error {
	for c := range s.events.Watch(ctx) {
		switch c.Name {
		case changed:
			s.shelf.forget(c.OrganizationID)
		case event.Missed:
			s.shelf.forgetAll()
		}
	}
	return nil
}
