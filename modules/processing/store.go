package processing

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps jobs. It holds no rule: those are in service.go and turn.go.
type store struct{ db *db.DB }

// known are those of the ids that jobs have.
func (s store) known(ctx context.Context, tx db.Tx, ids []string) (map[string]bool, error) {
	var rows []jobRow
	err := tx.Select(&rows).Column("job_id").Where("?TableAlias.job_id IN (?)", bun.List(ids)).Scan(ctx)
	known := map[string]bool{}
	for _, r := range rows {
		known[r.JobID] = true
	}
	return known, err
}

func (s store) add(ctx context.Context, tx db.Tx, rows []jobRow) error {
	_, err := tx.Insert(&rows).Exec(ctx)
	return err
}

// backlog is what is not finished: Ready is what waits for a turn that is ordered already.
type backlog struct {
	Jobs  int
	Ready int
	Bytes int64
}

func (s store) waiting(ctx context.Context, tx db.Tx) (w backlog, err error) {
	err = tx.Select((*jobRow)(nil)).
		ColumnExpr("count(*) AS jobs, count(CASE WHEN ?TableAlias.status = ? THEN 1 END) AS ready, coalesce(sum(?TableAlias.data_size), 0) AS bytes", pending).
		Where("?TableAlias.status IN (?)", bun.List([]status{pending, processing, retrying})).Scan(ctx, &w)
	return w, err
}

// due are the jobs that can be done now, the most urgent first, then the oldest; without what they ask for, which may be
// large.
func (s store) due(ctx context.Context, tx db.Tx, now time.Time, limit int) (rows []jobRow, err error) {
	err = tx.Select(&rows).ExcludeColumn("request", "result").Where("?TableAlias.status IN (?)", bun.List([]status{pending, processing, retrying})).
		Where("?TableAlias.status = ? OR ?TableAlias.next_at <= ?", pending, now). // whichever process's clock it has
		OrderExpr("?TableAlias.priority DESC, ?TableAlias.id").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// request returns what a job asks for; nil if it can never be done.
func (s store) request(ctx context.Context, tx db.Tx, id int64) (json.RawMessage, error) {
	var row jobRow
	err := tx.Select(&row).Column("request").Where("?TableAlias.id = ?", id).Scan(ctx)
	return row.Request, db.Translate(err)
}

// settle writes how far the job has come. What a completed one asked for is dropped.
func (s store) settle(ctx context.Context, tx db.Tx, row jobRow) error {
	q := tx.Update(&row).Column("status", "attempts", "next_at", "result", "error", "records", "duration_ms", "started_at", "finished_at")
	if row.Status == completed {
		q = q.Column("request")
	}
	return db.One(q.WherePK().Exec(ctx))
}

// ofKey leaves the jobs that a key ordered; with none, all.
const ofKey = "? = '' OR ?TableAlias.ordered_by = ?"

// job returns a job without what it asks for.
func (s store) job(ctx context.Context, tx db.Tx, jobID, key string) (row jobRow, err error) {
	err = tx.Select(&row).ExcludeColumn("request").Where("?TableAlias.job_id = ?", jobID).Where(ofKey, key, key).Scan(ctx)
	return row, db.Translate(err)
}

// batch returns the jobs of a batch, without what they ask for.
func (s store) batch(ctx context.Context, batchID, key string, limit int) (rows []jobRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).ExcludeColumn("request").Where("?TableAlias.batch_id = ?", batchID).Where(ofKey, key, key).OrderExpr("?TableAlias.id").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

// sums are the jobs of one type and status together.
type sums struct {
	DataType   string
	Status     status
	Jobs       int
	DurationMS int64
}

func (s store) sums(ctx context.Context) (all []sums, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*jobRow)(nil)).ColumnExpr("data_type, status, count(*) AS jobs, sum(duration_ms) AS duration_ms").
			GroupExpr("data_type, status").Scan(ctx, &all)
	})
	return all, err
}

// finished returns the newest jobs that finished in [from, until): of what type, how, when and how long.
func (s store) finished(ctx context.Context, from, until time.Time, limit int) (rows []jobRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("data_type", "status", "duration_ms", "finished_at", "data_size", "records").
			Where("?TableAlias.finished_at >= ?", from).Where("?TableAlias.finished_at < ?", until).
			OrderExpr("?TableAlias.finished_at DESC").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

// forget deletes what finished before a time.
func (s store) forget(ctx context.Context, before time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Delete((*jobRow)(nil)).Where("?TableAlias.finished_at < ?", before).Exec(ctx)
		return err
	})
}

func (s store) forgetCompleted(ctx context.Context, key string) (n int64, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Delete((*jobRow)(nil)).Where("?TableAlias.status = ?", completed).Where(ofKey, key, key).Exec(ctx)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n, err
}

// bound deletes the oldest finished jobs of the organization down to so many.
func (s store) bound(ctx context.Context, tx db.Tx, keep int) error {
	var last time.Time
	err := db.Translate(tx.Select((*jobRow)(nil)).Column("finished_at").Where("?TableAlias.finished_at IS NOT NULL").
		OrderExpr("?TableAlias.finished_at DESC").Offset(int64(keep)).Limit(1).Scan(ctx, &last))
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.Delete((*jobRow)(nil)).Where("?TableAlias.finished_at <= ?", last).Exec(ctx)
	return err
}

// leftBehind are the organizations with jobs that could have been done before a time.
func (s store) leftBehind(ctx context.Context, tx db.Tx, before time.Time) (organizations []int64, err error) {
	err = tx.Select((*jobRow)(nil)).ColumnExpr("DISTINCT ?TableAlias.organization_id").
		Where("?TableAlias.status IN (?)", bun.List([]status{pending, processing, retrying})).Where("?TableAlias.next_at < ?", before).
		OrderExpr("1").Scan(ctx, &organizations)
	return organizations, err
}
