package organizations

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// snapshotAge is how long another process's change may go unseen.
const snapshotAge = 5 * time.Second

// snapshot is what actors of one organization see; actors that cross organizations share one of all.
type snapshot struct {
	takenAt       time.Time
	organizations map[int64]organization.Organization
	departments   map[int64]organization.Department
	below         map[int64][]int64 // children by parent
}

// snapshots keeps snapshots by organization, 0 for all of them.
type snapshots struct {
	mu         sync.Mutex
	kept       map[int64]*snapshot
	generation int
}

// find returns a fresh snapshot, or nil, with the generation under which a new one may be kept.
func (c *snapshots) find(organizationID int64, now time.Time) (*snapshot, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.kept[organizationID]; s != nil && now.Sub(s.takenAt) < snapshotAge {
		return s, c.generation
	}
	return nil, c.generation
}

// keep keeps a snapshot unless something changed since the generation: it may have been read before that.
func (c *snapshots) keep(organizationID int64, s *snapshot, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		return
	}
	if c.kept == nil {
		c.kept = map[int64]*snapshot{}
	}
	c.kept[organizationID] = s
}

// forget drops all snapshots after a change.
func (c *snapshots) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.kept = nil
}

// ByID returns the organization, or organization.ErrUnknown.
func (s *service) ByID(ctx context.Context, id int64) (o organization.Organization, err error) {
	found, err := s.look(ctx, func(snap *snapshot) (ok bool) {
		o, ok = snap.organizations[id]
		return ok
	})
	if err == nil && !found {
		err = organization.ErrUnknown
	}
	return o, err
}

// Department returns the department, or organization.ErrDepartmentUnknown.
func (s *service) Department(ctx context.Context, id int64) (d organization.Department, err error) {
	found, err := s.look(ctx, func(snap *snapshot) (ok bool) {
		d, ok = snap.departments[id]
		return ok
	})
	if err == nil && !found {
		err = organization.ErrDepartmentUnknown
	}
	return d, err
}

// look asks the snapshot, and after a miss once more a fresh one: what somebody just made must be found.
func (s *service) look(ctx context.Context, find func(*snapshot) bool) (bool, error) {
	snap, kept, err := s.snapshot(ctx)
	if err != nil || find(snap) || !kept {
		return err == nil && find(snap), err
	}
	s.snapshots.forget()
	snap, _, err = s.snapshot(ctx)
	return err == nil && find(snap), err
}

// Below returns those of ids that there are and all departments below them, in rising order.
func (s *service) Below(ctx context.Context, ids []int64) ([]int64, error) {
	snap, _, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	var all []int64
	for waiting := slices.Clone(ids); len(waiting) > 0; {
		id := waiting[0]
		waiting = waiting[1:]
		if _, ok := snap.departments[id]; !ok || found[id] {
			continue
		}
		found[id] = true
		all = append(all, id)
		waiting = append(waiting, snap.below[id]...)
	}
	slices.Sort(all)
	return all, nil
}

// zone is that of the actor's organization; for those who see several, theirs if it is one, else UTC.
func (s *service) zone(ctx context.Context) (*time.Location, error) {
	snap, _, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var zone *time.Location
	for _, o := range snap.organizations {
		if zone != nil && o.Zone.String() != zone.String() {
			return time.UTC, nil
		}
		zone = o.Zone
	}
	return cmp.Or(zone, time.UTC), nil
}

// snapshot returns what the actor sees, and whether that was kept from before.
func (s *service) snapshot(ctx context.Context) (snap *snapshot, kept bool, err error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, false, db.ErrNoActor
	}
	if a.OrganizationID == 0 && !a.CrossesOrganizations() {
		return nil, false, db.ErrNoOrganization
	}
	now := s.now()
	snap, generation := s.snapshots.find(a.OrganizationID, now)
	if snap != nil {
		return snap, true, nil
	}
	if snap, err = s.take(ctx, now); err == nil {
		s.snapshots.keep(a.OrganizationID, snap, generation)
	}
	return snap, false, err
}

func (s *service) take(ctx context.Context, now time.Time) (*snapshot, error) {
	organizations, departments, err := s.store.everything(ctx)
	if err != nil {
		return nil, err
	}
	snap := &snapshot{
		takenAt: now, organizations: map[int64]organization.Organization{},
		departments: map[int64]organization.Department{}, below: map[int64][]int64{},
	}
	for _, o := range organizations {
		zone, err := time.LoadLocation(o.Zone)
		if err != nil { // one tenant's row must not stop the others
			s.log.WarnContext(ctx, "organization has an unknown time zone", "organization", o.ID, "zone", o.Zone)
			zone = time.UTC
		}
		snap.organizations[o.ID] = organization.Organization{ID: o.ID, Name: o.FullName, Active: o.IsActive, Language: o.Language, Zone: zone}
	}
	for _, d := range departments {
		snap.departments[d.ID] = organization.Department{ID: d.ID, OrganizationID: d.OrganizationID, ParentID: d.ParentID, Name: d.FullName}
		snap.below[d.ParentID] = append(snap.below[d.ParentID], d.ID)
	}
	return snap, nil
}
