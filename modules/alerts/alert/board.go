package alert

import "context"

// Board knows what nobody has acknowledged yet.
type Board interface {
	// Open returns the newest open alerts that the actor may see, newest first, at most so many.
	Open(ctx context.Context, most int) ([]Alert, error)
}
