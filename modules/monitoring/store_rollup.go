package monitoring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// usageMark says that the sums of a quarter hour are not those of its events. It is written in their transaction.
type usageMark struct {
	bun.BaseModel `bun:"table:usage_marks"`
	db.Owned
	ID     int64     `bun:"id,pk,autoincrement"`
	Kind   string    `bun:"kind"`
	Bucket time.Time `bun:"bucket"`
}

// usageFloor says from when on there are events to sum: those from before it are gone on purpose.
type usageFloor struct {
	bun.BaseModel `bun:"table:usage_floors"`
	db.Owned
	Kind  string    `bun:"kind,pk"`
	Until time.Time `bun:"until"`
}

// markedOrganizations returns those, among the ones that the actor sees, that have marks. It jumps from one to the
// next, since there are many marks of each.
func (s store) markedOrganizations(ctx context.Context) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if a := tx.Actor(); !a.CrossesOrganizations() {
			return tx.Select((*usageMark)(nil)).Distinct().Column("organization_id").Scan(ctx, &ids)
		}
		// Scoped by nothing: only for actors that cross organizations.
		return tx.Raw("WITH RECURSIVE o (id) AS (SELECT min(organization_id) FROM usage_marks"+
			" UNION ALL SELECT (SELECT min(organization_id) FROM usage_marks WHERE organization_id > o.id) FROM o WHERE o.id IS NOT NULL)"+
			" SELECT id FROM o WHERE id IS NOT NULL").Scan(ctx, &ids)
	})
	return ids, err
}

// marked returns quarter hours of the actor's one organization that have marks and begin before the time, the newest
// first, at most limit.
func (s store) marked(ctx context.Context, u usage, before time.Time, limit int) (buckets []time.Time, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		buckets, err = marked(ctx, tx, u, time.Time{}, before, limit)
		return err
	})
	return buckets, err
}

func marked(ctx context.Context, tx db.Tx, u usage, from, before time.Time, limit int) ([]time.Time, error) {
	var marks []usageMark
	// From one quarter hour to the next: each batch leaves a mark of its own. Scoped by the organization that the
	// statement names: the actor's.
	newest := "(SELECT max(bucket) FROM usage_marks WHERE organization_id = ? AND kind = ? AND bucket >= ? AND bucket < "
	o := tx.Actor().OrganizationID
	err := tx.Raw("WITH RECURSIVE b (bucket) AS (SELECT "+newest+"?) UNION ALL SELECT "+newest+"b.bucket) FROM b WHERE b.bucket IS NOT NULL)"+
		" SELECT bucket FROM b WHERE bucket IS NOT NULL LIMIT ?", o, u.kind, from, before, o, u.kind, from, limit).Scan(ctx, &marks)
	buckets := make([]time.Time, len(marks))
	for i, m := range marks {
		buckets[i] = m.Bucket.UTC()
	}
	return buckets, err
}

// sum sums these quarter hours of the actor's one organization again, and with them their days.
func (s store) sum(ctx context.Context, u usage, buckets []time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		floor, err := lockUsage(ctx, tx, u)
		if err != nil {
			return err
		}
		return sumMarked(ctx, tx, u, buckets, floor)
	})
}

func sumMarked(ctx context.Context, tx db.Tx, u usage, buckets []time.Time, floor time.Time) error {
	for _, b := range buckets {
		// First the marks: what is committed with a mark that goes here is in the sums, since the statements that follow
		// see it. What commits later leaves its mark.
		err := db.One(tx.Delete((*usageMark)(nil)).Where("kind = ?", u.kind).Where("bucket = ?", b).Exec(ctx))
		if errors.Is(err, db.ErrNotFound) || err == nil && b.Before(floor) {
			continue // somebody else was here, or there is nothing to sum any more
		}
		if err != nil {
			return err
		}
		if err := sum(ctx, tx, u, b); err != nil {
			return err
		}
	}
	return nil
}

// lockUsage makes those who change sums or floor of the actor's organization wait for each other, and returns the floor.
func lockUsage(ctx context.Context, tx db.Tx, u usage) (time.Time, error) {
	organization := tx.Actor().OrganizationID
	if organization == 0 {
		return time.Time{}, db.ErrNoOrganization
	}
	if err := tx.Serialize(ctx, fmt.Sprintf("monitoring usage %d", organization)); err != nil {
		return time.Time{}, err
	}
	return floor(ctx, tx, u)
}

// floor is zero where nothing was removed.
func floor(ctx context.Context, tx db.Tx, u usage) (time.Time, error) {
	var f usageFloor
	err := tx.Select(&f).Where("kind = ?", u.kind).Scan(ctx)
	if errors.Is(db.Translate(err), db.ErrNotFound) {
		return time.Time{}, nil
	}
	return f.Until.UTC(), err
}

// sum replaces the sums of one quarter hour by those of its events, and takes the difference to its day.
func sum(ctx context.Context, tx db.Tx, u usage, bucket time.Time) error {
	date, organization := bucket.Truncate(day), tx.Actor().OrganizationID
	key := "computer_uid, user_sid, " + u.name
	// Scoped by the organization that each statement names: the actor's.
	for _, step := range []struct {
		query string
		args  []any
	}{
		{toDay(tx, u, "-"), []any{date, organization, bucket}},
		{"DELETE FROM " + u.quarters() + " WHERE organization_id = ? AND bucket = ?", []any{organization, bucket}},
		{
			"INSERT INTO " + u.quarters() + " (organization_id, bucket, " + key + ", seconds, events)" +
				" SELECT organization_id, " + tx.Moment() + ", computer_uid, user_sid, COALESCE(" + u.name + ", ''), SUM(COALESCE(duration_seconds, 0)), COUNT(*) FROM " + u.rows() +
				" WHERE organization_id = ? AND datetime >= ? AND datetime < ? GROUP BY organization_id, computer_uid, user_sid, COALESCE(" + u.name + ", '')",
			[]any{bucket, organization, bucket, bucket.Add(quarter)},
		},
		{toDay(tx, u, "+"), []any{date, organization, bucket}},
		{"DELETE FROM " + u.days() + " WHERE organization_id = ? AND bucket = ? AND events = 0", []any{organization, date}},
	} {
		if _, err := tx.Raw(step.query, step.args...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// toDay takes the sums of a quarter hour to those of its day, or from them.
func toDay(tx db.Tx, u usage, sign string) string {
	key := "computer_uid, user_sid, " + u.name
	return "INSERT INTO " + u.days() + " (organization_id, bucket, " + key + ", seconds, events)" +
		" SELECT organization_id, " + tx.Moment() + ", " + key + ", " + sign + "seconds, " + sign + "events FROM " + u.quarters() +
		" WHERE organization_id = ? AND bucket = ?" +
		" ON CONFLICT (organization_id, bucket, " + key + ") DO UPDATE SET seconds = " + u.days() + ".seconds + excluded.seconds," +
		" events = " + u.days() + ".events + excluded.events"
}

// raiseFloor says that the events of the actor's one organization from before the time are about to be removed: their
// sums are made once more, and from then on stay as they are.
func (s store) raiseFloor(ctx context.Context, u usage, until time.Time) error {
	for raised := false; !raised; {
		err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			floor, err := lockUsage(ctx, tx, u)
			if err != nil {
				return err
			}
			buckets, err := marked(ctx, tx, u, floor, until, stepMarks)
			if err != nil || len(buckets) > 0 {
				return errors.Join(err, sumMarked(ctx, tx, u, buckets, floor))
			}
			raised = true
			if !until.After(floor) {
				return nil
			}
			_, err = tx.Insert(&usageFloor{Kind: u.kind, Until: until}).On("CONFLICT (organization_id, kind) DO UPDATE").Set("until = EXCLUDED.until").Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
