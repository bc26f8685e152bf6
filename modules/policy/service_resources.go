package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// resourceInput is one site or application as a caller says it.
type resourceInput struct {
	Type  string `json:"type" enum:"WEBSITE,APPLICATION"`
	Value string `json:"value" doc:"a host, or the name of a process; kept in small letters"`
}

// check brings the value to the form in which values are kept, and notes what is wrong; at is where the input is.
func (in *resourceInput) check(f *fault.Fields, at string) {
	in.Value = strings.ToLower(strings.TrimSpace(in.Value))
	if in.Type != rule.Website && in.Type != rule.Application {
		f.Add(at+"type", "not_one_of", fault.Params{"Values": rule.Website + ", " + rule.Application})
		return
	}
	var wrong fault.Fields
	checkValues(&wrong, "", in.Type, []string{in.Value})
	for _, d := range wrong {
		f.Add(at+"value", d.Code, d.Params)
	}
}

// resourceRecord is what the audit keeps of a resource.
type resourceRecord struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func resourceEntry(action string, resourceID int64, before, after any) audit.Entry {
	return audit.Entry{Action: action, Permission: rule.Write, Object: fmt.Sprintf("policy_resource:%d", resourceID), Before: before, After: after}
}

// createResources makes values known that are not: each once, whatever its type. If all are known, that is refused.
func (s *service) createResources(ctx context.Context, organizationID int64, list []resourceInput) (made []resourceRow, err error) {
	if ctx, err = s.one(ctx, organizationID); err != nil {
		return nil, err
	}
	values := make([]string, len(list))
	for i, in := range list {
		values[i] = in.Value
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		there, err := s.store.valued(ctx, tx, values)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, r := range there {
			known[r.Value] = true
		}
		for _, in := range list {
			if known[in.Value] {
				continue
			}
			known[in.Value] = true
			row := resourceRow{Value: in.Value, Type: in.Type, CreatedAt: s.clock()}
			if err := s.store.addResource(ctx, tx, &row); err != nil {
				return err
			}
			if err := s.written(ctx, tx, resourceEntry("policy.resource_created", row.ID, nil, resourceRecord{row.Type, row.Value})); err != nil {
				return err
			}
			made = append(made, row)
		}
		if len(made) == 0 {
			return errResourceExists
		}
		return nil
	})
	return made, err
}

// enterResource finds a resource that the actor may see, and returns it with the context of its organization.
func (s *service) enterResource(ctx context.Context, action string, resourceID int64) (context.Context, resourceRow, error) {
	var row resourceRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		row, err = s.store.resource(ctx, tx, resourceID)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*resourceRow)(nil), resourceID, "policy", "policy.resource_"+action)
		return ctx, row, errResourceUnknown.Wrap(err)
	}
	return narrow(ctx, row.OrganizationID), row, err
}

// changeResource changes what a resource is, and releases new versions of the policies that have it.
func (s *service) changeResource(ctx context.Context, resourceID int64, want func(resourceInput) (resourceInput, error)) (row resourceRow, err error) {
	ctx, _, err = s.enterResource(ctx, "update", resourceID)
	if err != nil {
		return row, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return row, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		var in []memberRow
		if row, in, err = s.held(ctx, tx, resourceID); err != nil {
			return err
		}
		before := resourceRecord{row.Type, row.Value}
		after, err := want(resourceInput(before))
		if err != nil {
			return err
		}
		if err := s.freeValue(ctx, tx, row, after, len(in) > 0); err != nil {
			return err
		}
		if resourceRecord(after) == before {
			return nil
		}
		row.Type, row.Value = after.Type, after.Value
		if err := s.store.changeResource(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.written(ctx, tx, resourceEntry("policy.resource_updated", resourceID, before, resourceRecord(after))); err != nil {
			return err
		}
		for _, m := range in {
			if err := s.groupChanged(ctx, tx, m.GroupID, fleet); err != nil {
				return err
			}
		}
		return nil
	})
	return row, err
}

// held reads a resource in the transaction that changes it, and where it is.
func (s *service) held(ctx context.Context, tx db.Tx, resourceID int64) (row resourceRow, in []memberRow, err error) {
	row, err = s.store.resource(ctx, tx, resourceID)
	if errors.Is(err, db.ErrNotFound) {
		err = errResourceUnknown.Wrap(err)
	}
	if err != nil {
		return row, nil, err
	}
	in, err = s.store.memberships(ctx, tx, []int64{resourceID})
	return row, in, err
}

// freeValue refuses a value that another resource has, and another type for what is in groups.
func (s *service) freeValue(ctx context.Context, tx db.Tx, row resourceRow, in resourceInput, held bool) error {
	var f fault.Fields
	if held && in.Type != row.Type {
		f.Add("type", codeOtherType, nil)
	}
	if err := f.Err(); err != nil || in.Value == row.Value {
		return err
	}
	there, err := s.store.valued(ctx, tx, []string{in.Value})
	if err == nil && len(there) > 0 {
		err = errResourceExists
	}
	return err
}

// removeResource forgets a resource that no group has.
func (s *service) removeResource(ctx context.Context, resourceID int64) error {
	ctx, _, err := s.enterResource(ctx, "delete", resourceID)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, in, err := s.held(ctx, tx, resourceID)
		if err != nil {
			return err
		}
		if len(in) > 0 {
			return errResourceInUse
		}
		if err := s.store.removeResource(ctx, tx, resourceID); err != nil {
			return err
		}
		return s.written(ctx, tx, resourceEntry("policy.resource_deleted", resourceID, resourceRecord{row.Type, row.Value}, nil))
	})
}

// inGroup changes which resources a group has, and releases new versions of the policies that have the group.
func (s *service) inGroup(ctx context.Context, groupID int64, do func(context.Context, db.Tx, groupRow) (audit.Entry, error)) error {
	ctx, _, _, err := s.enterGroup(ctx, "update", groupID)
	if err != nil {
		return err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.group(ctx, tx, groupID)
		if errors.Is(err, db.ErrNotFound) {
			err = errGroupUnknown.Wrap(err)
		}
		if err != nil {
			return err
		}
		e, err := do(ctx, tx, row)
		if err != nil {
			return err
		}
		return s.regrouped(ctx, tx, row, e, fleet)
	})
}

func (s *service) regrouped(ctx context.Context, tx db.Tx, row groupRow, e audit.Entry, fleet []gateway.Gateway) error {
	row.UpdatedAt = s.clock()
	if err := s.store.changeGroup(ctx, tx, &row); err != nil {
		return err
	}
	if err := s.written(ctx, tx, e); err != nil {
		return err
	}
	return s.groupChanged(ctx, tx, row.ID, fleet)
}

// membersRecord is what the audit keeps of resources that were put into a group or taken out.
type membersRecord struct {
	ResourceIDs []int64 `json:"resourceIds"`
}

// addToGroup puts resources into a group; if all are in it, that is refused.
func (s *service) addToGroup(ctx context.Context, groupID int64, resourceIDs []int64) (added int, err error) {
	err = s.inGroup(ctx, groupID, func(ctx context.Context, tx db.Tx, row groupRow) (e audit.Entry, err error) {
		there, err := s.store.memberships(ctx, tx, nil, groupID)
		if err != nil {
			return e, err
		}
		var fresh []int64
		for _, r := range resourceIDs {
			if !slices.Contains(fresh, r) && !slices.ContainsFunc(there, func(m memberRow) bool { return m.ResourceID == r }) {
				fresh = append(fresh, r)
			}
		}
		if len(fresh) == 0 {
			return e, errAllInGroup
		}
		if err := s.fits(ctx, tx, row, fresh, len(there)); err != nil {
			return e, err
		}
		now := s.clock()
		rows := make([]memberRow, len(fresh))
		for i, r := range fresh {
			rows[i] = memberRow{Owned: row.Owned, ResourceID: r, GroupID: groupID, CreatedAt: now}
		}
		added = len(fresh)
		return groupEntry("policy.group_updated", groupID, nil, membersRecord{fresh}), s.store.join(ctx, tx, rows)
	})
	return added, err
}

// fits refuses resources that are not there or of another type than the group, and more than a group may have.
func (s *service) fits(ctx context.Context, tx db.Tx, group groupRow, fresh []int64, there int) error {
	var f fault.Fields
	if there+len(fresh) > rule.MaxEntries {
		f.Add("resourceIds", codeTooMany, fault.Params{"Max": rule.MaxEntries})
		return f.Err()
	}
	rows, err := s.store.resourcesIn(ctx, tx, fresh)
	if err != nil {
		return err
	}
	for i, r := range fresh {
		at := slices.IndexFunc(rows, func(row resourceRow) bool { return row.ID == r })
		switch {
		case at < 0:
			f.Add(fmt.Sprintf("resourceIds[%d]", i), "unknown_reference", nil)
		case rows[at].Type != group.Type:
			f.Add(fmt.Sprintf("resourceIds[%d]", i), codeOtherType, nil)
		}
	}
	return f.Err()
}

// takeFromGroup takes a resource out of a group. It stays known.
func (s *service) takeFromGroup(ctx context.Context, groupID, resourceID int64) error {
	return s.inGroup(ctx, groupID, func(ctx context.Context, tx db.Tx, _ groupRow) (e audit.Entry, err error) {
		err = s.store.leave(ctx, tx, groupID, resourceID)
		if errors.Is(err, db.ErrNotFound) {
			err = errNotInGroup.Wrap(err)
		}
		return groupEntry("policy.group_updated", groupID, membersRecord{[]int64{resourceID}}, nil), err
	})
}
