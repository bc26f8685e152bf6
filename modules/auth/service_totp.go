package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// sealPurpose is that of the key which seals secrets of second steps.
const sealPurpose = "secrets of second steps"

func sealedFor(userID int64) string { return "totp " + userObject(userID) }

// second takes the second step of a user who has one, and returns how the user has proved who it is.
func (s *service) second(ctx context.Context, tx db.Tx, u userRow, v visit) (method string, err error) {
	row, err := s.store.totp(ctx, tx, u.ID)
	switch {
	case errors.Is(err, db.ErrNotFound) || err == nil && row.ConfirmedAt.IsZero():
		return byPassword, nil
	case err != nil:
		return "", err
	case v.v1:
		return "", errStepsV1
	case v.code == "":
		return "", errCodeRequired
	}
	return s.takeCode(ctx, tx, row, v.code)
}

// takeCode takes a code of the app or a recovery code, of which none is good twice, or returns errWrongCode.
func (s *service) takeCode(ctx context.Context, tx db.Tx, row totpRow, code string) (method string, err error) {
	code, now := plainCode(code), s.time()
	if len(code) == recoverySize {
		method, err = byRecovery, s.store.takeRecovery(ctx, tx, row.UserID, secret.Hash(code), now)
	} else {
		plain, openErr := s.unsealed(row)
		if openErr != nil {
			return "", openErr
		}
		step, ok := matchTOTP(plain, code, now)
		if !ok {
			return "", errWrongCode
		}
		method, err = byTOTP, s.store.takeStep(ctx, tx, row.UserID, step)
	}
	if errors.Is(err, db.ErrNotFound) {
		err = errWrongCode
	}
	return method, err
}

func (s *service) unsealed(row totpRow) ([]byte, error) {
	key, err := s.sealKey()
	if err != nil {
		return nil, err
	}
	sealed, err := base64.StdEncoding.DecodeString(row.Sealed)
	if err != nil {
		return nil, err
	}
	plain, err := secret.Open(key, sealed, sealedFor(row.UserID))
	if err != nil { // the server's secret is another now: recovery codes still pass, and administrators can reset
		return nil, fmt.Errorf("second step of user %d: %w", row.UserID, err)
	}
	return plain, nil
}

// proof is what somebody who is signed in must know to change what guards the sign-in.
type proof struct {
	Password string `json:"password"`
	Code     string `json:"code,omitempty" doc:"where you have a second step: a code of the app, or a recovery code"`
}

// knows returns the actor's user if the password is its. A wrong one counts as at the sign-in.
func (s *service) knows(ctx context.Context, password string) (userRow, error) {
	u, _, err := s.me(ctx)
	if err != nil {
		return u, err
	}
	if now := s.time(); now.Before(u.LockedUntil) {
		return u, errLocked.After(u.LockedUntil.Sub(now))
	}
	fits, err := s.passwords.fits(ctx, u.Password, password)
	if err != nil || fits {
		return u, err
	}
	if err := s.fail(ctx, u, visitor(ctx)); err != nil {
		return u, err
	}
	return u, errWrongPassword
}

// proven runs do alone with the actor's user, if the proof is right.
func (s *service) proven(ctx context.Context, p proof, do func(ctx context.Context, tx db.Tx, u userRow) error) error {
	checked, err := s.knows(ctx, p.Password)
	if err != nil {
		return err
	}
	return s.provenBy(ctx, checked, p.Code, do)
}

// provenBy is proven of a user whose password was right.
func (s *service) provenBy(ctx context.Context, checked userRow, code string, do func(ctx context.Context, tx db.Tx, u userRow) error) error {
	var refused error
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, checked.ID)
		if err != nil {
			return err
		}
		if u.Password != checked.Password {
			return errWrongPassword
		}
		if now := s.time(); now.Before(u.LockedUntil) {
			return errLocked.After(u.LockedUntil.Sub(now))
		}
		switch _, err := s.second(ctx, tx, u, visit{code: code}); {
		case errors.Is(err, errCodeRequired):
			return missing("code")
		case errors.Is(err, errWrongCode):
			refused = errCodeRefused
			return s.failIn(ctx, tx, u, visitor(ctx), wrongCode)
		case err != nil:
			return err
		}
		return do(ctx, tx, u)
	})
	if err == nil {
		err = refused
	}
	return err
}

func missing(field string) error {
	var f fault.Fields
	f.Add(field, "required", nil)
	return f.Err()
}

// totpState is what a user sees of its second step; nil while there is none.
func (s *service) totpState(ctx context.Context) (row *totpRow, left int64, err error) {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return nil, 0, errNotPerson
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err := s.store.totp(ctx, tx, a.UserID)
		if errors.Is(err, db.ErrNotFound) || err == nil && found.ConfirmedAt.IsZero() {
			return nil
		}
		if err != nil {
			return err
		}
		row = &found
		left, err = s.store.countRecovery(ctx, tx, a.UserID)
		return err
	})
	return row, left, err
}

// enrol makes the secret of a second step, which is asked for once confirm has seen a code of it.
func (s *service) enrol(ctx context.Context, p proof) (plain []byte, username string, err error) {
	key, err := s.sealKey()
	if err != nil {
		return nil, "", err
	}
	plain = newTOTPSecret()
	err = s.proven(ctx, p, func(ctx context.Context, tx db.Tx, u userRow) error {
		username = u.Username
		old, err := s.store.totp(ctx, tx, u.ID)
		if err == nil && !old.ConfirmedAt.IsZero() {
			return errTOTPOn
		}
		if err := s.store.dropTOTP(ctx, tx, u.ID); err != nil {
			return err
		}
		sealed, err := secret.Seal(key, plain, sealedFor(u.ID))
		if err != nil {
			return err
		}
		row := totpRow{MaybeOwned: u.MaybeOwned, UserID: u.ID, Sealed: base64.StdEncoding.EncodeToString(sealed), CreatedAt: s.time()}
		return s.store.insertTOTP(ctx, tx, &row)
	})
	return plain, username, err
}

// confirm begins to ask for the second step, ends the actor's other sign-ins, which have not taken it, and returns
// the recovery codes for the only time.
func (s *service) confirm(ctx context.Context, code string, current id.UUID) (codes []string, err error) {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return nil, errNotPerson
	}
	defer s.sessions.forget()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		row, err := s.unconfirmed(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		switch _, err := s.takeCode(ctx, tx, row, code); {
		case errors.Is(err, errWrongCode):
			return errCodeRefused
		case err != nil:
			return err
		}
		now := s.time()
		if err := errors.Join(s.store.confirmTOTP(ctx, tx, u.ID, now), s.store.endOthers(ctx, tx, u.ID, current, now)); err != nil {
			return err
		}
		codes, err = s.giveRecovery(ctx, tx, u)
		return errors.Join(err, s.audit.Write(ctx, tx, selfEntry("user.totp_on", u, nil, nil)))
	})
	return codes, err
}

// unconfirmed returns the second step that the user has begun to have.
func (s *service) unconfirmed(ctx context.Context, tx db.Tx, userID int64) (totpRow, error) {
	row, err := s.store.totp(ctx, tx, userID)
	switch {
	case errors.Is(err, db.ErrNotFound):
		err = errTOTPOff
	case err == nil && !row.ConfirmedAt.IsZero():
		err = errTOTPOn
	}
	return row, err
}

func (s *service) giveRecovery(ctx context.Context, tx db.Tx, u userRow) ([]string, error) {
	codes := newRecoveryCodes()
	rows := make([]recoveryRow, len(codes))
	for i, c := range codes {
		rows[i] = recoveryRow{MaybeOwned: u.MaybeOwned, UserID: u.ID, Hash: secret.Hash(plainCode(c))}
	}
	return codes, s.store.replaceRecovery(ctx, tx, rows)
}

// renewRecovery replaces the actor's recovery codes.
func (s *service) renewRecovery(ctx context.Context, p proof) (codes []string, err error) {
	err = s.proven(ctx, p, func(ctx context.Context, tx db.Tx, u userRow) error {
		if err := s.hasTOTP(ctx, tx, u.ID); err != nil {
			return err
		}
		codes, err = s.giveRecovery(ctx, tx, u)
		return errors.Join(err, s.audit.Write(ctx, tx, selfEntry("user.recovery_codes_made", u, nil, nil)))
	})
	return codes, err
}

// switchOff ends the actor's second step.
func (s *service) switchOff(ctx context.Context, p proof) error {
	return s.proven(ctx, p, func(ctx context.Context, tx db.Tx, u userRow) error {
		if err := s.hasTOTP(ctx, tx, u.ID); err != nil {
			return err
		}
		if err := s.store.dropTOTP(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, selfEntry("user.totp_off", u, nil, nil))
	})
}

// hasTOTP returns errTOTPOff for a user without a second step.
func (s *service) hasTOTP(ctx context.Context, tx db.Tx, userID int64) error {
	row, err := s.store.totp(ctx, tx, userID)
	if errors.Is(err, db.ErrNotFound) || err == nil && row.ConfirmedAt.IsZero() {
		return errTOTPOff
	}
	return err
}

// resetTOTP takes the second step from a user who has lost it, and ends all its sign-ins. Nobody does it to itself:
// that would be switchOff without a proof.
func (s *service) resetTOTP(ctx context.Context, userID int64) error {
	if a, _ := actor.From(ctx); a.UserID == userID && userID != 0 {
		return errSelf
	}
	defer s.sessions.forget()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, userID)
		if err != nil {
			return err
		}
		if err := s.hasTOTP(ctx, tx, userID); err != nil {
			return err
		}
		if err := errors.Join(s.store.dropTOTP(ctx, tx, userID), s.store.endAll(ctx, tx, userID, s.time())); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("user.totp_reset", u, nil, nil))
	})
	return s.userFault(ctx, "update", userID, err)
}
