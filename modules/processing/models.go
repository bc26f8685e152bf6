package processing

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// status is how far a job has come, in v1's words.
type status string

const (
	pending    status = "PENDING"
	processing status = "PROCESSING"
	retrying   status = "RETRY"
	completed  status = "COMPLETED"
	failed     status = "FAILED"
)

type jobRow struct {
	bun.BaseModel `bun:"table:processing_jobs,alias:j"`
	db.Owned
	ID         int64           `bun:"id,pk,autoincrement"`
	JobID      string          `bun:"job_id"`
	OrderedBy  string          `bun:"ordered_by,skipupdate"`
	BatchID    string          `bun:"batch_id"`
	DataType   string          `bun:"data_type"`
	Priority   int             `bun:"priority"`
	Status     status          `bun:"status"`
	Request    json.RawMessage `bun:"request,nullzero"`
	DataSize   int64           `bun:"data_size"`
	Attempts   int             `bun:"attempts"`
	NextAt     time.Time       `bun:"next_at"`
	Result     json.RawMessage `bun:"result,nullzero"`
	Error      string          `bun:"error"`
	Records    int             `bun:"records"`
	DurationMS int64           `bun:"duration_ms"`
	CreatedAt  time.Time       `bun:"created_at,skipupdate"`
	StartedAt  *time.Time      `bun:"started_at"`
	FinishedAt *time.Time      `bun:"finished_at"`
}
