package monitoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
)

// quarter is the width of the finest sums, in UTC: every zone's midnights and hours are among its ends.
const quarter = 15 * time.Minute

const (
	// settle is how long after its end a quarter hour is not summed yet: till then its events come in all the time, and
	// reading them is cheaper than to sum them again each minute.
	settle = quarter
	// turnFor bounds one run of the job, which has the next minute for what is left.
	turnFor = 30 * time.Second
	// turnMarks bounds the quarter hours of one organization, one after the other, before it is another's turn.
	turnMarks = 64
	// stepMarks bounds those of one transaction: SQLite has one writer, and batches wait for it.
	stepMarks = 8
)

// usage is what is summed of one kind of events, and where the sums are.
type usage struct {
	kind string        // as marks and floors call it
	of   activity.Kind // the events
	name string        // the column that says what was used, in events and sums
}

var (
	applications = usage{"application", activity.ActiveWindow, "process_name"}
	sites        = usage{"site", activity.VisitedSite, "site"}
)

// usages are both of them.
func usages() [2]usage { return [...]usage{applications, sites} }

func (u usage) quarters() string { return u.kind + "_usage_15m" }
func (u usage) days() string     { return u.kind + "_usage_1d" }
func (u usage) rows() string     { return tables[u.of].name }

// rollUp sums quarter hours whose events changed. What it does not get to is read from the events meanwhile.
func (s *service) rollUp(ctx context.Context) error {
	organizations, err := s.store.markedOrganizations(ctx)
	if err != nil {
		return err
	}
	a, _ := actor.From(ctx)
	before, deadline := s.now().Add(-settle), s.now().Add(turnFor)
	var errs []error
	for len(organizations) > 0 && s.now().Before(deadline) {
		// A turn for each, so that one that sends a year at once keeps nobody waiting.
		organizations = slices.DeleteFunc(organizations, func(o int64) bool {
			more, err := s.rollUpSome(actor.With(ctx, a.In(o)), before)
			if err != nil {
				errs = append(errs, fmt.Errorf("organization %d: %w", o, err))
			}
			return !more
		})
	}
	return errors.Join(errs...)
}

// rollUpSome sums quarter hours of the actor's one organization that ended before the time, and reports whether there
// may be more of them.
func (s *service) rollUpSome(ctx context.Context, before time.Time) (more bool, err error) {
	for _, u := range usages() {
		buckets, err := s.store.marked(ctx, u, before.Add(-quarter), turnMarks)
		if err != nil {
			return false, err
		}
		for step := range slices.Chunk(buckets, stepMarks) {
			if err := s.store.sum(ctx, u, step); err != nil {
				return false, err
			}
		}
		more = more || len(buckets) == turnMarks
	}
	return more, nil
}

// marks are the quarter hours whose sums the batch makes wrong, each once.
func (p *prepared) marks() []usageMark {
	var list []usageMark
	for _, u := range usages() {
		began := len(list)
		for _, at := range p.tables[tableOf(u.of)].at {
			list = append(list, usageMark{Kind: u.kind, Bucket: at.UTC().Truncate(quarter)})
		}
		slices.SortFunc(list[began:], func(a, b usageMark) int { return a.Bucket.Compare(b.Bucket) })
		list = slices.CompactFunc(list, usageMark.same)
	}
	return list
}

func (m usageMark) same(n usageMark) bool { return m.Kind == n.Kind && m.Bucket.Equal(n.Bucket) }
