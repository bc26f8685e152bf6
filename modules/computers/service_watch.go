package computers

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
)

// Standings returns how computers are now; see computer.Watch. One that was merged into another is how that is.
func (s *service) Standings(ctx context.Context, uids []string) (map[string]computer.Standing, error) {
	rows, err := s.store.standing(ctx, uids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]computerRow, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	found := make(map[string]computer.Standing, len(rows))
	for _, r := range rows {
		uid := r.UID
		if target, ok := byID[r.target()]; ok {
			r = target
		}
		found[uid] = standingOf(r)
	}
	return found, nil
}

func standingOf(r computerRow) computer.Standing {
	c := computer.Standing{ID: r.ID, UID: r.UID, Name: r.Name, State: r.State, Reason: r.StateReason, Detail: r.StateDetail}
	if r.StateSince != nil {
		c.Since = r.StateSince.UTC()
	}
	return c
}

// told reports whether an agent said so itself, or we only heard nothing.
func (t turn) told() bool {
	return t.State == offline && t.Reason != noContact && t.Reason != gatewayOffline
}

// longestStop is how long before a time a stop that touches it may have begun. One that is longer has no events in it.
const longestStop = 4 * 24 * time.Hour

// Stops returns when agents did not run; see computer.History.
func (s *service) Stops(ctx context.Context, uids []string, from, until time.Time) ([]computer.Stop, error) {
	rows, err := s.store.runs(ctx, uids, from.Add(-longestStop), until)
	if err != nil {
		return nil, err
	}
	of := map[string][]stateRow{}
	for _, r := range rows {
		of[r.UID] = append(of[r.UID], r.stateRow)
	}
	var all []computer.Stop
	for uid, rows := range of {
		for _, stop := range newTimeline(rows, s.cfg.OfflineAfter).stops() {
			if stop.UID = uid; stop.From.Before(until) && (stop.Until.IsZero() || stop.Until.After(from)) {
				all = append(all, stop)
			}
		}
	}
	return all, nil
}

// stops are the times from a turn that an agent told to the next at which it ran.
func (t timeline) stops() (all []computer.Stop) {
	var open *computer.Stop
	for _, next := range t.turns {
		switch {
		case next.State == online && open != nil:
			open.Until = next.At
			all, open = append(all, *open), nil
		case next.told() && open == nil:
			open = &computer.Stop{From: next.At, Reason: next.Reason}
		}
	}
	if open != nil {
		all = append(all, *open)
	}
	return all
}
