package doors

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/db"
)

// gateRow is where terminals hang.
type gateRow struct {
	bun.BaseModel `bun:"table:gates,alias:g"`
	db.Owned
	ID        int64     `bun:"id,pk,autoincrement"`
	Name      string    `bun:"name"`
	CreatedAt time.Time `bun:"created_at,skipupdate"`
}

// deviceRow is a door terminal.
type deviceRow struct {
	bun.BaseModel `bun:"table:devices,alias:d"`
	db.Owned
	db.Place
	ID           int64      `bun:"id,pk,autoincrement"`
	GateID       int64      `bun:"gate_id,nullzero"`
	Name         string     `bun:"name,nullzero"`
	EntryType    string     `bun:"entry_type,nullzero"`
	IPAddress    string     `bun:"ip_address,nullzero"`
	Port         int64      `bun:"port,nullzero"`
	Login        string     `bun:"login,nullzero"`
	Sealed       string     `bun:"password,nullzero"` // with the server's secret, in base64
	WelcomeText  string     `bun:"welcome_text,nullzero"`
	TextType     string     `bun:"welcome_text_type,nullzero"`
	WelcomePhoto string     `bun:"welcome_photo,nullzero"`
	PhotoType    string     `bun:"welcome_photo_type,nullzero"`
	Details      string     `bun:"additional_details,nullzero"`
	Type         string     `bun:"type,nullzero"`
	Firmware     string     `bun:"firmware,nullzero"`
	Manufacturer string     `bun:"manufacturer,nullzero"`
	Model        string     `bun:"model,nullzero"`
	SerialNumber string     `bun:"serial_number,nullzero"`
	IsActive     bool       `bun:"is_active"`
	LastSeenAt   *time.Time `bun:"last_seen_at,skipupdate"`
	CreatedAt    time.Time  `bun:"created_at,skipupdate"`
	UpdatedAt    time.Time  `bun:"updated_at"`
}

// What gave a pass its direction.
const (
	byDevice      = "device"
	byAlternation = "alternation"
	byPerson      = "person"
)

type passRow struct {
	bun.BaseModel `bun:"table:passes,alias:p"`
	db.Owned
	db.Place
	ID           int64           `bun:"id,pk,autoincrement"`
	EventKey     string          `bun:"event_key"`
	DeviceID     int64           `bun:"device_id,nullzero"`
	GateID       int64           `bun:"gate_id,nullzero"`
	At           time.Time       `bun:"action_time"`
	EmployeeID   int64           `bun:"employee_id,nullzero"`
	VisitorID    int64           `bun:"visitor_id,nullzero"`
	VisitorType  string          `bun:"visitor_type,nullzero"`
	EntryType    pass.Direction  `bun:"entry_type,nullzero"`
	DirectionBy  string          `bun:"direction_by,nullzero"`
	ActionType   string          `bun:"action_type"`
	ActionResult string          `bun:"action_result"`
	ActionMode   string          `bun:"action_mode"`
	Granted      bool            `bun:"granted"`
	Problem      problem         `bun:"problem,nullzero"`
	DeviceIP     string          `bun:"device_ip"`
	DeviceSerial string          `bun:"device_serial"`
	PersonName   string          `bun:"person_name"`
	CardNumber   string          `bun:"card_number"`
	Payload      json.RawMessage `bun:"payload"`
	Source       string          `bun:"source"`
	ReceivedAt   time.Time       `bun:"received_at"`
	Reason       string          `bun:"reason,nullzero"`     // why a person wrote it down
	EnteredBy    string          `bun:"entered_by,nullzero"` // and who that was

	visitorName string
}

// directionBy is what gave the pass its direction. The column does not tell a person from a device.
func (r *passRow) directionBy() string {
	if r.Source == sourcePerson {
		return byPerson
	}
	return r.DirectionBy
}

// told is the pass as others are told of it.
func (r *passRow) told(d deviceRow, e employee.Employee) *pass.Pass {
	return &pass.Pass{
		ID: r.ID, OrganizationID: r.OrganizationID, At: r.At.UTC(), Granted: r.Granted, Direction: r.EntryType,
		EmployeeID: r.EmployeeID, EmployeeName: e.Name, DepartmentID: e.DepartmentID, VisitorID: r.VisitorID, VisitorName: r.visitorName, DeviceID: d.ID, DeviceName: d.Name,
		ActionType: r.ActionType, PersonName: r.PersonName, Problem: string(r.Problem),
	}
}

// statusRow is how a device was, for as long as it said the same.
type statusRow struct {
	bun.BaseModel `bun:"table:device_statuses,alias:s"`
	db.Owned
	ID           int64           `bun:"id,pk,autoincrement"`
	DeviceID     int64           `bun:"device_id,nullzero"`
	DeviceIP     string          `bun:"device_ip"`
	DeviceSerial string          `bun:"device_serial"`
	Status       string          `bun:"status"`
	Since        time.Time       `bun:"since"`
	LastAt       time.Time       `bun:"last_at"`
	Payload      json.RawMessage `bun:"payload"`
	ReceivedAt   time.Time       `bun:"received_at"`
}

type eventRow struct {
	bun.BaseModel `bun:"table:door_events,alias:e"`
	db.Owned
	ID           int64           `bun:"id,pk,autoincrement"`
	EventKey     string          `bun:"event_key"`
	DeviceID     int64           `bun:"device_id,nullzero"`
	EventType    string          `bun:"event_type"`
	At           time.Time       `bun:"at"`
	DoorNumber   *int64          `bun:"door_number"`
	Severity     *int64          `bun:"severity"`
	Description  string          `bun:"description"`
	Problem      problem         `bun:"problem,nullzero"`
	DeviceIP     string          `bun:"device_ip"`
	DeviceSerial string          `bun:"device_serial"`
	Payload      json.RawMessage `bun:"payload"`
	Source       string          `bun:"source"`
	ReceivedAt   time.Time       `bun:"received_at"`
}
