package monitoring

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// maxSeats bounds the seats of one statement.
const maxSeats = 500

// ends are the outermost events of a seat in a time. What is nil is not there.
type ends struct {
	UID         string     `bun:"uid"`
	SID         string     `bun:"sid"`
	FirstWindow *time.Time `bun:"first_window"`
	// When the last window ended, the last time without input that had begun at the first window, and the last of all; in
	// seconds of the epoch.
	LastWindow *float64 `bun:"last_window"`
	EarlyIdle  *float64 `bun:"early_idle"`
	LastIdle   *float64 `bun:"last_idle"`
	// What the last session until the first window was, and the last of all.
	EarlySession  string     `bun:"early_session"`
	LastSession   string     `bun:"last_session"`
	LastSessionAt *time.Time `bun:"last_session_at"`
	begun
}

// begun is when began what ends tell the end of, where two databases are read.
type begun struct {
	LastWindowAt   *time.Time `bun:"last_window_at"`
	EarlyIdleAt    *time.Time `bun:"early_idle_at"`
	LastIdleAt     *time.Time `bun:"last_idle_at"`
	EarlySessionAt *time.Time `bun:"early_session_at"`
}

// ends returns the outermost events of the seats in [from, until), of which a window counts no more than the longest.
// It looks each up along an index, since a day of a thousand people has a million events.
func (s store) ends(ctx context.Context, seats []activity.Seat, longest time.Duration, from, until time.Time) (all []ends, err error) {
	answers := 0
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		answers++
		all, err = endsIn(ctx, tx, seats, func(p *probing) string { return p.ends(longest, from, until) })
		return err
	})
	if err == nil && answers > 1 { // which cannot be merged
		return s.endsOfBoth(ctx, seats, longest, from, until)
	}
	return all, err
}

// endsIn asks for the seats part by part.
func endsIn(ctx context.Context, tx db.Tx, seats []activity.Seat, query func(*probing) string) (all []ends, err error) {
	for part := range slices.Chunk(seats, maxSeats) {
		p := &probing{tx: tx}
		p.table, p.args = seatsAs(part)
		var rows []ends
		// Scoped by the organization that each part of the statement names: the actor's.
		if err := tx.Raw(query(p), p.args...).Scan(ctx, &rows); err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// seatsAs is a table of the seats with the columns n (their place in the list), uid and sid.
func seatsAs(seats []activity.Seat) (string, []any) {
	args := make([]any, 0, 3*len(seats))
	for i, s := range seats {
		args = append(args, i, s.ComputerUID, s.UserSID)
	}
	return "seats (n, uid, sid) AS (VALUES " + strings.Repeat("(?, ?, ?), ", len(seats)-1) + "(?, ?, ?))", args
}

// probing makes statements of many probes of indexes.
type probing struct {
	tx    db.Tx
	table string
	args  []any
}

const last = " DESC"

// latest orders sessions: of those at one instant the one that weighs most is the last, as days have it.
const latest = last + ", session_type IN ('" + activity.Login + "', '" + activity.Unlock + "') DESC, session_type DESC"

// probe is one: the outermost event of a kind at the seat s.
func (p *probing) probe(column string, k activity.Kind, before string, order string, bounds ...any) string {
	name := tables[k].name
	p.args = append(p.args, p.tx.Actor().OrganizationID)
	p.args = append(p.args, bounds...)
	return "(SELECT " + column + " FROM " + name + p.tx.IndexedBy("idx_"+name+"_computer") +
		" WHERE organization_id = ? AND computer_uid = s.uid AND user_sid = s.sid AND datetime >= ? AND datetime " + before +
		" ORDER BY datetime" + order + " LIMIT 1)"
}

// end is when a timed event ended.
func (p *probing) end() string { return p.tx.Epoch("datetime") + " + duration_seconds" }

func (p *probing) ends(longest time.Duration, from, until time.Time) string {
	first := p.probe("datetime", activity.ActiveWindow, "< ?", "", from, until)
	early := reach(from)
	list := []string{
		p.probe(p.within(longest), activity.ActiveWindow, "< ?", last, from, until) + " AS last_window",
		p.probe(p.end(), activity.IdlePeriod, "<= s.first_window", last, early) + " AS early_idle",
		p.probe(p.end(), activity.IdlePeriod, "< ?", last, early, until) + " AS last_idle",
		p.probe("session_type", activity.UserSession, "<= s.first_window", latest, early) + " AS early_session",
		p.probe("session_type", activity.UserSession, "< ?", latest, early, until) + " AS last_session",
		p.probe("datetime", activity.UserSession, "< ?", last, early, until) + " AS last_session_at",
	}
	// Materialized, or PostgreSQL looks for the first window wherever it is named.
	return "WITH " + p.table + ", s AS MATERIALIZED (SELECT uid, sid, " + first + " AS first_window FROM seats AS s) " +
		"SELECT uid, sid, first_window, " + strings.Join(list, ", ") + " FROM s"
}

// within is when a window ended, which counts no more than the longest.
func (p *probing) within(longest time.Duration) string {
	return fmt.Sprintf("%s + CASE WHEN duration_seconds > %d THEN %[2]d ELSE duration_seconds END", p.tx.Epoch("datetime"), longest/time.Second)
}

// reach is when what reaches into a time began at the earliest.
func reach(from time.Time) time.Time { return from.Add(-day) }

// emptiness is the time without input of a seat.
type emptiness struct {
	UID string `bun:"uid"`
	SID string `bun:"sid"`
	// Times are when each report begins, in seconds of the epoch, and how many seconds it lasts; empty for none.
	Times string `bun:"times"`
}

// spans are the times, in no order.
func (e emptiness) spans() ([]span, error) {
	words := strings.Fields(e.Times)
	list := make([]span, 0, len(words)/2)
	for i := 1; i < len(words); i += 2 {
		begins, err := strconv.ParseFloat(words[i-1], 64)
		if err != nil {
			return nil, err
		}
		lasts, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil {
			return nil, err
		}
		list = append(list, span{inMicros(begins), inMicros(begins) + lasts*second})
	}
	return list, nil
}

// emptiness returns the times without input of the seats that begin in [from, until). Watchers report each minute by
// itself, and a row for each would cost more than all else.
func (s store) emptiness(ctx context.Context, seats []activity.Seat, from, until time.Time) (all []emptiness, err error) {
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		for part := range slices.Chunk(seats, maxSeats) {
			table, args := seatsAs(part)
			query := "WITH " + table + " SELECT uid, sid, COALESCE((SELECT string_agg(" + tx.Epoch("datetime") + " || ' ' || duration_seconds, ' ')" +
				" FROM idle_periods" + tx.IndexedBy("idx_idle_periods_computer") +
				" WHERE organization_id = ? AND computer_uid = s.uid AND user_sid = s.sid AND datetime >= ? AND datetime < ?), '') AS times FROM seats AS s"
			var rows []emptiness
			// Scoped by the organization that the statement names: the actor's.
			if err := tx.Raw(query, append(args, tx.Actor().OrganizationID, from, until)...).Scan(ctx, &rows); err != nil {
				return err
			}
			all = append(all, rows...)
		}
		return nil
	})
	return all, err
}

// at returns the seats' events of a kind of which there are few, in [from, until), in the order of time.
func (s store) at(ctx context.Context, k activity.Kind, seats []activity.Seat, from, until time.Time) ([]row, error) {
	a, _ := actor.From(ctx)
	sights := make([]sight, len(seats))
	for i, at := range seats {
		sights[i] = sight{organization: a.OrganizationID, computer: at.ComputerUID, user: at.UserSID, someUser: true, from: from, until: until}
	}
	rows, err := s.newest(ctx, k, sights, window{limit: math.MaxInt32})
	slices.Reverse(rows)
	return rows, err
}
