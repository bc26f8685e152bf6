package organizations

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// organizationRowV1 is a row with what v1 counted.
type organizationRowV1 struct {
	ID                int64     `bun:"id"`
	FullName          string    `bun:"full_name"`
	ShortName         string    `bun:"short_name"`
	Address           *string   `bun:"address"`
	Phone             *string   `bun:"phone"`
	Email             *string   `bun:"email"`
	Logo              *string   `bun:"logo"`
	AdditionalDetails *string   `bun:"additional_details"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at"`
	UpdatedAt         time.Time `bun:"updated_at"`
	Departments       int64     `bun:"departments"`
	Employees         int64     `bun:"employees"`
}

// organizationSortsV1 are v1's names of columns.
var organizationSortsV1 = []string{"id", "fullName", "shortName", "address", "phone", "email", "logo", "additionalDetails", "isActive", "createdAt", "updatedAt"}

// organizationsV1 returns a page of v1's list, and how many rows there are in all. Employees are counted where their
// module keeps them, by the organization of each row, and row level security holds there too: to ask that module would
// be a circle, since it needs this one.
func (s store) organizationsV1(ctx context.Context, l httpx.ListV1) (rows []organizationRowV1, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select((*organizationRow)(nil))
		if words := fold.Name(l.Search); words != "" {
			q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery { // a folded word has no wildcard in it
				return q.Where("?TableAlias.full_name_search LIKE ?", "%"+words+"%").WhereOr("?TableAlias.short_name_search LIKE ?", "%"+words+"%")
			})
		}
		if l.IsActive != nil {
			q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.Column("id", "full_name", "short_name", "address", "phone", "email", "logo", "additional_details", "is_active", "created_at", "updated_at").
			ColumnExpr("(SELECT count(*) FROM departments AS d WHERE d.organization_id = o.id) AS departments").
			ColumnExpr("(SELECT count(*) FROM employees AS e WHERE e.organization_id = o.id) AS employees").
			OrderExpr(l.OrderBy("o", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx, &rows)
	})
	return rows, total, err
}
