package audit

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// violationReason is the design document's name for what the database refused.
const violationReason = "RLS_POLICY_VIOLATION"

// violationTimeout bounds the writing, which outlives the request: who hangs up is written down all the same.
const violationTimeout = 5 * time.Second

// Violation writes down that the context's actor reached for a row of another organization: in the table, in
// the log and in the metric. It has a transaction of its own, so it is for after the one that was refused.
func (l *Log) Violation(ctx context.Context, resource, action, policy string) {
	who, _ := actor.From(ctx)
	l.violations.WithLabelValues(policy, resource).Inc()
	l.o.Log.WarnContext(ctx, "row of another organization refused",
		"userId", who.UserID, "resource", resource, "policy", policy, "timestamp", l.now().UTC())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), violationTimeout)
	defer cancel()
	entry := Entry{
		Action: action, Object: resource, OrganizationID: who.OrganizationID, Reason: violationReason, After: map[string]string{"policy": policy},
	}
	err := l.o.DB.Write(actor.With(ctx, actor.System("audit")), func(ctx context.Context, tx db.Tx) error {
		return l.write(ctx, tx, who, entry)
	})
	if err != nil {
		l.o.Log.ErrorContext(ctx, "a violation could not be written down", "resource", resource, "action", action, "error", err)
	}
}

// Missed is for after a row was not found by its id: if there is one that the context's actor may not see because it
// is another organization's, that is a Violation. The answer stays "not found" either way. Model is a typed nil pointer.
func (l *Log) Missed(ctx context.Context, model, id any, resource, action string) {
	who, ok := actor.From(ctx)
	if !ok || who.CrossesOrganizations() {
		return
	}
	own, err := l.there(ctx, model, id)
	if err != nil || own { // its own, which a rule narrower than tenancy hides
		return
	}
	if there, err := l.there(actor.With(ctx, actor.System("audit")), model, id); err == nil && there {
		l.Violation(ctx, resource, action, "tenant")
	}
}

func (l *Log) there(ctx context.Context, model, id any) (found bool, err error) {
	err = l.o.DB.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.Select(model).Where("?TableAlias.id = ?", id).Exists(ctx)
		return err
	})
	return found, err
}

func newViolations(r prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rls_violations_total", Help: "Attempts to reach a row of another organization.",
	}, []string{"policy", "resource"})
	if r == nil {
		return c
	}
	var taken prometheus.AlreadyRegisteredError
	if errors.As(r.Register(c), &taken) { // another role of this process has it
		return taken.ExistingCollector.(*prometheus.CounterVec)
	}
	return c
}
