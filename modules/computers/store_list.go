package computers

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// sight is whose computers and Windows users are seen: all of the organization's, or those of some employees.
type sight struct {
	all       bool
	employees []int64
}

// view is whose rows are seen, and when.
type view struct {
	sight sight
	now   time.Time
}

// A link l of a Windows user that holds at a time, which is given twice.
const (
	holds    = "(l.linked_from IS NULL OR l.linked_from <= ?) AND (l.linked_until IS NULL OR l.linked_until > ?)"
	linkOfU  = "SELECT l.employee_id FROM computer_user_links AS l WHERE l.organization_id = u.organization_id AND l.computer_user_id = u.id AND " + holds
	linksOnC = `SELECT l.employee_id FROM users_on_computers AS p JOIN computer_user_links AS l
		ON l.organization_id = p.organization_id AND l.computer_user_id = p.computer_user_id
		WHERE p.organization_id = c.organization_id AND p.computer_id IN (
			SELECT m.id FROM computers AS m WHERE m.organization_id = c.organization_id AND (m.id = c.id OR m.merged_into = c.id)
		) AND ` + holds
)

func (s store) computers(ctx context.Context, l db.List, v view) (rows []computerRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, v.see(tx.Select(&rows).Where("c.merged_into IS NULL")), l)
		return err
	})
	return rows, found, err
}

// see narrows a selection of computers to those that the sight shows.
func (v view) see(sel *bun.SelectQuery) *bun.SelectQuery {
	if v.sight.all {
		return sel
	}
	return sel.Where("EXISTS ("+linksOnC+" AND l.employee_id IN (?))", v.now, v.now, bun.List(v.sight.employees))
}

// users returns Windows users, each with the employee that it is now, if any.
func (s store) users(ctx context.Context, l db.List, v view) (rows []linkedUser, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		l.Columns = []db.Expr{{SQL: "(" + linkOfU + " ORDER BY l.id DESC LIMIT 1) AS employee_id", Args: []any{v.now, v.now}}}
		if !v.sight.all {
			q = q.Where("EXISTS ("+linkOfU+" AND l.employee_id IN (?))", v.now, v.now, bun.List(v.sight.employees))
		}
		found, err = tx.List(ctx, q, l)
		return err
	})
	return rows, found, err
}

// computersOf returns the computers of each Windows user, by their names. One that is merged into another is that one.
func (s store) computersOf(ctx context.Context, userIDs []int64) (map[int64][]computerOfUser, error) {
	of := map[int64][]computerOfUser{}
	var rows []struct {
		pairRow `bun:",extend"`
		Name    string `bun:"name,scanonly"`
		NowID   int64  `bun:"now_id,scanonly"`
	}
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Distinct().Column("p.computer_user_id").ColumnExpr("c.id AS now_id, COALESCE(NULLIF(c.name, ''), c.computer_uid) AS name").
			Join("JOIN computers AS was ON was.organization_id = p.organization_id AND was.id = p.computer_id").
			Join("JOIN computers AS c ON c.organization_id = p.organization_id AND c.id = COALESCE(was.merged_into, was.id)").
			Where("p.computer_user_id IN (?)", bun.List(userIDs)).OrderExpr("name, now_id").Scan(ctx)
	})
	for _, r := range rows {
		of[r.UserID] = append(of[r.UserID], computerOfUser{r.NowID, r.Name})
	}
	return of, err
}

// periodsBehind returns the links of Windows users that touch [from, until). Zero times are open ends.
func (s store) periodsBehind(ctx context.Context, sids []string, from, until time.Time) (rows []periodRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Column("l.employee_id", "l.linked_from", "l.linked_until").ColumnExpr("u.sid").
			Join("JOIN computer_users AS u ON u.organization_id = l.organization_id AND u.id = l.computer_user_id").
			Where("u.sid IN (?)", bun.List(sids)).Order("l.id")
		if !until.IsZero() {
			q = q.Where("l.linked_from IS NULL OR l.linked_from < ?", until)
		}
		if !from.IsZero() {
			q = q.Where("l.linked_until IS NULL OR l.linked_until > ?", from)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// linksOfSQL takes the employees, the end and the beginning of the time; and then perhaps the organization.
const (
	linksOfSQL = `SELECT l.employee_id, l.linked_from, l.linked_until, u.sid, c.computer_uid FROM computer_user_links AS l
		JOIN computer_users AS u ON u.organization_id = l.organization_id AND u.id = l.computer_user_id
		JOIN users_on_computers AS p ON p.organization_id = l.organization_id AND p.computer_user_id = u.id
		JOIN computers AS c ON c.organization_id = l.organization_id AND c.id = p.computer_id
		WHERE l.employee_id IN (?) AND (l.linked_from IS NULL OR l.linked_from < ?) AND (l.linked_until IS NULL OR l.linked_until > ?)`
	linksOfOne = " AND l.organization_id = ?"
	byLink     = " ORDER BY l.id, c.computer_uid"
)

// never is later than any time that either database keeps of a link.
var never = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

// periodsOf returns those of employees, as periodsBehind does, one row for each computer that the Windows user was seen on.
func (s store) periodsOf(ctx context.Context, employeeIDs []int64, from, until time.Time) (rows []periodRow, err error) {
	if until.IsZero() {
		until = never
	}
	query, args := linksOfSQL, []any{employeeIDs, until, from}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		// Scoped by linksOfOne, but for actors that see all organizations.
		if a := tx.Actor(); !a.CrossesOrganizations() {
			query, args = query+linksOfOne, append(args, a.OrganizationID)
		}
		return tx.Planned(ctx, &rows, query+byLink, args...)
	})
	return rows, err
}
