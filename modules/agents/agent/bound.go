package agent

import (
	"context"
	"strings"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// ErrOtherComputer is what an agent is told that speaks of a computer which is not its own.
var ErrOtherComputer = fault.New(fault.Forbidden, "agents.other_computer")

const bound = "agent:"

// Of is the actor that is the agent of one computer: it came with a token of its own.
func Of(organizationID int64, computerUID string) actor.Actor {
	return actor.Actor{Role: actor.Agent, ID: bound + computerUID, OrganizationID: organizationID}
}

// Check returns ErrOtherComputer if ctx's actor is the agent of one computer and this is another. Of whom it is not
// known, because it came with a key, may speak of any; and what is of no computer may be said by all.
func Check(ctx context.Context, computerUID string) error {
	a, _ := actor.From(ctx)
	own, is := strings.CutPrefix(a.ID, bound)
	if is && computerUID != "" && computerUID != own {
		return ErrOtherComputer
	}
	return nil
}
