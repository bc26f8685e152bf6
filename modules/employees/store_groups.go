package employees

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
)

const countMembers = "SELECT count(*) FROM employee_group_members AS m WHERE m.organization_id = g.organization_id AND m.group_id = g.id"

var idOfGroup = grid.Column{Name: "id", Kind: grid.ID, SQL: "g.id"}

var groupColumns = []grid.Column{
	idOfGroup,
	{Name: "name", Kind: grid.Folded, SQL: "g.name_search", Search: true},
	{Name: "description", Kind: grid.Text, SQL: "g.description", Null: true, Search: true, Title: "employees.column_description"},
	{Name: "members", Kind: grid.Number, SQL: countMembers, NotFor: actor.DepartmentLead, Title: "employees.column_members"},
	{Name: "organizationId", Kind: grid.ID, SQL: "g.organization_id", NotFor: inOneOrganization},
	{Name: "createdAt", Kind: grid.Time, SQL: "g.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "g.updated_at"},
}

func (s store) groups(ctx context.Context, l db.List) (rows []groupRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) group(ctx context.Context, tx db.Tx, id int64) (row groupRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) groupsByID(ctx context.Context, tx db.Tx, ids []int64) (rows []groupRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	return rows, err
}

// sizes counts the members of groups.
func (s store) sizes(ctx context.Context, ids []int64) (map[int64]int64, error) {
	var rows []struct{ GroupID, Members int64 }
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*memberRow)(nil)).Column("group_id").ColumnExpr("count(*) AS members").
			Where("?TableAlias.group_id IN (?)", bun.List(ids)).Group("group_id").Scan(ctx, &rows)
	})
	counts := map[int64]int64{}
	for _, r := range rows {
		counts[r.GroupID] = r.Members
	}
	return counts, err
}

func (s store) addGroup(ctx context.Context, tx db.Tx, row *groupRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) changeGroup(ctx context.Context, tx db.Tx, row *groupRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) dropGroup(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*groupRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// membership is a group that an employee is in.
type membership struct {
	EmployeeID int64
	GroupID    int64
	Name       string
}

// memberships returns the groups of these employees, by name.
func (s store) memberships(ctx context.Context, tx db.Tx, employeeIDs []int64) (rows []membership, err error) {
	err = tx.Select((*memberRow)(nil)).Column("employee_id", "group_id").ColumnExpr("g.name").
		Join("JOIN employee_groups AS g ON g.organization_id = m.organization_id AND g.id = m.group_id").
		Where("?TableAlias.employee_id IN (?)", bun.List(employeeIDs)).Order("g.name_search", "g.id").Scan(ctx, &rows)
	return rows, err
}

// among returns those of these employees who are in the group.
func (s store) among(ctx context.Context, tx db.Tx, groupID int64, employeeIDs []int64) (ids []int64, err error) {
	err = tx.Select((*memberRow)(nil)).Column("employee_id").Where("?TableAlias.group_id = ?", groupID).
		Where("?TableAlias.employee_id IN (?)", bun.List(employeeIDs)).Scan(ctx, &ids)
	return ids, err
}

// members returns who is in the group.
func (s store) members(ctx context.Context, tx db.Tx, groupID int64) (ids []int64, err error) {
	err = tx.Select((*memberRow)(nil)).Column("employee_id").Where("?TableAlias.group_id = ?", groupID).Order("m.employee_id").Scan(ctx, &ids)
	return ids, err
}

// join makes the employee a member; one who is stays.
func (s store) join(ctx context.Context, tx db.Tx, row memberRow) error {
	_, err := tx.Insert(&row).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

func (s store) leave(ctx context.Context, tx db.Tx, groupID, employeeID int64) error {
	return db.One(tx.Delete((*memberRow)(nil)).Where("?TableAlias.group_id = ?", groupID).Where("?TableAlias.employee_id = ?", employeeID).Exec(ctx))
}

func (s store) byIDsIn(ctx context.Context, tx db.Tx, v sight, ids []int64) (rows []employeeRow, err error) {
	err = v.narrow(tx.Select(&rows)).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	return rows, err
}
