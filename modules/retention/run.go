package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/log"
)

// run carries the rules of all organizations out; the context's actor crosses them. A day is done in steps, each of which
// can be the last before the power fails: its evidence is begun, what goes is archived where the rule wants it and read back,
// the files of its rows are noted, the rows are removed, then the files, and then the evidence is finished. The next run goes
// on with what was begun.
func (s *service) run(ctx context.Context) error {
	_, err := s.carryOut(ctx)
	return err
}

// carryOut is run, and says what went and what was held, also if not all could be done.
func (s *service) carryOut(ctx context.Context) (all []outcome, err error) {
	err = s.alone(ctx, func(ctx context.Context) error {
		now := s.clock()
		organizations, err := s.store.organizations(ctx)
		if err != nil {
			return err
		}
		var faults []error
		for _, k := range kinds() {
			done, err := s.sweep(ctx, k, organizations, now)
			all, faults = append(all, done), append(faults, err)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		return errors.Join(faults...)
	})
	return all, err
}

// in is the context of the actor narrowed to the organization.
func in(ctx context.Context, organization int64) context.Context {
	a, _ := actor.From(ctx)
	return actor.With(ctx, a.In(organization))
}

// sweep does one kind: in all organizations together, because days that all of them give up are dropped at once. What fails
// in one stops no other.
func (s *service) sweep(ctx context.Context, k kind, organizations []int64, now time.Time) (outcome, error) {
	w := &work{service: s, kind: k, now: now, giving: map[int64]time.Time{}}
	for _, o := range organizations {
		w.prepare(in(ctx, o), o)
	}
	for _, t := range w.tasks {
		if t.run.Action == toArchive {
			w.try(ctx, t, w.remove)
		}
	}
	w.dropGiven(ctx)
	for _, t := range w.tasks {
		w.try(ctx, t, w.remove)
		w.try(ctx, t, w.clear)
	}
	if len(w.before) > 0 { // days that are empty now
		w.drop(ctx, slices.MaxFunc(w.before, time.Time.Compare), nil)
	}
	return w.outcome(), errors.Join(w.faults...)
}

// work is one kind in the course of a run.
type work struct {
	*service
	kind   kind
	now    time.Time
	tasks  []*task
	kept   []*task             // what is held
	giving map[int64]time.Time // the organizations that give up all that began before
	before []time.Time         // when each rule's days begin that stay
	faults []error
}

// prepare readies the days of one organization: after it, nothing is lost when they go.
func (w *work) prepare(ctx context.Context, organization int64) {
	rules, err := w.rulesOf(ctx, organization)
	var tasks []*task
	if err == nil {
		tasks, err = w.plan(ctx, w.kind, rules[w.kind.rule], w.now)
	}
	if err != nil {
		w.fail(ctx, &task{organization: organization, kind: w.kind, day: dayOf(w.now)}, err)
		return
	}
	r := rules[w.kind.rule]
	whole := r.Active && r.Action == toDelete
	for _, t := range tasks {
		if t.hold != nil {
			whole = false
			w.keep(ctx, t)
			continue
		}
		if err := w.ready(ctx, t); err != nil {
			w.fail(ctx, t, err)
			whole = false
			continue
		}
		whole = whole && t.run.Action == toDelete
		w.tasks = append(w.tasks, t)
	}
	if r.Active {
		w.before = append(w.before, r.before(w.now))
	}
	if whole && len(tasks) > 0 && w.kind.file == "" {
		w.giving[organization] = r.before(w.now)
	}
}

// ready begins the day's evidence, archives it where the rule wants that, and notes its files.
func (w *work) ready(ctx context.Context, t *task) error {
	if t.run == nil {
		t.run = &runRow{
			Owned: db.Owned{OrganizationID: t.organization}, ID: id.New(), Kind: w.kind.name, Day: t.day, Action: t.rule.Action,
			State: begun, Rows: t.rows, StartedAt: w.clock(),
		}
		if err := w.store.begin(ctx, t.run); err != nil {
			return err
		}
	}
	if !t.due || t.run.State != begun {
		return nil
	}
	if t.run.Action != t.rule.Action { // it was changed since, and nothing says how far the run had come
		t.run.Action = t.rule.Action
		if err := w.store.change(ctx, t.run, "action"); err != nil {
			return err
		}
	}
	switch {
	case w.kind.rows == "":
		return w.readyFiles(ctx, t, begun)
	case t.run.Action == toArchive:
		return w.archive(ctx, t)
	}
	return nil
}

// try does the next step of a day, unless an earlier one failed, the run has to end, or a hold has come.
func (w *work) try(ctx context.Context, t *task, step func(context.Context, *task) error) {
	if ctx.Err() != nil || t.failed {
		return
	}
	ctx = in(ctx, t.organization)
	held, err := w.held(ctx, t)
	if err == nil && !held {
		err = step(ctx, t)
	}
	if err != nil {
		w.fail(ctx, t, err)
	}
}

func (s *service) held(ctx context.Context, t *task) (bool, error) {
	holds, err := s.store.holds(ctx, t.organization, s.clock())
	return covering(holds, t.kind.rule, t.day) != nil, err
}

// remove takes the rows away.
func (w *work) remove(ctx context.Context, t *task) (err error) {
	if t.run.State == removed || w.kind.rows == "" {
		return nil
	}
	var rows int64
	switch {
	case !t.due:
		return w.abandon(ctx, t)
	case t.run.State == archived:
		rows, err = w.removeArchived(ctx, t)
	case w.kind.file != "":
		rows, err = w.removeNamed(ctx, t)
	default:
		rows, err = w.keeper.Remove(ctx, w.kind.rows, t.day)
	}
	if err != nil {
		return fmt.Errorf("remove rows: %w", err)
	}
	t.run.State, t.run.Rows = removed, max(t.run.Rows, rows) // some may have gone before a crash, or with their partition
	if err := w.store.change(ctx, t.run, "state", "rows"); err != nil {
		return err
	}
	w.metrics.rows.WithLabelValues(w.kind.name).Add(float64(t.run.Rows))
	return nil
}

// abandon is for a day that a run began to remove and that the rule, changed since, keeps: what is left of it stays.
func (w *work) abandon(ctx context.Context, t *task) error {
	counts, err := w.keeper.Expired(ctx, w.kind.rows, t.day.Add(day))
	if err != nil {
		return err
	}
	for _, c := range counts {
		if c.Day.Equal(t.day) {
			t.run.Rows = max(0, t.run.Rows-c.Rows)
		}
	}
	t.run.State = removed
	return w.store.change(ctx, t.run, "state", "rows")
}

// dropGiven gives days back whole that all who have rows in them give up. It is the cheap way, and no more: what it
// leaves, remove takes away.
func (w *work) dropGiven(ctx context.Context) {
	holds, err := w.store.holds(ctx, 0, w.clock())
	if err != nil {
		return // remove asks again
	}
	var before []time.Time
	var organizations []int64
	for o, until := range w.giving {
		if !w.stopped(o) && !slices.ContainsFunc(holds, func(h holdRow) bool { return h.OrganizationID == o && h.concerns(w.kind.rule) }) {
			before, organizations = append(before, until), append(organizations, o)
		}
	}
	if len(organizations) > 0 {
		w.drop(ctx, slices.MinFunc(before, time.Time.Compare), organizations)
	}
}

func (w *work) drop(ctx context.Context, before time.Time, organizations []int64) {
	if w.kind.rows == "" || ctx.Err() != nil {
		return
	}
	if _, err := w.keeper.Drop(ctx, w.kind.rows, before, organizations); err != nil {
		w.log.WarnContext(ctx, "days could not be dropped whole", "kind", w.kind.name, "error", err)
	}
}

// stopped reports whether something failed in the organization.
func (w *work) stopped(organization int64) bool {
	for _, t := range w.tasks {
		if t.organization == organization && t.failed {
			return true
		}
	}
	return false
}

// clear takes the files away that the rows named, and finishes the evidence.
func (w *work) clear(ctx context.Context, t *task) error {
	if w.kind.rows != "" && t.run.State != removed {
		return nil // held meanwhile
	}
	if w.kind.file != "" {
		if err := w.removeFiles(ctx, t); err != nil {
			return fmt.Errorf("remove files: %w", err)
		}
	}
	at := w.clock()
	t.run.State, t.run.FinishedAt, t.run.Error = finished, &at, ""
	if err := w.store.finish(ctx, t.run); err != nil {
		return err
	}
	w.metrics.files.WithLabelValues(w.kind.name).Add(float64(t.run.Files))
	w.metrics.bytes.WithLabelValues(w.kind.name).Add(float64(t.run.Bytes))
	w.log.InfoContext(ctx, "what was older than its rule is gone", "organization", t.organization, "kind", w.kind.name,
		"day", t.day.Format(time.DateOnly), "action", t.run.Action, "rows", t.run.Rows, "files", t.run.Files)
	return nil
}

// fail writes down that a day could not be done, and alerts the organization, once for each day of the calendar.
func (w *work) fail(ctx context.Context, t *task, err error) {
	t.failed = true
	if ctx.Err() != nil { // the process stops, or another runs: nothing is wrong
		return
	}
	w.faults = append(w.faults, fmt.Errorf("organization %d: %s of %s: %w", t.organization, w.kind.name, t.day.Format(time.DateOnly), err))
	w.metrics.failures.WithLabelValues(w.kind.name).Inc()
	text := log.ScrubText(err.Error())
	w.log.ErrorContext(ctx, "a rule of retention could not be carried out", "organization", t.organization, "kind", w.kind.name,
		slog.String("day", t.day.Format(time.DateOnly)), slog.Any("error", err))
	if t.run != nil {
		t.run.Error = text
		if err := w.store.change(ctx, t.run, "error"); err != nil {
			w.log.ErrorContext(ctx, "the failure could not be written down", "error", err)
		}
	}
	today := dayOf(w.now).Format(time.DateOnly)
	err = w.alerts.Raise(ctx, alert.Alert{
		ID: id.Derive(t.organization, alert.RetentionFailed, w.kind.name, today), Kind: alert.RetentionFailed, Severity: alert.Warning, At: w.clock(),
		Subject: "retention:" + w.kind.name, Details: map[string]any{"kind": w.kind.name, "day": t.day.Format(time.DateOnly), "error": text},
	})
	if err != nil {
		w.log.ErrorContext(ctx, "the alert could not be raised", "error", err)
	}
}
