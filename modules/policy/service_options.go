package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// optionRecord is what the audit keeps of an option.
type optionRecord struct {
	PolicyID int64  `json:"policyId"`
	GroupID  int64  `json:"groupId"`
	Type     string `json:"type"`
	Category string `json:"category"`
	IsActive bool   `json:"isActive"`
}

func (o optionRow) record() optionRecord {
	return optionRecord{o.PolicyID, o.GroupID, o.Type, o.Category, o.IsActive}
}

func optionEntry(action string, optionID int64, before, after any) audit.Entry {
	return audit.Entry{Action: action, Permission: rule.Write, Object: fmt.Sprintf("policy_option:%d", optionID), Before: before, After: after}
}

// addOptions makes groups part of a policy, and releases its new version. Groups that are part of it already are skipped; if
// all are, that is refused.
func (s *service) addOptions(ctx context.Context, policyID int64, groupIDs []int64, kind string, active bool) (made []optionRow, err error) {
	ctx, _, err = s.enter(ctx, "update", policyID)
	if err != nil {
		return nil, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.again(ctx, tx, policyID)
		if err != nil {
			return err
		}
		fresh, err := s.notYet(ctx, tx, policyID, groupIDs)
		if err != nil {
			return err
		}
		if len(fresh) == 0 {
			return errOptionExists
		}
		for _, g := range fresh {
			option, err := s.insertOption(ctx, tx, optionRow{PolicyID: policyID, GroupID: g, Type: kind, Category: rule.Neutral, IsActive: active})
			if err != nil {
				return err
			}
			made = append(made, option)
		}
		return s.remade(ctx, tx, row, fleet)
	})
	return made, err
}

// notYet returns those of the groups that are not part of the policy.
func (s *service) notYet(ctx context.Context, tx db.Tx, policyID int64, groupIDs []int64) (fresh []int64, err error) {
	known, err := s.store.groups(ctx, tx)
	if err != nil {
		return nil, err
	}
	there, err := s.store.allOptions(ctx, tx, []int64{policyID})
	if err != nil {
		return nil, err
	}
	for _, g := range groupIDs {
		if !slices.ContainsFunc(known, func(k groupRow) bool { return k.ID == g }) {
			return nil, errGroupUnknown
		}
		if !slices.Contains(fresh, g) && !slices.ContainsFunc(there, func(o optionRow) bool { return o.GroupID == g }) {
			fresh = append(fresh, g)
		}
	}
	return fresh, nil
}

func (s *service) insertOption(ctx context.Context, tx db.Tx, row optionRow) (optionRow, error) {
	row.CreatedAt = s.clock()
	row.UpdatedAt = row.CreatedAt
	if err := s.store.addOption(ctx, tx, &row); err != nil {
		return row, err
	}
	return row, s.written(ctx, tx, optionEntry("policy.option_created", row.ID, nil, row.record()))
}

// enterOption finds an option that the actor may see, and returns it with the context of its organization.
func (s *service) enterOption(ctx context.Context, action string, optionID int64) (context.Context, optionRow, error) {
	var row optionRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		row, err = s.store.option(ctx, tx, optionID)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*optionRow)(nil), optionID, "policy", "policy.option_"+action)
		return ctx, row, errOptionUnknown.Wrap(err)
	}
	return narrow(ctx, row.OrganizationID), row, err
}

// changeOption changes an option to what is wanted of it, and releases new versions of the policies that it was and is of.
func (s *service) changeOption(ctx context.Context, optionID int64, want func(*optionRow)) (row optionRow, err error) {
	err = s.touchOption(ctx, "update", optionID, func(ctx context.Context, tx db.Tx, before optionRow, fleet []gateway.Gateway) error {
		row = before
		want(&row)
		if err := s.possible(ctx, tx, before, row); err != nil {
			return err
		}
		row.UpdatedAt = s.clock()
		if err := s.store.changeOption(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.written(ctx, tx, optionEntry("policy.option_updated", optionID, before.record(), row.record())); err != nil {
			return err
		}
		if row.PolicyID == before.PolicyID {
			return nil
		}
		policy, err := s.again(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		return s.remade(ctx, tx, policy, fleet)
	})
	return row, err
}

// possible refuses an option of what is not there, and one that there is already.
func (s *service) possible(ctx context.Context, tx db.Tx, before, after optionRow) error {
	if after.PolicyID == before.PolicyID && after.GroupID == before.GroupID {
		return nil
	}
	if _, err := s.again(ctx, tx, after.PolicyID); err != nil {
		return err
	}
	fresh, err := s.notYet(ctx, tx, after.PolicyID, []int64{after.GroupID})
	if err == nil && len(fresh) == 0 {
		err = errOptionExists
	}
	return err
}

// touchOption does something to an option, and releases a new version of its policy.
func (s *service) touchOption(ctx context.Context, action string, optionID int64, do func(context.Context, db.Tx, optionRow, []gateway.Gateway) error) error {
	ctx, _, err := s.enterOption(ctx, action, optionID)
	if err != nil {
		return err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.option(ctx, tx, optionID)
		if errors.Is(err, db.ErrNotFound) {
			return errOptionUnknown.Wrap(err)
		}
		if err != nil {
			return err
		}
		if err := do(ctx, tx, row, fleet); err != nil {
			return err
		}
		policy, err := s.again(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		return s.remade(ctx, tx, policy, fleet)
	})
}

func (s *service) removeOption(ctx context.Context, optionID int64) error {
	return s.touchOption(ctx, "delete", optionID, func(ctx context.Context, tx db.Tx, row optionRow, _ []gateway.Gateway) error {
		if err := s.store.removeOption(ctx, tx, optionID); err != nil {
			return err
		}
		return s.written(ctx, tx, optionEntry("policy.option_deleted", optionID, row.record(), nil))
	})
}

// addSites puts sites into a group of this name, which is made if it is not there, and the group into a policy, all at once.
// It returns the option, and how many sites are new in the group.
func (s *service) addSites(ctx context.Context, policyID int64, in groupInput, category string) (option optionRow, added int, err error) {
	ctx, _, err = s.enter(ctx, "update", policyID)
	if err != nil {
		return option, 0, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return option, 0, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.again(ctx, tx, policyID); err != nil {
			return err
		}
		group, n, err := s.growGroup(ctx, tx, in)
		if err != nil {
			return err
		}
		added = n
		if option, err = s.countGroup(ctx, tx, policyID, group, category); err != nil {
			return err
		}
		return s.groupChanged(ctx, tx, group.ID, fleet)
	})
	return option, added, err
}

// growGroup adds values to the group of this name and type, and makes it if it is not there.
func (s *service) growGroup(ctx context.Context, tx db.Tx, in groupInput) (groupRow, int, error) {
	rows, err := s.store.groups(ctx, tx)
	if err != nil {
		return groupRow{}, 0, err
	}
	i := slices.IndexFunc(rows, in.names)
	if i < 0 {
		row, err := s.insertGroup(ctx, tx, in)
		return row, len(in.Values), err
	}
	row := rows[i]
	members, err := s.store.members(ctx, tx, []int64{row.ID})
	if err != nil {
		return row, 0, err
	}
	var values []string
	for _, m := range members {
		values = append(values, m.Value)
	}
	fresh := without(in.Values, values)
	all := groupInput{Name: row.Name, Type: row.Type, Values: append(values, fresh...)} // and active
	var f fault.Fields
	checkValues(&f, "websites", row.Type, all.Values)
	if err := f.Err(); err != nil {
		return row, 0, err
	}
	return row, len(fresh), s.putGroup(ctx, tx, row, members, all)
}

// countGroup has a group count under a policy, as it is said or as it did.
func (s *service) countGroup(ctx context.Context, tx db.Tx, policyID int64, group groupRow, category string) (optionRow, error) {
	there, err := s.store.allOptions(ctx, tx, []int64{policyID})
	if err != nil {
		return optionRow{}, err
	}
	i := slices.IndexFunc(there, func(o optionRow) bool { return o.GroupID == group.ID })
	if i < 0 {
		if category == "" {
			category = rule.Neutral
		}
		return s.insertOption(ctx, tx, optionRow{PolicyID: policyID, GroupID: group.ID, Type: optionTypes[group.Type], Category: category, IsActive: true})
	}
	row := there[i]
	before := row.record()
	row.IsActive, row.UpdatedAt = true, s.clock()
	if category != "" {
		row.Category = category
	}
	if err := s.store.changeOption(ctx, tx, &row); err != nil {
		return row, err
	}
	return row, s.written(ctx, tx, optionEntry("policy.option_updated", row.ID, before, row.record()))
}
