package policy

import (
	"context"
	"errors"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

type service struct{ store store }

// Screenshots is rule.Book. An organization that has decided nothing has pictures, in colour.
func (s *service) Screenshots(ctx context.Context) (rule.Screenshots, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return rule.Screenshots{}, db.ErrNoOrganization
	}
	row, err := s.store.ofOrganization(ctx, a.OrganizationID)
	if errors.Is(err, db.ErrNotFound) {
		return rule.Screenshots{Enabled: true}, nil
	}
	if err != nil {
		return rule.Screenshots{}, err
	}
	found := rule.Screenshots{Enabled: row.Screenshot}
	if row.ScreenshotGrayscale != nil {
		found.Grayscale = *row.ScreenshotGrayscale
	}
	if row.ScreenshotInterval != nil && *row.ScreenshotInterval > 0 {
		found.Interval = time.Duration(*row.ScreenshotInterval) * time.Second
	}
	return found, nil
}
