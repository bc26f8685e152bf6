package monitoring

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// usageQuery says what to sum, and by what: always by part.
type usageQuery struct {
	usage
	sights         []partSight
	only           string // the one name, if not empty
	byName, byTime bool   // by quarter hours
}

// used is one sum. At is the beginning of the quarter hour in seconds of the epoch.
type used struct {
	Part    int    `bun:"part"`
	Name    string `bun:"name"`
	At      int64  `bun:"at"`
	Seconds int64  `bun:"seconds"`
	Events  int64  `bun:"events"`
}

// maxParts bounds the sights of one statement.
const maxParts = 200

// used returns the sums of what the actor's one organization used in the sights. There may be several for one part,
// name and time: what they are summed to is exact. While rows go back to TimescaleDB, those on their way may be in both.
func (s store) used(ctx context.Context, q usageQuery) (all []used, err error) {
	if len(q.sights) == 0 {
		return nil, nil
	}
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		if tx.Actor().OrganizationID == 0 {
			return db.ErrNoOrganization
		}
		old, err := staleOf(ctx, tx, q)
		if err != nil {
			return err
		}
		var found []used
		// A quarter hour that is summed between the statements is read from its events all the same.
		for sights := range slices.Chunk(q.sights, maxParts) {
			query, args := q.statement(tx, rangesOf(sights, old, !q.byTime))
			if query == "" {
				continue
			}
			var rows []used
			// Scoped by the organization that each part of the statement names: the actor's.
			if err := tx.Raw(query, args...).Scan(ctx, &rows); err != nil {
				return err
			}
			found = append(found, rows...)
		}
		all = append(all, found...)
		return nil
	})
	return all, err
}

// staleOf returns what is stale of what the query asks for.
func staleOf(ctx context.Context, tx db.Tx, q usageQuery) (old stale, err error) {
	if old.floor, err = floor(ctx, tx, q.usage); err != nil {
		return old, err
	}
	if tx.Engine().Name == db.TimescaleDB {
		return old, nil // it sums by itself what has changed
	}
	from, until := q.sights[0].from, q.sights[0].until
	for _, s := range q.sights {
		from, until = early(from, s.from), later(until, s.until)
	}
	old.quarters, err = marked(ctx, tx, q.usage, later(from.Truncate(quarter), old.floor), until, math.MaxInt32)
	slices.Reverse(old.quarters)
	return old, err
}

func early(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// statement sums what the ranges say, each source by itself.
func (q usageQuery) statement(tx db.Tx, r ranges) (string, []any) {
	var b branches
	q.walk(tx, &b, source{q.days(), "bucket", "u.bucket", "u.seconds", "u.events"}, r.days, r.staleDays)
	q.walk(tx, &b, source{q.quarters(), "bucket", "u.bucket", "u.seconds", "u.events"}, r.quarters, r.staleQuarters)
	q.walk(tx, &b, source{q.rows(), "datetime", tx.Bucket("u.datetime", quarter), "COALESCE(u.duration_seconds, 0)", "1"}, r.rows, nil)
	return strings.Join(b.sql, " UNION ALL "), b.args
}

// source is a table that is summed: its time, the quarter hour of that, and what is summed.
type source struct{ table, at, quarter, seconds, events string }

// branches are parts of a statement, with their arguments.
type branches struct {
	sql  []string
	args []any
}

// walk adds what the slots have in a table: in one walk along an index for each of them.
func (q usageQuery) walk(tx db.Tx, b *branches, from source, list []slot, without []time.Time) {
	if len(list) == 0 {
		return
	}
	columns, group := q.columns(tx, from)
	if list[0].computer == "" { // all computers: a few slots, and the planner sees how wide they are
		for _, s := range list {
			where, args := q.where(tx, from, []slot{s}, without)
			b.sql = append(b.sql, "SELECT "+strconv.Itoa(s.part)+" AS part, "+columns+" FROM "+from.table+" AS u WHERE "+where+group)
			b.args = append(b.args, args...)
		}
		return
	}
	row := "(?, ?, ?, " + tx.Moment() + ", " + tx.Moment() + ")"
	for _, s := range list {
		b.args = append(b.args, s.part, s.computer, s.user, s.from, s.until)
	}
	where, args := q.where(tx, from, list, without)
	where += " AND u.computer_uid = s.uid AND u." + from.at + " >= s.since AND u." + from.at + " < s.until"
	if list[0].someUser {
		where += " AND u.user_sid = s.sid"
	}
	b.sql = append(b.sql, "SELECT * FROM (WITH s (part, uid, sid, since, until) AS (VALUES "+strings.Repeat(row+", ", len(list)-1)+row+") SELECT part, "+
		columns+" FROM s"+tx.ForEach(from.table, "u", "idx_"+from.table+"_computer", where)+group+") AS b")
	b.args = append(b.args, args...)
}

// columns are what is selected of a source beside the part, and by what it is grouped.
func (q usageQuery) columns(tx db.Tx, from source) (columns, group string) {
	name, at, group := "''", "0", " GROUP BY part"
	if q.byName {
		name = "COALESCE(u." + q.name + ", '')"
		group += ", " + name
	}
	if q.byTime {
		at = "CAST(" + tx.Epoch(from.quarter) + " AS bigint)"
		group += ", " + from.quarter
	}
	return name + " AS name, " + at + " AS at, CAST(SUM(" + from.seconds + ") AS bigint) AS seconds, CAST(SUM(" + from.events + ") AS bigint) AS events", group
}

// where says what all slots have in common. The outermost bounds are constants: the planner leaves partitions outside
// them alone.
func (q usageQuery) where(tx db.Tx, from source, list []slot, without []time.Time) (string, []any) {
	first, last := list[0].from, list[0].until
	for _, s := range list {
		first, last = early(first, s.from), later(last, s.until)
	}
	where, args := "u.organization_id = ? AND u."+from.at+" >= ? AND u."+from.at+" < ?", []any{tx.Actor().OrganizationID, first, last}
	if q.only != "" {
		where += " AND u." + q.name + " = ?"
		args = append(args, q.only)
	}
	outside := func(t time.Time) bool { return t.Before(first) || !t.Before(last) }
	if without = slices.DeleteFunc(slices.Clone(without), outside); len(without) > 0 {
		where += " AND u." + from.at + " NOT IN (?)"
		args = append(args, bun.List(without))
	}
	return where, args
}
