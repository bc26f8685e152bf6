// Package event tells modules what has happened in others, after the fact and at least once: publishing
// orders one job for each handler, in the transaction that made it happen. Watch is for what may be missed.
package event

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

// Handler is told of one type of event.
type Handler struct {
	event reflect.Type
	job   jobs.Handler
}

// On is a handler of events of type E, which travel as JSON. The name stands in the database. The handler runs
// on behalf of who published, in a job of its own that is tried again until it succeeds; it may be told
// twice of one event, and Key tells it so.
func On[E any](name string, fn func(context.Context, E) error, opts ...jobs.HandlerOption) Handler {
	run := func(ctx context.Context, m message[E]) error {
		return fn(context.WithValue(ctx, key{}, m.ID.String()+" "+name), m.Event)
	}
	return Handler{reflect.TypeFor[E](), jobs.On(name, run, opts...)}
}

// message is an event on its way.
type message[E any] struct {
	ID    id.UUID `json:"id"`
	Event E       `json:"event"`
}

type key struct{}

// Key is the same each time a handler is told of the same event, and differs between handlers of one module.
// It is empty outside of handlers.
func Key(ctx context.Context) string {
	k, _ := ctx.Value(key{}).(string)
	return k
}

// Registration says whose a handler is, and the roles that it may run in. Roles that do not have the
// database are left out.
type Registration struct {
	Module  string
	Roles   []string
	Handler Handler
}

// Bus publishes events and passes on changes.
type Bus struct {
	runner *jobs.Runner
	// handlers are the names of those of each type.
	handlers map[reflect.Type][]string
	watchers watchers
	db       *db.DB
	log      *slog.Logger
}

// NewBus returns the bus of one role. It needs the handlers of all modules, and adds them to the runner,
// which runs those of its role.
func NewBus(runner *jobs.Runner, d *db.DB, log *slog.Logger, all []Registration) (*Bus, error) {
	b := &Bus{runner: runner, db: d, log: log, handlers: map[reflect.Type][]string{}}
	for _, r := range all {
		if len(r.Roles) == 0 {
			continue
		}
		job := jobs.Registration{Module: r.Module, Roles: r.Roles, Handler: r.Handler.job}
		if err := runner.Handle(job); err != nil {
			return nil, fmt.Errorf("events: %w", err)
		}
		b.handlers[r.Handler.event] = append(b.handlers[r.Handler.event], job.Name())
	}
	return b, nil
}

// Publish tells the handlers of the event's type, once the transaction has committed.
func (b *Bus) Publish(ctx context.Context, tx db.Tx, event any) error {
	of := reflect.TypeOf(event)
	if of == nil || of.Kind() == reflect.Pointer {
		return fmt.Errorf("publish %T: an event is a value", event)
	}
	names := b.handlers[of]
	if len(names) == 0 {
		return nil
	}
	if err := b.runner.EnqueueFor(ctx, tx, names, message[any]{id.New(), event}); err != nil {
		return fmt.Errorf("publish %T: %w", event, err)
	}
	return nil
}
