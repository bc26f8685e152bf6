package retention

import (
	"context"
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// pulse is how often a run says that it is alive. One that has said nothing for beats of them is taken for dead.
const (
	pulse = time.Minute
	beats = 5
)

// alone calls fn while nobody else does in any process of the installation, or returns errRunning. The context of fn
// ends when that cannot be promised any more.
func (s *service) alone(ctx context.Context, fn func(context.Context) error) error {
	holder := id.New().String()
	taken, err := s.store.take(ctx, holder, s.clock(), s.clock().Add(beats*s.pulse))
	if err != nil {
		return err
	}
	if !taken {
		return errRunning
	}
	running, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.keepOn(running, holder, stop)
	}()
	err = fn(running)
	if err == nil && running.Err() != nil {
		err = context.Cause(running)
	}
	stop(nil)
	<-kept
	// Also when the process was told to stop: the next run need not wait for the lease to end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pulse)
	defer cancel()
	if err != nil {
		return errors.Join(err, s.store.give(ctx, holder, nil))
	}
	at := s.clock()
	if err := s.store.give(ctx, holder, &at); err != nil {
		return err
	}
	s.measured(stateRow{RanAt: &at})
	return nil
}

// keepOn lengthens the lease until ctx ends, and stops the run if it is lost.
func (s *service) keepOn(ctx context.Context, holder string, stop context.CancelCauseFunc) {
	tick := time.NewTicker(s.pulse)
	defer tick.Stop()
	lost := time.NewTimer((beats - 1) * s.pulse)
	defer lost.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-lost.C:
			stop(errLost)
			return
		case <-tick.C:
		}
		kept, err := s.store.keep(ctx, holder, s.clock().Add(beats*s.pulse))
		switch {
		case err == nil && !kept:
			stop(errLost)
			return
		case err == nil:
			lost.Reset((beats - 1) * s.pulse)
		}
	}
}
