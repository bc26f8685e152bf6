package schedules

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// scheduleRow is a schedule. Its times are minutes of the day; a break without times is none.
type scheduleRow struct {
	bun.BaseModel `bun:"table:work_schedules,alias:w"`
	db.Owned
	ID            int64     `bun:"id,pk,autoincrement"`
	Name          string    `bun:"name"`
	Days          int64     `bun:"days"` // bit 0 is Monday
	Start         int64     `bun:"start_minute"`
	End           int64     `bun:"end_minute"`
	BreakStart    *int64    `bun:"break_start"`
	BreakEnd      *int64    `bun:"break_end"`
	GraceMinutes  int64     `bun:"grace_minutes"`
	IsDefault     bool      `bun:"is_default"`
	KeepsHolidays bool      `bun:"keeps_holidays"`
	CreatedAt     time.Time `bun:"created_at,skipupdate"`
	UpdatedAt     time.Time `bun:"updated_at"`
}

// assignmentRow says by which schedule a department works.
type assignmentRow struct {
	bun.BaseModel `bun:"table:department_schedules,alias:a"`
	db.Owned
	DepartmentID int64     `bun:"department_id,pk"`
	ScheduleID   int64     `bun:"schedule_id"`
	UpdatedAt    time.Time `bun:"updated_at"`
}
