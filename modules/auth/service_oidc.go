package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// oidcObject stands in the audit where no user is known.
const oidcObject = "oidc"

// beginOIDC begins a sign-in at the provider: where the browser goes, and what it keeps meanwhile.
func (s *service) beginOIDC(ctx context.Context) (address, cookie string, err error) {
	if s.provider == nil {
		return "", "", errOIDCOff
	}
	key, err := s.sealKey()
	if err != nil {
		return "", "", err
	}
	of := make([]byte, flowSecret)
	_, _ = rand.Read(of) // it never fails
	f, err := newFlow(of)
	if err != nil {
		return "", "", err
	}
	if address, err = s.provider.address(ctx, f); err != nil {
		s.log.WarnContext(ctx, "the provider of sign-ins does not answer", "error", err)
		return "", "", err
	}
	cookie, err = sealFlow(key, of, s.now().Add(flowLife))
	return address, cookie, err
}

// returned is what a browser brings from the provider.
type returned struct {
	cookie string
	state  string
	code   string
	denied string // why the provider gives no code
	totp   string // of the second step, once it was asked for
}

// comer is somebody for whom the provider vouches.
type comer struct {
	user    userRow // empty: nobody here
	subject string
}

// signInOIDC finishes a sign-in at the provider. A user who has a second step takes it here as well: it was switched on
// against whoever knows the first, and what steps the provider takes is not known.
func (s *service) signInOIDC(ctx context.Context, r returned, v visit) (grant, error) {
	ctx = asSystem(ctx)
	if s.provider == nil {
		return grant{}, errOIDCOff
	}
	if wait := s.attempts.wait(v.ip, s.time(), s.cfg); wait > 0 {
		s.count("limited")
		return grant{}, errTooMany.After(wait)
	}
	f, c, err := s.arrive(ctx, r)
	if err == nil {
		var g grant
		if g, err = s.openOIDC(ctx, f, c, r, v); err == nil {
			s.count("ok")
			return g, nil
		}
	}
	return grant{}, s.failOIDC(ctx, c, v, err)
}

// arrive finds out who has come back: by the provider, or by what is kept where the second step is still to be taken.
func (s *service) arrive(ctx context.Context, r returned) (f flow, c comer, err error) {
	key, err := s.sealKey()
	if err != nil {
		return f, c, err
	}
	if f, err = openFlow(key, r.cookie, s.now()); err != nil {
		return f, c, err
	}
	if subtle.ConstantTimeCompare([]byte(f.state), []byte(r.state)) != 1 {
		return f, c, errOIDCExpired.Wrap(errors.New("another state"))
	}
	if r.totp != "" {
		c, err = s.waiting(ctx, f)
		return f, c, err
	}
	if err := s.takeOIDC(ctx, f); err != nil {
		return f, c, err
	}
	if r.denied != "" || r.code == "" {
		return f, c, errOIDCDenied.Wrap(errors.New(clip(r.denied)))
	}
	ctx, cancel := context.WithTimeout(ctx, providerLimit)
	defer cancel()
	p, err := s.provider.vouch(ctx, f, r.code)
	if err != nil {
		return f, c, err
	}
	c.subject = p.subject
	c.user, err = s.vouchedFor(ctx, p)
	return f, c, err
}

// takeOIDC lets a sign-in come back once.
func (s *service) takeOIDC(ctx context.Context, f flow) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.store.takeOIDC(ctx, tx, &oidcRow{Hash: f.hash, ExpiresAt: s.time().Add(flowLife)})
	})
	if errors.Is(err, db.ErrConflict) {
		return errOIDCUsed.Wrap(err)
	}
	return err
}

// waiting returns whose sign-in waits for the second step.
func (s *service) waiting(ctx context.Context, f flow) (c comer, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.heldOIDC(ctx, tx, f.hash, s.time())
		if err != nil {
			return err
		}
		c.subject = row.Subject
		c.user, err = s.store.user(ctx, tx, row.UserID)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		err = errOIDCUsed.Wrap(err)
	}
	return c, err
}

// vouchedFor returns the user who is connected to whom the provider vouches for, or who may be by the claim that the
// operator trusts; errOIDCUnknown if nobody is.
func (s *service) vouchedFor(ctx context.Context, p voucher) (userRow, error) {
	unknown := errOIDCUnknown.With("Subject", p.subject)
	u, err := s.connected(ctx, p.subject)
	if !errors.Is(err, db.ErrNotFound) {
		return u, err
	}
	if s.cfg.OIDCMatch == "" {
		return u, unknown
	}
	name, err := s.provider.username(ctx, p)
	if err != nil {
		return u, err
	}
	if !db.KeepsText(name) {
		return u, unknown
	}
	if u, err = s.byName(ctx, name); err == nil && (name == "" || u.ID == 0 || u.Role == actor.Admin.String()) {
		return userRow{}, unknown
	}
	return u, err
}

func (s *service) connected(ctx context.Context, subject string) (u userRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.identityBySubject(ctx, tx, s.cfg.OIDCIssuer, subject)
		if err != nil {
			return err
		}
		u, err = s.store.user(ctx, tx, row.UserID)
		return err
	})
	return u, err
}

// openOIDC begins the sign-in of a user for whom the provider vouches.
func (s *service) openOIDC(ctx context.Context, f flow, c comer, r returned, v visit) (g grant, err error) {
	row := sessionRow{ID: id.New(), Method: byOIDC, ClientIP: v.ip, UserAgent: clip(v.agent)}
	var refused error // that is written down
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, c.user.ID)
		switch now := s.time(); {
		case err != nil:
			return err
		case now.Before(u.LockedUntil):
			return errLocked.After(u.LockedUntil.Sub(now))
		case !u.IsActive || u.Role != actor.Admin.String() && u.organization() == 0:
			return errInactive
		}
		isNew, err := s.connectable(ctx, tx, u, c.subject)
		if err != nil {
			return err
		}
		step, err := s.second(ctx, tx, u, visit{code: r.totp})
		switch {
		case errors.Is(err, errCodeRequired):
			refused = err
			return s.store.holdOIDC(ctx, tx, f.hash, u, c.subject)
		case errors.Is(err, errWrongCode):
			refused = err
			return s.failIn(ctx, tx, u, v, wrongCode)
		case err != nil:
			return err
		}
		if isNew {
			if err := s.connect(ctx, tx, u, c.subject, selfEntry("user.identity_connected", u, nil, connection{c.subject})); err != nil {
				return err
			}
		}
		if err := errors.Join(s.store.endOIDC(ctx, tx, f.hash, s.time()), s.store.unlock(ctx, tx, u.ID)); err != nil {
			return err
		}
		if g, err = s.issue(ctx, tx, u, row); err != nil {
			return err
		}
		if step == byPassword { // there is no second step
			step = ""
		}
		return s.audit.Write(ctx, tx, selfEntry("user.signed_in", u, nil, opened{row.ID, row.Method, step, row.UserAgent}))
	})
	if errors.Is(err, db.ErrNotFound) || errors.Is(err, db.ErrConflict) { // another process was faster
		err = errOIDCUsed.Wrap(err)
	}
	return g, cmp.Or(err, refused)
}

// connectable says whether the user must first be connected to the subject. It asks again what vouchedFor has found, now
// that nobody else can change the user.
func (s *service) connectable(ctx context.Context, tx db.Tx, u userRow, subject string) (isNew bool, err error) {
	row, err := s.store.identityOf(ctx, tx, s.cfg.OIDCIssuer, u.ID)
	switch {
	case err == nil && row.Subject == subject:
		return false, nil
	case errors.Is(err, db.ErrNotFound) && s.cfg.OIDCMatch != "" && u.Role != actor.Admin.String():
		return true, nil
	case err == nil || errors.Is(err, db.ErrNotFound):
		return false, errOIDCUnknown.With("Subject", subject)
	}
	return false, err
}

// failOIDC writes a refusal down and counts it, and returns what is said of it.
func (s *service) failOIDC(ctx context.Context, c comer, v visit, err error) error {
	var why *fault.Error
	if !errors.As(err, &why) || errors.Is(err, errCodeRequired) {
		return err
	}
	switch {
	case errors.Is(err, errInactive):
		s.count("inactive")
	case errors.Is(err, errLocked):
		s.count("locked")
	case errors.Is(err, errWrongCode):
		s.count("wrong")
	default:
		s.count("provider")
	}
	if !errors.Is(err, errOIDCUnreachable) {
		s.attempts.failAddress(v.ip, s.time())
	}
	if errors.Is(err, errWrongCode) { // failIn has written that down
		return err
	}
	s.log.WarnContext(ctx, "sign-in at the provider refused", "error", err)
	reason := strings.TrimPrefix(why.Code, "auth.")
	entry := selfEntry("user.sign_in_failed", c.user, nil, failure{Reason: reason, Method: byOIDC, Subject: clip(c.subject), UserAgent: clip(v.agent)})
	if c.user.ID == 0 {
		entry.Object = oidcObject
	}
	failed := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.audit.Write(ctx, tx, entry) })
	return cmp.Or(failed, err)
}
