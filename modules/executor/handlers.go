package executor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/fault"
)

// handlers are what does the work.
type handlers struct {
	keeper    rule.Keeper
	fleet     agent.Fleet
	installer update.Installer
	cloud     gateway.Cloud
	bundler   *bundler
	now       func() time.Time
}

// maxBegins is how often a command is begun that the process does not survive.
const maxBegins = 5

// handle tells the service who does what.
func (s *service) handle(h handlers) {
	for t, one := range map[command.Type]handler{
		command.PolicyUpdate:       {do: h.updatePolicy, longest: 2 * time.Minute},
		command.RestartAgent:       {do: h.restartAgents, longest: 3 * time.Minute},
		command.RotateKey:          {do: h.rotateKey, longest: time.Minute, begins: 1},
		command.CollectDiagnostics: {do: h.collectDiagnostics, longest: 10 * time.Minute},
		command.Update:             {do: h.update, longest: time.Hour},
		command.DeviceCommand:      {do: noDevices, longest: time.Minute},
		command.SyncDevices:        {do: noDevices, longest: time.Minute},
	} {
		one.lane, one.begins = make(chan struct{}, 1), cmp.Or(one.begins, maxBegins)
		s.handlers[t] = &one
	}
}

func (h handlers) updatePolicy(ctx context.Context, c command.Command, a *command.Ack) error {
	p, err := payload[command.PolicyPayload](c)
	if err != nil {
		return err
	}
	err = again(ctx, func() error { return h.keeper.Refresh(ctx, p.PolicyID, p.Version, p.Checksum) })
	if err != nil {
		return err
	}
	a.RequiresRestart = p.RequiresRestart
	if p.PolicyID != 0 {
		a.PolicyVersion = fmt.Sprintf("%d.%s", p.PolicyID, p.Version)
	}
	return nil
}

// errAway is of agents none of which is there. The order stays for them until it expires.
var errAway = failure{"agents_away", "none of the agents is there; they restart when they come"}

func (h handlers) restartAgents(ctx context.Context, c command.Command, a *command.Ack) error {
	p, err := payload[command.RestartPayload](c)
	if err != nil {
		return err
	}
	until := h.now().Add(time.Duration(c.ExpiresInMS) * time.Millisecond)
	outcomes, err := h.fleet.Restart(ctx, c.ID.String(), p.ComputerUIDs, p.Reason, until)
	if err != nil {
		return err
	}
	if outcomes == nil {
		outcomes = map[string]agent.Outcome{}
	}
	if a.Result, err = json.Marshal(outcomes); err != nil {
		return err
	}
	count := map[agent.Outcome]int{}
	for _, o := range outcomes {
		count[o]++
	}
	switch {
	case count[agent.Failed] > 0:
		return failure{"agents_failed", fmt.Sprintf("%d of %d did not restart", count[agent.Failed], len(outcomes))}
	case count[agent.Done] == 0:
		return errAway
	}
	return nil
}

func (h handlers) rotateKey(ctx context.Context, _ command.Command, _ *command.Ack) error {
	return h.cloud.RotateKey(ctx)
}

func (h handlers) collectDiagnostics(ctx context.Context, c command.Command, a *command.Ack) error {
	bundle, err := h.bundler.bundle(ctx)
	if err != nil {
		return err
	}
	if err := again(ctx, func() error { return h.bundler.upload(ctx, c.ID, bundle) }); err != nil {
		return err
	}
	a.Result, err = json.Marshal(map[string]int{"bytes": len(bundle)})
	return err
}

// update is answered by the process in which the new version has proved itself, or by the previous one that is back.
func (h handlers) update(ctx context.Context, c command.Command, _ *command.Ack) error {
	p, err := payload[command.UpdatePayload](c)
	if err != nil {
		return err
	}
	restarts, err := h.installer.Install(ctx, c.ID.String(), p.Version)
	if err == nil && restarts {
		return errLater
	}
	return err
}

func noDevices(context.Context, command.Command, *command.Ack) error {
	return failure{codeUnsupported, "this gateway has no devices"}
}

// maxPause bounds the waits between tries.
const maxPause = 15 * time.Second

// again tries until it succeeds, fails for good, or the time is up; then it returns the last error.
func again(ctx context.Context, try func() error) error {
	for bound := time.Second; ; bound = min(2*bound, maxPause) {
		err := try()
		var final failure
		if err == nil || !fault.Retryable(err) || errors.As(err, &final) || errors.Is(err, rule.ErrChecksum) {
			return err
		}
		pause := time.NewTimer(rand.N(bound) + bound/2)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
