package monitoring

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
)

// store keeps events, the tokens of their batches, and what was set aside. It holds no rule.
type store struct{ db *db.DB }

// put writes a batch and its token in one transaction, or, if the token is there already, nothing.
// stored counts the new rows of each kind. Without skipKnown, a row that is there already is db.ErrConflict.
func (s store) put(ctx context.Context, token *tokenRow, p *prepared, now time.Time, skipKnown bool) (stored [len(activity.Kinds)]int, duplicate bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if token != nil {
			// First, so that the same batch at the same time waits here, and then finds the row.
			if duplicate, err = s.claim(ctx, tx, token); duplicate || err != nil {
				return err
			}
		}
		all := 0
		for t, k := range activity.Kinds {
			n, err := tx.Bulk(ctx, p.tables[t].rows(k, skipKnown))
			if err != nil {
				return err
			}
			stored[t] = int(n)
			all += int(n)
		}
		if err := s.setAside(ctx, tx, p.set, now); err != nil {
			return err
		}
		if token == nil || all == token.Stored {
			return nil
		}
		token.Known += token.Stored - all
		token.Stored = all
		return db.One(tx.Update(token).Column("stored", "known").WherePK().Exec(ctx))
	})
	return stored, duplicate, err
}

func (s store) claim(ctx context.Context, tx db.Tx, token *tokenRow) (duplicate bool, err error) {
	res, err := tx.Insert(token).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 0, err
}

// setAsideRows bounds the rows of one statement, whose values stand in its text.
const setAsideRows = 500

func (s store) setAside(ctx context.Context, tx db.Tx, set []aside, now time.Time) error {
	for len(set) > 0 {
		n := min(len(set), setAsideRows)
		rows := make([]quarantineRow, n)
		for i, a := range set[:n] {
			rows[i] = quarantineRow{ID: a.id, ReceivedAt: now, Type: string(a.kind), Reason: a.reason, Payload: a.payload}
		}
		if _, err := tx.Insert(&rows).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		set = set[n:]
	}
	return nil
}

// forgetTokens deletes the tokens from before this time, of the organizations that the actor sees.
func (s store) forgetTokens(ctx context.Context, before time.Time) (int64, error) {
	return s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*tokenRow)(nil)).Column("organization_id", "token").Where("stored_at < ?", before).Limit(db.Part)
		return tx.Delete((*tokenRow)(nil)).Where("(organization_id, token) IN (?)", old).Exec(ctx)
	})
}

// forgetAside deletes what was set aside before this time, of the organizations that the actor sees.
func (s store) forgetAside(ctx context.Context, before time.Time) (int64, error) {
	return s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*quarantineRow)(nil)).Column("organization_id", "id").Where("received_at < ?", before).Limit(db.Part)
		return tx.Delete((*quarantineRow)(nil)).Where("(organization_id, id) IN (?)", old).Exec(ctx)
	})
}
