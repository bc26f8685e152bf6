package computers

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// knownUser is a Windows user with the employee that it is now, and that one's department.
type knownUser struct {
	userRow             `bun:",extend"`
	EmployeeID          *int64 `bun:"employee_id,scanonly"`
	EmployeeName        string `bun:"employee_name,scanonly"`
	DepartmentID        int64  `bun:"department_id,scanonly"`
	DepartmentFullName  string `bun:"department_full_name,scanonly"`
	DepartmentShortName string `bun:"department_short_name,scanonly"`
}

// seenPair is a Windows user on a computer, with that computer.
type seenPair struct {
	pairRow  `bun:",extend"`
	Computer computerRow `bun:"-"`
}

// v1's names of columns; whom a user is was one, and is none of the user's now.
var (
	userSortsV1     = []string{"id", "sid", "name", "domain", "username", "isAdmin", "isInDomain", "isActive", "createdAt", "updatedAt"}
	computerSortsV1 = []string{"id", "computerUid", "os", "ipAddress", "macAddress", "isActive", "createdAt", "updatedAt"}
)

// wildcards are taken as they are, with the sign that LIKE is told of.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// known adds to a selection of Windows users who they are, and leaves those whom the view shows.
func (v view) known(q *bun.SelectQuery) *bun.SelectQuery {
	q = q.Join("LEFT JOIN computer_user_links AS l ON l.organization_id = u.organization_id AND l.computer_user_id = u.id AND "+holds, v.now, v.now).
		Join("LEFT JOIN employees AS e ON e.organization_id = l.organization_id AND e.id = l.employee_id").
		Join("LEFT JOIN departments AS d ON d.organization_id = e.organization_id AND d.id = e.department_id")
	if v.sight.all {
		return q
	}
	return q.Where("l.employee_id IN (?)", bun.List(v.sight.employees))
}

// withNames adds the columns of knownUser.
func withNames(q *bun.SelectQuery) *bun.SelectQuery {
	return q.ColumnExpr("?TableColumns").ColumnExpr("l.employee_id, COALESCE(e.name, '') AS employee_name, COALESCE(d.id, 0) AS department_id").
		ColumnExpr("COALESCE(d.full_name, '') AS department_full_name, COALESCE(d.short_name, '') AS department_short_name")
}

// matching leaves the rows that a list of v1 asks for; both tables have these columns.
func matching(q *bun.SelectQuery, l httpx.ListV1) *bun.SelectQuery {
	if l.Search != "" {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, form := range fold.SearchFor(l.Search) {
				q = q.WhereOr(`?TableAlias.search LIKE ? ESCAPE '\'`, "%"+wildcards.Replace(form)+"%")
			}
			return q
		})
	}
	if l.IsActive != nil {
		q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
	}
	return q
}

// usersV1 returns a page of v1's list, and how many rows there are in all.
func (s store) usersV1(ctx context.Context, v view, l httpx.ListV1) (rows []knownUser, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := matching(v.known(tx.Select(&rows)), l)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return withNames(q).OrderExpr(l.OrderBy("u", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// which says which Windows users are meant; zero values say nothing.
type which struct {
	id, employee, computer int64
	nobody                 bool
}

// usersWho returns the Windows users that are meant, the newest first.
func (s store) usersWho(ctx context.Context, v view, w which) (rows []knownUser, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := withNames(v.known(tx.Select(&rows)))
		if w.id != 0 {
			q = q.Where("u.id = ?", w.id)
		}
		if w.employee != 0 {
			q = q.Where("l.employee_id = ?", w.employee)
		}
		if w.nobody {
			q = q.Where("l.employee_id IS NULL")
		}
		if w.computer != 0 {
			q = q.Where("u.id IN (SELECT p.computer_user_id FROM users_on_computers AS p WHERE p.organization_id = u.organization_id AND p.computer_id = ?)", w.computer)
		}
		return q.Order("u.id").Limit(maxAtOnce).Scan(ctx)
	})
	return rows, err
}

// maxAtOnce bounds v1's lists that had no pages.
const maxAtOnce = 10_000

// pairsV1 returns where the Windows users were seen, by their ids.
func (s store) pairsV1(ctx context.Context, userIDs []int64) (map[int64][]seenPair, error) {
	of, computers := map[int64][]seenPair{}, map[int64]computerRow{}
	var pairs []pairRow
	var rows []computerRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select(&pairs).Where("?TableAlias.computer_user_id IN (?)", bun.List(userIDs)).Order("p.id").Scan(ctx); err != nil {
			return err
		}
		ids := make([]int64, len(pairs))
		for i, p := range pairs {
			ids[i] = p.ComputerID
		}
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	for _, c := range rows {
		computers[c.ID] = c
	}
	for _, p := range pairs {
		of[p.UserID] = append(of[p.UserID], seenPair{p, computers[p.ComputerID]})
	}
	return of, err
}

// computersV1 returns a page of computers, or the one with the id.
func (s store) computersV1(ctx context.Context, v view, l httpx.ListV1, id int64) (rows []computerRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := matching(v.see(tx.Select(&rows)), l)
		if id != 0 {
			q = q.Where("?TableAlias.id = ?", id)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.OrderExpr(l.OrderBy("c", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

func (s store) changeUser(ctx context.Context, tx db.Tx, u *userRow) error {
	u.Search = fold.Search(u.SID, text(u.Domain), u.Username, u.Name)
	return db.One(tx.Update(u).WherePK().Exec(ctx))
}

func (s store) deleteUser(ctx context.Context, tx db.Tx, u userRow) error {
	return db.One(tx.Delete(&u).WherePK().Exec(ctx))
}
