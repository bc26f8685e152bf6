package computers

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
)

// store keeps computers, Windows users and links. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// sight narrows what is read to the computers and users of some employees; nil is all of the organization.
type sight *[]int64

// see makes the sightings known in one transaction.
func (s store) see(ctx context.Context, seen []computer.Sighting, now time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, g := range seen {
			c := computerRow{UID: g.ComputerUID, LastSeenAt: &g.At, Active: true, CreatedAt: now, UpdatedAt: now}
			_, err := tx.Insert(&c).On("CONFLICT (organization_id, computer_uid) DO UPDATE").
				Set("last_seen_at = CASE WHEN ?TableAlias.last_seen_at > EXCLUDED.last_seen_at THEN ?TableAlias.last_seen_at ELSE EXCLUDED.last_seen_at END").
				Returning("id").Exec(ctx)
			if err != nil {
				return err
			}
			if g.UserSID == "" {
				continue
			}
			if err := seeUser(ctx, tx, c.ID, g, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func seeUser(ctx context.Context, tx db.Tx, computerID int64, g computer.Sighting, now time.Time) error {
	u := userRow{SID: g.UserSID, Active: true, CreatedAt: now, UpdatedAt: now}
	_, err := tx.Insert(&u).On("CONFLICT (organization_id, sid) DO UPDATE").
		Set("sid = EXCLUDED.sid"). // changes nothing; DO NOTHING would return no id
		Returning("id").Exec(ctx)
	if err != nil {
		return err
	}
	p := pairRow{UserID: u.ID, ComputerID: computerID, Active: true, LastSeenAt: g.At, CreatedAt: now, UpdatedAt: now}
	_, err = tx.Insert(&p).On("CONFLICT (organization_id, computer_user_id, computer_id) DO UPDATE").
		Set("last_seen_at = EXCLUDED.last_seen_at").Exec(ctx)
	return err
}

// register makes the computer, or changes what is told of it.
func (s store) register(ctx context.Context, d computer.Details, now time.Time) (c computerRow, err error) {
	c = computerRow{
		UID: d.UID, Name: d.Name, OS: optional(d.OS), IPAddress: optional(d.IPAddress), MACAddress: optional(d.MACAddress),
		AgentVersion: optional(d.AgentVersion), LastSeenAt: &now, Active: true, CreatedAt: now, UpdatedAt: now,
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&c).On("CONFLICT (organization_id, computer_uid) DO UPDATE").
			Set("name = CASE WHEN EXCLUDED.name = '' THEN ?TableAlias.name ELSE EXCLUDED.name END").
			Set("os = COALESCE(EXCLUDED.os, ?TableAlias.os)").
			Set("ip_address = COALESCE(EXCLUDED.ip_address, ?TableAlias.ip_address)").
			Set("mac_address = COALESCE(EXCLUDED.mac_address, ?TableAlias.mac_address)").
			Set("agent_version = COALESCE(EXCLUDED.agent_version, ?TableAlias.agent_version)").
			Set("last_seen_at = EXCLUDED.last_seen_at").Set("updated_at = EXCLUDED.updated_at").
			Returning("*").Exec(ctx)
		return err
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
			Set("name = EXCLUDED.name").Set("domain = COALESCE(EXCLUDED.domain, ?TableAlias.domain)").
			Set("username = EXCLUDED.username").Set("is_admin = EXCLUDED.is_admin").
			Set("is_in_domain = EXCLUDED.is_in_domain").Set("updated_at = EXCLUDED.updated_at").
			Returning("*").Exec(ctx)
		return err
	})
	return u, err
}

// periods returns the links that touch [from, until), one row for each computer of the Windows user.
// Zero times are open ends.
func (s store) periods(ctx context.Context, from, until time.Time, narrow func(*bun.SelectQuery) *bun.SelectQuery) (rows []periodRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).
			Column("l.employee_id", "l.linked_from", "l.linked_until").
			ColumnExpr("c.computer_uid, u.sid").
			Join("JOIN computer_users AS u ON u.organization_id = l.organization_id AND u.id = l.computer_user_id").
			Join("JOIN users_on_computers AS p ON p.organization_id = l.organization_id AND p.computer_user_id = u.id").
			Join("JOIN computers AS c ON c.organization_id = l.organization_id AND c.id = p.computer_id").
			OrderExpr("l.linked_from, l.id, c.computer_uid")
		if !until.IsZero() {
			q = q.Where("l.linked_from IS NULL OR l.linked_from < ?", until)
		}
		if !from.IsZero() {
			q = q.Where("l.linked_until IS NULL OR l.linked_until > ?", from)
		}
		return narrow(q).Scan(ctx)
	})
	return rows, err
}

func (s store) periodsOf(ctx context.Context, employeeID int64, from, until time.Time) ([]periodRow, error) {
	return s.periods(ctx, from, until, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("l.employee_id = ?", employeeID)
	})
}

func (s store) periodsOn(ctx context.Context, uids []string, from, until time.Time) ([]periodRow, error) {
	return s.periods(ctx, from, until, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("c.computer_uid IN (?)", bun.In(uids))
	})
}

// computers returns a page of computers by uid.
func (s store) computers(ctx context.Context, q listQuery, narrow sight) (rows []computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).Order("c.computer_uid", "c.id").Limit(int64(q.limit + 1))
		if q.search != "" {
			sel = sel.Where("lower(c.computer_uid || ' ' || c.name) LIKE ? ESCAPE '!'", pattern(q.search))
		}
		if q.after.text != "" {
			sel = sel.Where("(c.computer_uid, c.id) > (?, ?)", q.after.text, q.after.id)
		}
		if narrow != nil {
			sel = sel.Where(`EXISTS (SELECT 1 FROM users_on_computers AS p JOIN computer_user_links AS l
				ON l.organization_id = p.organization_id AND l.computer_user_id = p.computer_user_id
				WHERE p.organization_id = c.organization_id AND p.computer_id = c.id AND l.employee_id IN (?))`, bun.In(some(*narrow)))
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// users returns a page of Windows users by name, with the link that holds at now, if there is one.
func (s store) users(ctx context.Context, q listQuery, narrow sight, now time.Time) (rows []linkedUser, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).ColumnExpr("u.*").
			ColumnExpr("(SELECT l.employee_id FROM computer_user_links AS l WHERE "+current+" ORDER BY l.id DESC LIMIT 1) AS employee_id", now, now).
			OrderExpr("u.sid, u.id").Limit(int64(q.limit + 1))
		if q.search != "" {
			sel = sel.Where("lower(u.sid || ' ' || u.username || ' ' || u.name) LIKE ? ESCAPE '!'", pattern(q.search))
		}
		if q.after.text != "" {
			sel = sel.Where("(u.sid, u.id) > (?, ?)", q.after.text, q.after.id)
		}
		if q.linked != nil {
			not := map[bool]string{true: "", false: "NOT "}[*q.linked]
			sel = sel.Where(not+"EXISTS (SELECT 1 FROM computer_user_links AS l WHERE "+current+")", now, now)
		}
		if narrow != nil {
			sel = sel.Where("EXISTS (SELECT 1 FROM computer_user_links AS l WHERE "+current+" AND l.employee_id IN (?))", now, now, bun.In(some(*narrow)))
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// current is the condition of a link of user u that holds at a time, given twice.
const current = `l.organization_id = u.organization_id AND l.computer_user_id = u.id
	AND (l.linked_from IS NULL OR l.linked_from <= ?) AND (l.linked_until IS NULL OR l.linked_until > ?)`

// linkedUser is a Windows user with its present employee.
type linkedUser struct {
	userRow    `bun:",extend"`
	EmployeeID *int64 `bun:"employee_id,scanonly"`
}

// computersOf returns the uids of the computers of each Windows user.
func (s store) computersOf(ctx context.Context, userIDs []int64) (map[int64][]string, error) {
	of := map[int64][]string{}
	var rows []struct {
		pairRow `bun:",extend"`
		UID     string `bun:"computer_uid,scanonly"`
	}
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("p.computer_user_id").ColumnExpr("c.computer_uid").
			Join("JOIN computers AS c ON c.organization_id = p.organization_id AND c.id = p.computer_id").
			Where("p.computer_user_id IN (?)", bun.In(some(userIDs))).OrderExpr("c.computer_uid").Scan(ctx)
	})
	for _, r := range rows {
		of[r.UserID] = append(of[r.UserID], r.UID)
	}
	return of, err
}

func (s store) user(ctx context.Context, tx db.Tx, id int64) (u userRow, err error) {
	err = tx.Select(&u).Where("u.id = ?", id).Scan(ctx)
	return u, err
}

// links returns the user's links, the latest first.
func (s store) links(ctx context.Context, tx db.Tx, userID int64) (rows []linkRow, err error) {
	err = tx.Select(&rows).Where("l.computer_user_id = ?", userID).OrderExpr("l.id DESC").Scan(ctx)
	return rows, err
}

// endLink ends a link at the time.
func (s store) endLink(ctx context.Context, tx db.Tx, id int64, at time.Time) error {
	return db.One(tx.Update(&linkRow{ID: id, LinkedUntil: &at}).Column("linked_until").WherePK().Exec(ctx))
}

// removeLink takes a link away that would end before it began.
func (s store) removeLink(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete(&linkRow{ID: id}).WherePK().Exec(ctx))
}

func (s store) addLink(ctx context.Context, tx db.Tx, l *linkRow) error {
	_, err := tx.Insert(l).Exec(ctx)
	return err
}

// pattern matches texts that contain s.
func pattern(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(s)) + "%"
}

// some is ids, or what matches nothing: IN () is no SQL.
func some(ids []int64) []int64 {
	if len(ids) == 0 {
		return []int64{0}
	}
	return ids
}
