package computers

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// sight is whose computers and Windows users are seen: all of the organization's, or those of some employees.
type sight struct {
	all       bool
	employees []int64
}

// listQuery is what is asked of a list, which is ordered by a text and the id.
type listQuery struct {
	search string
	linked *bool
	limit  int
	after  struct {
		text string
		id   int64
	}
	sight sight
	now   time.Time
}

// A link l of a Windows user that holds at a time, which is given twice.
const (
	holds    = "(l.linked_from IS NULL OR l.linked_from <= ?) AND (l.linked_until IS NULL OR l.linked_until > ?)"
	linkOfU  = "SELECT l.employee_id FROM computer_user_links AS l WHERE l.organization_id = u.organization_id AND l.computer_user_id = u.id AND " + holds
	linksOnC = `SELECT l.employee_id FROM users_on_computers AS p JOIN computer_user_links AS l
		ON l.organization_id = p.organization_id AND l.computer_user_id = p.computer_user_id
		WHERE p.organization_id = c.organization_id AND p.computer_id = c.id AND ` + holds
)

// computers returns a page of computers by uid, and one more.
func (s store) computers(ctx context.Context, q listQuery) (rows []computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).Order("c.computer_uid", "c.id").Limit(int64(q.limit + 1))
		if q.search != "" {
			sel = sel.Where("c.search LIKE ? ESCAPE '!'", pattern(q.search))
		}
		if q.after.id != 0 {
			sel = sel.Where("(c.computer_uid, c.id) > (?, ?)", q.after.text, q.after.id)
		}
		if !q.sight.all {
			sel = sel.Where("EXISTS ("+linksOnC+" AND l.employee_id IN (?))", q.now, q.now, bun.List(some(q.sight.employees)))
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// users returns a page of Windows users by sid, and one more, each with the employee that it is now, if any.
func (s store) users(ctx context.Context, q listQuery) (rows []linkedUser, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).ColumnExpr("?TableColumns").ColumnExpr("("+linkOfU+" ORDER BY l.id DESC LIMIT 1) AS employee_id", q.now, q.now).
			Order("u.sid", "u.id").Limit(int64(q.limit + 1))
		if q.search != "" {
			sel = sel.Where("u.search LIKE ? ESCAPE '!'", pattern(q.search))
		}
		if q.after.id != 0 {
			sel = sel.Where("(u.sid, u.id) > (?, ?)", q.after.text, q.after.id)
		}
		if q.linked != nil {
			sel = sel.Where("EXISTS ("+linkOfU+") = ?", q.now, q.now, *q.linked)
		}
		if !q.sight.all {
			sel = sel.Where("EXISTS ("+linkOfU+" AND l.employee_id IN (?))", q.now, q.now, bun.List(some(q.sight.employees)))
		}
		return sel.Scan(ctx)
	})
	return rows, err
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
			Where("p.computer_user_id IN (?)", bun.List(some(userIDs))).Order("c.computer_uid").Scan(ctx)
	})
	for _, r := range rows {
		of[r.UserID] = append(of[r.UserID], r.UID)
	}
	return of, err
}

// periods returns the links that touch [from, until), one row for each computer of the Windows user.
// Zero times are open ends.
func (s store) periods(ctx context.Context, from, until time.Time, narrow func(*bun.SelectQuery) *bun.SelectQuery) (rows []periodRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).
			Column("l.employee_id", "l.linked_from", "l.linked_until").ColumnExpr("c.computer_uid, u.sid").
			Join("JOIN computer_users AS u ON u.organization_id = l.organization_id AND u.id = l.computer_user_id").
			Join("JOIN users_on_computers AS p ON p.organization_id = l.organization_id AND p.computer_user_id = u.id").
			Join("JOIN computers AS c ON c.organization_id = l.organization_id AND c.id = p.computer_id").
			Order("l.id", "c.computer_uid")
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

func (s store) periodsOf(ctx context.Context, employeeIDs []int64, from, until time.Time) ([]periodRow, error) {
	return s.periods(ctx, from, until, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("l.employee_id IN (?)", bun.List(some(employeeIDs)))
	})
}

func (s store) periodsOn(ctx context.Context, uids []string, from, until time.Time) ([]periodRow, error) {
	return s.periods(ctx, from, until, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("c.computer_uid IN (?)", bun.List(uids))
	})
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
