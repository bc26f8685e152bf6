// Package shot is the contract of pictures of screens.
package shot

import (
	"context"
	"io"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
)

// Open is the right to see a picture sharp. Who may read activity sees it blurred.
var Open = actor.Permission{Name: "screenshot.open", Roles: actor.Admin | actor.HR}

// Shot is a picture of a screen with what is known of it. Event.Kind is activity.Screenshot; its FilePath is left
// to who takes it.
type Shot struct {
	Event       activity.Event
	ContentType string
	Body        io.Reader
}

// Skipper is a Body that can be read to its end, or so far, by a taker that keeps nothing of it.
type Skipper interface {
	Skip(most int64) error
}

// Receipt says how the picture is kept.
type Receipt struct {
	// Known is true when the same event was taken before.
	Known bool
	// Fallback is true when the row went where rows go while TimescaleDB is away.
	Fallback bool
	// Quarantined is true when the event cannot have happened, or came from nobody: it is set aside, and the picture
	// is not kept.
	Quarantined bool
	// Event has FilePath, FileSize, SHA256, Width and Height as they are stored.
	Event activity.Event
}

// Taker takes pictures of the actor's organization for good: on a gateway to its disk, on the server to storage
// and the tables.
type Taker interface {
	// Take returns after picture and event are durable. On an error neither counts: TooMany or Unavailable when
	// there is no room or no storage now, Invalid when the picture can never be kept.
	Take(ctx context.Context, s Shot) (Receipt, error)
}
