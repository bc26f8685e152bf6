package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// shelfLife is how long what was put together may be used: somebody may have moved or been linked since.
const shelfLife = 30 * time.Second

// shelf keeps what was put together for each organization. The zero value is ready.
type shelf struct {
	mu      sync.Mutex
	kept    map[int64]*slot
	changed chan struct{}
}

// slot is the place of one organization. Its lock is held while somebody puts together what belongs there.
type slot struct {
	making sync.Mutex
	mu     sync.Mutex
	snap   *snapshot
	stale  bool
}

func (h *shelf) slot(organizationID int64) *slot {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kept == nil {
		h.kept = map[int64]*slot{}
	}
	s := h.kept[organizationID]
	if s == nil {
		s = &slot{}
		h.kept[organizationID] = s
	}
	return s
}

// next is closed when other rules than now come into force.
func (h *shelf) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

func (h *shelf) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// forget has what an organization works by put together anew.
func (h *shelf) forget(organizationID int64) {
	h.slot(organizationID).mark(true)
	h.tell()
}

// forgetAll does so for all organizations.
func (h *shelf) forgetAll() {
	h.mu.Lock()
	for _, s := range h.kept {
		s.mark(true)
	}
	h.mu.Unlock()
	h.tell()
}

// look returns what is kept, and whether it may be used without another look at the database.
func (s *slot) look(now time.Time) (snap *snapshot, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap, s.snap != nil && !s.stale && now.Sub(s.snap.takenAt) < shelfLife
}

// put keeps a snapshot. What was said to be stale while it was made stays so.
func (s *slot) put(snap *snapshot) (before *snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.snap = s.snap, snap
	return before
}

func (s *slot) mark(stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = stale
}

// snapshot is all that bundles of one organization are made of, at one moment.
type snapshot struct {
	organizationID int64
	generation     int64
	takenAt        time.Time
	policies       []policyRow
	versions       map[int64][]versionRow // by policy: in force and newest
	stages         []rolloutRow           // that have not come to all gateways
	reached        map[id.UUID]map[id.UUID]bool
	assigned       assigned
	computers      map[string]int64 // all that are known

	mu   sync.Mutex
	made map[string]*parcel
}

// parcel is a bundle as it is handed out.
type parcel struct {
	bundle   rule.Bundle
	body     []byte
	etag     string
	compiled *rule.Compiled
}

// stagesOf are the roll-outs in whose reach a gateway is.
func (s *snapshot) stagesOf(gatewayID id.UUID) (in []rolloutRow) {
	for _, r := range s.stages {
		if gatewayID != id.Nil && (s.reached[r.ID][gatewayID] || within(r.ID, gatewayID, r.Percent)) {
			in = append(in, r)
		}
	}
	return in
}

// of returns the bundle of a gateway; that of no gateway has what is in force for all.
func (s *snapshot) of(gatewayID id.UUID) (*parcel, error) {
	in := s.stagesOf(gatewayID)
	var key strings.Builder
	newest := map[int64]bool{}
	for _, r := range in {
		key.WriteString(r.ID.String())
		newest[r.PolicyID] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.made[key.String()]; p != nil {
		return p, nil
	}
	p, err := s.pack(newest)
	if err == nil {
		s.made[key.String()] = p
	}
	return p, err
}

// pack makes a bundle with the newest versions of these policies, and those in force of the others.
func (s *snapshot) pack(newest map[int64]bool) (*parcel, error) {
	b := rule.Bundle{
		OrganizationID: s.organizationID, Policies: []rule.Released{}, DefaultID: s.assigned.DefaultID, Users: s.assigned.Users, Computers: s.assigned.Computers,
	}
	for _, p := range s.policies {
		v, ok := s.version(p, newest[p.ID])
		if !ok {
			continue
		}
		r, err := v.released()
		if err != nil {
			return nil, fmt.Errorf("policy %d version %s: %w", p.ID, v.Version, err)
		}
		b.Policies = append(b.Policies, r)
	}
	body, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	sum, err := canonical.Sum(json.RawMessage(body))
	if err != nil {
		return nil, err
	}
	compiled, err := rule.Compile(b)
	return &parcel{b, body, `"` + sum + `"`, compiled}, err
}

func (s *snapshot) version(p policyRow, newest bool) (versionRow, bool) {
	number := p.Released
	if newest {
		number = p.Latest
	}
	i := slices.IndexFunc(s.versions[p.ID], func(v versionRow) bool { return v.Version == decimal(number) })
	if i < 0 {
		return versionRow{}, false
	}
	return s.versions[p.ID][i], true
}

// fetch returns what the actor's organization works by now.
func (s *service) fetch(ctx context.Context) (*snapshot, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return nil, db.ErrNoOrganization
	}
	place := s.shelf.slot(a.OrganizationID)
	place.making.Lock()
	defer place.making.Unlock()
	generation, err := s.store.generation(ctx)
	if err != nil {
		return nil, err
	}
	if snap, fresh := place.look(s.now()); fresh && snap.generation == generation {
		return snap, nil
	}
	place.mark(false)
	snap, err := s.take(ctx, a.OrganizationID)
	if err != nil {
		place.mark(true)
		return nil, err
	}
	if before := place.put(snap); before != nil && (before.generation != snap.generation || !before.assigned.same(snap.assigned)) {
		s.shelf.tell() // whoever should have been told may have missed it
	}
	return snap, nil
}

func (a assigned) same(b assigned) bool {
	return a.DefaultID == b.DefaultID && maps.Equal(a.Users, b.Users) && maps.Equal(a.Computers, b.Computers)
}

// take reads all that bundles of the actor's organization are made of.
func (s *service) take(ctx context.Context, organizationID int64) (*snapshot, error) {
	snap := &snapshot{
		organizationID: organizationID, takenAt: s.now(), versions: map[int64][]versionRow{}, reached: map[id.UUID]map[id.UUID]bool{}, made: map[string]*parcel{},
	}
	var departments []departmentRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.bundle(ctx, tx)
		if err != nil {
			return err
		}
		snap.generation = row.Generation
		if snap.policies, err = s.store.policies(ctx, tx); err != nil {
			return err
		}
		if departments, err = s.store.departments(ctx, tx); err != nil {
			return err
		}
		return s.takeVersions(ctx, tx, snap)
	})
	if err != nil {
		return nil, err
	}
	l := newLadder(snap.policies, departments, s.parentOf(ctx))
	var given []employee.Given
	var seats []computer.Seat
	if len(l.counts) > 1 || len(l.counts) == 1 && l.standard == 0 { // else there is nothing to choose from
		if given, err = s.staff.Given(ctx); err != nil {
			return nil, err
		}
		if seats, err = s.seats.Seats(ctx); err != nil {
			return nil, err
		}
	}
	snap.assigned, snap.computers, err = assign(l, given, seats)
	return snap, err
}

func (s *service) parentOf(ctx context.Context) func(int64) (int64, error) {
	return func(departmentID int64) (int64, error) {
		d, err := s.tree.Department(ctx, departmentID)
		return d.ParentID, err
	}
}

func (s *service) takeVersions(ctx context.Context, tx db.Tx, snap *snapshot) error {
	versions, err := s.store.current(ctx, tx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		snap.versions[v.PolicyID] = append(snap.versions[v.PolicyID], v)
	}
	rollouts, err := s.store.running(ctx, tx)
	if err != nil {
		return err
	}
	var ids []id.UUID
	for _, r := range rollouts {
		if r.Percent < 100 {
			snap.stages = append(snap.stages, r)
			ids = append(ids, r.ID)
			snap.reached[r.ID] = map[id.UUID]bool{}
		}
	}
	rows, err := s.store.reached(ctx, tx, ids...)
	for _, r := range rows {
		snap.reached[r.RolloutID][r.GatewayID] = true
	}
	return err
}
