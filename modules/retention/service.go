package retention

import (
	"context"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
)

// service decides how long what is kept, and takes away what is older.
type service struct {
	store   store
	keeper  activity.Keeper
	files   file.Store
	tree    organization.Tree
	alerts  alert.Log
	audit   *audit.Log
	metrics metrics
	log     *slog.Logger
	data    string // the directory for files in passing
	now     func() time.Time
	pulse   time.Duration
}

// measureEvery is how often the metrics learn what other processes did.
const measureEvery = time.Minute

// measure makes the metrics say when the rules were last carried out, until ctx ends.
func (s *service) measure(ctx context.Context) error {
	ctx = system(ctx)
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		if state, err := s.store.state(ctx); err == nil {
			s.measured(state)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C: // also where it could not be read: the database's own metric says that
		}
	}
}

func (s *service) measured(state stateRow) {
	if state.RanAt != nil {
		s.metrics.ran.Set(float64(state.RanAt.Unix()))
	}
}

// clock is the present as both databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// system is the context in which the rules are carried out, of all organizations.
func system(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("retention"))
}

// defaults are the rules of those who have none of their own. They are no organization's, so that only the system sees
// them; they are no secret either.
func (s *service) defaults(ctx context.Context) ([]ruleRow, error) {
	return s.store.rules(system(ctx), 0)
}

// home is the organization that is asked about: the actor's own, or the one that an actor names who crosses them. It is 0
// where such an actor names none.
func (s *service) home(ctx context.Context, named int64) (int64, error) {
	a, _ := actor.From(ctx)
	if named == 0 {
		return a.OrganizationID, nil
	}
	o, err := s.tree.ByID(ctx, named)
	return o.ID, err
}

// one is home where it has to be one, and the context of the actor narrowed to it.
func (s *service) one(ctx context.Context, named int64) (context.Context, error) {
	o, err := organization.Home(ctx, s.tree, named)
	if err != nil {
		return nil, err
	}
	return in(ctx, o), nil
}
