package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/db"
)

// maker makes up one company and keeps it going.
type maker struct {
	row               companyRow
	store             store
	dashboard, agents *client
	people            []person
	zone              *time.Location
	speed             float64
	log               *slog.Logger
	now               func() time.Time
	atWork            map[int]bool // who was at the computer when last looked
	told              time.Time    // when the agents' states were told last
	terminals         pass.Terminals
	staffIDs          map[string]thing // the employees by name
	received          time.Time        // when guests came last
}

// keepUp makes the company that the settings ask for and keeps it going until ctx ends or somebody removes it. Where
// there is real data, or a company was removed before, it makes none.
func (s *service) keepUp(ctx context.Context, cfg Config) error {
	removed, err := s.removedBefore(ctx, cfg.Organization)
	if err != nil || removed {
		return err
	}
	m, err := s.begin(ctx, cfg)
	if errors.Is(err, errRealData) {
		s.log.InfoContext(ctx, "demo.employees is set and nothing is made up: there is real data")
		return nil
	}
	if err == nil {
		err = m.run(ctx, true)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, errGone):
		s.log.InfoContext(ctx, "the demo company has been removed")
		return nil
	case err != nil: // what else goes wrong with a demo must not stop the server
		s.log.ErrorContext(ctx, "the demo company has stopped", "err", err)
	}
	return nil
}

func (s *service) removedBefore(ctx context.Context, organizationID int64) (bool, error) {
	rows, err := s.store.companies(asSystem(ctx))
	for _, r := range rows {
		if r.OrganizationID == organizationID && !r.RemovedAt.IsZero() {
			return true, nil
		}
	}
	return false, err
}

// begin claims the company and brings its people and computers to be.
func (s *service) begin(ctx context.Context, cfg Config) (*maker, error) {
	row, token, err := s.claim(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m := &maker{
		row: row, store: s.store, dashboard: newClient(cfg.Dashboard, tokenHeader, token), people: company(row.Seed, row.Employees),
		speed: cfg.Speed, terminals: s.terminals, log: s.log, now: s.time, atWork: map[int]bool{},
	}
	if err := m.open(ctx, cfg); err != nil {
		return nil, err
	}
	if !row.StaffedAt.IsZero() {
		return m, m.openDoors(ctx)
	}
	if err := m.staff(ctx); err != nil {
		return nil, err
	}
	if err := m.openDoors(ctx); err != nil {
		return nil, err
	}
	midnight := m.midnight(m.row.MadeAt)
	m.row.StaffedAt, m.row.SentUntil = m.now(), midnight.AddDate(0, 0, -m.row.Days)
	return m, m.save(ctx, "staffed_at", "sent_until")
}

// open gets the company's zone and a key for its agents. The key of an earlier run is revoked: nobody knows it any more.
func (m *maker) open(ctx context.Context, cfg Config) error {
	var organization struct {
		Zone string `json:"zone"`
	}
	if err := m.dashboard.call(ctx, "GET", fmt.Sprintf("/api/v2/organizations/%d", m.row.OrganizationID), nil, &organization); err != nil {
		return err
	}
	zone, err := time.LoadLocation(organization.Zone)
	if err != nil {
		return err
	}
	if m.row.KeyID != 0 {
		if err := m.dashboard.call(ctx, "DELETE", fmt.Sprintf("/api/v2/api-keys/%d", m.row.KeyID), nil, nil); err != nil {
			return err
		}
	}
	var key struct {
		ID  int64  `json:"id"`
		Key string `json:"key"`
	}
	in := map[string]any{"type": "AGENT", "organizationId": m.row.OrganizationID, "description": "demo"}
	if err := m.dashboard.call(ctx, "POST", "/api/v2/api-keys", in, &key); err != nil {
		return err
	}
	m.zone, m.row.KeyID, m.agents = zone, key.ID, newClient(cfg.Gateway, "X-API-Key", key.Key)
	return m.save(ctx, "key_id")
}

// save keeps columns of the company's row, or returns errGone.
func (m *maker) save(ctx context.Context, columns ...string) error {
	err := m.store.update(asSystem(ctx), &m.row, columns...)
	if errors.Is(err, db.ErrNotFound) {
		return errGone
	}
	return err
}

func (m *maker) midnight(at time.Time) time.Time {
	at = at.In(m.zone)
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, m.zone)
}

// tick is how often what has just happened is sent.
const tick = 10 * time.Second

// run sends the past, and then, if follow, the present as it passes.
func (m *maker) run(ctx context.Context, follow bool) error {
	began, from := m.now(), m.row.SentUntil
	for {
		now := m.now()
		until := reached(from, now.Sub(began), m.speed, now)
		caughtUp := until.Equal(now)
		if err := m.send(ctx, until); err != nil {
			return err
		}
		if caughtUp {
			if err := errors.Join(m.tell(ctx, now), m.receive(ctx, now)); err != nil {
				return err
			}
			if !follow {
				return nil
			}
		}
		if err := wait(ctx, m.rest(caughtUp)); err != nil {
			return err
		}
	}
}

// reached is until when the past has been told after some time at this speed: at 0 all of it at once.
func reached(from time.Time, elapsed time.Duration, speed float64, now time.Time) time.Time {
	told := from.Add(time.Duration(min(float64(elapsed)*speed, float64(maxDays*2*24*time.Hour))))
	if speed == 0 || told.After(now) {
		return now
	}
	return told
}

func (m *maker) rest(caughtUp bool) time.Duration {
	if caughtUp {
		return tick
	}
	return time.Second
}

// send sends what happened since the last time, a day at once at most, so that what is cut off is not much.
func (m *maker) send(ctx context.Context, until time.Time) error {
	for m.row.SentUntil.Before(until) {
		if err := m.save(ctx, "sent_until"); err != nil { // says whether the company is still there
			return err
		}
		to := m.midnight(m.row.SentUntil).AddDate(0, 0, 1)
		if to.After(until) {
			to = until
		}
		for _, p := range m.people {
			if err := m.report(ctx, p, m.row.SentUntil, to); err != nil {
				return err
			}
		}
		m.row.SentUntil = to
		if err := m.save(ctx, "sent_until"); err != nil {
			return err
		}
	}
	return nil
}

// report sends what the person's agent came to know in (after, until]. A shift may have begun the day before.
func (m *maker) report(ctx context.Context, p person, after, until time.Time) error {
	var events, shots []event
	for _, date := range []time.Time{m.midnight(after).AddDate(0, 0, -1), m.midnight(after)} {
		d, comes := m.dayOf(p, date)
		if !comes {
			continue
		}
		for _, e := range d.events {
			if over := e.over(); over.After(after) && !over.After(until) {
				events = append(events, e)
			}
		}
		for _, e := range d.shots {
			if e.At.After(after) && !e.At.After(until) {
				shots = append(shots, e)
			}
		}
		if err := m.pass(ctx, p, d, after, until); err != nil {
			return err
		}
	}
	if err := m.show(ctx, p, shots); err != nil || len(events) == 0 {
		return err
	}
	return m.agents.call(ctx, "POST", "/v2/agent/events", map[string]any{"computerUid": p.uid, "events": events}, nil)
}

// pictured is how far back pictures of screens go: drawing a year of them takes long.
const pictured = 7 * 24 * time.Hour

// show sends pictures of the person's screen.
func (m *maker) show(ctx context.Context, p person, shots []event) error {
	for _, e := range shots {
		if m.now().Sub(e.At) > pictured {
			continue
		}
		picture, err := screenOf(p, e.Process, e.At.In(m.zone), uint64(m.row.Seed)<<32^uint64(e.At.Unix()))
		if err != nil {
			return err
		}
		in := map[string]any{"id": e.ID, "computerUid": p.uid, "userSid": e.UserSID, "at": e.At, "title": e.Title, "processName": e.Process}
		if err := m.agents.send(ctx, "/v2/agent/screenshots", in, picture); err != nil {
			return err
		}
	}
	return nil
}

// dayOf is the person's day, if there is one. The silent computer reports nothing since the company was made.
func (m *maker) dayOf(p person, date time.Time) (day, bool) {
	if p.number == silent && !date.Before(m.midnight(m.row.MadeAt)) {
		return day{}, false
	}
	return dayOf(m.row.Seed, p, date)
}

// heartbeats is how often an agent says that it is there.
const heartbeats = 4 * time.Minute

// tell has the agents say that they are there, or why they stop.
func (m *maker) tell(ctx context.Context, now time.Time) error {
	due := now.Sub(m.told) >= heartbeats
	for _, p := range m.people {
		d, working := m.working(p, now)
		before, known := m.atWork[p.number]
		if known && working == before && !(working && due) {
			continue
		}
		m.atWork[p.number] = working
		if err := m.agents.call(ctx, "POST", "/v2/agent/heartbeat", heartbeatOf(p, d, working), nil); err != nil {
			return err
		}
	}
	if due {
		m.told = now
	}
	return nil
}

// working returns the day that the person last began, and whether it is between its coming and leaving.
func (m *maker) working(p person, now time.Time) (last day, working bool) {
	last.off = true
	for _, date := range []time.Time{m.midnight(now).AddDate(0, 0, -1), m.midnight(now)} {
		d, comes := m.dayOf(p, date)
		if !comes || now.Before(d.come) {
			continue
		}
		last, working = d, now.Before(d.leave)
		if working {
			break
		}
	}
	return last, working
}

func heartbeatOf(p person, d day, working bool) map[string]any {
	beat := map[string]any{"computerUid": p.uid, "userSid": p.sid, "agentVersion": agentVersion, "state": "running"}
	switch {
	case working:
		beat["since"] = d.come
	case p.number == silent:
		beat["state"], beat["reason"], beat["detail"] = "stopping", "error", "C: 0 MB free, the agent cannot write"
	case d.off:
		beat["state"], beat["reason"] = "stopping", "shutdown"
	default:
		beat["state"], beat["reason"] = "stopping", "suspend"
	}
	return beat
}
