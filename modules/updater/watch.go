package updater

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

const (
	// watchEvery is how often the slots are looked at: a command may have filled one.
	watchEvery = 5 * time.Second
	// farewell is how long whoever ordered a version has to write down that it is on its way.
	farewell = 2 * time.Second
)

// watch ends the process when another version is to run in its place.
func (u *updater) watch(ctx context.Context) error {
	ticker := time.NewTicker(u.look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case version := <-u.replaced:
			u.pause(ctx, farewell)
			return kernel.Restart{Reason: "version " + version + " takes over"}
		case <-ticker.C:
			st, err := u.slots.load()
			if err == nil && st.Trial && st.Current != u.mine && st != u.begun {
				u.noteReach(ctx, st.Version)
				return kernel.Restart{Reason: "version " + st.Version + " takes over"}
			}
		}
	}
}

// noteReach writes down whether agent-api can be reached before somebody else's installation begins: only then its
// version has to reach it, too.
func (u *updater) noteReach(ctx context.Context, version string) {
	i, err := u.last()
	if err != nil || i.Version != version {
		return
	}
	if i.Reached = u.reach(ctx) == nil; !i.Reached {
		return
	}
	if err := u.remember(i); err != nil {
		u.log.WarnContext(ctx, "whether agent-api is reached is not written down", "error", err)
	}
}

// check installs what the channel offers, if that is wanted.
func (u *updater) check(ctx context.Context) error {
	hours, err := parseWindow(u.cfg.Window)
	if err != nil || !u.cfg.Auto || !u.cloud.Enrolled(ctx) {
		return nil
	}
	for {
		// Not all gateways at once, and not all at the hour at which the window opens.
		wait := u.cfg.Interval/2 + rand.N(u.cfg.Interval/2)
		if !hours.open(u.now().Add(wait)) {
			wait = min(wait, time.Hour)
		}
		if !u.pause(ctx, wait) {
			return nil
		}
		if !hours.open(u.now()) {
			continue
		}
		u.checkOnce(ctx)
	}
}

// checkOnce leaves alone what was given up before: somebody has to order that.
func (u *updater) checkOnce(ctx context.Context) {
	m, err := u.manifest(ctx, "")
	if err == nil {
		i, lastErr := u.last()
		if lastErr == nil && i.Outcome == failed && i.Version == m.Version {
			return
		}
		_, err = u.Install(ctx, "auto "+id.New().String(), m.Version)
	}
	switch {
	case err == nil:
	case errors.Is(err, update.ErrNone), errors.Is(err, update.ErrDowngrade), errors.Is(err, update.ErrBusy):
		u.log.DebugContext(ctx, "no new version", "error", err)
	default:
		u.log.WarnContext(ctx, "a new version is not installed", "error", err)
	}
}
