package buffer

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/platform/db"
)

// keepEvents and keepFor bound what can be read of a bucket; all of it has gone into the buffer before.
const (
	keepEvents = 1000
	keepFor    = 24 * time.Hour
)

func (s store) buckets(ctx context.Context) (found []bucket.Stored, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []bucketRow
		if err := tx.Select(&rows).OrderExpr("id").Scan(ctx); err != nil {
			return err
		}
		var drafts []draftRow
		if err := tx.Select(&drafts).Scan(ctx); err != nil {
			return err
		}
		of := make(map[int64]*bucket.Draft, len(drafts))
		for _, d := range drafts {
			of[d.BucketID] = d.draft()
		}
		for _, r := range rows {
			found = append(found, bucket.Stored{Bucket: r.bucket(), Draft: of[r.ID]})
		}
		return nil
	})
	return found, err
}

func insertBucket(ctx context.Context, tx db.Tx, b bucket.Bucket) (int64, error) {
	r := rowOf(b)
	_, err := tx.Insert(&r).Exec(ctx)
	return r.ID, err
}

func deleteBucket(ctx context.Context, tx db.Tx, id int64) error {
	_, err := touched(ctx, tx.Raw("DELETE FROM buckets WHERE id = ?", id)) // what belongs to it goes with it
	return err
}

func saveDraft(ctx context.Context, tx db.Tx, bucketID int64, d bucket.Draft) error {
	_, err := touched(ctx, tx.Raw(`INSERT INTO bucket_drafts (bucket_id, seq, at, duration, data, pulse, heard_at, sent, pieces, ended)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket_id) DO UPDATE SET seq = excluded.seq, at = excluded.at,
		duration = excluded.duration, data = excluded.data, pulse = excluded.pulse, heard_at = excluded.heard_at,
		sent = excluded.sent, pieces = excluded.pieces, ended = excluded.ended`,
		bucketID, d.ID, d.At.UnixMicro(), d.Duration.Microseconds(), d.Data, d.Pulse.Microseconds(), stamp(d.Heard), micros(d.Sent), d.Pieces, d.Ended))
	return err
}

// saveClosed keeps events for reading, and forgets those that are one too many then.
func saveClosed(ctx context.Context, tx db.Tx, bucketID int64, events []bucket.Event, now time.Time) error {
	if len(events) == 0 {
		return nil
	}
	events = events[max(0, len(events)-keepEvents):]
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{BucketID: bucketID, Seq: e.ID, At: e.At.UnixMicro(), Duration: e.Duration.Microseconds(), Data: e.Data, KeptAt: stamp(now)}
	}
	if _, err := tx.Insert(&rows).Exec(ctx); err != nil {
		return err
	}
	_, err := touched(ctx, tx.Raw("DELETE FROM bucket_events WHERE bucket_id = ? AND seq <= ?", bucketID, events[len(events)-1].ID-keepEvents))
	return err
}

func (s store) bucketEvents(ctx context.Context, bucketID int64, r bucket.Range) (found []bucket.Event, err error) {
	if r.Limit == 0 {
		return nil, nil
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []eventRow
		q := tx.Select(&rows).Where("bucket_id = ?", bucketID).OrderExpr("at DESC, seq DESC")
		if !r.From.IsZero() {
			q.Where("at + duration >= ?", r.From.UnixMicro())
		}
		if !r.To.IsZero() {
			q.Where("at <= ?", r.To.UnixMicro())
		}
		if r.Limit > 0 {
			q.Limit(int64(r.Limit))
		}
		if err := q.Scan(ctx); err != nil {
			return err
		}
		for _, e := range rows {
			found = append(found, e.event())
		}
		return nil
	})
	return found, err
}

// forgetEvents deletes a step of the oldest closed events: those kept before a time, or any if it is zero.
func forgetEvents(ctx context.Context, tx db.Tx, before time.Time) (int64, error) {
	bound := "~" // sorts after every instant
	if !before.IsZero() {
		bound = stamp(before)
	}
	return touched(ctx, tx.Raw(`DELETE FROM bucket_events WHERE (bucket_id, seq) IN (
		SELECT bucket_id, seq FROM bucket_events WHERE kept_at < ? ORDER BY kept_at LIMIT ?)`, bound, cleanStep))
}

// bucketRow, draftRow and eventRow are the tables of ActivityWatch's buckets. They are not scoped; see models.go.
type bucketRow struct {
	bun.BaseModel `bun:"table:buckets"`
	db.Global

	ID             int64     `bun:"id,pk,autoincrement"`
	OrganizationID int64     `bun:"organization_id"`
	Owner          string    `bun:"owner"`
	Name           string    `bun:"name"`
	Type           string    `bun:"type"`
	Client         string    `bun:"client"`
	Hostname       string    `bun:"hostname"`
	ComputerUID    string    `bun:"computer_uid"`
	Aside          string    `bun:"aside"`
	CreatedAt      time.Time `bun:"created_at"`
}

func rowOf(b bucket.Bucket) bucketRow {
	return bucketRow{
		OrganizationID: b.OrganizationID, Owner: b.Owner, Name: b.Name, Type: b.Type, Client: b.Client, Hostname: b.Hostname,
		ComputerUID: b.ComputerUID, Aside: b.Aside, CreatedAt: b.CreatedAt,
	}
}

func (r bucketRow) bucket() bucket.Bucket {
	return bucket.Bucket{
		ID: r.ID, OrganizationID: r.OrganizationID, Owner: r.Owner, Name: r.Name, Type: r.Type, Client: r.Client, Hostname: r.Hostname,
		ComputerUID: r.ComputerUID, Aside: r.Aside, CreatedAt: r.CreatedAt.UTC(),
	}
}

type draftRow struct {
	bun.BaseModel `bun:"table:bucket_drafts"`
	db.Global

	BucketID int64     `bun:"bucket_id,pk"`
	Seq      int64     `bun:"seq"`
	At       int64     `bun:"at"`
	Duration int64     `bun:"duration"`
	Data     string    `bun:"data"`
	Pulse    int64     `bun:"pulse"`
	HeardAt  time.Time `bun:"heard_at"`
	Sent     int64     `bun:"sent"`
	Pieces   int       `bun:"pieces"`
	Ended    bool      `bun:"ended"`
}

func (r draftRow) draft() *bucket.Draft {
	d := &bucket.Draft{
		Event: bucket.Event{ID: r.Seq, At: time.UnixMicro(r.At).UTC(), Duration: time.Duration(r.Duration) * time.Microsecond, Data: r.Data},
		Pulse: time.Duration(r.Pulse) * time.Microsecond, Heard: r.HeardAt.UTC(), Pieces: r.Pieces, Ended: r.Ended,
	}
	if r.Pieces > 0 {
		d.Sent = time.UnixMicro(r.Sent).UTC()
	}
	return d
}

type eventRow struct {
	bun.BaseModel `bun:"table:bucket_events"`
	db.Global

	BucketID int64  `bun:"bucket_id,pk"`
	Seq      int64  `bun:"seq,pk"`
	At       int64  `bun:"at"`
	Duration int64  `bun:"duration"`
	Data     string `bun:"data"`
	KeptAt   string `bun:"kept_at"`
}

func (r eventRow) event() bucket.Event {
	return bucket.Event{ID: r.Seq, At: time.UnixMicro(r.At).UTC(), Duration: time.Duration(r.Duration) * time.Microsecond, Data: r.Data}
}

// micros is an instant in microseconds since 1970; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
