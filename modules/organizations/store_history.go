package organizations

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

// userRow is a user as far as changes are signed by it.
type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`
	db.MaybeOwned
	ID   int64  `bun:"id,pk"`
	Name string `bun:"name"`
}

// sign writes into changes the names of the users who made them, as far as the actor may see these.
func (s store) sign(ctx context.Context, tx db.Tx, changes []audit.Change) error {
	var ids []int64
	for _, c := range changes {
		ids = append(ids, c.UserID())
	}
	if len(ids) == 0 {
		return nil
	}
	var users []userRow
	if err := tx.Select(&users).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return err
	}
	names := map[int64]string{}
	for _, u := range users {
		names[u.ID] = u.Name
	}
	for i, c := range changes {
		changes[i].Name = names[c.UserID()]
	}
	return nil
}
