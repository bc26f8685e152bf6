package organizations

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// countedOrganization is a row with what v1 counted.
type countedOrganization struct {
	organizationRow `bun:",extend"`
	Departments     int64 `bun:"departments,scanonly"`
	Employees       int64 `bun:"employees,scanonly"`
}

// countedDepartment is the same of a department.
type countedDepartment struct {
	departmentRow `bun:",extend"`
	Employees     int64 `bun:"employees,scanonly"`
	Children      int64 `bun:"children,scanonly"`
}

// governedDepartment has besides the policy that the department was given.
type governedDepartment struct {
	departmentRow `bun:",extend"`
	Employees     int64   `bun:"employees,scanonly"`
	PolicyID      *int64  `bun:"policy_id,scanonly"`
	PolicyName    *string `bun:"policy_name,scanonly"`
}

// employeeRow is an employee as v1 showed it within its department.
type employeeRow struct {
	bun.BaseModel `bun:"table:employees,alias:e"`
	db.Owned
	ID                int64     `bun:"id,pk"`
	DepartmentID      int64     `bun:"department_id"`
	PolicyID          *int64    `bun:"policy_id"`
	Name              string    `bun:"name"`
	Address           *string   `bun:"address"`
	Phone             *string   `bun:"phone"`
	Email             *string   `bun:"email"`
	Photo             *string   `bun:"photo"`
	AdditionalDetails *string   `bun:"additional_details"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// v1's names of columns.
var (
	organizationSortsV1 = []string{"id", "fullName", "shortName", "address", "phone", "email", "logo", "additionalDetails", "isActive", "createdAt", "updatedAt"}
	departmentSortsV1   = []string{"id", "organizationId", "parentId", "fullName", "shortName", "address", "phone", "email", "additionalDetails", "isActive", "createdAt", "updatedAt"}
)

// Employees and policies are counted and named where their modules keep them, by the organization of each row, and row
// level security holds there too: to ask those modules would be a circle, since they need this one.
const (
	employeesOfD = "(SELECT count(*) FROM employees AS e WHERE e.organization_id = d.organization_id AND e.department_id = d.id) AS employees"
	childrenOfD  = "(SELECT count(*) FROM departments AS c WHERE c.organization_id = d.organization_id AND c.parent_id = d.id) AS children"
)

// organizationsV1 returns a page of v1's list, and how many rows there are in all.
func (s store) organizationsV1(ctx context.Context, l httpx.ListV1) (rows []countedOrganization, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := matching(tx, tx.Select(&rows), l)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.ColumnExpr("?TableColumns").
			ColumnExpr("(SELECT count(*) FROM departments AS d WHERE d.organization_id = o.id) AS departments").
			ColumnExpr("(SELECT count(*) FROM employees AS e WHERE e.organization_id = o.id) AS employees").
			OrderExpr(l.OrderBy("o", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// matching leaves the rows that a list of v1 asks for; both tables have these columns.
func matching(tx db.Tx, q *bun.SelectQuery, l httpx.ListV1) *bun.SelectQuery {
	if words := fold.Loose(fold.Name(l.Search)); words != "" {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery { // a folded word has no wildcard in it
			return q.Where(tx.Loosely("?TableAlias.full_name_search")+" LIKE ?", "%"+words+"%").WhereOr(tx.Loosely("?TableAlias.short_name_search")+" LIKE ?", "%"+words+"%")
		})
	}
	if l.IsActive != nil {
		q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
	}
	return q
}

// newestV1 returns the organizations that the actor sees, the newest first.
func (s store) newestV1(ctx context.Context) (rows []organizationRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).OrderExpr("o.created_at DESC, o.id DESC").Limit(maxForest).Scan(ctx)
	})
	return rows, err
}

// departmentsV1 returns a page of v1's list, of one organization or with 0 of all that the actor sees.
func (s store) departmentsV1(ctx context.Context, v sight, organization int64, l httpx.ListV1) (rows []countedDepartment, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := matching(tx, v.narrow(tx.Select(&rows)), l)
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.ColumnExpr("?TableColumns").ColumnExpr(employeesOfD).ColumnExpr(childrenOfD).
			OrderExpr(l.OrderBy("d", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// departmentsOfV1 returns all departments of an organization, or with 0 of all that the actor sees.
func (s store) departmentsOfV1(ctx context.Context, v sight, organization int64) (rows []countedDepartment, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows)).ColumnExpr("?TableColumns").ColumnExpr(employeesOfD).ColumnExpr(childrenOfD).Order("d.id").Limit(maxForest)
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// neighbours are what is around a department.
type neighbours struct {
	parent    *departmentRow
	children  []countedDepartment
	employees []employeeRow
}

// maxPeople bounds one answer with all people of a department.
const maxPeople = 1000

// neighboursV1 returns of what is around a department what the actor may see.
func (s store) neighboursV1(ctx context.Context, v sight, d departmentRow) (n neighbours, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var parents []departmentRow
		if err := v.narrow(tx.Select(&parents)).Where("?TableAlias.id = ?", d.ParentID).Scan(ctx); err != nil {
			return err
		}
		if len(parents) > 0 {
			n.parent = &parents[0]
		}
		if err := v.narrow(tx.Select(&n.children)).ColumnExpr("?TableColumns").Where("?TableAlias.parent_id = ?", d.ID).Order("d.id").Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&n.employees).Where("?TableAlias.organization_id = ?", d.OrganizationID).
			Where("?TableAlias.department_id = ?", d.ID).Order("e.id").Limit(maxPeople).Scan(ctx)
	})
	return n, err
}

// belowV1 returns the departments directly below one.
func (s store) belowV1(ctx context.Context, v sight, d departmentRow) (rows []governedDepartment, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).ColumnExpr("?TableColumns").ColumnExpr(employeesOfD).
			ColumnExpr("g.policy_id AS policy_id").ColumnExpr("p.title AS policy_name").
			Join("LEFT JOIN policy_departments AS g ON g.organization_id = d.organization_id AND g.department_id = d.id").
			Join("LEFT JOIN policies AS p ON p.organization_id = d.organization_id AND p.id = g.policy_id").
			Where("?TableAlias.parent_id = ?", d.ID).Order("d.id").Scan(ctx)
	})
	return rows, err
}
