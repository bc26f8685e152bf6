package schedules

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// dayRow is a day of an organization's own.
type dayRow struct {
	bun.BaseModel `bun:"table:calendar_days,alias:c"`
	db.Owned
	ID        int64     `bun:"id,pk,autoincrement"`
	Day       string    `bun:"day"` // 2026-03-21
	Kind      string    `bun:"kind"`
	Name      string    `bun:"name"`
	CreatedAt time.Time `bun:"created_at,skipupdate"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// days returns an organization's own days of a range, both inside.
func (s store) days(ctx context.Context, tx db.Tx, organizationID int64, from, to string) (rows []dayRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.organization_id = ?", organizationID).Where("?TableAlias.day BETWEEN ? AND ?", from, to).Order("c.day").Scan(ctx)
	return rows, err
}

func (s store) day(ctx context.Context, tx db.Tx, id int64) (row dayRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) addDay(ctx context.Context, tx db.Tx, row *dayRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) dropDay(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*dayRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}
