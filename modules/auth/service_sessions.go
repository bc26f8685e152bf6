package auth

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// sessionAge is how long a sign-out, a deactivation or a change of role may go unseen by other processes.
	sessionAge = 5 * time.Second
	// refreshGrace is for two tabs that refresh with the same token at once.
	refreshGrace = 10 * time.Second
	// maxSessions bounds what is remembered.
	maxSessions = 10_000
)

// sessions remembers for a moment whose a sign-in is.
type sessions struct {
	mu         sync.Mutex
	known      map[id.UUID]session
	generation int
}

type session struct {
	actor     actor.Actor
	checkedAt time.Time
}

func newSessions() *sessions { return &sessions{known: map[id.UUID]session{}} }

func (c *sessions) find(family id.UUID, now time.Time) (session, bool, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.known[family]
	return known, ok && now.Sub(known.checkedAt) < sessionAge, c.generation
}

// keep remembers a session, unless something changed since the generation in which it was read.
func (c *sessions) keep(family id.UUID, s session, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		return
	}
	if len(c.known) >= maxSessions {
		clear(c.known)
	}
	c.known[family] = s
}

// forget makes this process ask again at once.
func (c *sessions) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.known)
}

// byToken returns the actor of an access token whose sign-in lasts, or errToken.
func (s *service) byToken(ctx context.Context, token string) (actor.Actor, error) {
	userID, family, err := s.tokens.read(token)
	if err != nil {
		return actor.Actor{}, err
	}
	now := s.time()
	known, fresh, generation := s.sessions.find(family, now)
	if !fresh {
		if known, err = s.recall(ctx, userID, family, now); err != nil {
			return actor.Actor{}, err
		}
		s.sessions.keep(family, known, generation)
	}
	if known.actor.UserID != userID {
		return actor.Actor{}, errToken
	}
	return known.actor, nil
}

// recall reads whose a sign-in is.
func (s *service) recall(ctx context.Context, userID int64, family id.UUID, now time.Time) (session, error) {
	var u userRow
	var departments []int64
	err := s.store.db.Read(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		alive, err := s.store.alive(ctx, tx, family, userID, now)
		if err != nil {
			return err
		}
		if !alive {
			return errToken
		}
		if u, err = s.store.user(ctx, tx, userID); err != nil {
			return err
		}
		departments, err = s.store.departmentsOf(ctx, tx, userID)
		return err
	})
	if errors.Is(err, db.ErrNotFound) || err == nil && !u.IsActive {
		return session{}, errToken
	}
	if err != nil {
		return session{}, err
	}
	a := actorOf(u)
	if a.Role == actor.DepartmentLead {
		if a.DepartmentIDs, err = s.tree.Below(actor.With(ctx, a), departments); err != nil {
			return session{}, err
		}
	}
	return session{actor: a, checkedAt: now}, nil
}

// actorOf is on whose behalf a user's requests run. An ADMIN is the operator of the whole system,
// whatever organization v1 wrote beside the name.
func actorOf(u userRow) actor.Actor {
	role, _ := actor.ParseRole(u.Role) // the table holds no other
	a := actor.Actor{Role: role, ID: userObject(u.ID), UserID: u.ID, OrganizationID: u.organization(), Language: u.Language}
	if role == actor.Admin {
		a.OrganizationID = 0
	}
	return a
}

// refresh exchanges a refresh token for the next one. A token that comes a second time was stolen, or its owner's
// was: the sign-in ends for both.
func (s *service) refresh(ctx context.Context, secret string, from visit) (g grant, err error) {
	// A sign-in that is older than sessions was made with a password. What is remembered of another stays.
	var reused bool
	err = s.store.db.Write(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		now := s.time()
		row, u, err := s.refreshable(ctx, tx, secret, now)
		if err != nil {
			return err
		}
		used := !row.UsedAt.IsZero() // if just now, by another tab
		if reused = used && now.Sub(row.UsedAt) > refreshGrace; reused {
			return s.reused(ctx, tx, row, u, now)
		}
		if !used {
			if err := s.store.useRefresh(ctx, tx, row.Hash, now); err != nil {
				return err
			}
		}
		g, err = s.issue(ctx, tx, u, sessionRow{ID: row.Family, Method: byPassword, ClientIP: from.ip, UserAgent: clip(from.agent)})
		return err
	})
	if err == nil && reused {
		err = errRefresh
	}
	return g, err
}

// refreshable returns the token and its user, alone, or errRefresh if it is good for nothing. The token is read again
// once nobody else can change it: a sign-out may have ended it while this one waited for the user.
func (s *service) refreshable(ctx context.Context, tx db.Tx, token string, now time.Time) (row refreshRow, u userRow, err error) {
	if row, err = s.store.refreshByHash(ctx, tx, secret.Hash(token)); err == nil {
		if u, err = s.store.userAlone(ctx, tx, row.UserID); err == nil {
			row, err = s.store.refreshByHash(ctx, tx, row.Hash)
		}
	}
	if errors.Is(err, db.ErrNotFound) || err == nil && (!row.RevokedAt.IsZero() || !now.Before(row.ExpiresAt) || !u.IsActive) {
		err = errRefresh
	}
	return row, u, err
}

// reused ends the sign-in of a token that was used twice.
func (s *service) reused(ctx context.Context, tx db.Tx, row refreshRow, u userRow, now time.Time) error {
	s.log.WarnContext(ctx, "refresh token used twice: the sign-in is ended", "user", row.UserID, "session", row.Family)
	s.sessions.forget()
	if err := s.store.endFamily(ctx, tx, row.Family, now); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, selfEntry("user.refresh_reused", u, nil, nil))
}

// signOut ends the sign-ins of an access token and of a refresh token; what is not known is ended already.
func (s *service) signOut(ctx context.Context, access, refresh string) error {
	defer s.sessions.forget()
	return s.store.db.Write(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		families := map[id.UUID]int64{}
		if userID, family, err := s.tokens.read(access); err == nil {
			families[family] = userID
		}
		row, err := s.store.refreshByHash(ctx, tx, secret.Hash(refresh))
		if err == nil {
			families[row.Family] = row.UserID
		} else if !errors.Is(err, db.ErrNotFound) {
			return err
		}
		// In the order of users, so that two sign-outs do not wait for each other in a circle.
		order := slices.SortedFunc(maps.Keys(families), func(a, b id.UUID) int { return cmp.Compare(families[a], families[b]) })
		for _, family := range order {
			if err := s.end(ctx, tx, family, families[family]); err != nil {
				return err
			}
		}
		return nil
	})
}

// end ends a sign-in. It holds the user, or a refresh that runs beside it would add a token after the others have ended.
func (s *service) end(ctx context.Context, tx db.Tx, family id.UUID, userID int64) error {
	u, err := s.store.userAlone(ctx, tx, userID)
	if err != nil {
		return err
	}
	if err := s.store.endFamily(ctx, tx, family, s.time()); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, selfEntry("user.signed_out", u, nil, nil))
}

// me returns the user on whose behalf ctx is, with its departments.
func (s *service) me(ctx context.Context) (u userRow, departments []int64, err error) {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return u, nil, errNotPerson
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if u, err = s.store.user(ctx, tx, a.UserID); err != nil {
			return err
		}
		departments, err = s.store.departmentsOf(ctx, tx, a.UserID)
		return err
	})
	return u, departments, err
}

// speak sets the language of the actor's texts.
func (s *service) speak(ctx context.Context, language string) error {
	if !slices.Contains(i18n.Languages(), language) {
		var f fault.Fields
		f.Add("language", "not_one_of", fault.Params{"Values": i18n.Languages()})
		return f.Err()
	}
	return s.changeMe(ctx, "user.language_chosen", func(u *userRow) error {
		u.Language = language
		return nil
	})
}

// changePassword sets the actor's own password and ends all its sign-ins, this one too.
func (s *service) changePassword(ctx context.Context, p proof, next string) error {
	u, err := s.knows(ctx, p.Password)
	if err != nil {
		return err
	}
	hash, err := s.anotherPassword(ctx, u, p.Password, next)
	if err != nil {
		return err
	}
	defer s.sessions.forget()
	return s.provenBy(ctx, u, p.Code, func(ctx context.Context, tx db.Tx, u userRow) error {
		return s.changeMeIn(ctx, tx, "user.password_changed", u, func(row *userRow) error {
			row.Password, row.PasswordChangedAt, row.MustChange = hash, s.time(), false
			return nil
		})
	})
}

// anotherPassword hashes the password that a user wants in the place of its own.
func (s *service) anotherPassword(ctx context.Context, u userRow, current, next string) (string, error) {
	var f fault.Fields
	if s.cfg.checkPassword(&f, "newPassword", u.Username, next); len(f) == 0 && current == next {
		f.Add("newPassword", codePasswordSame, nil)
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	return s.passwords.hash(ctx, next)
}

func (s *service) changeMe(ctx context.Context, action string, change func(*userRow) error) error {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return errNotPerson
	}
	defer s.sessions.forget()
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		return s.changeMeIn(ctx, tx, action, u, change)
	})
}

// changeMeIn changes the actor's user, whom nobody else can change meanwhile.
func (s *service) changeMeIn(ctx context.Context, tx db.Tx, action string, u userRow, change func(*userRow) error) error {
	before := u
	if err := change(&u); err != nil {
		return err
	}
	u.UpdatedAt = s.time()
	if err := s.store.updateUser(ctx, tx, &u); err != nil {
		return err
	}
	if u.Password != before.Password {
		if err := s.store.endAll(ctx, tx, u.ID, s.time()); err != nil {
			return err
		}
	}
	return s.audit.Write(ctx, tx, selfEntry(action, u, asUser(before, nil), asUser(u, nil)))
}
