package buffer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps the buffer's file. Its statements name no organization: see models.go.
type store struct {
	db    *db.DB
	path  string
	spool *spool
}

func openStore(ctx context.Context, cfg Config, files fs.FS, log *slog.Logger, now func() time.Time) (store, error) {
	d, err := db.OpenFile(ctx, cfg.Path, db.FileOptions{Log: log, Full: true, MaxBytes: cfg.fileLimit()})
	if err != nil {
		return store{}, err
	}
	if err := d.Migrate(ctx, files, now()); err != nil {
		return store{}, errors.Join(err, d.Close())
	}
	s, err := openSpool(cfg.Path + "-spool")
	if err != nil {
		return store{}, errors.Join(fmt.Errorf("open spool: %w", err), d.Close())
	}
	return store{db: d, path: cfg.Path, spool: s}, nil
}

func (s store) close() error { return errors.Join(s.db.Close(), s.spool.root.Close()) }

// epoch was made at random with the file.
func (s store) epoch(ctx context.Context) (epoch string, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT value FROM meta WHERE key = 'epoch'").Scan(ctx, &epoch)
	})
	return epoch, err
}

func (s store) tallies(ctx context.Context) (rows []tallyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Scan(ctx)
	})
	return rows, err
}

func saveTally(ctx context.Context, tx db.Tx, t *tallyRow) error {
	return db.One(tx.Update(t).WherePK().Exec(ctx))
}

// insert appends the agents' rows and returns the last one's position. Positions follow one another.
func insert(ctx context.Context, tx db.Tx, r *rows, now time.Time) (last int64, err error) {
	_, err = tx.Bulk(ctx, db.Rows{Table: "agent_data_buffer", Columns: []db.Column{
		{Name: "organization_id", Values: r.organizations}, {Name: "type", Values: r.kinds},
		{Name: "payload", Values: r.payloads}, {Name: "created_at", Values: slices.Repeat([]string{stamp(now)}, r.len())},
	}})
	if err != nil {
		return 0, err
	}
	return last, tx.Raw("SELECT max(id) FROM agent_data_buffer").Scan(ctx, &last)
}

// next reads undelivered rows after a position, until the bounds are met.
func (s store) next(ctx context.Context, stream backlog.Stream, after int64, maxRows, maxBytes int) (found []backlog.Row, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := pending(tx, (*bufferRow)(nil), stream, after, int64(maxRows)).
			ColumnExpr("id, organization_id, ?, payload, created_at, retry_count", bun.Ident(tableOf(stream).typeColumn)).Rows(ctx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for size := 0; rows.Next(); {
			var r backlog.Row
			if err := rows.Scan(&r.Seq, &r.OrganizationID, &r.Type, &r.Payload, &r.CreatedAt, &r.Retries); err != nil {
				return err
			}
			if size += len(r.Payload); size > maxBytes && len(found) > 0 {
				break
			}
			found = append(found, r)
		}
		return rows.Err()
	})
	return found, err
}

// oldest is the first pending row from a position on; seq is 0 if there is none.
func oldest(ctx context.Context, tx db.Tx, stream backlog.Stream, from int64) (seq int64, at time.Time, err error) {
	var rows []bufferRow
	err = pending(tx, &rows, stream, from-1, 1).Column("id", "created_at").Scan(ctx)
	if len(rows) == 0 {
		return 0, time.Time{}, err
	}
	return rows[0].ID, rows[0].CreatedAt.UTC(), err
}

func pending(tx db.Tx, model any, stream backlog.Stream, after int64, limit int64) *bun.SelectQuery {
	return tx.Select(model).ModelTableExpr("? AS b", bun.Ident(tableOf(stream).name)).
		Where("b.id > ?", after).Where("b.uploaded_at IS NULL").OrderExpr("b.id").Limit(limit)
}

// settle marks rows delivered and returns how many were pending.
func settle(ctx context.Context, tx db.Tx, stream backlog.Stream, first, last int64, now time.Time) (int64, error) {
	return touched(ctx, tx.Raw("UPDATE ? SET uploaded_at = ? WHERE id BETWEEN ? AND ? AND uploaded_at IS NULL",
		bun.Ident(tableOf(stream).name), stamp(now), first, last))
}

func countTry(ctx context.Context, tx db.Tx, stream backlog.Stream, first, last int64) error {
	_, err := touched(ctx, tx.Raw("UPDATE ? SET retry_count = retry_count + 1 WHERE id BETWEEN ? AND ? AND uploaded_at IS NULL",
		bun.Ident(tableOf(stream).name), first, last))
	return err
}

// setAside moves a pending row out of delivery; 0 if it is not pending.
func setAside(ctx context.Context, tx db.Tx, stream backlog.Stream, seq int64, reason string, now time.Time) (int64, error) {
	t := tableOf(stream)
	n, err := touched(ctx, tx.Raw(`INSERT INTO set_aside (stream, seq, organization_id, type, payload, created_at, retry_count, reason, set_aside_at)
		SELECT ?, id, organization_id, ?, payload, created_at, retry_count, ?, ? FROM ? WHERE id = ? AND uploaded_at IS NULL`,
		stream, bun.Ident(t.typeColumn), reason, stamp(now), bun.Ident(t.name), seq))
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := touched(ctx, tx.Raw("DELETE FROM ? WHERE id = ?", bun.Ident(t.name), seq)); err != nil {
		return 0, err
	}
	return n, drop(ctx, tx, stream, backlog.Dropped{First: seq, Last: seq, Reason: backlog.ReasonRefused}, now)
}

// drop notes a range that will never be delivered; it lengthens the last note that it continues.
func drop(ctx context.Context, tx db.Tx, stream backlog.Stream, d backlog.Dropped, now time.Time) error {
	n, err := touched(ctx, tx.Raw("UPDATE dropped_ranges SET last = ? WHERE stream = ? AND reason = ? AND last = ?",
		d.Last, stream, d.Reason, d.First-1))
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Insert(&rangeRow{Stream: stream, First: d.First, Last: d.Last, Reason: d.Reason, CreatedAt: now}).Exec(ctx)
	return err
}

// maxRanges bounds one report of dropped ranges; the rest follows with the next.
const maxRanges = 500

func (s store) dropped(ctx context.Context, stream backlog.Stream) (found []backlog.Dropped, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []rangeRow
		err := tx.Select(&rows).Where("stream = ?", stream).OrderExpr("id").Limit(maxRanges).Scan(ctx)
		for _, r := range rows {
			found = append(found, backlog.Dropped{First: r.First, Last: r.Last, Reason: r.Reason})
		}
		return err
	})
	return found, err
}

func forget(ctx context.Context, tx db.Tx, stream backlog.Stream, d backlog.Dropped) error {
	_, err := tx.Delete((*rangeRow)(nil)).Where("stream = ?", stream).Where("first = ?", d.First).
		Where("last = ?", d.Last).Where("reason = ?", d.Reason).Exec(ctx)
	return err
}

// cleanStep is how many rows are deleted at a time, as the design document has it.
const cleanStep = 1000

// deleteSent removes the oldest delivered rows before position until: those sent before a time, or all if it is zero.
func deleteSent(ctx context.Context, tx db.Tx, stream backlog.Stream, until int64, before time.Time) (int64, error) {
	name, bound := bun.Ident(tableOf(stream).name), "~" // sorts after every instant
	if !before.IsZero() {
		bound = stamp(before)
	}
	return touched(ctx, tx.Raw(`DELETE FROM ? WHERE id IN (SELECT id FROM (
		SELECT id, uploaded_at FROM ? WHERE id < ? AND uploaded_at IS NOT NULL ORDER BY id LIMIT ?) AS oldest
		WHERE uploaded_at < ?)`, name, name, until, cleanStep, bound))
}

// deletePending removes the oldest undelivered rows and returns the runs of positions that they had.
func deletePending(ctx context.Context, tx db.Tx, stream backlog.Stream, from int64) (runs []backlog.Dropped, n int64, err error) {
	name := bun.Ident(tableOf(stream).name)
	var ids []int64
	if err := tx.Raw("SELECT id FROM ? WHERE id >= ? AND uploaded_at IS NULL ORDER BY id LIMIT ?", name, from, stepOf(stream)).Scan(ctx, &ids); err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		if k := len(runs) - 1; k >= 0 && runs[k].Last == id-1 {
			runs[k].Last = id
			continue
		}
		runs = append(runs, backlog.Dropped{First: id, Last: id, Reason: backlog.ReasonOverflow})
	}
	for _, r := range runs {
		k, err := touched(ctx, tx.Raw("DELETE FROM ? WHERE id BETWEEN ? AND ? AND uploaded_at IS NULL", name, r.First, r.Last))
		if err != nil {
			return nil, 0, err
		}
		n += k
	}
	return runs, n, nil
}

func forgetSetAside(ctx context.Context, tx db.Tx, stream backlog.Stream, before time.Time) (int64, error) {
	return touched(ctx, tx.Raw("DELETE FROM set_aside WHERE stream = ? AND set_aside_at < ?", stream, stamp(before)))
}

// size is what the rows take of the file, and the whole file, in bytes; page is that of one page.
type size struct{ used, file, page int64 }

// measure reads two numbers of the file's header; it counts nothing.
func measure(ctx context.Context, tx db.Tx) (s size, err error) {
	var pages, free, page int64
	err = tx.Raw("SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").
		Scan(ctx, &pages, &free, &page)
	if err != nil {
		return size{}, err
	}
	return size{(pages - free) * page, pages * page, page}, nil
}

// wal is the size of the file's write-ahead log.
func (s store) wal() int64 {
	info, err := os.Stat(s.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

func saveAlert(ctx context.Context, tx db.Tx, a alert.Alert, now time.Time) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode alert: %w", err)
	}
	_, err = tx.Insert(&alertRow{ID: a.ID.String(), Body: string(body), CreatedAt: now}).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

// maxAlerts bounds one delivery of alerts.
const maxAlerts = 100

func (s store) alerts(ctx context.Context) (found []alert.Alert, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []alertRow
		if err := tx.Select(&rows).OrderExpr("id").Limit(maxAlerts).Scan(ctx); err != nil {
			return err
		}
		for _, r := range rows {
			var a alert.Alert
			if err := json.Unmarshal([]byte(r.Body), &a); err != nil {
				return fmt.Errorf("decode alert %s: %w", r.ID, err)
			}
			found = append(found, a)
		}
		return nil
	})
	return found, err
}

func deleteAlerts(ctx context.Context, tx db.Tx, ids []id.UUID) error {
	names := make([]string, len(ids))
	for i, u := range ids {
		names[i] = u.String()
	}
	_, err := tx.Delete((*alertRow)(nil)).Where("id IN (?)", bun.List(names)).Exec(ctx)
	return err
}

// stampForm is how instants stand in the file: SQLite's own form, so that they sort as they are.
const stampForm = "2006-01-02 15:04:05.000000"

func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

func touched(ctx context.Context, q *bun.RawQuery) (int64, error) {
	res, err := q.Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
