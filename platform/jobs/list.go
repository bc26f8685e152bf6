package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/staff-control/staff-control/platform/db"
)

// State is how far a job has come.
type State string

// The states of a job.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Failing   State = "failing" // failed, and will be tried again
	Done      State = "done"
	Dead      State = "dead"      // failed for good; Retry gives it one more attempt
	Cancelled State = "cancelled" // overtaken by the next tick
)

func (s State) rivers() []rivertype.JobState {
	switch s {
	case Running:
		return []rivertype.JobState{rivertype.JobStateRunning}
	case Failing:
		return []rivertype.JobState{rivertype.JobStateRetryable}
	case Done:
		return []rivertype.JobState{rivertype.JobStateCompleted}
	case Dead:
		return []rivertype.JobState{rivertype.JobStateDiscarded}
	case Cancelled:
		return []rivertype.JobState{rivertype.JobStateCancelled}
	}
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateScheduled}
}

func stateOf(s rivertype.JobState) State {
	switch s {
	case rivertype.JobStateRunning:
		return Running
	case rivertype.JobStateRetryable:
		return Failing
	case rivertype.JobStateCompleted:
		return Done
	case rivertype.JobStateDiscarded:
		return Dead
	case rivertype.JobStateCancelled:
		return Cancelled
	}
	return Waiting
}

// Job is a job as operators see it. What it is about is not part of it.
type Job struct {
	ID             int64     `json:"id"`
	Name           string    `json:"name"`
	State          State     `json:"state"`
	Actor          string    `json:"actor"`
	OrganizationID int64     `json:"organizationId,omitempty"`
	Attempt        int       `json:"attempt"`
	MaxAttempts    int       `json:"maxAttempts"`
	CreatedAt      time.Time `json:"createdAt"`
	// RunsAt is when it runs next, or when it last did.
	RunsAt time.Time `json:"runsAt"`
	// Error is the last one.
	Error string `json:"error,omitempty"`
}

// Query selects jobs; the zero value is the newest jobs of all states.
type Query struct {
	State State
	// Before is the id of the last job of the page before.
	Before int64
	Limit  int
}

// ErrRunning is a job that cannot be retried because it runs.
var ErrRunning = errors.New("the job is running")

const defaultLimit = 100

// List returns jobs of all organizations, the newest first. It is for operators: the route decides who may ask.
func (r *Runner) List(ctx context.Context, q Query) ([]Job, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	params := river.NewJobListParams().First(q.Limit).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if q.State != "" {
		params = params.States(q.State.rivers()...)
	}
	if q.Before > 0 {
		params = params.Where("id < @before", river.NamedArgs{"before": q.Before})
	}
	rows, err := r.queue.list(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	all := make([]Job, len(rows))
	for i, row := range rows {
		var t task
		if err := json.Unmarshal(row.EncodedArgs, &t); err != nil {
			return nil, fmt.Errorf("read job %d: %w", row.ID, err)
		}
		all[i] = Job{
			ID: row.ID, Name: t.Name, State: stateOf(row.State), Actor: t.Actor.ID, OrganizationID: t.Actor.OrganizationID,
			Attempt: row.Attempt, MaxAttempts: row.MaxAttempts, CreatedAt: row.CreatedAt, RunsAt: row.ScheduledAt,
		}
		if n := len(row.Errors); n > 0 {
			all[i].Error = row.Errors[n-1].Error
		}
	}
	return all, nil
}

// Retry makes a job run now: a dead one once more, a failing one without waiting.
// It returns db.ErrNotFound, or ErrRunning.
func (r *Runner) Retry(ctx context.Context, id int64) error {
	row, err := r.queue.retry(ctx, id)
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
		return db.ErrNotFound
	case err != nil:
		return fmt.Errorf("retry job %d: %w", id, err)
	case row.State == rivertype.JobStateRunning:
		return ErrRunning
	}
	return nil
}
