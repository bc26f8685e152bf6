// Package computer is the contract of computers, their Windows users, and who these are.
package computer

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
)

// The rights of this noun.
var (
	Read = actor.Permission{Name: "computer.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	Link = actor.Permission{Name: "computer.link", Roles: actor.Admin | actor.HR}
)

// Sighting is a Windows user seen on a computer. UserSID is empty for a computer seen alone.
type Sighting struct {
	ComputerUID, UserSID string
	At                   time.Time
}

// Link says that a Windows user of a computer was an employee from From until Until (zero: until now).
type LinkPeriod struct {
	EmployeeID           int64
	ComputerUID, UserSID string
	From, Until          time.Time
}

// Details are what an agent tells of its computer; empty fields change nothing. At is when it did; zero is now.
type Details struct {
	UID, Name, OS, IPAddress, MACAddress, AgentVersion string
	At                                                 time.Time
}

// Told is what an agent told of itself at a time: that it runs, or that it stops.
type Told struct {
	UID string
	At  time.Time
	// Since is when the run began that At is in; zero is At.
	Since time.Time
	// Stopped says that the agent stops at At, for the reason.
	Stopped        bool
	Reason, Detail string
	// Version and Address may be empty.
	Version, Address string
}

// Computer is one computer of the organization.
type Computer struct {
	ID                            int64
	UID, Name, OS, IPAddress, MAC string
	Active                        bool
	CreatedAt, UpdatedAt          time.Time
}

// UserDetails are what an agent tells of a Windows user.
type UserDetails struct {
	SID, Name, Domain, Username string
	Admin, InDomain             bool
}

// User is one Windows user of the organization.
type User struct {
	ID, OrganizationID          int64
	EmployeeID                  int64 // 0 while unlinked
	SID, Name, Domain, Username string
	Admin, InDomain, Active     bool
	CreatedAt, UpdatedAt        time.Time
}

// Users knows the Windows users whom the actor may see: those of its organization, and a department lead those who are
// employees of its departments.
type Users interface {
	// UserByID returns the Windows user with the employee who it is now, or a fault of kind not found.
	UserByID(ctx context.Context, id int64) (User, error)
}

// Names knows what the computers of the actor's organization are called.
type Names interface {
	// NamesOf returns the names by UID of those computers that have one.
	NamesOf(ctx context.Context, uids []string) (map[string]string, error)
}

// Registry knows the computers of the actor's organization.
type Registry interface {
	// Seen makes unknown computers, Windows users and their pairs known, unlinked. It is idempotent and
	// cheap for what was seen lately.
	Seen(ctx context.Context, s []Sighting) error
	// Register makes or updates a computer by its UID.
	Register(ctx context.Context, d Details) (Computer, error)
	// RegisterUser makes or updates a Windows user by its SID.
	RegisterUser(ctx context.Context, d UserDetails) (User, error)
	// Report keeps what agents told of themselves, in whatever order and however often it comes: what is newest by
	// its own time decides.
	Report(ctx context.Context, told []Told) error
	// Merged returns the uids of the computers that were merged into this one: the same machine before it was set up anew.
	Merged(ctx context.Context, uid string) ([]string, error)
	// LinksOf returns the periods in which one of the employees was a Windows user on a computer, those that
	// touch [from, until). It returns none for an employee of another organization.
	LinksOf(ctx context.Context, employeeIDs []int64, from, until time.Time) ([]LinkPeriod, error)
	// EmployeesBehind returns the periods in which these Windows users were employees that touch [from, until), on whichever
	// computer: their ComputerUID is empty.
	EmployeesBehind(ctx context.Context, userSIDs []string, from, until time.Time) ([]LinkPeriod, error)
}
