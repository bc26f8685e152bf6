// Package audit writes down what people did, in the transaction in which they did it, and what they tried
// to do to other organizations' rows.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Options are those of a Log.
type Options struct {
	DB  *db.DB
	Log *slog.Logger
	// Metrics is unprefixed. It may be nil.
	Metrics prometheus.Registerer
	// ClientIP and TraceID tell of the request that the context belongs to; each may be nil.
	ClientIP, TraceID func(context.Context) string
}

// Log is the table audit_log.
type Log struct {
	o          Options
	violations *prometheus.CounterVec
	now        func() time.Time
}

// New returns the log.
func New(o Options) *Log {
	if o.ClientIP == nil {
		o.ClientIP = nowhere
	}
	if o.TraceID == nil {
		o.TraceID = nowhere
	}
	return &Log{o, newViolations(o.Metrics), time.Now}
}

func nowhere(context.Context) string { return "" }

// Entry is one thing that was done.
type Entry struct {
	// Action is what: employee.update.
	Action     string
	Permission actor.Permission
	// Object is to what: employee:12.
	Object string
	// OrganizationID is whose object it is; 0 takes the actor's.
	OrganizationID int64
	Reason         string
	// Before and After are what changed, written as JSON without secrets; nil for nothing.
	Before, After any
}

type row struct {
	db.MaybeOwned
	ID         id.UUID
	At         time.Time
	Actor      string
	Action     string
	Permission string
	Object     string
	Reason     string
	Before     json.RawMessage `bun:"before,nullzero"`
	After      json.RawMessage `bun:"after,nullzero"`
	ClientIP   string          `bun:"client_ip"`
	TraceID    string          `bun:"trace_id"`
}

// Write adds the entry in the name of the transaction's actor. It stands if the transaction commits.
func (l *Log) Write(ctx context.Context, tx db.Tx, e Entry) error {
	return l.write(ctx, tx, tx.Actor(), e)
}

// Done reports whether the transaction's actor has done this to the object since the time, as Write wrote it down.
func (l *Log) Done(ctx context.Context, tx db.Tx, e Entry, since time.Time) (bool, error) {
	return tx.Select((*row)(nil)).ModelTableExpr("audit_log AS ?TableAlias").
		Where("?TableAlias.organization_id = ?", e.OrganizationID).Where("?TableAlias.at >= ?", since.UTC()).
		Where("?TableAlias.actor = ?", tx.Actor().ID).Where("?TableAlias.action = ?", e.Action).Where("?TableAlias.object = ?", e.Object).
		Exists(ctx)
}

func (l *Log) write(ctx context.Context, tx db.Tx, who actor.Actor, e Entry) error {
	before, err := withoutSecrets(e.Before)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	after, err := withoutSecrets(e.After)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	r := row{
		ID: id.New(), At: l.now().UTC().Truncate(time.Microsecond), Actor: who.ID, Action: e.Action, Permission: e.Permission.Name,
		Object: e.Object, Reason: e.Reason, Before: before, After: after, ClientIP: l.o.ClientIP(ctx), TraceID: l.o.TraceID(ctx),
	}
	if e.OrganizationID != 0 {
		r.OrganizationID = &e.OrganizationID
	}
	if _, err := tx.Insert(&r).ModelTableExpr("audit_log").Exec(ctx); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}
