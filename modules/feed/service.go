package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// maxMissed is how many events a listener who comes again is told of. Who missed more reads its lists again, which
	// costs less.
	maxMissed = 1000
	// atOnce is how many listeners are told at the same time of what they missed: all come again when a process starts.
	atOnce = 4
	// changed is the name of the event.Change that there is something new.
	changed = "feed.event"
)

type service struct {
	store   store
	events  *event.Bus
	cfg     *Config
	now     func() time.Time
	replays chan struct{} // has a place for each that runs
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// happened is something to tell of.
type happened struct {
	kind       string
	department int64
	data       any
}

// passed tells of passes.
func (m *Module) passed(ctx context.Context, e pass.Recorded) error {
	all := make([]happened, len(e.Passes))
	for i, p := range e.Passes {
		all[i] = happened{kindPass, p.DepartmentID, p}
	}
	return m.service.tell(ctx, e.OrganizationID, all...)
}

// alertData is an alert as it is told of.
type alertData struct {
	ID             id.UUID        `json:"id"`
	OrganizationID int64          `json:"organizationId,omitempty"`
	State          string         `json:"state" enum:"raised,acknowledged"`
	Kind           string         `json:"kind,omitempty"`
	Severity       alert.Severity `json:"severity,omitempty"`
	At             time.Time      `json:"at"`
	Subject        string         `json:"subject,omitempty"`
	Details        map[string]any `json:"details,omitempty"`
}

// raised tells of an alert.
func (m *Module) raised(ctx context.Context, e alert.Raised) error {
	a := e.Alert
	return m.service.tell(ctx, e.OrganizationID, happened{kind: kindAlert, data: alertData{a.ID, e.OrganizationID, "raised", a.Kind, a.Severity, a.At, a.Subject, a.Details}})
}

// acknowledged tells that somebody has seen an alert.
func (m *Module) acknowledged(ctx context.Context, e alert.Acknowledged) error {
	return m.service.tell(ctx, e.OrganizationID, happened{kind: kindAlert, data: alertData{ID: e.ID, OrganizationID: e.OrganizationID, State: "acknowledged", At: e.At}})
}

// turned tells what has become of a gateway.
func (m *Module) turned(ctx context.Context, e gateway.Changed) error {
	return m.service.tell(ctx, e.OrganizationID, happened{kind: kindGateway, data: e})
}

// tell keeps what happened in an organization, and has all processes look. It is a handler's: told twice, it keeps once.
func (s *service) tell(ctx context.Context, organizationID int64, all ...happened) error {
	if who, _ := actor.From(ctx); organizationID != 0 {
		ctx = actor.With(ctx, who.In(organizationID))
	}
	rows := make([]eventRow, len(all))
	for i, h := range all {
		data, err := json.Marshal(h.data)
		if err != nil {
			return fmt.Errorf("tell of a %s: %w", h.kind, err)
		}
		rows[i] = eventRow{Key: fmt.Sprintf("%s %d", event.Key(ctx), i), Kind: h.kind, DepartmentID: h.department, At: s.clock(), Data: data}
	}
	if len(rows) == 0 {
		return nil
	}
	return s.store.add(ctx, rows, func(ctx context.Context, tx db.Tx) error {
		return s.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: organizationID})
	})
}

// forget deletes what nobody is told of any more.
func (s *service) forget(ctx context.Context) error {
	_, last, err := s.store.edges(ctx)
	if err != nil {
		return err
	}
	return s.store.forget(ctx, s.clock().Add(-s.cfg.Keep), last-s.cfg.KeepEvents)
}

// missed returns what a listener has not been told of after one id, up to another. It reports false if that cannot be
// known any more, or is too much.
func (s *service) missed(ctx context.Context, v view, from, to int64) ([]eventRow, bool, error) {
	select {
	case s.replays <- struct{}{}:
		defer func() { <-s.replays }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	first, last, err := s.edges(ctx)
	if err != nil || from > last || from < first-1 {
		return nil, false, err
	}
	rows, err := s.store.behind(ctx, from, to, maxMissed+1)
	if err != nil || len(rows) > maxMissed {
		return nil, false, err
	}
	var seen []eventRow
	for _, r := range rows {
		if v.sees(r) {
			seen = append(seen, r)
		}
	}
	return seen, true, nil
}
