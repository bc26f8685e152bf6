package demo

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

type companyRow struct {
	bun.BaseModel `bun:"table:demo_companies,alias:dc"`
	db.Owned
	Seed      int64     `bun:"seed"`
	Employees int       `bun:"employees"`
	Days      int       `bun:"days"`
	TokenHash string    `bun:"token_hash"`
	KeyID     int64     `bun:"key_id"`
	MadeAt    time.Time `bun:"made_at"`
	StaffedAt time.Time `bun:"staffed_at,nullzero"`
	SentUntil time.Time `bun:"sent_until,nullzero"`
	RemovedAt time.Time `bun:"removed_at,nullzero"`
}
