// Package pass is the contract of who went through which door, and of the terminals that saw it.
package pass

import (
	"context"
	"encoding/json"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
)

// The rights of this noun.
var (
	// Read is the right to see passes; a department lead sees those of its people.
	Read = actor.Permission{Name: "pass.read", Roles: actor.People}
	// Write is the right to write down a pass that no terminal saw, with a reason.
	Write = actor.Permission{Name: "pass.write", Roles: actor.Admin | actor.HR | actor.Guard}
	// Report is the right of door terminals to report passes, events and how they are.
	Report = actor.Permission{Name: "pass.report", Roles: actor.Hikvision | actor.Admin}
	// ReadDevices is the right to see door terminals and gates; a guard sees how they are, and not how the server signs in at them.
	ReadDevices = actor.Permission{Name: "device.read", Roles: actor.Admin | actor.Guard}
	// WriteDevices is the right to add, change and delete door terminals and gates.
	WriteDevices = actor.Permission{Name: "device.write", Roles: actor.Admin}
)

// Direction is which way somebody went through a door.
type Direction string

// The directions, as v1's clients and the database name them. A refused try has none.
const (
	Enter Direction = "ENTER"
	Exit  Direction = "EXIT"
)

// Pass is one pass through a door, or a refused try at one.
type Pass struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	At             time.Time `json:"at"`
	Granted        bool      `json:"granted"`
	// Direction is empty for a refused try, and where nobody knows.
	Direction Direction `json:"direction,omitempty"`
	// EmployeeID and DepartmentID are 0 where nobody is known.
	EmployeeID   int64  `json:"employeeId,omitempty"`
	EmployeeName string `json:"employeeName,omitempty"`
	DepartmentID int64  `json:"departmentId,omitempty"`
	VisitorID    int64  `json:"visitorId,omitempty"`
	VisitorName  string `json:"visitorName,omitempty"`
	DeviceID     int64  `json:"deviceId,omitempty"`
	DeviceName   string `json:"deviceName,omitempty"`
	ActionType   string `json:"actionType"`
	// PersonName is whom the terminal named, Problem why the pass is nobody's.
	PersonName string `json:"personName,omitempty"`
	Problem    string `json:"problem,omitempty"`
}

// Recorded is the event that passes of one organization were stored, or came to count.
type Recorded struct {
	OrganizationID int64  `json:"organizationId"`
	Passes         []Pass `json:"passes"`
}

// EmployeeBounds are the ends of an employee's passes in a period. Refused tries are no passes.
type EmployeeBounds struct {
	EmployeeID int64
	// FirstEnter and LastExit are zero where there is none.
	FirstEnter, LastExit time.Time
	// LastAt is the last pass, whichever way.
	LastAt time.Time
	// Inside says that the last pass was one in.
	Inside bool
}

// Log knows the passes of the people whom the actor may see: of its organization, and for a department lead
// of its departments.
type Log interface {
	// Bounds returns the ends of the passes in [from, until) of each employee who has any, ordered by employee.
	Bounds(ctx context.Context, from, until time.Time) ([]EmployeeBounds, error)
}

// Outcome is what became of a terminal's report.
type Outcome struct {
	// ID is the row's. A report that was stored before has the row of then.
	ID int64
	// EmployeeID is 0 where nobody is known.
	EmployeeID int64
	// Duplicate says that the report was stored before.
	Duplicate bool
	// Problem says in English why the report is kept aside and counts for nothing; empty where it counts.
	Problem string
}

// Terminals takes what door terminals report, in v1's JSON. A report is stored once, however often it comes.
type Terminals interface {
	// Action takes a pass, or a refused try at one. It is durable when it returns.
	Action(ctx context.Context, report json.RawMessage) (Outcome, error)
	// Event takes what happened at a terminal or a door. It is durable when it returns.
	Event(ctx context.Context, report json.RawMessage) (Outcome, error)
}
