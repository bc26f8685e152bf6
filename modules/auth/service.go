package auth

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// service decides who is who.
type service struct {
	store     store
	tree      organization.Tree
	audit     *audit.Log
	cfg       *Config
	log       *slog.Logger
	now       func() time.Time
	tokens    *tokens
	passwords *passwords
	sealKey   func() ([]byte, error) // of secrets of second steps, and of what browsers keep while they are at the provider
	provider  *provider              // of OIDC sign-ins; nil for none
	attempts  *attempts
	sessions  *sessions
	guard     *guard
	count     func(outcome string) // a sign-in
}

// asSystem is for looking up who somebody is, before there is an actor.
func asSystem(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("sign-in"))
}

// time is the present as both databases keep it.
func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// grant is what a sign-in gives.
type grant struct {
	access, refresh string
	user            userRow
}

// visit is somebody who wants to sign in.
type visit struct {
	username, password string
	code               string // of the second step
	newPassword        string // to be the password from now on
	newHash            string
	v1                 bool // by a client that knows no second step
	ip, agent          string
}

// The ways to prove who one is.
const (
	byPassword = "password"
	byTOTP     = "totp"
	byRecovery = "recovery"
	byOIDC     = "oidc"
)

// signIn checks a name and a password and opens a sign-in. A name that nobody has is answered like a wrong password,
// as late, and is locked like a name that somebody has.
func (s *service) signIn(ctx context.Context, v visit) (grant, error) {
	ctx = asSystem(ctx)
	now := s.time()
	if wait := s.attempts.wait(v.ip, now, s.cfg); wait > 0 {
		s.count("limited")
		return grant{}, errTooMany.After(wait)
	}
	user, err := s.byName(ctx, v.username)
	if err != nil {
		return grant{}, err
	}
	if until := s.lockedUntil(user, v.username); now.Before(until) {
		s.count("locked")
		return grant{}, errLocked.After(until.Sub(now))
	}
	fits, err := s.passwords.fits(ctx, user.Password, v.password)
	switch {
	case err != nil:
		return grant{}, err
	case !fits:
		s.count("wrong")
		if err := s.fail(ctx, user, v); err != nil {
			return grant{}, err
		}
		return grant{}, errCredentials
	case !user.IsActive || user.Role != actor.Admin.String() && user.organization() == 0:
		s.count("inactive")
		return grant{}, s.refuseInactive(ctx, user, v)
	}
	if v.newPassword != "" {
		defer s.sessions.forget()
		if v.newHash, err = s.anotherPassword(ctx, user, v.password, v.newPassword); err != nil {
			return grant{}, err
		}
	}
	return s.open(ctx, user, v)
}

// byName returns the user; an empty one if there is none of this name.
func (s *service) byName(ctx context.Context, username string) (u userRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err = s.store.userByName(ctx, tx, username)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		return userRow{}, nil
	}
	return u, err
}

func (s *service) lockedUntil(u userRow, username string) time.Time {
	if u.ID == 0 {
		return s.attempts.lockedUntil(username)
	}
	return u.LockedUntil
}

// refuseInactive writes down that somebody who knows the password of a user who may not sign in has tried.
func (s *service) refuseInactive(ctx context.Context, u userRow, v visit) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.audit.Write(ctx, tx, selfEntry("user.sign_in_failed", u, nil, failure{Reason: notActive, UserAgent: clip(v.agent)}))
	})
	return cmp.Or(err, error(errInactive))
}

// fail counts a wrong password, writes it down, and locks the name when there were too many.
func (s *service) fail(ctx context.Context, u userRow, v visit) error {
	now := s.time()
	s.attempts.failAddress(v.ip, now)
	if u.ID == 0 {
		s.attempts.failName(v.username, now, s.cfg)
		return nil
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.failIn(ctx, tx, u, v, wrongPassword) })
}

// failIn is fail of a user that there is, for a reason, in a transaction.
func (s *service) failIn(ctx context.Context, tx db.Tx, u userRow, v visit, reason string) error {
	now := s.time()
	n, err := s.store.countFailure(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	if err := s.audit.Write(ctx, tx, selfEntry("user.sign_in_failed", u, nil, failure{Reason: reason, Failures: n, UserAgent: clip(v.agent)})); err != nil {
		return err
	}
	d := s.cfg.lockFor(n)
	if d == 0 {
		return nil
	}
	if err := s.store.lock(ctx, tx, u.ID, now.Add(d)); err != nil {
		return err
	}
	s.log.WarnContext(ctx, "user name locked after wrong passwords or codes", "user", u.ID, "failures", n, "for", d)
	return s.audit.Write(ctx, tx, selfEntry("user.locked", u, nil, lockOut{n, now.Add(d)}))
}

// failure is a sign-in that was refused to a name that somebody has. What comes while the name is locked is only counted.
type failure struct {
	Reason    string `json:"reason"`
	Failures  int    `json:"failures,omitzero"` // in a row
	Method    string `json:"method,omitempty"`  // if not by password
	Subject   string `json:"subject,omitempty"` // at the provider
	UserAgent string `json:"userAgent,omitempty"`
}

// The reasons of a failure.
const (
	wrongPassword = "password"
	wrongCode     = "code"
	notActive     = "inactive"
)

type lockOut struct {
	Failures int       `json:"failures"`
	Until    time.Time `json:"until"`
}

// open begins a sign-in of a user whose password was right.
func (s *service) open(ctx context.Context, u userRow, v visit) (g grant, err error) {
	row := sessionRow{ID: id.New(), ClientIP: v.ip, UserAgent: clip(v.agent)}
	refused := false
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// Guesses that ran beside this one may have locked the name, and somebody may have changed the user.
		checked := u.Password
		if u, err = s.store.userAlone(ctx, tx, u.ID); err != nil {
			return err
		}
		if u.Password != checked {
			return errCredentials
		}
		if now := s.time(); now.Before(u.LockedUntil) {
			return errLocked.After(u.LockedUntil.Sub(now))
		}
		if !u.IsActive {
			return errInactive
		}
		row.Method, err = s.second(ctx, tx, u, v)
		if refused = errors.Is(err, errWrongCode); refused {
			return s.failIn(ctx, tx, u, v, wrongCode) // here, so that guesses at once are not more than guesses in a row
		}
		if err != nil {
			return err
		}
		if u, err = s.renewed(ctx, tx, u, v); err != nil {
			return err
		}
		if err := s.store.unlock(ctx, tx, u.ID); err != nil {
			return err
		}
		if g, err = s.issue(ctx, tx, u, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, selfEntry("user.signed_in", u, nil, opened{row.ID, row.Method, "", row.UserAgent}))
	})
	switch {
	case err != nil:
		return grant{}, err
	case refused:
		s.count("wrong")
		s.attempts.failAddress(v.ip, s.time())
		return grant{}, errWrongCode
	}
	s.count("ok")
	return g, nil
}

// renewed gives the user the password that it has chosen at the sign-in, or says that it must choose one.
func (s *service) renewed(ctx context.Context, tx db.Tx, u userRow, v visit) (userRow, error) {
	now := s.time()
	since := u.PasswordChangedAt
	if since.IsZero() {
		since = u.CreatedAt
	}
	switch due := u.MustChange || s.cfg.PasswordLife > 0 && now.Sub(since) >= s.cfg.PasswordLife; {
	case v.newHash == "" && !due:
		return u, nil
	case v.newHash == "" && v.v1:
		return u, errChangeV1
	case v.newHash == "":
		return u, errChangeDue
	}
	before := u
	u.Password, u.PasswordChangedAt, u.MustChange, u.UpdatedAt = v.newHash, now, false, now
	if err := s.store.updateUser(ctx, tx, &u); err != nil {
		return u, err
	}
	if err := s.store.endAll(ctx, tx, u.ID, now); err != nil {
		return u, err
	}
	return u, s.audit.Write(ctx, tx, selfEntry("user.password_changed", u, asUser(before, nil), asUser(u, nil)))
}

// opened is a sign-in as it is written down; its address is the audit's own.
type opened struct {
	Session    id.UUID `json:"session"`
	Method     string  `json:"method"`
	SecondStep string  `json:"secondStep,omitempty"` // after the provider
	UserAgent  string  `json:"userAgent,omitempty"`
}

// issue makes the tokens of the next step of a sign-in, and remembers where it was made.
func (s *service) issue(ctx context.Context, tx db.Tx, u userRow, in sessionRow) (grant, error) {
	g := grant{user: u, refresh: secret.New("")}
	var err error
	if g.access, err = s.tokens.sign(u, in.ID); err != nil {
		return g, err
	}
	now := s.time()
	row := refreshRow{
		MaybeOwned: u.MaybeOwned, Hash: secret.Hash(g.refresh), Family: in.ID, UserID: u.ID,
		CreatedAt: now, ExpiresAt: now.Add(s.cfg.RefreshLife),
	}
	if err := s.store.insertRefresh(ctx, tx, &row); err != nil {
		return g, err
	}
	in.MaybeOwned, in.UserID, in.CreatedAt, in.UsedAt, in.ExpiresAt = u.MaybeOwned, u.ID, now, now, row.ExpiresAt
	return g, s.store.keepSession(ctx, tx, &in)
}

// anyUser reports whether the database has users.
func (s *service) anyUser(ctx context.Context) (some bool, err error) {
	err = s.store.db.Read(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		some, err = s.store.anyUser(ctx, tx)
		return err
	})
	return some, err
}

const adminName = "admin"

// makeAdmin makes the first user. It returns db.ErrConflict if there is one.
func (s *service) makeAdmin(ctx context.Context, password string) (err error) {
	u := userRow{Name: "Administrator", Username: adminName, Role: actor.Admin.String(), IsActive: true, PasswordChangedAt: s.time(), CreatedAt: s.time(), UpdatedAt: s.time()}
	if u.Password, err = s.passwords.hash(ctx, password); err != nil {
		return err
	}
	return s.store.db.Write(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insertUser(ctx, tx, &u); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("user.created", u, nil, asUser(u, nil)))
	})
}

// sweep deletes refresh tokens that are too old to say anything, and security events.
func (s *service) sweep(ctx context.Context) error {
	return errors.Join(s.store.sweep(asSystem(ctx), s.time()), s.sweepSecurity(ctx))
}
