package audit

import (
	"context"
	"strings"

	"github.com/staff-control/staff-control/platform/db"
)

// userRow is a user as far as changes are signed by it.
type userRow struct {
	db.MaybeOwned
	ID   int64
	Name string
}

// sign writes into changes the names of the users who made them, as far as the actor may see these.
func sign(ctx context.Context, tx db.Tx, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	ids := make([]any, len(changes))
	for i, c := range changes {
		ids[i] = c.UserID()
	}
	var users []userRow
	err := tx.Select(&users).ModelTableExpr("users AS ?TableAlias").Column("id", "name").
		Where("?TableAlias.id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", ids...).Scan(ctx)
	if err != nil {
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
