package visitors

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

type visitorRow struct {
	bun.BaseModel `bun:"table:visitors,alias:v"`
	db.MaybeOwned
	db.Place
	ID                int64     `bun:"id,pk,autoincrement"`
	FirstName         string    `bun:"first_name"`
	LastName          string    `bun:"last_name"`
	MiddleName        string    `bun:"middle_name,nullzero"`
	NameSearch        string    `bun:"name_search"`
	Birthday          string    `bun:"birthday,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	PassportNumber    string    `bun:"passport_number,nullzero"`
	PINFL             string    `bun:"pinfl,nullzero"`
	WorkPlace         string    `bun:"work_place,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	HostID            int64     `bun:"host_id,nullzero"`
	CreatorID         int64     `bun:"creator_id,nullzero,skipupdate"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
	Inside            bool      `bun:"inside,scanonly"` // as list and byID read it
}

// The types of codes.
const (
	oneTime  = "ONETIME"
	multiple = "MULTIPLE"
)

type codeRow struct {
	bun.BaseModel `bun:"table:onetime_codes,alias:c"`
	db.MaybeOwned
	db.Place
	ID                int64      `bun:"id,pk,autoincrement"`
	VisitorID         int64      `bun:"visitor_id,skipupdate"`
	CodeType          string     `bun:"code_type"`
	Code              string     `bun:"code"`
	AdditionalDetails string     `bun:"additional_details,nullzero"`
	StartDate         time.Time  `bun:"start_date"`
	EndDate           time.Time  `bun:"end_date"`
	MaxUses           int64      `bun:"max_uses,nullzero"` // 0: no bound
	Uses              int64      `bun:"uses,skipupdate"`
	LastUsedAt        *time.Time `bun:"last_used_at,skipupdate"`
	IsActive          bool       `bun:"is_active"`
	CreatorID         int64      `bun:"creator_id,nullzero,skipupdate"`
	CreatedAt         time.Time  `bun:"created_at,skipupdate"`
}

type visitRow struct {
	bun.BaseModel `bun:"table:visits,alias:s"`
	db.MaybeOwned
	db.Place
	ID            int64      `bun:"id,pk,autoincrement"`
	VisitorID     int64      `bun:"visitor_id"`
	CodeID        int64      `bun:"code_id,nullzero"`
	HostID        int64      `bun:"host_id,nullzero"`
	Badge         string     `bun:"badge,nullzero"`
	Note          string     `bun:"note,nullzero"`
	CheckedInAt   time.Time  `bun:"checked_in_at"`
	CheckedInBy   int64      `bun:"checked_in_by,nullzero"`
	ExpectedUntil time.Time  `bun:"expected_until"`
	CheckedOutAt  *time.Time `bun:"checked_out_at"`
	CheckedOutBy  int64      `bun:"checked_out_by,nullzero"`
}

// What follows is kept by others and only read here, most of it for v1's answers: row level security holds for those
// tables, too.
type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`
	db.MaybeOwned
	ID       int64  `bun:"id,pk"`
	Name     string `bun:"name"`
	Username string `bun:"username"`
}

type memberRow struct {
	bun.BaseModel `bun:"table:department_users,alias:m"`
	db.Owned
	UserID       int64 `bun:"user_id"`
	DepartmentID int64 `bun:"department_id"`
}

type organizationRow struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`
	db.Tenant
	FullName  string `bun:"full_name"`
	ShortName string `bun:"short_name"`
}

type passRow struct {
	bun.BaseModel `bun:"table:passes,alias:p"`
	db.Owned
	ID           int64     `bun:"id,pk"`
	DeviceID     *int64    `bun:"device_id"`
	GateID       *int64    `bun:"gate_id"`
	At           time.Time `bun:"action_time"`
	EmployeeID   *int64    `bun:"employee_id"`
	VisitorID    *int64    `bun:"visitor_id"`
	VisitorType  *string   `bun:"visitor_type"`
	EntryType    *string   `bun:"entry_type"`
	ActionType   string    `bun:"action_type"`
	ActionResult string    `bun:"action_result"`
	ActionMode   string    `bun:"action_mode"`
}

type deviceRow struct {
	bun.BaseModel `bun:"table:devices,alias:d"`
	db.Owned
	ID        int64   `bun:"id,pk"`
	GateID    *int64  `bun:"gate_id"`
	Name      *string `bun:"name"`
	IPAddress *string `bun:"ip_address"`
	EntryType *string `bun:"entry_type"`
}

type gateRow struct {
	bun.BaseModel `bun:"table:gates,alias:g"`
	db.Owned
	ID   int64  `bun:"id,pk"`
	Name string `bun:"name"`
}
