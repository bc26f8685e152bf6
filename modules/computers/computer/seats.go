package computer

import "context"

// Seat is a Windows user on a computer that it was seen on. A computer on which nobody was seen has no user, and a user
// that was seen nowhere no computer.
type Seat struct {
	ComputerUID, UserSID string
	EmployeeID           int64 // whom the user is now; 0: nobody
}

// Seats knows who sits where.
type Seats interface {
	// Seats returns all of the actor's organization, in the order of computers and users.
	Seats(ctx context.Context) ([]Seat, error)
}
