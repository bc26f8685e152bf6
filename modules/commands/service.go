package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

// The names of changes that processes tell each other of.
const (
	changeCommand   = "gateway.command"   // by gateway: something waits
	changeSocket    = "gateway.socket"    // by gateway: it has a new socket
	changeCancelled = "gateway.cancelled" // by gateway and command, with a slash between them
)

// Why commands end, besides what gateways say.
const (
	codeReplaced  = "replaced"
	codeCancelled = "cancelled"
	codeExpired   = "expired"
	codeNoAnswer  = "no_answer"
)

const (
	// defaultLife is how long an order is good for.
	defaultLife = 24 * time.Hour
	// maxPayload bounds what goes down with a command, in bytes of JSON.
	maxPayload = command.MaxDown / 2
	// maxResult, maxError, maxCode and maxVersion bound what a gateway says of a command, in bytes.
	maxResult  = 64 << 10
	maxError   = 2000
	maxCode    = 100
	maxVersion = 50
)

// service keeps the queue: who may order what, and how it ends.
type service struct {
	store    store
	gateways gateway.Directory
	files    file.Store
	events   *event.Bus
	audit    *audit.Log
	metrics  metrics
	cfg      *Config
	log      *slog.Logger
	now      func() time.Time
	jitter   func() float64 // from 0 to 1
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Order puts an order in the gateway's queue. Two who order at the same moment may both find the last place in it.
func (s *service) Order(ctx context.Context, tx db.Tx, o command.Order) (id.UUID, error) {
	row, err := s.draft(tx, o)
	if err != nil {
		return id.Nil, err
	}
	if o.Replaces != "" {
		replaced, err := s.store.replace(ctx, tx, o.GatewayID, o.Replaces, row.CreatedAt)
		if err != nil {
			return id.Nil, fmt.Errorf("replace commands: %w", err)
		}
		if err := s.tell(ctx, tx, replaced...); err != nil {
			return id.Nil, err
		}
	}
	n, err := s.store.waiting(ctx, tx, o.GatewayID, s.cfg.MaxWaiting)
	if err != nil {
		return id.Nil, fmt.Errorf("count waiting commands: %w", err)
	}
	if n >= s.cfg.MaxWaiting {
		return id.Nil, command.ErrQueueFull
	}
	err = s.store.add(ctx, tx, &row)
	switch {
	case errors.Is(err, db.ErrMissingReference):
		return id.Nil, gateway.ErrUnknown.Wrap(err)
	case errors.Is(err, db.ErrInvalid):
		return id.Nil, errWrongOrder.Wrap(err)
	case err != nil:
		return id.Nil, fmt.Errorf("add a command: %w", err)
	}
	return row.ID, s.nudge(ctx, tx, row)
}

// draft is the row of a new order.
func (s *service) draft(tx db.Tx, o command.Order) (row commandRow, err error) {
	now, life := s.clock(), o.Life
	if life <= 0 {
		life = defaultLife
	}
	row = commandRow{
		ID: id.New(), GatewayID: o.GatewayID, Type: o.Type, Payload: json.RawMessage("{}"), Status: command.Pending, MaxAttempts: s.cfg.MaxAttempts,
		DueAt: now, ExpiresAt: now.Add(life), Replaces: o.Replaces, For: o.By, By: tx.Actor().ID, CreatedAt: now,
	}
	row.OrganizationID = o.OrganizationID
	if o.Payload == nil {
		return row, nil
	}
	if row.Payload, err = json.Marshal(o.Payload); err != nil {
		return row, fmt.Errorf("payload of %s: %w", o.Type, err)
	}
	if len(row.Payload) > maxPayload {
		return row, errLargeOrder
	}
	return row, nil
}

// nudge tells the process that holds the gateway's socket that there is something to look at.
func (s *service) nudge(ctx context.Context, tx db.Tx, row commandRow) error {
	return s.events.Notify(ctx, tx, event.Change{Name: changeCommand, OrganizationID: row.OrganizationID, ID: row.GatewayID.String()})
}

// tell tells the modules that commands have come to their ends.
func (s *service) tell(ctx context.Context, tx db.Tx, rows ...commandRow) error {
	for _, row := range rows {
		if err := s.events.Publish(ctx, tx, row.ended()); err != nil {
			return err
		}
	}
	return nil
}

// finish brings a command to the end that row says, and tells of it. It reports false if it is in none of the states.
func (s *service) finish(ctx context.Context, tx db.Tx, row *commandRow, from ...command.Status) (bool, error) {
	done, err := s.store.end(ctx, tx, row, from...)
	if err != nil || !done {
		return false, err
	}
	return true, s.tell(ctx, tx, *row)
}

// acknowledge takes a gateway's answer to a command. An answer to what is not the gateway's, or has ended, changes
// nothing; the gateway need not say it again.
func (s *service) acknowledge(ctx context.Context, by gateway.Caller, a command.Ack) error {
	ctx = actor.With(ctx, actor.System("answer of a gateway").In(by.OrganizationID))
	err := s.acknowledgeOnce(ctx, by, a)
	if errors.Is(err, db.ErrInvalid) { // words that the database cannot keep: what counts is the answer
		a.Result, a.Error, a.Code, a.PolicyVersion = nil, "", "unreadable", ""
		err = s.acknowledgeOnce(ctx, by, a)
	}
	return err
}

func (s *service) acknowledgeOnce(ctx context.Context, by gateway.Caller, a command.Ack) error {
	now := s.clock()
	row := commandRow{
		ID: a.CommandID, GatewayID: by.ID, Status: a.Status, EndedAt: &now, AckAt: &now, Code: bounded(a.Code, maxCode), Error: bounded(a.Error, maxError),
		PolicyVersion: bounded(a.PolicyVersion, maxVersion), RequiresRestart: a.RequiresRestart,
	}
	if result := bytes.TrimSpace(a.Result); len(result) <= maxResult && string(result) != "null" {
		row.Result = result
	}
	var done bool
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		done, err = s.finish(ctx, tx, &row, command.Sent)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the answer to a command: %w", err)
	}
	if !done {
		s.log.InfoContext(ctx, "answer to a command that is not open", "gateway", by.ID, "command", a.CommandID, "status", a.Status)
		return nil
	}
	s.metrics.end(row)
	return nil
}

// bounded cuts a text and leaves out what cannot be kept.
func bounded(text string, limit int) string {
	text = strings.ReplaceAll(text[:min(len(text), limit)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}

// cancel ends a command that has not ended, on behalf of a person.
func (s *service) cancel(ctx context.Context, commandID id.UUID) error {
	now := s.clock()
	var row commandRow
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err := s.store.lock(ctx, tx, commandID)
		if err != nil {
			return err
		}
		if !mayOrder(ctx, found.Type) {
			return errNotAllowed
		}
		if !open(found.Status) {
			return errEnded
		}
		row = found
		row.Status, row.EndedAt, row.Code = command.Cancelled, &now, codeCancelled
		if _, err := s.finish(ctx, tx, &row, unfinished...); err != nil {
			return err
		}
		if err := s.withdraw(ctx, tx, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			OrganizationID: row.OrganizationID, Action: "commands.cancel", Permission: command.Write, Object: "command:" + row.ID.String(),
			Before: found.Status, After: row.Status,
		})
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*commandRow)(nil), commandID, "command", "commands.cancel")
		return errUnknown.Wrap(err)
	}
	if err == nil {
		s.metrics.end(row)
	}
	return err
}

// withdraw tells the gateway that the command need not be done, and whoever delivers that the next one may go.
func (s *service) withdraw(ctx context.Context, tx db.Tx, row commandRow) error {
	change := event.Change{Name: changeCancelled, OrganizationID: row.OrganizationID, ID: row.GatewayID.String() + "/" + row.ID.String()}
	if err := s.events.Notify(ctx, tx, change); err != nil {
		return err
	}
	return s.nudge(ctx, tx, row)
}

// open reports whether a command in this state may still change.
func open(s command.Status) bool { return s == command.Pending || s == command.Sent }
