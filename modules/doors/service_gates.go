package doors

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// gateInput is what a caller may say of a gate; what is absent stays.
type gateInput struct {
	Name *string `json:"name,omitempty"`
}

func (in gateInput) apply(row *gateRow) error {
	if in.Name != nil {
		row.Name = strings.TrimSpace(*in.Name)
	}
	var f fault.Fields
	f.Text("name", row.Name, 1, maxName)
	return f.Err()
}

// createGate adds a gate to the actor's organization, or for an operator to the one that it names.
func (s *service) createGate(ctx context.Context, organization int64, in gateInput) (row gateRow, err error) {
	a, _ := actor.From(ctx)
	row.CreatedAt, row.OrganizationID = s.clock(), organization
	if organization == 0 {
		row.OrganizationID = a.OrganizationID
	}
	var f fault.Fields
	if row.OrganizationID == 0 {
		f.Add("organizationId", "required", nil)
	}
	if err := in.apply(&row); err != nil {
		f = append(f, fault.Of(err).Details...)
	}
	if err := f.Err(); err != nil {
		return row, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.addGate(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, gateEntry("gate.created", row, nil, asGate(row)))
	})
	if errors.Is(err, db.ErrMissingReference) || errors.Is(err, db.ErrForeign) {
		f.Add("organizationId", "unknown_reference", nil)
		return row, f.Err()
	}
	return row, err
}

func (s *service) updateGate(ctx context.Context, id int64, in gateInput) (row gateRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.gate(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if err := s.store.changeGate(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, gateEntry("gate.updated", row, asGate(before), asGate(row)))
	})
	return row, s.gateFault(ctx, "gate.update", id, err)
}

func (s *service) removeGate(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.gate(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.removeGate(ctx, tx, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, gateEntry("gate.deleted", row, asGate(row), nil))
	})
	return s.gateFault(ctx, "gate.delete", id, err)
}

func (s *service) gateFault(ctx context.Context, action string, id int64, err error) error {
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*gateRow)(nil), id, "gate", action)
		return errGateUnknown.Wrap(err)
	}
	return err
}

func gateEntry(action string, row gateRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: pass.WriteDevices, Object: fmt.Sprintf("gate:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}
