package activity

import (
	"context"
	"time"
)

// State is what is known of somebody at a computer.
type State string

// The states of a seat at the end of what is known of it.
const (
	StateActive State = "active"
	StateIdle   State = "idle"
	StateLocked State = "locked"
	StateOff    State = "off" // signed out
)

// Seat is one Windows user at one computer.
type Seat struct{ ComputerUID, UserSID string }

// SeenUser is what is known of a seat in a time.
type SeenUser struct {
	Seat
	// FirstAt is when somebody was first active there, LastAt when last: neither idle nor behind a lock. Where
	// nobody was active, both are zero.
	FirstAt, LastAt time.Time
	// KnownAt is the newest moment of which anything is known, and State the state then.
	KnownAt time.Time
	State   State
}

// Reader tells where people were seen.
type Reader interface {
	// Seen returns those of the seats, in the actor's one organization, of which anything is known in [from, until);
	// until is not after now.
	Seen(ctx context.Context, seats []Seat, from, until time.Time) ([]SeenUser, error)
}
