package buffer

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
)

// A gateway's file has rows of the organizations whose keys it takes, and one reader: itself. So its models
// are not scoped; organization_id is data here.

// tallyRow is how much a stream holds, kept with every change so that nothing has to be counted.
type tallyRow struct {
	bun.BaseModel `bun:"table:tallies"`
	db.Global

	Stream   backlog.Stream `bun:"stream,pk"`
	Last     int64          `bun:"last"`
	Pending  int64          `bun:"pending"`
	Sent     int64          `bun:"sent"`
	SetAside int64          `bun:"set_aside"`
}

// bufferRow is what the buffer tables have alike.
type bufferRow struct {
	bun.BaseModel `bun:"table:agent_data_buffer,alias:b"`
	db.Global

	ID        int64     `bun:"id,pk,autoincrement"`
	CreatedAt time.Time `bun:"created_at"`
}

type rangeRow struct {
	bun.BaseModel `bun:"table:dropped_ranges"`
	db.Global

	ID        int64          `bun:"id,pk,autoincrement"`
	Stream    backlog.Stream `bun:"stream"`
	First     int64          `bun:"first"`
	Last      int64          `bun:"last"`
	Reason    string         `bun:"reason"`
	CreatedAt time.Time      `bun:"created_at"`
}

type alertRow struct {
	bun.BaseModel `bun:"table:alerts"`
	db.Global

	ID        string    `bun:"id,pk"`
	Body      string    `bun:"body"`
	CreatedAt time.Time `bun:"created_at"`
}

// table is where a stream's rows are, and what the rows' type is called there.
type table struct{ name, typeColumn string }

func tableOf(s backlog.Stream) table {
	switch s {
	case backlog.Device:
		return table{"device_data_buffer", "adapter_type"}
	case backlog.Picture:
		return table{"picture_buffer", "type"}
	}
	return table{"agent_data_buffer", "type"}
}
