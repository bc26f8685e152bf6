package policy

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps policies, their versions, groups and roll-outs. It holds no rule: those are in the services.
type store struct{ db *db.DB }

// serialize makes all changes of an organization's policies wait for each other.
func serialize(ctx context.Context, tx db.Tx, organizationID int64) error {
	return tx.Serialize(ctx, "policies "+decimal(organizationID))
}

func (s store) list(ctx context.Context, l db.List) (rows []policyRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows).Where("p.deleted_at IS NULL"), l)
		return err
	})
	return rows, found, err
}

func (s store) policy(ctx context.Context, tx db.Tx, policyID int64) (row policyRow, err error) {
	err = tx.Select(&row).Where("p.id = ?", policyID).Where("p.deleted_at IS NULL").Scan(ctx)
	return row, db.Translate(err)
}

// policies returns all of the organization that are not deleted, by id.
func (s store) policies(ctx context.Context, tx db.Tx) (rows []policyRow, err error) {
	err = tx.Select(&rows).Where("p.deleted_at IS NULL").Order("p.id").Scan(ctx)
	return rows, err
}

// unversioned returns the policies of which no version was made: somebody else has written them.
func (s store) unversioned(ctx context.Context) (rows []policyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("p.latest_version = 0").Where("p.deleted_at IS NULL").Order("p.id").Scan(ctx)
	})
	return rows, err
}

// organizations returns those that have policies.
func (s store) organizations(ctx context.Context) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*policyRow)(nil)).ColumnExpr("DISTINCT p.organization_id").Order("p.organization_id").Scan(ctx, &ids)
	})
	return ids, err
}

func (s store) insert(ctx context.Context, tx db.Tx, row *policyRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) update(ctx context.Context, tx db.Tx, row *policyRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// setDefault makes the policy the only default; 0 leaves none.
func (s store) setDefault(ctx context.Context, tx db.Tx, policyID int64, now time.Time) error {
	_, err := tx.Update((*policyRow)(nil)).Set("is_default = (?TableAlias.id = ?)", policyID).Set("updated_at = ?", now).
		Where("?TableAlias.is_default <> (?TableAlias.id = ?)", policyID).Exec(ctx)
	return err
}

func (s store) addVersion(ctx context.Context, tx db.Tx, row *versionRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) version(ctx context.Context, tx db.Tx, policyID, number int64) (row versionRow, err error) {
	err = tx.Select(&row).Where("v.policy_id = ?", policyID).Where("v.version = ?", decimal(number)).Scan(ctx)
	return row, db.Translate(err)
}

// versions returns a page of a policy's versions with a lower number than before, the newest first, and one more. 0 is
// no bound.
func (s store) versions(ctx context.Context, policyID, before int64, limit int) (rows []versionRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).ExcludeColumn("content").Where("v.policy_id = ?", policyID).OrderExpr("CAST(v.version AS bigint) DESC").Limit(int64(limit + 1))
		if before > 0 {
			q = q.Where("CAST(v.version AS bigint) < ?", before)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// current returns of each policy the version in force and the newest.
func (s store) current(ctx context.Context, tx db.Tx) (rows []versionRow, err error) {
	err = tx.Select(&rows).Join("JOIN policies AS p ON p.organization_id = v.organization_id AND p.id = v.policy_id").
		Where("p.deleted_at IS NULL").Where("v.version IN (CAST(p.released_version AS text), CAST(p.latest_version AS text))").
		Order("v.policy_id").Scan(ctx)
	return rows, err
}

func (s store) addChange(ctx context.Context, tx db.Tx, row *changeRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

// changes returns a page of what was done to a policy, the newest first, and one more.
func (s store) changes(ctx context.Context, policyID int64, before id.UUID, limit int) (rows []changeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).ColumnExpr("c.*").ColumnExpr("v.version").
			Join("JOIN policy_versions AS v ON v.organization_id = c.organization_id AND v.id = c.version_id").
			Where("c.policy_id = ?", policyID).Order("c.id DESC").Limit(int64(limit + 1))
		if before != id.Nil {
			q = q.Where("c.id < ?", before)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// departments returns which departments have policies of their own.
func (s store) departments(ctx context.Context, tx db.Tx) (rows []departmentRow, err error) {
	err = tx.Select(&rows).Order("d.department_id").Scan(ctx)
	return rows, err
}

// give gives a department a policy; 0 takes its own away.
func (s store) give(ctx context.Context, tx db.Tx, row departmentRow) error {
	if row.PolicyID == 0 {
		_, err := tx.Delete((*departmentRow)(nil)).Where("?TableAlias.department_id = ?", row.DepartmentID).Exec(ctx)
		return err
	}
	_, err := tx.Insert(&row).On("CONFLICT (organization_id, department_id) DO UPDATE").
		Set("policy_id = EXCLUDED.policy_id").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	return db.Translate(err)
}

// numbers counts by policy.
type numbers map[int64]int

// holders counts the employees and departments that were given each of the policies. Employees are counted where module
// employees keeps them, in the same organization.
func (s store) holders(ctx context.Context, policyIDs []int64) (employees, departments numbers, err error) {
	if len(policyIDs) == 0 {
		return nil, nil, nil
	}
	employees, departments = numbers{}, numbers{}
	var rows []struct {
		policyRow   `bun:",extend"`
		Employees   int `bun:"employees,scanonly"`
		Departments int `bun:"departments,scanonly"`
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("p.id").
			ColumnExpr("("+countEmployees+") AS employees").ColumnExpr("("+countDepartments+") AS departments").
			Where("p.id IN (?)", bun.List(policyIDs)).Scan(ctx)
	})
	for _, r := range rows {
		employees[r.ID], departments[r.ID] = r.Employees, r.Departments
	}
	return employees, departments, err
}
