package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
)

// service decides which policies there are, who has which, and brings them to the gateways.
type service struct {
	store   store
	fleet   gateway.Fleet
	outbox  command.Outbox
	alerts  alert.Log
	staff   employee.Policies
	people  employee.Directory
	seats   computer.Seats
	tree    organization.Tree
	index   organization.Index
	audit   *audit.Log
	events  *event.Bus
	metrics metrics
	cfg     *Config
	log     *slog.Logger
	now     func() time.Time

	shelf shelf
}

// changed is the name of the event.Change that gateways of an organization work by other policies than before.
const changed = "policy.changed"

// clock is the present as both databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// system is the context of what the system does by itself in one organization.
func system(ctx context.Context, organizationID int64) context.Context {
	return actor.With(ctx, actor.System("policy").In(organizationID))
}

// narrow leaves of the actor what it is in one organization.
func narrow(ctx context.Context, organizationID int64) context.Context {
	a, _ := actor.From(ctx)
	return actor.With(ctx, a.In(organizationID))
}

// one is the context of the one organization of what the actor makes: its own, or the one that an actor names who
// crosses organizations.
func (s *service) one(ctx context.Context, named int64) (context.Context, error) {
	a, _ := actor.From(ctx)
	if named == 0 && a.OrganizationID == 0 {
		var f fault.Fields
		f.Add("organizationId", "required", nil)
		return ctx, f.Err()
	}
	if named == 0 {
		return ctx, nil
	}
	o, err := s.tree.ByID(ctx, named)
	return narrow(ctx, o.ID), err
}

// enter finds a policy that the actor may see, and returns it with the context of its organization.
func (s *service) enter(ctx context.Context, action string, policyID int64) (context.Context, policyRow, error) {
	var row policyRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		row, err = s.store.policy(ctx, tx, policyID)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*policyRow)(nil), policyID, "policy", "policy."+action)
		return ctx, row, errUnknown.Wrap(err)
	}
	ctx = narrow(ctx, row.OrganizationID)
	if err == nil && row.Latest == 0 && action != "read" { // somebody else has just written it, and sweep was not there yet
		err = s.adoptOne(system(ctx, row.OrganizationID), policyID)
	}
	return ctx, row, err
}

// change runs what changes the policies of the context's organization: one such after the other.
func (s *service) change(ctx context.Context, fn func(ctx context.Context, tx db.Tx) error) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := serialize(ctx, tx, tx.Actor().OrganizationID); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

// again reads a policy in the transaction that changes it; it was there a moment ago.
func (s *service) again(ctx context.Context, tx db.Tx, policyID int64) (policyRow, error) {
	row, err := s.store.policy(ctx, tx, policyID)
	if errors.Is(err, db.ErrNotFound) {
		err = errUnknown.Wrap(err)
	}
	return row, err
}

func entry(action string, policyID int64, before, after any) audit.Entry {
	return audit.Entry{Action: action, Permission: rule.Write, Object: fmt.Sprintf("policy:%d", policyID), Before: before, After: after}
}

// written adds an entry of the transaction's organization to the audit.
func (s *service) written(ctx context.Context, tx db.Tx, e audit.Entry) error {
	e.OrganizationID = tx.Actor().OrganizationID
	return s.audit.Write(ctx, tx, e)
}
