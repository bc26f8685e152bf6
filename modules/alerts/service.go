package alerts

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

var errUnknown = fault.New(fault.NotFound, "alerts.unknown")

type service struct {
	store  store
	audit  *audit.Log
	log    *slog.Logger
	now    func() time.Time
	raised func(kind string, s alert.Severity)
}

// Raise keeps an alert of the actor's organization; the same alert twice is kept once.
func (s *service) Raise(ctx context.Context, a alert.Alert) error {
	row := alertRow{
		ID: a.ID, Kind: a.Kind, Severity: string(a.Severity), At: a.At.UTC().Truncate(time.Microsecond),
		Subject: a.Subject, Details: a.Details, CreatedAt: s.now().UTC(),
	}
	if row.ID == id.Nil {
		row.ID = id.New()
	}
	added, err := s.store.add(ctx, row)
	if err != nil || !added {
		return err
	}
	s.raised(a.Kind, a.Severity)
	s.log.WarnContext(ctx, "alert", "kind", a.Kind, "severity", string(a.Severity), "subject", a.Subject)
	return nil
}

// acknowledge says that somebody has seen the alert; saying it twice changes nothing.
func (s *service) acknowledge(ctx context.Context, alertID id.UUID) error {
	a, _ := actor.From(ctx)
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.acknowledge(ctx, tx, alertID, a.ID, s.now().UTC())
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: "alerts.acknowledge", Permission: alert.Write, Object: "alert:" + alertID.String(), After: row.Kind,
		})
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*alertRow)(nil), alertID, "alert", "alerts.acknowledge")
		return errUnknown.Wrap(err)
	}
	return err
}
