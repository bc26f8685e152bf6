package monitoring

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// table is where events of one kind are, and how their columns are called in a row.
type table struct {
	name, columns string
	timed         bool // has duration_seconds
}

var tables = map[activity.Kind]table{
	activity.ActiveWindow: {"active_windows", "window_title AS title, process_name, url, duration_seconds", true},
	activity.VisitedSite:  {"visited_sites", "title, process_name, url, duration_seconds", true},
	activity.Screenshot:   {"screenshots", "title, process_name, file_path, file_size, sha256, width, height", false},
	activity.UserSession:  {"user_sessions", "session_type, end_time, source", false},
	activity.IdlePeriod:   {"idle_periods", "duration_seconds", true},
}

// sight is one part of what a reader may see and asks for. Empty fields narrow nothing, except the organization,
// which is always one: so every read is a walk along an index.
type sight struct {
	organization int64
	computer     string
	user         string
	someUser     bool // user counts, even when empty
	from, until  time.Time
}

// place is where a page begins: after the row with these keys, newest first.
type place struct {
	at time.Time
	id id.UUID
}

// window is what to read of each sight.
type window struct {
	after *place
	limit int
	// briefFrom leaves out what began before it and was brief: a day looks into the day before it only for what
	// may reach into its own.
	briefFrom time.Time
}

// brief is the length of most events.
const brief = 15 * time.Minute

// maxSights bounds the parts of one statement; SQLite takes 500.
const maxSights = 100

// newest returns the events of the sights, newest first, at most w.limit.
func (s store) newest(ctx context.Context, k activity.Kind, sights []sight, w window) (rows []row, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err := newest(ctx, tx, k, sights, w)
		rows = merged(rows, found, newerRow, w.limit)
		return err
	})
	return rows, err
}

// newerRow orders rows as pages have them; what is equal in it is one row.
func newerRow(a, b row) int {
	return cmp.Or(b.Datetime.Compare(a.Datetime), cmp.Compare(b.ID.String(), a.ID.String()), cmp.Compare(a.OrganizationID, b.OrganizationID))
}

// merged merges what two databases have, both in order, into one list without repeats; of what is equal b's stays.
func merged[T any](a, b []T, order func(a, b T) int, limit int) []T {
	if len(a) == 0 {
		return b
	}
	all := append(b, a...)
	slices.SortStableFunc(all, order)
	all = slices.CompactFunc(all, func(a, b T) bool { return order(a, b) == 0 })
	return all[:min(len(all), limit)]
}

func newest(ctx context.Context, tx db.Tx, k activity.Kind, sights []sight, w window) ([]row, error) {
	var all []row
	t := tables[k]
	sights = visible(tx.Actor(), sights)
	byComputer := t.name + tx.IndexedBy("idx_"+t.name+"_computer")
	for part := range slices.Chunk(sights, maxSights) {
		query, args := statement(t, byComputer, part, w)
		if tx.Lateral() && seats(part) {
			query, args = lateral(t, part, w)
		}
		var rows []row
		// Scoped by sight: each part of the statement names one organization, and visible has left the actor's.
		if err := tx.Raw(query, args...).Scan(ctx, &rows); err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	if len(sights) > maxSights {
		slices.SortFunc(all, newerRow)
	}
	return all[:min(len(all), w.limit)], nil
}

// visible are the sights of organizations that the actor sees.
func visible(a actor.Actor, sights []sight) []sight {
	if a.CrossesOrganizations() {
		return sights
	}
	return slices.DeleteFunc(slices.Clone(sights), func(s sight) bool { return s.organization != a.OrganizationID })
}

// lastDay returns the end of the last day before a time that may have rows; zero if there is none.
func (s store) lastDay(ctx context.Context, k activity.Kind, before time.Time) (last time.Time, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		end, err := tx.LastDay(ctx, tables[k].name, before)
		last = later(last, end)
		return err
	})
	return last, err
}

const newestFirst = " ORDER BY datetime DESC, id DESC LIMIT ?"

// statement reads each sight by itself, in the order of an index and no further than the page, and merges.
func statement(t table, byComputer string, sights []sight, w window) (string, []any) {
	if len(sights) == 1 {
		return part(t, byComputer, sights[0], w)
	}
	parts, args := make([]string, len(sights)), []any(nil)
	for i, s := range sights {
		q, a := part(t, byComputer, s, w)
		parts[i] = "SELECT * FROM (" + q + ") AS part"
		args = append(args, a...)
	}
	return strings.Join(parts, " UNION ALL ") + newestFirst, append(args, w.limit)
}

// seats reports whether the sights are several, of one organization, each of one user on one computer.
func seats(sights []sight) bool {
	return len(sights) > 1 && !slices.ContainsFunc(sights, func(s sight) bool {
		return s.organization != sights[0].organization || s.computer == "" || !s.someUser
	})
}

// lateral is statement for seats, where the database can look along an index for each: to plan one part costs PostgreSQL
// more than to read it. What holds for all of them comes as values, by which it chooses partitions.
func lateral(t table, sights []sight, w window) (string, []any) {
	all, rows, args := sights[0], make([]string, len(sights)), []any(nil)
	for i, s := range sights {
		if s.from.Before(all.from) {
			all.from = s.from
		}
		if s.until.IsZero() || !all.until.IsZero() && s.until.After(all.until) {
			all.until = s.until
		}
		var until *time.Time // open
		if !s.until.IsZero() {
			until = &s.until
		}
		rows[i], args = "(?, ?, ?::timestamptz, ?::timestamptz)", append(args, s.computer, s.user, s.from, until)
	}
	from, more := conditions(t, t.name, sight{organization: all.organization, from: all.from, until: all.until}, w)
	return "SELECT e.* FROM (VALUES " + strings.Join(rows, ", ") + ") AS s (computer, sid, since, until) CROSS JOIN LATERAL (SELECT " + shown(t) + from +
		" AND computer_uid = s.computer AND user_sid = s.sid AND datetime >= s.since AND (s.until IS NULL OR datetime < s.until)" + newestFirst + ") AS e" + newestFirst, append(append(args, more...), w.limit, w.limit)
}

func shown(t table) string {
	return "organization_id, datetime, id, computer_uid, user_sid, " + t.columns
}

func part(t table, byComputer string, s sight, w window) (string, []any) {
	from, args := conditions(t, byComputer, s, w)
	return "SELECT " + shown(t) + from + newestFirst, append(args, w.limit)
}

// conditions is FROM and WHERE of a sight.
func conditions(t table, byComputer string, s sight, w window) (string, []any) {
	where, args := []string{"organization_id = ?"}, []any{s.organization}
	and := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	from := t.name
	if s.computer != "" {
		from = byComputer
		and("computer_uid = ?", s.computer)
	}
	if s.someUser {
		and("user_sid = ?", s.user)
	}
	if !s.from.IsZero() {
		and("datetime >= ?", s.from)
	}
	// One upper bound only: with two, SQLite may begin at the wrong one and walk to the other.
	switch {
	case w.after != nil && (s.until.IsZero() || w.after.at.Before(s.until)):
		and("(datetime, id) < (?, ?)", w.after.at, w.after.id)
	case !s.until.IsZero():
		and("datetime < ?", s.until)
	}
	if t.timed && !w.briefFrom.IsZero() {
		and("(datetime >= ? OR duration_seconds > ?)", w.briefFrom, int64(brief/time.Second))
	}
	return " FROM " + from + " WHERE " + strings.Join(where, " AND "), args
}

// counted is how many events there are, and for how long in all, where events of the kind take time.
type counted struct {
	Events  int64 `bun:"events"`
	Seconds int64 `bun:"seconds"`
}

// count counts the events of the sights. What is on its way from one database to the other may count twice.
func (s store) count(ctx context.Context, k activity.Kind, sights []sight) (sum counted, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		t := tables[k]
		byComputer := t.name + tx.IndexedBy("idx_"+t.name+"_computer")
		for some := range slices.Chunk(visible(tx.Actor(), sights), maxSights) {
			query, args := counting(t, byComputer, some)
			var found counted
			// Scoped by sight: each part of the statement names one organization, and visible has left the actor's.
			if err := tx.Raw(query, args...).Scan(ctx, &found); err != nil {
				return err
			}
			sum.Events, sum.Seconds = sum.Events+found.Events, sum.Seconds+found.Seconds
		}
		return nil
	})
	return sum, err
}

func counting(t table, byComputer string, sights []sight) (string, []any) {
	seconds := "0"
	if t.timed {
		seconds = "COALESCE(sum(duration_seconds), 0)"
	}
	parts, args := make([]string, len(sights)), []any(nil)
	for i, s := range sights {
		from, a := conditions(t, byComputer, s, window{})
		parts[i] = "SELECT count(*) AS events, " + seconds + " AS seconds" + from
		args = append(args, a...)
	}
	return "SELECT CAST(sum(events) AS bigint) AS events, CAST(sum(seconds) AS bigint) AS seconds FROM (" + strings.Join(parts, " UNION ALL ") + ") AS parts", args
}

// organizations returns those that have events of this kind, for an actor that sees all. It jumps from one
// to the next along the key, since reading all rows would take long.
func (s store) organizations(ctx context.Context, k activity.Kind) (ids []int64, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err := organizationsIn(ctx, tx, tables[k].name)
		ids = merged(ids, found, cmp.Compare[int64], len(ids)+len(found))
		return err
	})
	return ids, err
}

func organizationsIn(ctx context.Context, tx db.Tx, table string) (ids []int64, err error) {
	if a := tx.Actor(); !a.CrossesOrganizations() {
		return []int64{a.OrganizationID}, nil
	}
	// Scoped by nothing: only for actors that cross organizations.
	err = tx.Raw("WITH RECURSIVE o (id) AS (SELECT min(organization_id) FROM "+table+
		" UNION ALL SELECT (SELECT min(organization_id) FROM "+table+" WHERE organization_id > o.id) FROM o WHERE o.id IS NOT NULL)"+
		" SELECT id FROM o WHERE id IS NOT NULL").Scan(ctx, &ids)
	return ids, err
}

// quarantined returns what was set aside, newest first.
func (s store) quarantined(ctx context.Context, after *place, limit int) (rows []quarantineRow, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		var found []quarantineRow
		q := tx.Select(&found).Order("received_at DESC", "id").Limit(int64(limit))
		if after != nil {
			q = q.Where("received_at <= ?", after.at).Where("(received_at < ? OR id > ?)", after.at, after.id)
		}
		err := q.Scan(ctx)
		rows = merged(rows, found, newerAside, limit)
		return err
	})
	return rows, err
}

func newerAside(a, b quarantineRow) int {
	return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.ID.String(), b.ID.String()), cmp.Compare(a.OrganizationID, b.OrganizationID))
}
