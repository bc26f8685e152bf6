package auth

import (
	"context"
	"errors"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// maxSessionsShown is how many sign-ins of a user are listed: whoever has more ends them all at once.
const maxSessionsShown = 200

// sessionsOf returns the sign-ins of a user that last.
func (s *service) sessionsOf(ctx context.Context, userID int64) (rows []sessionRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.user(ctx, tx, userID); err != nil {
			return err
		}
		rows, err = s.store.sessions(ctx, tx, userID, s.time(), maxSessionsShown)
		return err
	})
	return rows, s.userFault(ctx, "read", userID, err)
}

// ended is what is written down of a sign-in that was ended; an empty one stands for all of the user's.
type ended struct {
	Session id.UUID `json:"session,omitzero"`
	Others  bool    `json:"others,omitempty"` // all but that one
}

// endSession ends one sign-in: of the actor's own, or for whoever may write users anybody's that the actor sees.
func (s *service) endSession(ctx context.Context, session id.UUID, own bool) error {
	a, _ := actor.From(ctx)
	defer s.sessions.forget()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.session(ctx, tx, session, s.time())
		if err != nil {
			return err
		}
		if own && row.UserID != a.UserID {
			return db.ErrNotFound
		}
		u, err := s.store.userAlone(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		if err := s.store.endFamily(ctx, tx, session, s.time()); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, endedEntry(u, own, ended{Session: session}))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*sessionRow)(nil), session, "session", "user.session_ended")
		return errNoSession.Wrap(err)
	}
	return err
}

// endOthers ends the actor's sign-ins but that of this request.
func (s *service) endOthers(ctx context.Context, but id.UUID) error {
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
		if err := s.store.endOthers(ctx, tx, u.ID, but, s.time()); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, endedEntry(u, true, ended{Session: but, Others: true}))
	})
}

// endAllOf ends all sign-ins of a user.
func (s *service) endAllOf(ctx context.Context, userID int64) error {
	defer s.sessions.forget()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userAlone(ctx, tx, userID)
		if err != nil {
			return err
		}
		if err := s.store.endAll(ctx, tx, u.ID, s.time()); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, endedEntry(u, false, ended{}))
	})
	return s.userFault(ctx, "update", userID, err)
}

func endedEntry(u userRow, own bool, what ended) audit.Entry {
	if own {
		return selfEntry("user.session_ended", u, nil, what)
	}
	return userEntry("user.session_ended", u, nil, what)
}
