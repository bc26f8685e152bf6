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
	"github.com/staff-control/staff-control/platform/fold"
)

// groupInput is a group as a caller says it, whole.
type groupInput struct {
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"WEBSITE,APPLICATION"`
	IsActive *bool    `json:"isActive,omitempty" doc:"true if not given; an inactive group is in no policy"`
	Values   []string `json:"values,omitempty" doc:"hosts, or names of processes"`
}

// Validate returns all that is wrong and can be seen without the database.
func (in *groupInput) Validate() error {
	var f fault.Fields
	in.Name, in.Values = strings.TrimSpace(in.Name), tidyList(in.Values, true)
	checkName(&f, "name", in.Name)
	if in.Type != rule.Website && in.Type != rule.Application {
		f.Add("type", "not_one_of", fault.Params{"Values": rule.Website + ", " + rule.Application})
	}
	checkValues(&f, "values", in.Type, in.Values)
	return f.Err()
}

// checkValues looks at what a group is to have as a policy's exclusions are looked at: the same texts are good.
func checkValues(f *fault.Fields, field, kind string, values []string) {
	if !keeps(values) {
		f.Add(field, "wrong_format", nil)
		return
	}
	p := rule.Policy{Exclude: rule.Exclusions{Applications: values}}
	path := "exclude.applications"
	if kind == rule.Website {
		p, path = rule.Policy{Exclude: rule.Exclusions{Sites: values}}, "exclude.sites"
	}
	var wrong *fault.Error
	if errors.As(p.Validate(), &wrong) {
		for _, d := range wrong.Details {
			f.Add(field+strings.TrimPrefix(d.Field, path), d.Code, d.Params)
		}
	}
}

func (in *groupInput) active() bool { return in.IsActive == nil || *in.IsActive }

// names reports whether the group is called so already.
func (in *groupInput) names(g groupRow) bool {
	return g.Type == in.Type && strings.EqualFold(g.Name, in.Name)
}

// groupRecord is what the audit keeps of a group.
type groupRecord struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	IsActive bool     `json:"isActive"`
	Values   []string `json:"values"`
}

func (s *service) createGroup(ctx context.Context, organizationID int64, in groupInput) (row groupRow, err error) {
	if ctx, err = s.one(ctx, organizationID); err != nil {
		return row, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.insertGroup(ctx, tx, in)
		return err
	})
	return row, err
}

func (s *service) insertGroup(ctx context.Context, tx db.Tx, in groupInput) (row groupRow, err error) {
	if err := s.freeName(ctx, tx, 0, in); err != nil {
		return row, err
	}
	now := s.clock()
	row = groupRow{Name: in.Name, NameSearch: fold.Name(in.Name), Type: in.Type, IsActive: in.active(), CreatedAt: now, UpdatedAt: now}
	if err := s.store.addGroup(ctx, tx, &row); err != nil {
		return row, err
	}
	if err := s.store.addMembers(ctx, tx, row, in.Values, now); err != nil {
		return row, err
	}
	return row, s.written(ctx, tx, groupEntry("policy.group_created", row.ID, nil, groupRecord{row.Name, row.Type, row.IsActive, in.Values}))
}

func (s *service) freeName(ctx context.Context, tx db.Tx, groupID int64, in groupInput) error {
	rows, err := s.store.groups(ctx, tx)
	if err != nil {
		return err
	}
	var f fault.Fields
	for _, g := range rows {
		if g.ID != groupID && in.names(g) {
			f.Add("name", codeNameTaken, nil)
			break
		}
	}
	if groupID == 0 && len(rows) >= maxGroups {
		f.Add("name", codeTooMany, fault.Params{"Max": maxGroups})
	}
	return f.Err()
}

func groupEntry(action string, groupID int64, before, after any) audit.Entry {
	return audit.Entry{Action: action, Permission: rule.Write, Object: fmt.Sprintf("policy_group:%d", groupID), Before: before, After: after}
}

// enterGroup finds a group that the actor may see, and returns it with the context of its organization and its values.
func (s *service) enterGroup(ctx context.Context, action string, groupID int64) (context.Context, groupRow, []string, error) {
	var row groupRow
	var values map[int64][]string
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if row, err = s.store.group(ctx, tx, groupID); err != nil {
			return err
		}
		values, err = s.values(ctx, tx, []int64{groupID})
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*groupRow)(nil), groupID, "policy", "policy.group_"+action)
		return ctx, row, nil, errGroupUnknown.Wrap(err)
	}
	return narrow(ctx, row.OrganizationID), row, append([]string{}, values[groupID]...), err
}

// updateGroup changes a group, and releases new versions of the policies that it is part of.
func (s *service) updateGroup(ctx context.Context, groupID int64, in groupInput) error {
	return s.changeGroup(ctx, groupID, func(_ groupRow, _ []string) (groupInput, error) { return in, nil })
}

// changeValues puts values into a group and takes others out.
func (s *service) changeValues(ctx context.Context, groupID int64, add, remove []string) error {
	return s.changeGroup(ctx, groupID, func(row groupRow, values []string) (groupInput, error) {
		values = slices.DeleteFunc(values, func(v string) bool { return slices.Contains(remove, v) })
		in := groupInput{Name: row.Name, Type: row.Type, IsActive: &row.IsActive, Values: append(values, add...)}
		return in, in.Validate()
	})
}

func (s *service) changeGroup(ctx context.Context, groupID int64, want func(groupRow, []string) (groupInput, error)) error {
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
			return errGroupUnknown.Wrap(err)
		}
		if err != nil {
			return err
		}
		members, err := s.store.members(ctx, tx, []int64{groupID})
		if err != nil {
			return err
		}
		values := make([]string, len(members))
		for i, m := range members {
			values[i] = m.Value
		}
		in, err := want(row, slices.Clone(values))
		if err != nil {
			return err
		}
		if err := s.putGroup(ctx, tx, row, members, in); err != nil {
			return err
		}
		return s.groupChanged(ctx, tx, groupID, fleet)
	})
}

// putGroup keeps a group as it is wanted.
func (s *service) putGroup(ctx context.Context, tx db.Tx, row groupRow, members []memberRow, in groupInput) error {
	if err := s.freeName(ctx, tx, row.ID, in); err != nil {
		return err
	}
	if in.Type != row.Type && len(members) > 0 {
		var f fault.Fields
		f.Add("type", "wrong_format", nil)
		return f.Err()
	}
	if row.IsActive && !in.active() {
		if err := s.unusedGroup(ctx, tx, row.ID); err != nil {
			return err
		}
	}
	before := groupRecord{row.Name, row.Type, row.IsActive, []string{}}
	var gone []int64
	for _, m := range members {
		before.Values = append(before.Values, m.Value)
		if !slices.Contains(in.Values, m.Value) {
			gone = append(gone, m.ResourceID)
		}
	}
	now := s.clock()
	row.Name, row.NameSearch, row.Type, row.IsActive, row.UpdatedAt = in.Name, fold.Name(in.Name), in.Type, in.active(), now
	if err := s.store.changeGroup(ctx, tx, &row); err != nil {
		return err
	}
	if err := s.store.removeMembers(ctx, tx, row, gone); err != nil {
		return err
	}
	if err := s.store.addMembers(ctx, tx, row, without(in.Values, before.Values), now); err != nil {
		return err
	}
	return s.written(ctx, tx, groupEntry("policy.group_updated", row.ID, before, groupRecord{row.Name, row.Type, row.IsActive, in.Values}))
}

// groupChanged releases new versions of the policies that a group is part of: to as many gateways as the last ones have
// come to.
func (s *service) groupChanged(ctx context.Context, tx db.Tx, groupID int64, fleet []gateway.Gateway) error {
	options, err := s.store.options(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range options {
		if o.GroupID != groupID {
			continue
		}
		row, err := s.store.policy(ctx, tx, o.PolicyID)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.remade(ctx, tx, row, fleet); err != nil {
			return err
		}
	}
	return nil
}

// remade releases a version of a policy whose groups are others than before. One that has no version yet is adopted later.
func (s *service) remade(ctx context.Context, tx db.Tx, row policyRow, fleet []gateway.Gateway) error {
	if row.Latest == 0 {
		return nil
	}
	content, err := s.contentOf(ctx, tx, row)
	if err != nil {
		return err
	}
	var in input
	in.stage = stage{Percent: 100}
	r, err := s.store.runningOf(ctx, tx, row.ID)
	if err == nil {
		in.stage = stage{Percent: r.Percent, Step: r.Step, EveryMinutes: r.Every}
	} else if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	latest, err := s.store.version(ctx, tx, row.ID, row.Latest)
	if err != nil {
		return err
	}
	old, err := latest.content()
	if err != nil {
		return err
	}
	if _, sum, err := textOf(content); err != nil || sum == latest.Checksum {
		return err
	}
	was, err := row.document(old)
	if err != nil {
		return err
	}
	row.UpdatedAt = s.clock()
	return s.edited(ctx, tx, &row, in, edit{kind: updated, content: content, old: was, asIs: true}, fleet)
}

// contentOf is what a policy's rows say.
func (s *service) contentOf(ctx context.Context, tx db.Tx, row policyRow) (c rule.Policy, err error) {
	options, err := s.store.options(ctx, tx, row.ID)
	if err != nil {
		return c, err
	}
	known, err := s.store.groups(ctx, tx)
	if err != nil {
		return c, err
	}
	ids := make([]int64, len(options))
	for i, o := range options {
		ids[i] = o.GroupID
	}
	values, err := s.values(ctx, tx, ids)
	if err != nil {
		return c, err
	}
	var groups []rule.Group
	for _, o := range options {
		at := slices.IndexFunc(known, func(g groupRow) bool { return g.ID == o.GroupID && g.IsActive })
		if at >= 0 {
			groups = append(groups, rule.Group{ID: o.GroupID, Name: known[at].Name, Type: known[at].Type, Category: o.Category, Values: values[o.GroupID]})
		}
	}
	return row.content(groups)
}

// unusedGroup refuses to take away a group that is part of policies.
func (s *service) unusedGroup(ctx context.Context, tx db.Tx, groupID int64) error {
	options, err := s.store.options(ctx, tx)
	if err != nil {
		return err
	}
	policies, err := s.store.policies(ctx, tx)
	if err != nil {
		return err
	}
	var titles []string
	for _, p := range policies {
		if slices.ContainsFunc(options, func(o optionRow) bool { return o.GroupID == groupID && o.PolicyID == p.ID }) {
			titles = append(titles, p.Title)
		}
	}
	if len(titles) == 0 {
		return nil
	}
	return errGroupInUse.With("Policies", strings.Join(titles, ", "))
}

// removeGroup deletes a group that no policy has. Its values are forgotten where they are in no other group, or all kept.
func (s *service) removeGroup(ctx context.Context, groupID int64, keep bool) error {
	ctx, row, values, err := s.enterGroup(ctx, "delete", groupID)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.unusedGroup(ctx, tx, groupID); err != nil {
			return err
		}
		if !keep {
			if err := s.forgetValues(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := s.store.removeGroup(ctx, tx, groupID); errors.Is(err, db.ErrNotFound) {
			return errGroupUnknown.Wrap(err)
		} else if err != nil {
			return err
		}
		return s.written(ctx, tx, groupEntry("policy.group_deleted", groupID, groupRecord{row.Name, row.Type, row.IsActive, values}, nil))
	})
}

func (s *service) forgetValues(ctx context.Context, tx db.Tx, row groupRow) error {
	members, err := s.store.members(ctx, tx, []int64{row.ID})
	if err != nil {
		return err
	}
	ids := make([]int64, len(members))
	for i, m := range members {
		ids[i] = m.ResourceID
	}
	return s.store.removeMembers(ctx, tx, row, ids)
}
