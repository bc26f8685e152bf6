package schedules

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
)

// absenceRow is an absence of an employee.
type absenceRow struct {
	bun.BaseModel `bun:"table:absences,alias:b"`
	db.Owned
	db.Place
	ID         int64     `bun:"id,pk,autoincrement"`
	EmployeeID int64     `bun:"employee_id,skipupdate"`
	Kind       string    `bun:"kind"`
	FirstDay   string    `bun:"first_day"` // 2026-11-23
	LastDay    string    `bun:"last_day"`
	Reason     string    `bun:"reason,nullzero"`
	CreatedBy  int64     `bun:"created_by,nullzero,skipupdate"`
	CreatedAt  time.Time `bun:"created_at,skipupdate"`
	UpdatedAt  time.Time `bun:"updated_at"`
}

// userRow is a user as far as absences are signed by it.
type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`
	db.MaybeOwned
	ID   int64  `bun:"id,pk"`
	Name string `bun:"name"`
}

var idOfAbsence = grid.Column{Name: "id", Kind: grid.ID, SQL: "b.id"}

// ofEmployee is SQL for what employees keeps of whose absence it is: row level security holds for that table as for ours,
// and the key is of one organization.
func ofEmployee(column string) string {
	return "SELECT e." + column + " FROM employees AS e WHERE e.organization_id = b.organization_id AND e.id = b.employee_id"
}

var absenceColumns = []grid.Column{
	idOfAbsence,
	{Name: "employeeName", Kind: grid.Folded, SQL: ofEmployee("name_search"), Search: true, Title: "schedules.column_employee"},
	{Name: "employeeId", Kind: grid.ID, SQL: "b.employee_id", Only: grid.Filter, Title: "schedules.column_employee"},
	{Name: "departmentId", Kind: grid.ID, SQL: ofEmployee("department_id"), Only: grid.Filter, Title: "schedules.column_department", Doc: "with the departments below it"},
	{Name: "kind", Kind: grid.Enum, SQL: "b.kind", Values: absenceKinds, Title: "schedules.column_kind"},
	{Name: "firstDay", Kind: grid.Date, SQL: "b.first_day", Title: "schedules.column_first_day"},
	{Name: "lastDay", Kind: grid.Date, SQL: "b.last_day", Title: "schedules.column_last_day"},
	{Name: "reason", Kind: grid.Text, SQL: "b.reason", Null: true, Search: true, Title: "schedules.column_reason"},
	{Name: "createdByName", Kind: grid.Text, Title: "schedules.column_created_by"},
	{Name: "organizationId", Kind: grid.ID, SQL: "b.organization_id", NotFor: actor.HR | actor.DepartmentLead},
	{Name: "createdAt", Kind: grid.Time, SQL: "b.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "b.updated_at"},
}

// absences narrows to those of people whom the actor may see.
func (v sight) absences(q *bun.SelectQuery) *bun.SelectQuery {
	if v.all {
		return q
	}
	return q.Where("("+ofEmployee("department_id")+") IN (?)", bun.List(v.departments))
}

func (s store) absences(ctx context.Context, v sight, l db.List) (rows []absenceRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, v.absences(tx.Select(&rows)), l)
		return err
	})
	return rows, found, err
}

// absent returns the absences with a day in a range, both its ends inside.
func (s store) absent(ctx context.Context, v sight, first, last string) (rows []absenceRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.absences(tx.Select(&rows)).Where("?TableAlias.organization_id = ?", tx.Actor().OrganizationID).
			Where("?TableAlias.first_day <= ?", last).Where("?TableAlias.last_day >= ?", first).
			Order("b.employee_id", "b.first_day").Scan(ctx)
	})
	return rows, err
}

func (s store) absence(ctx context.Context, tx db.Tx, id int64) (row absenceRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// holdAbsences makes changes of one employee's absences wait for each other until the transaction ends.
func holdAbsences(ctx context.Context, tx db.Tx, employeeID int64) error {
	return tx.Serialize(ctx, fmt.Sprintf("absences of employee %d", employeeID))
}

// overlapping returns another absence of the same employee that has a day in common with the row, or db.ErrNotFound.
// Who calls it holds the employee's absences.
func (s store) overlapping(ctx context.Context, tx db.Tx, row absenceRow) (other absenceRow, err error) {
	err = tx.Select(&other).Where("?TableAlias.employee_id = ?", row.EmployeeID).Where("?TableAlias.id <> ?", row.ID).
		Where("?TableAlias.first_day <= ?", row.LastDay).Where("?TableAlias.last_day >= ?", row.FirstDay).
		Order("b.first_day").Limit(1).Scan(ctx)
	return other, db.Translate(err)
}

func (s store) addAbsence(ctx context.Context, tx db.Tx, row *absenceRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) changeAbsence(ctx context.Context, tx db.Tx, row *absenceRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) dropAbsence(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*absenceRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// userNames returns the names of users, as far as the actor may see these.
func (s store) userNames(ctx context.Context, ids []int64) (map[int64]string, error) {
	names := map[int64]string{}
	if len(ids) == 0 {
		return names, nil
	}
	var rows []userRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	for _, u := range rows {
		names[u.ID] = u.Name
	}
	return names, err
}
