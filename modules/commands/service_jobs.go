package commands

import (
	"context"
	"fmt"

	"github.com/staff-control/staff-control/platform/db"
)

// some is how many rows a job takes at a time.
const some = 200

// expireOld ends the commands that are good no more, whether their gateways are connected or not.
func (s *service) expireOld(ctx context.Context) error {
	for {
		var rows []commandRow
		err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			if rows, err = s.store.expire(ctx, tx, s.clock(), some); err != nil {
				return err
			}
			if err := s.tell(ctx, tx, rows...); err != nil {
				return err
			}
			for _, row := range rows { // what waits behind it may go
				if err := s.nudge(ctx, tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("expire commands: %w", err)
		}
		s.metrics.end(rows...)
		if len(rows) < some {
			return nil
		}
	}
}

// forgetOld deletes what is past its time: first the files that commands brought, then commands.
func (s *service) forgetOld(ctx context.Context) error {
	now := s.clock()
	for {
		rows, err := s.store.bundles(ctx, now.AddDate(0, 0, -min(s.cfg.DiagnosticsDays, s.cfg.KeepDays)), some)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.dropBundle(ctx, row); err != nil {
				return err
			}
		}
		if len(rows) < some {
			return s.store.forget(ctx, now.AddDate(0, 0, -s.cfg.KeepDays))
		}
	}
}
