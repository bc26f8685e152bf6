package auth

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// userSortsV1 are v1's names of columns, but for the password.
var userSortsV1 = []string{"id", "name", "username", "organizationId", "role", "isActive", "createdAt", "updatedAt"}

// wildcards are taken as they are, with the sign that LIKE is told of.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// usersV1 returns a page of v1's list with the departments that each user leads, and how many rows there are in all.
func (s store) usersV1(ctx context.Context, l httpx.ListV1) (rows []userRow, departments map[int64][]int64, total int64, err error) {
	departments = map[int64][]int64{}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		if l.Search != "" {
			name, like := fold.Loose(fold.Name(l.Search)), "%"+wildcards.Replace(strings.ToLower(l.Search))+"%"
			q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery { // a folded word has no wildcard in it
				return q.Where("(? <> '' AND "+tx.Loosely("?TableAlias.name_search")+" LIKE ?)", name, "%"+name+"%").WhereOr(`lower(?TableAlias.username) LIKE ? ESCAPE '\'`, like)
			})
		}
		if l.IsActive != nil {
			q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		if err := q.OrderExpr(l.OrderBy("u", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx); err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, u := range rows {
			ids[i] = u.ID
		}
		var leads []departmentUserRow
		err := tx.Select(&leads).Where("?TableAlias.user_id IN (?)", bun.List(ids)).Order("du.user_id", "du.department_id").Scan(ctx)
		for _, d := range leads {
			departments[d.UserID] = append(departments[d.UserID], d.DepartmentID)
		}
		return err
	})
	return rows, departments, total, err
}
