package retention

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// ruleRow says how long what is kept; without an organization, for all that have no rule of their own.
type ruleRow struct {
	bun.BaseModel `bun:"table:retention_policies,alias:p"`
	db.MaybeOwned
	ID        id.UUID   `bun:"id,pk"`
	Type      string    `bun:"resource_type"`
	Days      int64     `bun:"retention_days"`
	Action    string    `bun:"action"`
	Active    bool      `bun:"is_active"`
	CreatedAt time.Time `bun:"created_at,skipupdate"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// holdRow says that something stays.
type holdRow struct {
	bun.BaseModel `bun:"table:retention_holds,alias:h"`
	db.Owned
	db.Place
	ID         id.UUID    `bun:"id,pk"`
	Type       string     `bun:"resource_type"`
	From       *time.Time `bun:"from_day"`
	Until      *time.Time `bun:"until_day"` // the day after the last
	Reason     string     `bun:"reason"`
	CreatedAt  time.Time  `bun:"created_at,skipupdate"`
	CreatedBy  string     `bun:"created_by,skipupdate"`
	ExpiresAt  *time.Time `bun:"expires_at"`
	ReleasedAt *time.Time `bun:"released_at"`
	ReleasedBy *string    `bun:"released_by"`
}

// runRow is what went of one kind and day.
type runRow struct {
	bun.BaseModel `bun:"table:retention_runs,alias:r"`
	db.Owned
	db.Place
	ID            id.UUID    `bun:"id,pk"`
	Kind          string     `bun:"kind,skipupdate"`
	Day           time.Time  `bun:"day,skipupdate"`
	Action        string     `bun:"action,skipupdate"`
	State         string     `bun:"state"`
	Rows          int64      `bun:"rows"`
	Files         int64      `bun:"files"`
	Bytes         int64      `bun:"bytes"`
	ArchivePath   string     `bun:"archive_path"`
	ArchiveSHA256 string     `bun:"archive_sha256"`
	StartedAt     time.Time  `bun:"started_at,skipupdate"`
	FinishedAt    *time.Time `bun:"finished_at"`
	Error         string     `bun:"error"`
}

// The states of a run, in their order.
const (
	begun    = "begun"
	archived = "archived" // what will go is in the archive, and was read back
	removed  = "removed"  // the rows are gone
	finished = "finished" // and their files
)

// The values of an action.
const (
	toDelete  = "delete"
	toArchive = "archive"
)

// fileRow is a file that goes when the rows of a run are gone.
type fileRow struct {
	bun.BaseModel `bun:"table:retention_files,alias:f"`
	db.Owned
	RunID id.UUID `bun:"run_id,pk"`
	Path  string  `bun:"path,pk"`
	Size  int64   `bun:"size"`
}

// stateRow is who carries the rules out.
type stateRow struct {
	bun.BaseModel `bun:"table:retention_state,alias:s"`
	db.Global
	ID        int64      `bun:"id,pk"`
	Holder    string     `bun:"holder"`
	HeldUntil *time.Time `bun:"held_until"`
	RanAt     *time.Time `bun:"ran_at"`
}

// organizationRow is a tenant, active or not: what was kept of one that is closed goes too.
type organizationRow struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`
	db.Tenant
}
