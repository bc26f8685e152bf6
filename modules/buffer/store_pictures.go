package buffer

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
)

// pictureRow is a row of picture_buffer as it is made, fileRow the file that belongs to it. They are not scoped; see
// models.go.
type pictureRow struct {
	bun.BaseModel `bun:"table:picture_buffer"`
	db.Global

	ID             int64  `bun:"id,pk,autoincrement"`
	OrganizationID int64  `bun:"organization_id"`
	Key            string `bun:"key"`
	Type           string `bun:"type"`
	Payload        string `bun:"payload"`
	CreatedAt      string `bun:"created_at"`
}

type fileRow struct {
	bun.BaseModel `bun:"table:spool_files"`
	db.Global

	Seq         int64  `bun:"seq,pk"`
	Name        string `bun:"name"`
	Size        int64  `bun:"size"`
	ContentType string `bun:"content_type"`
	SHA256      string `bun:"sha256"`
}

// insertPicture appends a row with its file and returns its position.
func insertPicture(ctx context.Context, tx db.Tx, r *rows, key string, p picture, now time.Time) (int64, error) {
	row := pictureRow{OrganizationID: r.organizations[0], Key: key, Type: r.kinds[0], Payload: r.payloads[0], CreatedAt: stamp(now)}
	if _, err := tx.Insert(&row).Exec(ctx); err != nil {
		return 0, err
	}
	_, err := tx.Insert(&fileRow{Seq: row.ID, Name: p.name, Size: p.size, ContentType: p.contentType, SHA256: p.sha256}).Exec(ctx)
	return row.ID, err
}

// pictureOf returns the payload of the organization's picture with that key, or nothing.
func pictureOf(ctx context.Context, tx db.Tx, organizationID int64, key string) (payload string, err error) {
	var found []pictureRow
	err = tx.Select(&found).Column("payload").Where("organization_id = ?", organizationID).Where("key = ?", key).Scan(ctx)
	if len(found) == 0 {
		return "", err
	}
	return found[0].Payload, err
}

func (s store) file(ctx context.Context, seq int64) (row fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("seq = ?", seq).Scan(ctx)
	})
	return row, db.Translate(err)
}

// files are the names of all files that have a row.
func (s store) files(ctx context.Context) (known map[string]bool, bytes int64, err error) {
	known = map[string]bool{}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := tx.Select((*fileRow)(nil)).Column("name", "size").Rows(ctx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var size int64
			if err := rows.Scan(&name, &size); err != nil {
				return err
			}
			known[name] = true
			bytes += size
		}
		return rows.Err()
	})
	return known, bytes, err
}

// takeFiles deletes the rows of the files of a run of positions, but for those that were set aside, and returns them.
func takeFiles(ctx context.Context, tx db.Tx, first, last int64) (gone []fileRow, err error) {
	err = tx.Raw(`DELETE FROM spool_files WHERE seq BETWEEN ? AND ?
		AND seq NOT IN (SELECT seq FROM set_aside WHERE stream = ? AND seq BETWEEN ? AND ?) RETURNING name, size`,
		first, last, backlog.Picture, first, last).Scan(ctx, &gone)
	return gone, err
}

// takeAside deletes the rows of the oldest files of what was set aside before a time, or at any, and returns them.
func takeAside(ctx context.Context, tx db.Tx, before time.Time) (gone []fileRow, err error) {
	bound := "~" // sorts after every instant
	if !before.IsZero() {
		bound = stamp(before)
	}
	err = tx.Raw(`DELETE FROM spool_files WHERE seq IN (SELECT f.seq FROM spool_files AS f
		JOIN set_aside AS a ON a.stream = ? AND a.seq = f.seq WHERE a.set_aside_at < ? ORDER BY f.seq LIMIT ?) RETURNING name, size`,
		backlog.Picture, bound, pictureStep).Scan(ctx, &gone)
	return gone, err
}

// pictureStep is how many pictures go at a time: they are large.
const pictureStep = 10

// stepOf is how many undelivered rows of a stream are dropped at a time.
func stepOf(s backlog.Stream) int {
	if s == backlog.Picture {
		return pictureStep
	}
	return cleanStep
}

// deleteOne removes an undelivered row and returns whether there was one.
func deleteOne(ctx context.Context, tx db.Tx, stream backlog.Stream, seq int64) (int64, error) {
	return touched(ctx, tx.Raw("DELETE FROM ? WHERE id = ? AND uploaded_at IS NULL", bun.Ident(tableOf(stream).name), seq))
}
