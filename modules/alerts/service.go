package alerts

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

type service struct {
	store  store
	audit  *audit.Log
	log    *slog.Logger
	now    func() time.Time
	raised func(kind string, s alert.Severity)
	// events may be nil.
	events *event.Bus
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

const (
	// maxText bounds kinds and subjects, in characters.
	maxText = 255
	// maxAhead is how far the clock of whoever raises an alert may be ahead of ours.
	maxAhead = 24 * time.Hour
)

// earliest is a time before which nothing can have happened: what says so has no clock.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Raise keeps an alert of the actor's organization; the same alert twice is kept once.
func (s *service) Raise(ctx context.Context, a alert.Alert) error {
	if err := check(a); err != nil {
		return err
	}
	who, _ := actor.From(ctx)
	now := s.clock()
	row := alertRow{
		ID: a.ID, Kind: a.Kind, Severity: string(a.Severity), At: a.At.UTC().Truncate(time.Microsecond),
		Subject: a.Subject, Details: a.Details, CreatedAt: now,
	}
	if row.At.Before(earliest) || row.At.After(now.Add(maxAhead)) {
		row.At = now
	}
	if row.ID == id.Nil {
		row.ID = id.New()
	}
	// Derived, so that nobody takes the id of another organization's alert before it is raised.
	row.ID = id.Derive(who.OrganizationID, "alert", row.ID.String())
	added, err := s.store.add(ctx, row, func(ctx context.Context, tx db.Tx) error {
		if s.events == nil {
			return nil
		}
		kept := a
		kept.ID = row.ID
		return s.events.Publish(ctx, tx, alert.Raised{OrganizationID: who.OrganizationID, Alert: kept, At: now})
	})
	if err != nil || !added {
		return err
	}
	s.raised(a.Kind, a.Severity)
	s.log.WarnContext(ctx, "alert", "kind", a.Kind, "severity", string(a.Severity), "subject", a.Subject)
	return nil
}

// check refuses what cannot be kept: alerts come from gateways too.
func check(a alert.Alert) error {
	var f fault.Fields
	checkText(&f, "kind", a.Kind)
	checkText(&f, "subject", a.Subject)
	checkSeverity(&f, a.Severity)
	return f.Err()
}

func checkText(f *fault.Fields, field, text string) {
	f.Text(field, text, 1, maxText)
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		f.Add(field, "wrong_format", nil)
	}
}

func checkSeverity(f *fault.Fields, s alert.Severity) {
	switch s {
	case alert.Info, alert.Warning, alert.Critical:
	default:
		f.Add("severity", "not_one_of", fault.Params{"Values": "info, warning, critical"})
	}
}

// acknowledge says that somebody has seen the alert; saying it twice changes nothing.
func (s *service) acknowledge(ctx context.Context, alertID id.UUID) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.alert(ctx, tx, alertID)
		if err != nil {
			return err
		}
		changed, err := s.store.acknowledge(ctx, tx, alertID, tx.Actor().ID, s.clock())
		if err != nil || !changed {
			return err
		}
		e := audit.Entry{Action: "alerts.acknowledge", Permission: alert.Write, Object: "alert:" + alertID.String(), After: row.Kind}
		if row.OrganizationID != nil {
			e.OrganizationID = *row.OrganizationID
		}
		if err := s.audit.Write(ctx, tx, e); err != nil || s.events == nil {
			return err
		}
		return s.events.Publish(ctx, tx, alert.Acknowledged{OrganizationID: e.OrganizationID, ID: alertID, At: s.clock()})
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*alertRow)(nil), alertID, "alert", "alerts.acknowledge")
		return errUnknown.Wrap(err)
	}
	return err
}
