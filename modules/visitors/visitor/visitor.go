// Package visitor is the contract of the people who come to visit.
package visitor

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	// Read is the right to see visitors and visits; a department lead sees those who come to its people.
	Read = actor.Permission{Name: "visitor.read", Roles: actor.People}
	// Create is the right to register visitors.
	Create = actor.Permission{Name: "visitor.create", Roles: actor.Admin | actor.HR | actor.Guard}
	// Write is the right to change visitors, and to give them codes.
	Write = actor.Permission{Name: "visitor.write", Roles: actor.Admin | actor.HR}
	// ReadCodes is the right to see the codes of visitors.
	ReadCodes = actor.Permission{Name: "visitor.read_codes", Roles: actor.Admin | actor.HR | actor.Guard}
	// Admit is the right to check visitors in and out.
	Admit = actor.Permission{Name: "visitor.admit", Roles: actor.Admin | actor.HR | actor.Guard}
)

var (
	// ErrUnknown is returned for a visitor who is not there or whom the actor may not see.
	ErrUnknown = fault.New(fault.NotFound, "visitors.unknown")
	// ErrInactive is returned for a visitor who is not let in any more.
	ErrInactive = fault.New(fault.Conflict, "visitors.inactive")
	// ErrCodeUnknown is returned for a code that the actor's organization has not given.
	ErrCodeUnknown = fault.New(fault.NotFound, "visitors.code_unknown")
	// ErrCodeWithdrawn is returned for a code that the actor's organization has given and taken back.
	ErrCodeWithdrawn = fault.New(fault.Gone, "visitors.code_withdrawn")
	// ErrCodeEarly is returned for a code before its time.
	ErrCodeEarly = fault.New(fault.Conflict, "visitors.code_early")
	// ErrCodeExpired is returned for a code after its time.
	ErrCodeExpired = fault.New(fault.Gone, "visitors.code_expired")
	// ErrCodeUsed is returned for a code that was used as often as it may be.
	ErrCodeUsed = fault.New(fault.Conflict, "visitors.code_used")
)

// Passage is that somebody showed a code at a door.
type Passage struct {
	Code string // as it was read: the code, or what its QR picture says
	At   time.Time
	Exit bool // the way out
	// Turns says that the door is both: whoever is inside goes out by it, and anybody else comes in. Exit says nothing then.
	Turns bool
}

// Admission is whom a door let through.
type Admission struct {
	VisitorID int64
	Name      string
	Exit      bool
	// VisitID is 0 for somebody who left and had not come in.
	VisitID int64
}

// Visitor is somebody who comes to visit.
type Visitor struct {
	ID   int64
	Name string
}

// Directory finds visitors of the actor's organization.
type Directory interface {
	// ByIDs returns those of ids that there are. It asks for no right: whoever calls it decides who may see names.
	ByIDs(ctx context.Context, ids []int64) (map[int64]Visitor, error)
}

// Gate lets visitors through doors.
type Gate interface {
	// Pass uses the code up, within the caller's transaction, and notes that the visitor came in. The way out uses nothing
	// up and asks for no time. It returns ErrInactive or one of the faults of codes for whoever must not pass. The caller
	// sees to it that a report of the same passage comes here once.
	Pass(ctx context.Context, tx db.Tx, p Passage) (Admission, error)
}
