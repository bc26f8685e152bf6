package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
)

// adopt makes the first versions of policies that somebody else has written into the database, as an import does.
func (s *service) adopt(ctx context.Context) error {
	rows, err := s.store.unversioned(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.adoptOne(system(ctx, row.OrganizationID), row.ID); err != nil {
			return fmt.Errorf("policy %d: %w", row.ID, err)
		}
	}
	return nil
}

func (s *service) adoptOne(ctx context.Context, policyID int64) error {
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.policy(ctx, tx, policyID)
		if errors.Is(err, db.ErrNotFound) || row.Latest > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := s.contentOf(ctx, tx, row)
		if err != nil {
			return err
		}
		if err := content.Validate(); err != nil { // nobody can work by it
			s.log.WarnContext(ctx, "a policy that was written into the database is wrong: it is left out", "policy", policyID, "error", err)
			return nil
		}
		row.TitleSearch, row.UpdatedAt = fold.Name(row.Title), s.clock()
		in := input{stage: stage{Percent: 100}}
		return s.edited(ctx, tx, &row, in, edit{kind: created, content: content, old: json.RawMessage("{}"), asIs: true}, fleet)
	})
}

// sweep makes known what has changed without anybody saying so: who is in which department, and who sits where.
func (s *service) sweep(ctx context.Context) error {
	if err := s.adopt(ctx); err != nil {
		return err
	}
	ids, err := s.store.organizations(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, organizationID := range ids {
		if err := s.compare(system(ctx, organizationID), 0); err != nil {
			errs = append(errs, fmt.Errorf("organization %d: %w", organizationID, err))
		}
	}
	return errors.Join(errs...)
}
