package monitoring

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// tokenRow says that a batch was stored, and what became of it.
type tokenRow struct {
	bun.BaseModel `bun:"table:batch_tokens"`
	db.Owned
	Token       string    `bun:"token,pk"`
	StoredAt    time.Time `bun:"stored_at"`
	ClockSkewMS int64     `bun:"clock_skew_ms"`
	Stored      int       `bun:"stored"`
	Known       int       `bun:"known"`
	Quarantined int       `bun:"quarantined"`
}

// quarantineRow is an event that cannot have happened.
type quarantineRow struct {
	bun.BaseModel `bun:"table:quarantine"`
	db.Owned
	ID         id.UUID         `bun:"id,pk"`
	ReceivedAt time.Time       `bun:"received_at"`
	Type       string          `bun:"type"`
	Reason     string          `bun:"reason"`
	Payload    json.RawMessage `bun:"payload"`
}

// row is an event as any of the five tables gives it back; only the columns of its table are set.
type row struct {
	OrganizationID  int64     `bun:"organization_id"`
	Datetime        time.Time `bun:"datetime"`
	ID              id.UUID   `bun:"id"`
	AgentID         id.UUID   `bun:"agent_id"` // read only to move the row
	ComputerUID     string    `bun:"computer_uid"`
	UserSID         string    `bun:"user_sid"`
	Title           string    `bun:"title"`
	ProcessName     string    `bun:"process_name"`
	URL             string    `bun:"url"`
	DurationSeconds int64     `bun:"duration_seconds"`
	SessionType     string    `bun:"session_type"`
	EndTime         time.Time `bun:"end_time"`
	Source          string    `bun:"source"`
	FilePath        string    `bun:"file_path"`
	FileSize        int64     `bun:"file_size"`
	SHA256          string    `bun:"sha256"`
	Width           int32     `bun:"width"`
	Height          int32     `bun:"height"`
}

// stateRow says where rows of time series go. There is one, in the primary database.
type stateRow struct {
	bun.BaseModel `bun:"table:timescale_state"`
	db.Global
	ID int16 `bun:"id,pk"`
	// Active is true while rows go to the primary database, because TimescaleDB is away since Since for the Reason.
	Active bool       `bun:"active"`
	Since  *time.Time `bun:"since"`
	Reason string     `bun:"reason"`
	// Waiting is true while there may be rows in the primary database that have to go to TimescaleDB; Moved counts
	// those that went.
	Waiting   bool       `bun:"waiting"`
	Moved     int64      `bun:"moved"`
	ChangedAt *time.Time `bun:"changed_at"`
}
