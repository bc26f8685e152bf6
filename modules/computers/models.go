package computers

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

type computerRow struct {
	bun.BaseModel `bun:"table:computers,alias:c"`
	db.Owned
	db.Place
	ID           int64      `bun:"id,pk,autoincrement"`
	UID          string     `bun:"computer_uid"`
	Name         string     `bun:"name"`
	OS           *string    `bun:"os"`
	IPAddress    *string    `bun:"ip_address"`
	MACAddress   *string    `bun:"mac_address"`
	AgentVersion *string    `bun:"agent_version"`
	Search       string     `bun:"search"`
	LastSeenAt   *time.Time `bun:"last_seen_at"`
	Active       bool       `bun:"is_active"`
	State        string     `bun:"state"`
	StateReason  string     `bun:"state_reason"`
	StateDetail  string     `bun:"state_detail"`
	StateSince   *time.Time `bun:"state_since"`
	GatewayID    *id.UUID   `bun:"gateway_id"`
	MergedInto   *int64     `bun:"merged_into"`
	CreatedAt    time.Time  `bun:"created_at,skipupdate"`
	UpdatedAt    time.Time  `bun:"updated_at"`
}

// newComputer is a computer of which only the uid is known.
func newComputer(uid string, seen, now time.Time, via *id.UUID) computerRow {
	return computerRow{
		UID: uid, Search: fold.Search(uid), LastSeenAt: &seen, Active: true, State: unknown, StateReason: neverReported, GatewayID: via,
		CreatedAt: now, UpdatedAt: now,
	}
}

// lost reports whether the computer counts as offline because nothing was heard of it, not because it said so.
func (r computerRow) lost() bool {
	return r.State == offline && (r.StateReason == noContact || r.StateReason == gatewayOffline)
}

// heard is when the computer was last heard of; zero for never.
func (r computerRow) heard() time.Time {
	if r.LastSeenAt == nil {
		return time.Time{}
	}
	return *r.LastSeenAt
}

// target is the id of the computer that this one is now.
func (r computerRow) target() int64 {
	if r.MergedInto != nil {
		return *r.MergedInto
	}
	return r.ID
}

func (r computerRow) contract() computer.Computer {
	return computer.Computer{
		ID: r.ID, UID: r.UID, Name: r.Name, OS: text(r.OS), IPAddress: text(r.IPAddress), MAC: text(r.MACAddress),
		Active: r.Active, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// stateRow is what an agent told of itself: a run, or a stop.
type stateRow struct {
	bun.BaseModel `bun:"table:computer_states,alias:s"`
	db.Owned
	ID         id.UUID   `bun:"id,pk"`
	ComputerID int64     `bun:"computer_id"`
	At         time.Time `bun:"at"`
	// Until is when a run was last heard of.
	Until  time.Time `bun:"until"`
	State  string    `bun:"state"`
	Reason string    `bun:"reason"`
	Detail string    `bun:"detail"`
	// Version and Address are those of the agent then.
	Version string `bun:"version"`
	Address string `bun:"address"`
}

type userRow struct {
	bun.BaseModel `bun:"table:computer_users,alias:u"`
	db.Owned
	db.Place
	ID        int64     `bun:"id,pk,autoincrement"`
	SID       string    `bun:"sid"`
	Name      string    `bun:"name"`
	Domain    *string   `bun:"domain"`
	Username  string    `bun:"username"`
	Search    string    `bun:"search"`
	Admin     bool      `bun:"is_admin"`
	InDomain  bool      `bun:"is_in_domain"`
	Active    bool      `bun:"is_active"`
	CreatedAt time.Time `bun:"created_at,skipupdate"`
	UpdatedAt time.Time `bun:"updated_at"`
}

func (r userRow) contract() computer.User {
	return computer.User{
		ID: r.ID, OrganizationID: r.OrganizationID, SID: r.SID, Name: r.Name, Domain: text(r.Domain), Username: r.Username,
		Admin: r.Admin, InDomain: r.InDomain, Active: r.Active, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// linkedUser is a Windows user with its present employee.
type linkedUser struct {
	userRow    `bun:",extend"`
	EmployeeID *int64 `bun:"employee_id,scanonly"`
}

// pairRow is a Windows user seen on a computer.
type pairRow struct {
	bun.BaseModel `bun:"table:users_on_computers,alias:p"`
	db.Owned
	ID         int64     `bun:"id,pk,autoincrement"`
	UserID     int64     `bun:"computer_user_id"`
	ComputerID int64     `bun:"computer_id"`
	Active     bool      `bun:"is_active"`
	LastSeenAt time.Time `bun:"last_seen_at"`
	CreatedAt  time.Time `bun:"created_at"`
	UpdatedAt  time.Time `bun:"updated_at"`
}

// linkRow says who a Windows user was from LinkedFrom (nil: always) until LinkedUntil (nil: until now).
type linkRow struct {
	bun.BaseModel `bun:"table:computer_user_links,alias:l"`
	db.Owned
	ID          int64      `bun:"id,pk,autoincrement"`
	UserID      int64      `bun:"computer_user_id"`
	EmployeeID  int64      `bun:"employee_id"`
	LinkedFrom  *time.Time `bun:"linked_from"`
	LinkedUntil *time.Time `bun:"linked_until"`
	CreatedAt   time.Time  `bun:"created_at"`
}

// begins reports whether the link begins after the time; reaches, whether it lasts beyond it.
func (l linkRow) begins(after time.Time) bool {
	return l.LinkedFrom != nil && l.LinkedFrom.After(after)
}

func (l linkRow) reaches(beyond time.Time) bool {
	return l.LinkedUntil == nil || l.LinkedUntil.After(beyond)
}

// periodRow is a link, perhaps with one of the computers that its Windows user was seen on.
type periodRow struct {
	bun.BaseModel `bun:"table:computer_user_links,alias:l"`
	db.Owned
	EmployeeID  int64      `bun:"employee_id"`
	ComputerUID string     `bun:"computer_uid,scanonly"`
	SID         string     `bun:"sid,scanonly"`
	LinkedFrom  *time.Time `bun:"linked_from"`
	LinkedUntil *time.Time `bun:"linked_until"`
}

func (r periodRow) contract() computer.LinkPeriod {
	p := computer.LinkPeriod{EmployeeID: r.EmployeeID, ComputerUID: r.ComputerUID, UserSID: r.SID}
	if r.LinkedFrom != nil {
		p.From = r.LinkedFrom.UTC()
	}
	if r.LinkedUntil != nil {
		p.Until = r.LinkedUntil.UTC()
	}
	return p
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// optional is nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
