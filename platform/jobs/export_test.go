package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/robfig/cron/v3"
)

type soon time.Duration

func (s soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(time.Duration(s)) }

// Hurry makes retries and stops quick.
func (r *Runner) Hurry(backoff, grace time.Duration) { r.backoff, r.grace = soon(backoff), grace }

// SetNow replaces the clock of what is not River's.
func (r *Runner) SetNow(now func() time.Time) { r.now = now }

// EverySecond is a cron of a finer spec than production takes.
func (r *Runner) EverySecond(name string, run func(context.Context) error) error {
	schedule, err := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse("* * * * * *")
	if err != nil {
		return err
	}
	e := entry{"cron " + name, schedule, run}
	r.crons.entries = append(r.crons.entries, e)
	return r.handleCron(e)
}
