package computers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

const (
	// freshness is how old the stored time of the last sighting may get.
	freshness = time.Minute
	// maxRemembered bounds the sightings kept in memory; past it all are forgotten and learned anew.
	maxRemembered = 50_000
)

type service struct {
	store store
	staff employee.Directory
	audit *audit.Log
	now   func() time.Time

	mu   sync.Mutex
	seen map[sightingKey]time.Time
}

type sightingKey struct {
	organizationID int64
	uid, sid       string
}

func newService(s store, staff employee.Directory, log *audit.Log, now func() time.Time) *service {
	return &service{store: s, staff: staff, audit: log, now: now, seen: map[sightingKey]time.Time{}}
}

// Seen makes unknown computers and users known. What was stored within freshness costs nothing.
func (s *service) Seen(ctx context.Context, sightings []computer.Sighting) error {
	a, ok := actor.From(ctx)
	if !ok {
		return db.ErrNoActor
	}
	news := s.news(a.OrganizationID, sightings)
	if len(news) == 0 {
		return nil
	}
	if err := s.store.see(ctx, news, s.now().UTC()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) > maxRemembered {
		clear(s.seen)
	}
	for _, g := range news {
		s.seen[sightingKey{a.OrganizationID, g.ComputerUID, g.UserSID}] = g.At
	}
	return nil
}

// news returns the latest sighting of each pair that is worth storing.
func (s *service) news(organizationID int64, sightings []computer.Sighting) []computer.Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := map[sightingKey]int{}
	var news []computer.Sighting
	for _, g := range sightings {
		k := sightingKey{organizationID, g.ComputerUID, g.UserSID}
		if i, twice := at[k]; twice {
			if g.At.After(news[i].At) {
				news[i].At = g.At
			}
			continue
		}
		if last, known := s.seen[k]; known && g.At.Sub(last) < freshness {
			continue
		}
		at[k] = len(news)
		news = append(news, g)
	}
	return news
}

// Register makes or updates a computer by its UID.
func (s *service) Register(ctx context.Context, d computer.Details) (computer.Computer, error) {
	c, err := s.store.register(ctx, d, s.now().UTC())
	return c.contract(), err
}

// RegisterUser makes or updates a Windows user by its SID.
func (s *service) RegisterUser(ctx context.Context, d computer.UserDetails) (computer.User, error) {
	u, err := s.store.registerUser(ctx, d, s.now().UTC())
	return u.contract(), err
}

// LinksOf returns when the employee was which Windows user on which computer.
func (s *service) LinksOf(ctx context.Context, employeeID int64, from, until time.Time) ([]computer.LinkPeriod, error) {
	return contracts(s.store.periodsOf(ctx, employeeID, from, until))
}

// EmployeesOn returns who was which Windows user on these computers, and when.
func (s *service) EmployeesOn(ctx context.Context, uids []string, from, until time.Time) ([]computer.LinkPeriod, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	return contracts(s.store.periodsOn(ctx, uids, from, until))
}

func contracts(rows []periodRow, err error) ([]computer.LinkPeriod, error) {
	periods := make([]computer.LinkPeriod, len(rows))
	for i, r := range rows {
		periods[i] = r.contract()
	}
	return periods, err
}

// sight is the whole organization, but for a department lead the people of the departments.
func (s *service) sight(ctx context.Context) (sight, error) {
	a, _ := actor.From(ctx)
	if a.Role != actor.DepartmentLead {
		return nil, nil
	}
	people, err := s.staff.InDepartments(ctx, a.DepartmentIDs)
	return &people, err
}

// link says that the Windows user is the employee: from a time on, or if the user was nobody's before, always.
// Whoever it was until then stops being it.
func (s *service) link(ctx context.Context, userID, employeeID int64, from *time.Time) error {
	who, err := s.staff.ByID(ctx, employeeID)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	return s.change(ctx, userID, "computers.link", func(ctx context.Context, tx db.Tx, u userRow, links []linkRow) error {
		if len(links) > 0 && from == nil {
			from = &now
		}
		for _, l := range links {
			if err := s.endAt(ctx, tx, l, *from); err != nil {
				return err
			}
		}
		l := linkRow{UserID: userID, EmployeeID: who.ID, LinkedFrom: from, CreatedAt: now}
		l.OrganizationID = u.OrganizationID
		return s.store.addLink(ctx, tx, &l)
	})
}

// unlink says that from now on the Windows user is nobody we know.
func (s *service) unlink(ctx context.Context, userID int64) error {
	now := s.now().UTC()
	return s.change(ctx, userID, "computers.unlink", func(ctx context.Context, tx db.Tx, _ userRow, links []linkRow) error {
		ended := false
		for _, l := range links {
			if l.LinkedUntil == nil {
				ended = true
				if err := s.endAt(ctx, tx, l, now); err != nil {
					return err
				}
			}
		}
		if !ended {
			return errNotLinked
		}
		return nil
	})
}

// endAt makes room for another link from the time on. A link that lies wholly after it is in the way.
func (s *service) endAt(ctx context.Context, tx db.Tx, l linkRow, at time.Time) error {
	switch {
	case l.LinkedUntil != nil && !l.LinkedUntil.After(at):
		return nil
	case l.LinkedUntil != nil:
		return errLinkOverlaps
	case l.LinkedFrom != nil && l.LinkedFrom.After(at):
		return errLinkOverlaps
	case l.LinkedFrom != nil && l.LinkedFrom.Equal(at):
		return s.store.removeLink(ctx, tx, l.ID)
	}
	return s.store.endLink(ctx, tx, l.ID, at)
}

type change func(ctx context.Context, tx db.Tx, u userRow, links []linkRow) error

// change runs one change of a user's links, with its line in the audit.
func (s *service) change(ctx context.Context, userID int64, action string, do change) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.user(ctx, tx, userID)
		if err != nil {
			return err
		}
		before, err := s.store.links(ctx, tx, userID)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, u, before); err != nil {
			return err
		}
		after, err := s.store.links(ctx, tx, userID)
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: action, Permission: computer.Link, Object: "computer_user:" + u.SID,
			Before: links(before), After: links(after),
		})
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*userRow)(nil), userID, "computer_user", action)
		return errUserUnknown.Wrap(err)
	}
	return err
}

// linkLine is how the audit shows a link.
type linkLine struct {
	EmployeeID int64      `json:"employeeId"`
	From       *time.Time `json:"from,omitempty"`
	Until      *time.Time `json:"until,omitempty"`
}

func links(rows []linkRow) []linkLine {
	lines := make([]linkLine, len(rows))
	for i, r := range rows {
		lines[i] = linkLine{r.EmployeeID, r.LinkedFrom, r.LinkedUntil}
	}
	return lines
}
