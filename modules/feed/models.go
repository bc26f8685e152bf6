package feed

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// eventRow is one thing that happened. Ids are in the order in which rows can be seen: whoever has seen one misses none
// before it.
type eventRow struct {
	bun.BaseModel `bun:"table:feed_events,alias:f"`
	db.MaybeOwned
	ID           int64           `bun:"id,pk,autoincrement"`
	Key          string          `bun:"event_key"`
	Kind         string          `bun:"kind"`
	DepartmentID int64           `bun:"department_id,nullzero"`
	At           time.Time       `bun:"at"`
	Data         json.RawMessage `bun:"data"`
}
