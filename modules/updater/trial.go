package updater

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

// subject is what alerts call the gateway itself.
func (u *updater) subject() string {
	if self := u.cloud.GatewayID(); self != "" {
		return "gateway:" + self
	}
	return "gateway"
}

// settle finds out, when the process begins, what became of the last installation. It reports whether this process is
// the new version on trial.
func (u *updater) settle(ctx context.Context) (trial bool, err error) {
	st, err := u.slots.load()
	if errors.Is(err, errState) {
		u.log.ErrorContext(ctx, "the slots' state cannot be read: the package's program runs", "error", err)
		st, err = state{Current: packaged, Previous: packaged}, nil
	}
	if err != nil {
		return false, err
	}
	i, err := u.last()
	if err != nil {
		u.log.ErrorContext(ctx, "what was installed last is not known", "error", err)
		i = installation{}
		if err := u.remember(i); err != nil {
			return false, err
		}
	}
	u.begun = st
	if st.Trial && st.Current == u.mine {
		return true, nil
	}
	if st.Trial { // the launcher did not start it, or could not count that
		st = st.back(reasonNotStarted)
		if err := u.slots.save(st); err != nil {
			return false, err
		}
	}
	return false, u.conclude(st, i)
}

// conclude writes down what became of the installation, if that is open.
func (u *updater) conclude(st state, i installation) error {
	switch {
	case st.Failed != "":
		if i.Version != st.Failed { // nothing is known of it but that
			i = installation{Version: st.Failed, Alert: id.New(), At: u.now().UTC()}
		}
		i.Outcome, i.Reason = failed, st.Reason
	case i.Version == "" || i.Outcome != pending:
		return nil
	case st.Current == u.mine && plain(u.version) == i.Version:
		i.Outcome = confirmed
	default:
		i = installation{} // it was cut off before the launcher was told
	}
	return u.remember(i)
}

// tell raises the alert of a version that was given up, until it is kept.
func (u *updater) tell(ctx context.Context) error {
	st, err := u.slots.load()
	if err != nil || st.Failed == "" || st.Trial {
		return nil
	}
	i, err := u.last()
	if err != nil || i.Version != st.Failed {
		return nil
	}
	for {
		err := u.alerts.Raise(ctx, alert.Alert{
			ID: i.Alert, Kind: alert.UpdateRolledBack, Severity: alert.Warning, At: u.now().UTC(), Subject: u.subject(),
			Details: map[string]any{"version": i.Version, "runs": u.version, "reason": alert.HealthCheckFailed, "cause": i.Reason},
		})
		if err == nil {
			break
		}
		u.log.WarnContext(ctx, "the alert that an update was given up is not kept", "error", err)
		if !u.pause(ctx, u.wait) {
			return nil
		}
	}
	u.log.ErrorContext(ctx, "an update was given up and the previous version is back", "version", i.Version, "cause", i.Reason)
	if st, err = u.slots.load(); err != nil || st.Failed != i.Version || st.Trial {
		return nil
	}
	st.Failed, st.Reason = "", ""
	if err := u.slots.save(st); err != nil { // it is told again after the next start
		u.log.WarnContext(ctx, "that an update was given up is not crossed out", "error", err)
	}
	return nil
}

// try keeps this version if it is healthy for long enough, or ends the process in favour of the previous one.
func (u *updater) try(ctx context.Context) error {
	i, err := u.last()
	if err != nil || i.Version != plain(u.version) {
		i = installation{Version: plain(u.version)}
	}
	start := u.now()
	why := errors.New("it has not been healthy for long enough")
	var since time.Time // of being healthy without a break
	for {
		err := u.healthy(ctx, i)
		now := u.now()
		switch {
		case ctx.Err() != nil:
			return u.stopped(!since.IsZero())
		case err != nil:
			since, why = time.Time{}, err
		case since.IsZero():
			since = now
		}
		if err == nil && now.Sub(since) >= u.cfg.ConfirmAfter {
			if why = u.confirm(ctx, i); why == nil {
				return nil
			}
		}
		if now.Sub(start) >= u.cfg.HealthTimeout {
			return u.giveUp(ctx, why)
		}
		if !u.pause(ctx, min(max(u.cfg.ConfirmAfter/20, 50*time.Millisecond), 5*time.Second)) {
			return u.stopped(!since.IsZero())
		}
	}
}

// reachTime is how long agent-api may take to answer.
const reachTime = 10 * time.Second

// healthy asks what /health/ready asks, and agent-api, if that answered before.
func (u *updater) healthy(ctx context.Context, i installation) error {
	if err := u.ready(ctx); err != nil || !i.Reached {
		return err
	}
	return u.reach(ctx)
}

// reach asks agent-api whether it knows us.
func (u *updater) reach(ctx context.Context) error {
	if u.cloud.GatewayID() == "" {
		return errors.New("the gateway is not enrolled")
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	res, err := u.ask(ctx, "")
	if err != nil {
		return fmt.Errorf("ask agent-api: %w", err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxManifest)); err != nil {
		return fmt.Errorf("ask agent-api: %w", err)
	}
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return fmt.Errorf("agent-api does not know us: %s", res.Status)
	}
	return nil
}

// confirm makes this version the one that stays.
func (u *updater) confirm(ctx context.Context, i installation) error {
	st, err := u.slots.load()
	if err != nil {
		return err
	}
	st.Trial, st.Starts = false, 0
	u.step("confirm")
	if err := u.slots.save(st); err != nil {
		return err
	}
	i.Outcome = confirmed
	u.step("confirmed")
	if err := u.remember(i); err != nil {
		return err
	}
	close(u.settled)
	u.log.InfoContext(ctx, "the new version is healthy and stays", "version", u.version)
	return nil
}

// giveUp has the launcher start the previous version.
func (u *updater) giveUp(ctx context.Context, why error) error {
	u.log.ErrorContext(ctx, "this version is not healthy and makes way for the previous one", "version", u.version, "error", why)
	st, err := u.slots.load()
	if err == nil && st.Trial && st.Current == u.mine {
		u.step("back")
		err = u.slots.save(st.back(reasonUnhealthy))
	}
	if err != nil {
		u.log.ErrorContext(ctx, "the slots' state cannot be written", "error", err) // the launcher counts the starts
	}
	return kernel.Restart{Reason: fmt.Sprintf("version %s is not healthy: %v", u.version, why)}
}

// stopped takes back that this start was counted, if nothing was wrong with it: somebody stopped the process.
func (u *updater) stopped(well bool) error {
	st, err := u.slots.load()
	if err != nil || !well || !st.Trial || st.Starts == 0 {
		return nil
	}
	st.Starts--
	return u.slots.save(st)
}

// pause waits. It returns false if ctx ends first.
func (u *updater) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
