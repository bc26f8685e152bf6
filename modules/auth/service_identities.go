package auth

import (
	"context"
	"errors"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// maxSubject is what the specification lets a provider write.
const maxSubject = 255

// connection is to whom at the provider a user is connected, as it is written down.
type connection struct {
	Subject string `json:"subject"`
}

// connect connects a user to somebody at the provider, or with an empty subject to nobody, in the place of whom it was
// connected to.
func (s *service) connect(ctx context.Context, tx db.Tx, u userRow, subject string, e audit.Entry) error {
	row := identityRow{MaybeOwned: u.MaybeOwned, UserID: u.ID, Issuer: s.cfg.OIDCIssuer, Subject: subject, CreatedAt: s.time()}
	if err := s.store.dropIdentity(ctx, tx, row.Issuer, u.ID); err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	if err := s.store.insertIdentity(ctx, tx, &row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, e)
}

func (s *service) identity(ctx context.Context, tx db.Tx, userID int64) (*identityRow, error) {
	row, err := s.store.identityOf(ctx, tx, s.cfg.OIDCIssuer, userID)
	if errors.Is(err, db.ErrNotFound) || err == nil && row.Subject == "" {
		return nil, nil
	}
	return &row, err
}

// identityOf returns who a user is at the provider; nil if it is not connected.
func (s *service) identityOf(ctx context.Context, userID int64) (row *identityRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.user(ctx, tx, userID); err != nil {
			return err
		}
		row, err = s.identity(ctx, tx, userID)
		return err
	})
	return row, s.userFault(ctx, "read", userID, err)
}

// connectUser connects a user to somebody at the provider, in the place of whom it was connected to.
func (s *service) connectUser(ctx context.Context, userID int64, subject string) error {
	var f fault.Fields
	if f.Text("subject", subject, 1, maxSubject); len(f) > 0 {
		return f.Err()
	}
	return s.changeIdentity(ctx, userID, subject)
}

// disconnectUser takes from a user whom it was connected to at the provider. No claim connects it again.
func (s *service) disconnectUser(ctx context.Context, userID int64) error {
	return s.changeIdentity(ctx, userID, "")
}

// changeIdentity connects a user to a subject, or with an empty one disconnects it. Sign-ins that it has may be those of
// whom it was connected to, so they end.
func (s *service) changeIdentity(ctx context.Context, userID int64, subject string) error {
	if s.provider == nil {
		return errOIDCOff
	}
	defer s.sessions.forget()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, userID)
		if err != nil {
			return err
		}
		before, err := s.identity(ctx, tx, userID)
		if err != nil {
			return err
		}
		switch {
		case before == nil && subject == "":
			return errNoIdentity
		case before == nil:
		case before.Subject == subject:
			return nil
		default:
			if err := s.store.endAll(ctx, tx, userID, s.time()); err != nil {
				return err
			}
		}
		if subject == "" { // until somebody connects it
			return s.connect(ctx, tx, u, "", userEntry("user.identity_disconnected", u, asConnection(before), nil))
		}
		return s.connect(ctx, tx, u, subject, userEntry("user.identity_connected", u, asConnection(before), connection{subject}))
	})
	if errors.Is(err, db.ErrConflict) {
		return errIdentityTaken.Wrap(err)
	}
	return s.userFault(ctx, "update", userID, err)
}

// asConnection is nil where there is none, so that nothing is written of it.
func asConnection(row *identityRow) any {
	if row == nil {
		return nil
	}
	return connection{row.Subject}
}
