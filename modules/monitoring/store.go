package monitoring

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
)

// store keeps events, the tokens of their batches, and what was set aside. It holds no rule.
type store struct {
	db *db.DB // the primary database
	// series is where rows of time series are: db itself, unless they are in TimescaleDB.
	series *db.DB
	// fallback says when they are elsewhere; nil where there is nothing to fall back from.
	fallback *fallback
}

// put writes a batch and its token in one transaction, or, if the token is there already, nothing.
// stored counts the new rows of each kind. Without skipKnown, a row that is there already is db.ErrConflict.
func (s store) put(ctx context.Context, to target, token *tokenRow, p *prepared, now time.Time, skipKnown bool) (stored [len(activity.Kinds)]int, duplicate bool, err error) {
	err = to.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := to.check(ctx, tx); err != nil {
			return err
		}
		if token != nil {
			// First, so that the same batch at the same time waits here, and then finds the row.
			if duplicate, err = s.claim(ctx, tx, token); duplicate || err != nil {
				return err
			}
		}
		var all int
		if stored, all, err = s.insert(ctx, tx, to, p, skipKnown); err != nil {
			return err
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

// insert adds the rows of a batch, and says where the database keeps sums by itself that they have to be made again.
func (s store) insert(ctx context.Context, tx db.Tx, to target, p *prepared, skipKnown bool) (stored [len(activity.Kinds)]int, all int, err error) {
	if to.Engine().Name == db.TimescaleDB {
		if err := unpack(ctx, tx); err != nil { // what comes late is of a day that is compressed
			return stored, 0, err
		}
	}
	for t, k := range activity.Kinds {
		n, err := tx.Bulk(ctx, p.tables[t].rows(k, skipKnown))
		if err != nil {
			return stored, 0, err
		}
		stored[t] = int(n)
		all += int(n)
	}
	if all == 0 {
		return stored, 0, nil
	}
	return stored, all, s.mark(ctx, tx, to, p)
}

// mark says that the sums of the rows' quarter hours have to be made again; TimescaleDB knows it by itself.
func (s store) mark(ctx context.Context, tx db.Tx, to target, p *prepared) error {
	if to.Engine().Name == db.TimescaleDB {
		return nil
	}
	for list := range slices.Chunk(p.marks(), setAsideRows) {
		if _, err := tx.Insert(&list).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s store) claim(ctx context.Context, tx db.Tx, token *tokenRow) (duplicate bool, err error) {
	res, err := tx.Insert(token).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 0, err
}

// setAsideRows bounds the rows of one statement whose values stand in its text.
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
	return s.everywhere(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*tokenRow)(nil)).Column("organization_id", "token").Where("stored_at < ?", before).Limit(db.Part)
		return tx.Delete((*tokenRow)(nil)).Where("(organization_id, token) IN (?)", old).Exec(ctx)
	})
}

// forgetAside deletes what was set aside before this time, of the organizations that the actor sees.
func (s store) forgetAside(ctx context.Context, before time.Time) (int64, error) {
	return s.everywhere(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*quarantineRow)(nil)).Column("organization_id", "id").Where("received_at < ?", before).Limit(db.Part)
		return tx.Delete((*quarantineRow)(nil)).Where("(organization_id, id) IN (?)", old).Exec(ctx)
	})
}
