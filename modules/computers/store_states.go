package computers

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// recentTime is how far back the present state is looked for at first: mostly something ended since.
	recentTime = 3 * 24 * time.Hour
	// recentRows is how many of a computer's rows it is found by at most: the newest.
	recentRows = 50
	// historyRows is how many its history is made of: the newest.
	historyRows = 5000
)

// toldRow is what an agent told, of the computer with the uid.
type toldRow struct {
	uid string
	stateRow
}

// report keeps what agents told and settles the computers whose state it may have changed.
func (s store) report(ctx context.Context, told []toldRow, c contact) error {
	seen := make([]computer.Sighting, len(told))
	for i, t := range told {
		seen[i] = computer.Sighting{ComputerUID: t.uid, At: t.Until}
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		computers, err := seeComputers(ctx, tx, seen, c)
		if err != nil {
			return err
		}
		for i := range told {
			told[i].ComputerID = computers[told[i].uid].ID
		}
		return s.tell(ctx, tx, told, computers, c)
	})
}

// tell writes the rows, each known one's end if that is later, and settles the computers whose state they may change:
// not those that only go on. The computers' rows are held.
func (s store) tell(ctx context.Context, tx db.Tx, told []toldRow, computers map[string]computerRow, c contact) error {
	rows := unique(told)
	known := map[id.UUID]bool{}
	for part := range slices.Chunk(rows, maxRows) {
		if err := upsertStates(ctx, tx, part, known); err != nil {
			return err
		}
	}
	byID := make(map[int64]computerRow, len(computers))
	for _, r := range computers {
		byID[r.ID] = r
	}
	changed := map[int64]computerRow{}
	for _, r := range rows {
		of, held := byID[byID[r.ComputerID].target()]
		goesOn := known[r.ID] && r.State == online && of.State == online && !r.Until.Before(*of.LastSeenAt) && !r.At.Before(*of.StateSince)
		if held && !goesOn { // what was merged at this very moment settles by its next word
			changed[of.ID] = of
		}
	}
	return s.settle(ctx, tx, slices.Collect(maps.Values(changed)), c)
}

// unique are the rows in the order of their ids, of those with one id the latest.
func unique(told []toldRow) []stateRow {
	rows := make([]stateRow, len(told))
	for i, t := range told {
		rows[i] = t.stateRow
	}
	slices.SortFunc(rows, func(a, b stateRow) int {
		if by := bytes.Compare(a.ID[:], b.ID[:]); by != 0 {
			return by
		}
		return b.Until.Compare(a.Until)
	})
	return slices.CompactFunc(rows, func(a, b stateRow) bool { return a.ID == b.ID })
}

// upsertStates notes in known which of the rows were there.
func upsertStates(ctx context.Context, tx db.Tx, rows []stateRow, known map[id.UUID]bool) error {
	ids := make([]id.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var there []id.UUID
	if err := tx.Select((*stateRow)(nil)).Column("s.id").Where("s.id IN (?)", bun.List(ids)).Scan(ctx, &there); err != nil {
		return err
	}
	for _, i := range there {
		known[i] = true
	}
	_, err := tx.Insert(&rows).On("CONFLICT (id) DO UPDATE").
		Set("until = CASE WHEN EXCLUDED.until > ?TableAlias.until THEN EXCLUDED.until ELSE ?TableAlias.until END").
		Returning("NULL").Exec(ctx)
	return err
}

// rise begins runs of computers that were seen though they count as offline, by gateways or intakes that tell nothing
// of their agents. What was told weighs more: clocks of computers, which date sightings, may be wrong.
func (s store) rise(ctx context.Context, tx db.Tx, computers map[string]computerRow, seen []computer.Sighting, c contact) error {
	byID := make(map[int64]computerRow, len(computers))
	for _, r := range computers {
		byID[r.ID] = r
	}
	var told []toldRow
	for _, g := range seen {
		r := computers[g.ComputerUID]
		of := byID[r.target()]
		if of.State == online || c.at.Sub(g.At) > c.silence {
			continue
		}
		if of.StateSince != nil && (!g.At.After(*of.StateSince) || !of.lost() && g.At.Sub(*of.StateSince) <= c.silence) {
			continue
		}
		t := toldRow{g.ComputerUID, stateRow{ComputerID: r.ID, At: g.At, Until: g.At, State: online}}
		t.OrganizationID = r.OrganizationID
		t.identify(g.At)
		told = append(told, t)
	}
	if len(told) == 0 {
		return nil
	}
	return s.tell(ctx, tx, told, computers, c)
}

// settle makes the state of computers, whose rows are held, what was told of them comes to.
func (s store) settle(ctx context.Context, tx db.Tx, computers []computerRow, c contact) error {
	slices.SortFunc(computers, func(a, b computerRow) int { return cmp.Compare(a.ID, b.ID) })
	for part := range slices.Chunk(computers, maxRows) {
		lines, err := s.timelines(ctx, tx, part, c)
		if err != nil {
			return err
		}
		var settled []computerRow
		for _, r := range part {
			if t := lines[r.ID]; len(t.turns) > 0 {
				r.settle(t, c)
				settled = append(settled, r)
			}
		}
		if len(settled) == 0 {
			continue
		}
		q := tx.Insert(&settled).On("CONFLICT (organization_id, computer_uid) DO UPDATE").Returning("NULL") // all are there
		for _, column := range []string{"state", "state_reason", "state_detail", "state_since", "agent_version", "ip_address", "updated_at"} {
			q = q.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
		}
		if _, err := q.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// timelines returns what comes of what was told of computers, by id, as far back as their present states go.
func (s store) timelines(ctx context.Context, tx db.Tx, computers []computerRow, c contact) (map[int64]timeline, error) {
	from := c.at.Add(-recentTime)
	rows, err := s.recent(ctx, tx, computers, from)
	if err != nil {
		return nil, err
	}
	lines := make(map[int64]timeline, len(computers))
	var open []int64 // those whose present states may have begun before
	for _, r := range computers {
		t := newTimeline(rows[r.ID], c.silence)
		if lines[r.ID] = t; len(t.turns) == 0 || t.online && t.since.Equal(t.turns[0].At) {
			open = append(open, r.ID)
		}
	}
	older, err := s.older(ctx, tx, open, from)
	for _, r := range older {
		all, err := s.states(ctx, tx, r, recentRows)
		if err != nil {
			return nil, err
		}
		lines[r.ID] = newTimeline(all, c.silence)
	}
	return lines, err
}

// older returns those of the computers that have rows which ended before the time.
func (s store) older(ctx context.Context, tx db.Tx, computerIDs []int64, before time.Time) (rows []computerRow, err error) {
	if len(computerIDs) == 0 {
		return nil, nil
	}
	err = tx.Select(&rows).Column("c.id", "c.organization_id").Where("c.id IN (?)", bun.List(computerIDs)).
		Where(`EXISTS (SELECT 1 FROM computer_states AS s WHERE s.organization_id = c.organization_id AND s.until < ? AND s.computer_id IN (
			SELECT m.id FROM computers AS m WHERE m.organization_id = c.organization_id AND (m.id = c.id OR m.merged_into = c.id)))`, before).Scan(ctx)
	return rows, err
}

// recent returns the rows of computers, and of those that were merged into them, that ended after the time.
func (s store) recent(ctx context.Context, tx db.Tx, computers []computerRow, after time.Time) (map[int64][]stateRow, error) {
	target := make(map[int64]int64, len(computers))
	for _, r := range computers {
		target[r.ID] = r.ID
	}
	var merged []computerRow
	err := tx.Select(&merged).Column("c.id", "c.merged_into").Where("c.merged_into IN (?)", bun.List(slices.Collect(maps.Keys(target)))).Scan(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range merged {
		target[r.ID] = *r.MergedInto
	}
	found := make(map[int64][]stateRow, len(computers))
	for part := range slices.Chunk(slices.Sorted(maps.Keys(target)), maxRows) {
		var rows []stateRow
		if err := tx.Select(&rows).Where("s.computer_id IN (?) AND s.until >= ?", bun.List(part), after).Scan(ctx); err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[target[r.ComputerID]] = append(found[target[r.ComputerID]], r)
		}
	}
	return found, nil
}

// settle takes the end of the timeline for the state, or the silence since.
func (r *computerRow) settle(t timeline, c contact) {
	r.UpdatedAt = c.at
	last, was := t.turns[len(t.turns)-1], r.StateReason
	r.State, r.StateReason, r.StateDetail, r.StateSince = last.State, last.Reason, last.Detail, &t.since
	if t.version != "" {
		r.AgentVersion = &t.version
	}
	if t.address != "" {
		r.IPAddress = &t.address
	}
	heard := t.heard
	if r.LastSeenAt != nil && r.LastSeenAt.After(heard) {
		heard = *r.LastSeenAt
	}
	if t.online && c.at.Sub(heard) > c.silence {
		r.State, r.StateReason, r.StateSince = offline, noContact, &heard
		if was == gatewayOffline {
			r.StateReason = was
		}
	}
}

// lockComputer returns the computer and holds its row until the transaction ends.
func (s store) lockComputer(ctx context.Context, tx db.Tx, computerID int64) (r computerRow, err error) {
	err = db.One(tx.Update(&r).Set("updated_at = updated_at").Where("?TableAlias.id = ?", computerID).Returning("?Columns").Exec(ctx))
	return r, err
}

// states returns the newest rows of the computer and of those that were merged into it.
func (s store) states(ctx context.Context, tx db.Tx, r computerRow, limit int) (rows []stateRow, err error) {
	err = tx.Select(&rows).Where("s.organization_id = ?", r.OrganizationID).
		Where("s.computer_id IN (SELECT m.id FROM computers AS m WHERE m.organization_id = ? AND (m.id = ? OR m.merged_into = ?))", r.OrganizationID, r.ID, r.ID).
		Order("s.until DESC", "s.id DESC").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// silent returns a page of computers that count as online and were last heard of before the time.
func (s store) silent(ctx context.Context, before time.Time, after int64, limit int) (rows []computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("c.state = ? AND c.last_seen_at < ? AND c.id > ?", online, before, after).Order("c.id").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

// lose makes a computer offline for the reason, unless it was heard of meanwhile; its last run says so too.
func (s store) lose(ctx context.Context, computerID int64, reason string, c contact) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		r, err := s.lockComputer(ctx, tx, computerID)
		if err != nil || r.State != online || r.LastSeenAt == nil || c.at.Sub(*r.LastSeenAt) <= c.silence {
			return err
		}
		rows, err := s.states(ctx, tx, r, recentRows)
		if err != nil {
			return err
		}
		if err := endRun(ctx, tx, rows, *r.LastSeenAt, reason); err != nil {
			return err
		}
		r.State, r.StateReason, r.StateDetail, r.StateSince, r.UpdatedAt = offline, reason, "", r.LastSeenAt, c.at
		return db.One(tx.Update(&r).Column("state", "state_reason", "state_detail", "state_since", "updated_at").WherePK().Exec(ctx))
	})
}

// endRun says of the run that was heard of last until when it was, and why no longer.
func endRun(ctx context.Context, tx db.Tx, rows []stateRow, heard time.Time, reason string) error {
	rows = slices.DeleteFunc(rows, func(s stateRow) bool { return s.State != online })
	if len(rows) == 0 {
		return nil
	}
	run := slices.MaxFunc(rows, func(a, b stateRow) int { return a.Until.Compare(b.Until) })
	if heard.After(run.Until) {
		run.Until = heard
	}
	run.Reason = reason
	return db.One(tx.Update(&run).Column("until", "reason").WherePK().Exec(ctx))
}

// gatewaysBlamed returns the gateways because of which computers count as offline.
func (s store) gatewaysBlamed(ctx context.Context) (ids []id.UUID, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*computerRow)(nil)).Distinct().Column("c.gateway_id").
			Where("c.state = ? AND c.state_reason = ? AND c.gateway_id IS NOT NULL", offline, gatewayOffline).Scan(ctx, &ids)
	})
	return ids, err
}

// clearGateways says of computers that are offline because of these gateways that they are silent themselves.
func (s store) clearGateways(ctx context.Context, ids []id.UUID, now time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Update((*computerRow)(nil)).Set("state_reason = ?", noContact).Set("updated_at = ?", now).
			Where("?TableAlias.state = ? AND ?TableAlias.state_reason = ? AND ?TableAlias.gateway_id IN (?)", offline, gatewayOffline, bun.List(ids)).Exec(ctx)
		return err
	})
}

// forgetStates deletes what ended before the time.
func (s store) forgetStates(ctx context.Context, before time.Time) (int64, error) {
	return s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*stateRow)(nil)).Column("s.id").Where("s.until < ?", before).Limit(db.Part)
		return tx.Delete((*stateRow)(nil)).Where("?TableAlias.id IN (?)", old).Exec(ctx)
	})
}
