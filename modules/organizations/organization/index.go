package organization

import "context"

// Index lists organizations.
type Index interface {
	// All returns the active organizations that the actor sees, in the order of their ids.
	All(ctx context.Context) ([]Organization, error)
}
