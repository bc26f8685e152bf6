package employees

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// employeeRowV1 is a row with its department's name.
type employeeRowV1 struct {
	ID                  int64     `bun:"id"`
	DepartmentID        int64     `bun:"department_id"`
	OrganizationID      int64     `bun:"organization_id"`
	PolicyID            *int64    `bun:"policy_id"`
	Name                string    `bun:"name"`
	Address             *string   `bun:"address"`
	Phone               *string   `bun:"phone"`
	Email               *string   `bun:"email"`
	Photo               *string   `bun:"photo"`
	AdditionalDetails   *string   `bun:"additional_details"`
	IsActive            bool      `bun:"is_active"`
	CreatedAt           time.Time `bun:"created_at"`
	UpdatedAt           time.Time `bun:"updated_at"`
	DepartmentShortName string    `bun:"department_short_name"`
	DepartmentFullName  string    `bun:"department_full_name"`
	PolicyTitle         *string   `bun:"policy_title"`
}

// employeeSortsV1 are v1's names of columns, and guardSortsV1 of those that a guard sees.
var (
	employeeSortsV1 = append([]string{"address", "phone", "email", "additionalDetails", "organizationId", "policyId", "isActive", "createdAt", "updatedAt"}, guardSortsV1...)
	guardSortsV1    = []string{"id", "departmentId", "name", "photo"}
)

// listV1 returns a page of v1's list, and how many rows there are in all. A search looks into phones and e-mail addresses
// only for those who may see them.
func (s store) listV1(ctx context.Context, v sight, l httpx.ListV1, everything bool) (rows []employeeRowV1, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select((*employeeRow)(nil)))
		if l.Search != "" {
			name, like := fold.Loose(fold.Name(l.Search)), "%"+wildcards.Replace(strings.ToLower(l.Search))+"%"
			q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				q = q.Where("(? <> '' AND "+tx.Loosely("?TableAlias.name_search")+" LIKE ?)", name, "%"+name+"%") // a folded word has no wildcard in it
				if !everything {
					return q
				}
				return q.WhereOr(`lower(?TableAlias.email) LIKE ? ESCAPE '\'`, like).WhereOr(`?TableAlias.phone LIKE ? ESCAPE '\'`, like)
			})
		}
		if l.IsActive != nil {
			q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.Column(columnsV1...).
			ColumnExpr("(SELECT d.short_name FROM departments AS d WHERE d.organization_id = e.organization_id AND d.id = e.department_id) AS department_short_name").
			OrderExpr(l.OrderBy("e", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx, &rows)
	})
	return rows, total, err
}

// columnsV1 are what v1 showed of an employee.
var columnsV1 = []string{
	"id", "department_id", "organization_id", "policy_id", "name", "address", "phone", "email", "photo", "additional_details", "is_active", "created_at", "updated_at",
}

// oneV1 returns an employee with the names of its department and of its policy.
func (s store) oneV1(ctx context.Context, v sight, id int64) (row employeeRowV1, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select((*employeeRow)(nil))).Column(columnsV1...).
			ColumnExpr("(SELECT d.short_name FROM departments AS d WHERE d.organization_id = e.organization_id AND d.id = e.department_id) AS department_short_name").
			ColumnExpr("(SELECT d.full_name FROM departments AS d WHERE d.organization_id = e.organization_id AND d.id = e.department_id) AS department_full_name").
			ColumnExpr("(SELECT p.title FROM policies AS p WHERE p.organization_id = e.organization_id AND p.id = e.policy_id) AS policy_title").
			Where("?TableAlias.id = ?", id).Scan(ctx, &row)
	})
	return row, db.Translate(err)
}

// policyRow is a policy as far as employees may have it.
type policyRow struct {
	bun.BaseModel `bun:"table:policies,alias:p"`
	db.Owned
	ID int64 `bun:"id,pk"`
}

// knowsPolicy reports whether the organization has the policy, and has not deleted it or switched it off.
func (s store) knowsPolicy(ctx context.Context, tx db.Tx, organizationID, id int64) (bool, error) {
	return tx.Select((*policyRow)(nil)).Where("?TableAlias.organization_id = ?", organizationID).Where("?TableAlias.id = ?", id).
		Where("?TableAlias.deleted_at IS NULL").Where("?TableAlias.is_active").Exists(ctx)
}

// wildcards are taken as they are, with the sign that LIKE is told of.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
