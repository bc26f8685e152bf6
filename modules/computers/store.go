package computers

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps computers, Windows users and links. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// maxRows bounds the rows of one statement.
const maxRows = 500

// see makes the sightings known in one transaction of few statements: computers, then users, then pairs, each in the
// order of their keys, so that transactions with the same ones do not wait for each other in a circle.
func (s store) see(ctx context.Context, seen []computer.Sighting, c contact) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		now := c.at
		computers, err := seeComputers(ctx, tx, seen, c)
		if err != nil {
			return err
		}
		if err := s.rise(ctx, tx, computers, seen, c); err != nil {
			return err
		}
		users, err := seeUsers(ctx, tx, seen, now)
		if err != nil {
			return err
		}
		var pairs []pairRow
		for _, g := range seen {
			if g.UserSID != "" {
				pairs = append(pairs, pairRow{
					UserID: users[g.UserSID], ComputerID: computers[g.ComputerUID].ID, Active: true, LastSeenAt: g.At, CreatedAt: now, UpdatedAt: now,
				})
			}
		}
		return seePairs(ctx, tx, pairs)
	})
}

// later keeps the stored time of the last sighting if that is later.
const later = `last_seen_at = CASE WHEN ?TableAlias.last_seen_at > EXCLUDED.last_seen_at
	THEN ?TableAlias.last_seen_at ELSE EXCLUDED.last_seen_at END`

// contact is how and when the server hears of computers: through a gateway or directly, and how long one may be silent.
type contact struct {
	at      time.Time
	gateway *id.UUID
	silence time.Duration
}

// seeComputers returns the computers by uid, and those that they were merged into: what is heard of the one is heard
// of the other. Their rows are held until the transaction ends.
func seeComputers(ctx context.Context, tx db.Tx, seen []computer.Sighting, c contact) (map[string]computerRow, error) {
	at := map[string]time.Time{}
	for _, g := range seen {
		if t, ok := at[g.ComputerUID]; !ok || g.At.After(t) {
			at[g.ComputerUID] = g.At
		}
	}
	if err := addTargets(ctx, tx, at); err != nil {
		return nil, err
	}
	found := make(map[string]computerRow, len(at))
	for uids := range slices.Chunk(slices.Sorted(maps.Keys(at)), maxRows) {
		rows := make([]computerRow, len(uids))
		for i, uid := range uids {
			rows[i] = newComputer(uid, at[uid], c.at, c.gateway)
		}
		_, err := tx.Insert(&rows).On("CONFLICT (organization_id, computer_uid) DO UPDATE").Set(laterGateway).Set(later).
			Returning("?Columns").Exec(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[r.UID] = r
		}
	}
	return found, nil
}

// laterGateway keeps the gateway of a later sighting.
const laterGateway = `gateway_id = CASE WHEN ?TableAlias.last_seen_at > EXCLUDED.last_seen_at
	THEN ?TableAlias.gateway_id ELSE EXCLUDED.gateway_id END`

// addTargets adds to the computers those that they were merged into, seen as lately.
func addTargets(ctx context.Context, tx db.Tx, at map[string]time.Time) error {
	for uids := range slices.Chunk(slices.Sorted(maps.Keys(at)), maxRows) {
		var rows []struct {
			computerRow `bun:",extend"`
			Target      string `bun:"target,scanonly"`
		}
		err := tx.Select(&rows).Column("c.computer_uid").ColumnExpr("t.computer_uid AS target").
			Join("JOIN computers AS t ON t.organization_id = c.organization_id AND t.id = c.merged_into").
			Where("c.computer_uid IN (?)", bun.List(uids)).Scan(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if t, ok := at[r.Target]; !ok || at[r.UID].After(t) {
				at[r.Target] = at[r.UID]
			}
		}
	}
	return nil
}

// seeUsers returns the ids of the Windows users by sid. Known ones are only read.
func seeUsers(ctx context.Context, tx db.Tx, seen []computer.Sighting, now time.Time) (map[string]int64, error) {
	sids := map[string]bool{}
	for _, g := range seen {
		sids[g.UserSID] = true
	}
	delete(sids, "")
	ids := make(map[string]int64, len(sids))
	for part := range slices.Chunk(slices.Sorted(maps.Keys(sids)), maxRows) {
		if err := findUsers(ctx, tx, part, ids); err != nil {
			return nil, err
		}
		news := slices.DeleteFunc(part, func(sid string) bool { _, known := ids[sid]; return known })
		if len(news) == 0 {
			continue
		}
		rows := make([]userRow, len(news))
		for i, sid := range news {
			rows[i] = userRow{SID: sid, Search: fold.Search(sid), Active: true, CreatedAt: now, UpdatedAt: now}
		}
		// Another transaction may have made some of them meanwhile; what is returned is not all.
		if _, err := tx.Insert(&rows).On("CONFLICT (organization_id, sid) DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return nil, err
		}
		if err := findUsers(ctx, tx, news, ids); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func findUsers(ctx context.Context, tx db.Tx, sids []string, ids map[string]int64) error {
	var rows []userRow
	err := tx.Select(&rows).Column("u.id", "u.sid").Where("u.sid IN (?)", bun.List(sids)).Scan(ctx)
	for _, r := range rows {
		ids[r.SID] = r.ID
	}
	return err
}

func seePairs(ctx context.Context, tx db.Tx, pairs []pairRow) error {
	slices.SortFunc(pairs, func(a, b pairRow) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ComputerID, b.ComputerID))
	})
	for part := range slices.Chunk(pairs, maxRows) {
		_, err := tx.Insert(&part).On("CONFLICT (organization_id, computer_user_id, computer_id) DO UPDATE").Set(later).
			Returning("NULL").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// register makes the computer, or changes what is told of it.
func (s store) register(ctx context.Context, d computer.Details, via contact) (c computerRow, err error) {
	c = newComputer(d.UID, d.At, via.at, via.gateway)
	c.Name, c.OS, c.IPAddress, c.MACAddress, c.AgentVersion = d.Name, optional(d.OS), optional(d.IPAddress), optional(d.MACAddress), optional(d.AgentVersion)
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&c).On("CONFLICT (organization_id, computer_uid) DO UPDATE").
			Set("name = CASE WHEN EXCLUDED.name = '' THEN ?TableAlias.name ELSE EXCLUDED.name END").
			Set("os = COALESCE(EXCLUDED.os, ?TableAlias.os)").
			Set("ip_address = COALESCE(EXCLUDED.ip_address, ?TableAlias.ip_address)").
			Set("mac_address = COALESCE(EXCLUDED.mac_address, ?TableAlias.mac_address)").
			Set("agent_version = COALESCE(EXCLUDED.agent_version, ?TableAlias.agent_version)").
			Set(laterGateway).Set(later).Set("updated_at = EXCLUDED.updated_at").
			Returning("?Columns").Exec(ctx)
		if err != nil {
			return err
		}
		c.Search = fold.Search(c.UID, c.Name)
		return db.One(tx.Update(&c).Column("search").WherePK().Exec(ctx))
	})
	return c, err
}

// registerUser makes the Windows user, or changes what is told of it.
func (s store) registerUser(ctx context.Context, d computer.UserDetails, now time.Time) (u userRow, err error) {
	u = userRow{
		SID: d.SID, Name: d.Name, Domain: optional(d.Domain), Username: d.Username,
		Admin: d.Admin, InDomain: d.InDomain, Active: true, CreatedAt: now, UpdatedAt: now,
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&u).On("CONFLICT (organization_id, sid) DO UPDATE").
			Set("name = CASE WHEN EXCLUDED.name = '' THEN ?TableAlias.name ELSE EXCLUDED.name END").
			Set("domain = COALESCE(EXCLUDED.domain, ?TableAlias.domain)").
			Set("username = CASE WHEN EXCLUDED.username = '' THEN ?TableAlias.username ELSE EXCLUDED.username END").
			Set("is_admin = EXCLUDED.is_admin").Set("is_in_domain = EXCLUDED.is_in_domain").Set("updated_at = EXCLUDED.updated_at").
			Returning("?Columns").Exec(ctx)
		if err != nil {
			return err
		}
		u.Search = fold.Search(u.SID, text(u.Domain), u.Username, u.Name)
		return db.One(tx.Update(&u).Column("search").WherePK().Exec(ctx))
	})
	return u, err
}

// names returns the names of computers by uid, of those that have one.
func (s store) names(ctx context.Context, uids []string) (map[string]string, error) {
	found := make(map[string]string, len(uids))
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		for part := range slices.Chunk(uids, maxRows) {
			var rows []computerRow
			err := tx.Select(&rows).Column("c.computer_uid", "c.name").Where("c.computer_uid IN (?)", bun.List(part)).
				Where("c.name <> ''").Scan(ctx)
			if err != nil {
				return err
			}
			for _, r := range rows {
				found[r.UID] = r.Name
			}
		}
		return nil
	})
	return found, err
}

// lockUser returns the Windows user and holds the row until the transaction ends, so that its links change one at a time.
func (s store) lockUser(ctx context.Context, tx db.Tx, id int64) (u userRow, err error) {
	err = db.One(tx.Update(&u).Set("updated_at = updated_at").Where("?TableAlias.id = ?", id).Returning("?Columns").Exec(ctx))
	return u, err
}

// links returns the user's links, the latest first.
func (s store) links(ctx context.Context, tx db.Tx, userID int64) (rows []linkRow, err error) {
	err = tx.Select(&rows).Where("l.computer_user_id = ?", userID).OrderExpr("l.id DESC").Scan(ctx)
	return rows, err
}

// endLink ends a link at the time, or takes it away if it would not have begun by then.
func (s store) endLink(ctx context.Context, tx db.Tx, l linkRow, at time.Time) error {
	if l.LinkedFrom != nil && !l.LinkedFrom.Before(at) {
		return s.dropLink(ctx, tx, l)
	}
	l.LinkedUntil = &at
	return db.One(tx.Update(&l).Column("linked_until").WherePK().Exec(ctx))
}

func (s store) reopenLink(ctx context.Context, tx db.Tx, l linkRow) error {
	l.LinkedUntil = nil
	return db.One(tx.Update(&l).Column("linked_until").WherePK().Exec(ctx))
}

func (s store) dropLink(ctx context.Context, tx db.Tx, l linkRow) error {
	return db.One(tx.Delete(&l).WherePK().Exec(ctx))
}

func (s store) addLink(ctx context.Context, tx db.Tx, l *linkRow) error {
	_, err := tx.Insert(l).Exec(ctx)
	return err
}
