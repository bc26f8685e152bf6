package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Handler does one kind of job.
type Handler struct {
	name     string
	args     reflect.Type
	attempts int
	timeout  time.Duration
	alone    bool
	run      func(ctx context.Context, args []byte) error
}

// On is the handler of jobs whose arguments are an A, which is kept as JSON. The name stands in the database
// with each job, so it outlives the binary. A job may run twice, when a process dies at the wrong moment.
func On[A any](name string, fn func(context.Context, A) error, opts ...HandlerOption) Handler {
	h := Handler{name: name, args: reflect.TypeFor[A](), attempts: maxAttempts}
	h.run = func(ctx context.Context, encoded []byte) error {
		var args A
		if err := json.Unmarshal(encoded, &args); err != nil {
			return fmt.Errorf("read the job's arguments: %w", err)
		}
		return fn(ctx, args)
	}
	for _, set := range opts {
		set(&h)
	}
	return h
}

// HandlerOption changes a handler.
type HandlerOption func(*Handler)

// Timeout bounds one run. Without it a run has a minute.
func Timeout(d time.Duration) HandlerOption { return func(h *Handler) { h.timeout = d } }

// Attempts is how often a job runs before it is dead. Without it that takes a day and a half.
func Attempts(n int) HandlerOption { return func(h *Handler) { h.attempts = n } }

// Alone has a process run one job of the handler at a time. It is for jobs that would only wait for each other, each with a
// connection to the database that others need.
func Alone() HandlerOption { return func(h *Handler) { h.alone = true } }

// Registration says whose a handler is, and where its jobs may run.
type Registration struct {
	Module  string
	Roles   []string
	Handler Handler
}

// Name is the handler's name among those of all modules.
func (r Registration) Name() string { return r.Module + " " + r.Handler.name }

// queue is where its jobs wait: those of handlers with the same roles together, unless it runs alone.
func (r Registration) queue() string {
	if r.Handler.alone {
		return queueOf(r.Roles) + "_" + strings.ReplaceAll(r.Name(), " ", "_")
	}
	return queueOf(r.Roles)
}
