package alerts

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

type alertRow struct {
	bun.BaseModel `bun:"table:alerts,alias:a"`
	db.MaybeOwned
	db.Place
	ID             id.UUID        `bun:"id,pk"`
	Kind           string         `bun:"kind"`
	Severity       string         `bun:"severity"`
	At             time.Time      `bun:"at"`
	Subject        string         `bun:"subject"`
	Details        map[string]any `bun:"details"`
	AcknowledgedAt *time.Time     `bun:"acknowledged_at"`
	AcknowledgedBy *string        `bun:"acknowledged_by"`
	CreatedAt      time.Time      `bun:"created_at"`
}
