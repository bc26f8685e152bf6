package computers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

const (
	// freshness is how old the stored time of the last sighting may get.
	freshness = time.Minute
	// maxRemembered bounds the sightings kept in memory; past it all are forgotten and learned anew.
	maxRemembered = 50_000
	// maxText bounds the texts that agents tell of themselves, in bytes.
	maxText = 255
)

type service struct {
	cfg      *Config
	store    store
	staff    employee.Directory
	tree     organization.Tree
	gateways gateway.Directory
	audit    *audit.Log
	log      *slog.Logger
	now      func() time.Time

	mu   sync.Mutex
	seen map[sightingKey]time.Time
}

type sightingKey struct {
	organizationID int64
	uid, sid       string
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

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
	if err := s.store.see(ctx, news, s.contact(ctx)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen)+len(news) > maxRemembered {
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
	at, now := map[sightingKey]int{}, s.clock()
	var news []computer.Sighting
	for _, g := range sightings {
		g.At = earlier(g.At.UTC().Truncate(time.Microsecond), now)
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
	for _, field := range []*string{&d.UID, &d.Name, &d.OS, &d.IPAddress, &d.MACAddress, &d.AgentVersion} {
		*field = tidy(*field)
	}
	if d.UID == "" {
		return computer.Computer{}, errNameless
	}
	via := s.contact(ctx)
	if d.At = earlier(d.At.UTC().Truncate(time.Microsecond), via.at); d.At.IsZero() {
		d.At = via.at
	}
	c, err := s.store.register(ctx, d, via)
	return c.contract(), err
}

// RegisterUser makes or updates a Windows user by its SID.
func (s *service) RegisterUser(ctx context.Context, d computer.UserDetails) (computer.User, error) {
	for _, field := range []*string{&d.SID, &d.Name, &d.Domain, &d.Username} {
		*field = tidy(*field)
	}
	if d.SID == "" {
		return computer.User{}, errNameless
	}
	u, err := s.store.registerUser(ctx, d, s.clock())
	return u.contract(), err
}

// NamesOf returns what those of the computers are called that have told it.
func (s *service) NamesOf(ctx context.Context, uids []string) (map[string]string, error) {
	return s.store.names(ctx, uids)
}

// tidy cuts a text on a rune boundary and takes out what PostgreSQL refuses.
func tidy(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// LinksOf returns when the employees were which Windows users on which computers.
func (s *service) LinksOf(ctx context.Context, employeeIDs []int64, from, until time.Time) ([]computer.LinkPeriod, error) {
	return contracts(s.store.periodsOf(ctx, employeeIDs, from, until))
}

// EmployeesBehind returns which employees these Windows users were, and when.
func (s *service) EmployeesBehind(ctx context.Context, sids []string, from, until time.Time) ([]computer.LinkPeriod, error) {
	if len(sids) == 0 {
		return nil, nil
	}
	return contracts(s.store.periodsBehind(ctx, sids, from, until))
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
		return sight{all: true}, nil
	}
	people, err := s.staff.InDepartments(ctx, a.DepartmentIDs)
	return sight{employees: people}, err
}

// look is what the actor sees now.
func (s *service) look(ctx context.Context) (v view, err error) {
	v.sight, err = s.sight(ctx)
	v.now = s.clock()
	return v, err
}

// link says that the Windows user is the employee: from a time on, or if the user was nobody's before, always.
// Whoever it was until then stops being it.
func (s *service) link(ctx context.Context, userID, employeeID int64, from *time.Time) error {
	who, err := s.staff.ByID(ctx, employeeID)
	if err != nil {
		return err
	}
	now := s.clock()
	return s.change(ctx, userID, "computers.link", func(ctx context.Context, tx db.Tx, u userRow, links []linkRow) error {
		if who.OrganizationID != u.OrganizationID { // an operator sees both, and yet they have nothing to do with each other
			return employee.ErrUnknown
		}
		since := from
		if since == nil && len(links) > 0 {
			since = &now
		}
		for _, l := range links {
			if !l.reaches(*since) {
				continue
			}
			if l.LinkedUntil != nil || l.begins(*since) {
				return errLinkOverlaps
			}
			if err := s.store.endLink(ctx, tx, l, *since); err != nil {
				return err
			}
		}
		l := linkRow{UserID: userID, EmployeeID: who.ID, LinkedFrom: since, CreatedAt: now}
		l.OrganizationID = u.OrganizationID
		return s.store.addLink(ctx, tx, &l)
	})
}

// unlink says that from now on the Windows user is nobody we know; if the link was a mistake, that it never was, and that
// whom it took the place of goes on.
func (s *service) unlink(ctx context.Context, userID int64, mistake bool) error {
	now := s.clock()
	return s.change(ctx, userID, "computers.unlink", func(ctx context.Context, tx db.Tx, _ userRow, links []linkRow) error {
		ended := false
		for _, l := range links {
			if !l.reaches(now) {
				continue
			}
			ended = true
			err := s.store.endLink(ctx, tx, l, now)
			if mistake {
				err = s.takeBack(ctx, tx, l, links)
			}
			if err != nil {
				return err
			}
		}
		if !ended {
			return errNotLinked
		}
		return nil
	})
}

// takeBack removes a link and opens the one again that it ended.
func (s *service) takeBack(ctx context.Context, tx db.Tx, l linkRow, links []linkRow) error {
	if err := s.store.dropLink(ctx, tx, l); err != nil || l.LinkedFrom == nil {
		return err
	}
	for _, before := range links {
		if before.LinkedUntil != nil && before.LinkedUntil.Equal(*l.LinkedFrom) {
			return s.store.reopenLink(ctx, tx, before)
		}
	}
	return nil
}

type change func(ctx context.Context, tx db.Tx, u userRow, links []linkRow) error

// change runs one change of a user's links, with its line in the audit.
func (s *service) change(ctx context.Context, userID int64, action string, do change) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.lockUser(ctx, tx, userID)
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
			OrganizationID: u.OrganizationID, Action: action, Permission: computer.Link, Object: "computer_user:" + u.SID,
			Before: lines(before), After: lines(after),
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

func lines(rows []linkRow) []linkLine {
	all := make([]linkLine, len(rows))
	for i, r := range rows {
		all[i] = linkLine{r.EmployeeID, r.LinkedFrom, r.LinkedUntil}
	}
	return all
}
