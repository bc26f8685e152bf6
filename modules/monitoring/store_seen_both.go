package monitoring

import (
	"context"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
)

// endsOfBoth is ends where rows are in two databases: first what was last in either, then, with the first window of
// both, what was until then.
func (s store) endsOfBoth(ctx context.Context, seats []activity.Seat, longest time.Duration, from, until time.Time) (all []ends, err error) {
	all = make([]ends, len(seats))
	at := make(map[activity.Seat]int, len(seats))
	for i, seat := range seats {
		at[seat] = i
		all[i].UID, all[i].SID = seat.ComputerUID, seat.UserSID
	}
	for _, query := range []func(*probing) string{
		func(p *probing) string { return p.outer(longest, from, until) },
		func(p *probing) string { return p.early(all, at, from) },
	} {
		var found []ends
		err := s.read(ctx, func(ctx context.Context, tx db.Tx) error {
			rows, err := endsIn(ctx, tx, seats, query)
			found = append(found, rows...)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			all[at[activity.Seat{ComputerUID: e.UID, UserSID: e.SID}]].add(e)
		}
	}
	return all, nil
}

// outer asks for the first window and for what was last.
func (p *probing) outer(longest time.Duration, from, until time.Time) string {
	early := reach(from)
	return "WITH " + p.table + " SELECT uid, sid, " + strings.Join([]string{
		p.probe("datetime", activity.ActiveWindow, "< ?", "", from, until) + " AS first_window",
		p.probe("datetime", activity.ActiveWindow, "< ?", last, from, until) + " AS last_window_at",
		p.probe(p.within(longest), activity.ActiveWindow, "< ?", last, from, until) + " AS last_window",
		p.probe("datetime", activity.IdlePeriod, "< ?", last, early, until) + " AS last_idle_at",
		p.probe(p.end(), activity.IdlePeriod, "< ?", last, early, until) + " AS last_idle",
		p.probe("datetime", activity.UserSession, "< ?", last, early, until) + " AS last_session_at",
		p.probe("session_type", activity.UserSession, "< ?", latest, early, until) + " AS last_session",
	}, ", ") + " FROM seats AS s"
}

// early asks for what was until the first window of each seat.
func (p *probing) early(known []ends, at map[activity.Seat]int, from time.Time) string {
	// The table of seats gets the column first_window.
	rows, args := make([]string, 0, len(p.args)/3), make([]any, 0, len(p.args)/3*4)
	for i := 0; i < len(p.args); i += 3 {
		seat := activity.Seat{ComputerUID: p.args[i+1].(string), UserSID: p.args[i+2].(string)}
		rows = append(rows, "(?, ?, "+p.tx.Moment()+")")
		args = append(args, seat.ComputerUID, seat.UserSID, known[at[seat]].FirstWindow)
	}
	p.args = args
	begin := reach(from)
	return "WITH s (uid, sid, first_window) AS (VALUES " + strings.Join(rows, ", ") + ") SELECT uid, sid, " + strings.Join([]string{
		p.probe("datetime", activity.IdlePeriod, "<= s.first_window", last, begin) + " AS early_idle_at",
		p.probe(p.end(), activity.IdlePeriod, "<= s.first_window", last, begin) + " AS early_idle",
		p.probe("datetime", activity.UserSession, "<= s.first_window", last, begin) + " AS early_session_at",
		p.probe("session_type", activity.UserSession, "<= s.first_window", latest, begin) + " AS early_session",
	}, ", ") + " FROM s"
}

// add takes what is further out.
func (e *ends) add(o ends) {
	if o.FirstWindow != nil && (e.FirstWindow == nil || o.FirstWindow.Before(*e.FirstWindow)) {
		e.FirstWindow = o.FirstWindow
	}
	if newer(o.LastWindowAt, e.LastWindowAt) {
		e.LastWindowAt, e.LastWindow = o.LastWindowAt, o.LastWindow
	}
	if newer(o.LastIdleAt, e.LastIdleAt) {
		e.LastIdleAt, e.LastIdle = o.LastIdleAt, o.LastIdle
	}
	if newer(o.EarlyIdleAt, e.EarlyIdleAt) {
		e.EarlyIdleAt, e.EarlyIdle = o.EarlyIdleAt, o.EarlyIdle
	}
	if outweighs(o.LastSessionAt, e.LastSessionAt, o.LastSession, e.LastSession) {
		e.LastSessionAt, e.LastSession = o.LastSessionAt, o.LastSession
	}
	if outweighs(o.EarlySessionAt, e.EarlySessionAt, o.EarlySession, e.EarlySession) {
		e.EarlySessionAt, e.EarlySession = o.EarlySessionAt, o.EarlySession
	}
}

func newer(a, b *time.Time) bool { return a != nil && (b == nil || a.After(*b)) }

// outweighs reports whether session a, at its time, comes after b as the order latest has it.
func outweighs(atA, atB *time.Time, a, b string) bool {
	if atA == nil || atB == nil || !atA.Equal(*atB) {
		return newer(atA, atB)
	}
	usedA, usedB := stateAfter(a) == inUse, stateAfter(b) == inUse
	return usedA && !usedB || usedA == usedB && a > b
}
