package commands

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// arriveTime is how long a socket waits for its place.
const arriveTime = 10 * time.Second

// arrival is a socket that is about to be made.
type arrival struct {
	holding
	done chan<- place
}

// place is the order of a socket among those of this process, or why there is none.
type place struct {
	n   uint64
	err error
}

// arrive makes a gateway's coming socket its newest, in the database and so for all processes.
func (h *hub) arrive(ctx context.Context, x holding) (uint64, error) {
	done := make(chan place, 1)
	select {
	case h.arrivals <- arrival{x, done}:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(arriveTime):
		return 0, errStopping
	}
	p := <-done
	return p.n, p.err
}

// admit takes arrivals, as many at once as have come meanwhile, until ctx ends.
func (h *hub) admit(ctx context.Context) error {
	for n := uint64(1); ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case first := <-h.arrivals:
			h.admitAll(ctx, n, append([]arrival{first}, h.others()...))
		}
	}
}

// others are the arrivals that wait already.
func (h *hub) others() (list []arrival) {
	for len(list) < batch {
		select {
		case a := <-h.arrivals:
			list = append(list, a)
		default:
			return list
		}
	}
	return list
}

// admitAll holds the last arrival of each gateway. The earlier ones have lost their places before they had them.
func (h *hub) admitAll(ctx context.Context, n uint64, list []arrival) {
	last := map[id.UUID]arrival{}
	for _, a := range list {
		if before, has := last[a.gatewayID]; has {
			before.done <- place{err: errReplaced}
		}
		last[a.gatewayID] = a
	}
	held := make([]holding, 0, len(last))
	for _, a := range last {
		held = append(held, a.holding)
	}
	err := h.service.hold(ctx, h.processID, held)
	for _, a := range last {
		a.done <- place{n, err}
	}
}
