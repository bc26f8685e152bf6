package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

// document is all that a change of a policy can be about.
type document struct {
	Title    string `json:"title"`
	IsActive bool   `json:"isActive"`
	rule.Policy
}

func (p *policyRow) document(c rule.Policy) (json.RawMessage, error) {
	return json.Marshal(document{p.Title, p.IsActive, c})
}

// create makes a policy, with its first version, which all gateways get: nobody has the policy yet.
func (s *service) create(ctx context.Context, organizationID int64, in input) (row policyRow, err error) {
	if ctx, err = s.one(ctx, organizationID); err != nil {
		return row, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return row, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		now := s.clock()
		row = policyRow{IsActive: in.active(), Title: in.Title, TitleSearch: fold.Name(in.Title), CreatedAt: now, UpdatedAt: now}
		content, err := s.check(ctx, tx, 0, in)
		if err != nil {
			return err
		}
		if err := row.put(content); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, &row); err != nil {
			return err
		}
		in.stage = stage{Percent: 100}
		return s.edited(ctx, tx, &row, in, edit{kind: created, content: content, old: json.RawMessage("{}")}, fleet)
	})
	return row, err
}

// check returns what the caller wants, or all that is wrong with it.
func (s *service) check(ctx context.Context, tx db.Tx, policyID int64, in input) (rule.Policy, error) {
	var f fault.Fields
	rows, err := s.store.policies(ctx, tx)
	if err != nil {
		return rule.Policy{}, err
	}
	if policyID == 0 && len(rows) >= maxPolicies {
		f.Add("title", codeTooMany, fault.Params{"Max": maxPolicies})
	}
	for _, r := range rows {
		if r.ID != policyID && strings.EqualFold(r.Title, in.Title) {
			f.Add("title", codeTitleTaken, nil)
		}
	}
	groups, err := s.chosen(ctx, tx, in.Groups, &f)
	if err != nil {
		return rule.Policy{}, err
	}
	content := in.content(groups)
	var wrong *fault.Error
	if err := content.Validate(); errors.As(err, &wrong) {
		f = append(f, wrong.Details...)
	} else if err != nil {
		return content, err
	}
	return content, f.Err()
}

// edit is what an edit makes of a policy.
type edit struct {
	kind     string
	content  rule.Policy
	old      json.RawMessage // the document before
	rollback bool
	// asIs leaves the rows of the policy's groups alone: they say already what the content says.
	asIs bool
}

// edited keeps a policy's groups, and releases a version of what it is now.
func (s *service) edited(ctx context.Context, tx db.Tx, row *policyRow, in input, e edit, fleet []gateway.Gateway) error {
	if !e.asIs {
		if err := s.putOptions(ctx, tx, row, e.content.Groups); err != nil {
			return err
		}
	}
	doc, err := row.document(e.content)
	if err != nil {
		return err
	}
	patch, err := patchOf(e.old, doc)
	if err != nil {
		return err
	}
	v, err := s.release(ctx, tx, row, release{
		content: e.content, kind: e.kind, patch: patch, restart: in.RequiresRestart, rollback: e.rollback, stage: in.stage,
	}, fleet)
	if err != nil {
		return err
	}
	return s.written(ctx, tx, entry("policy."+actionOf[e.kind], row.ID, nil, versionRecord{
		Version: v.Version, Checksum: v.Checksum, Percent: in.Percent, Changeset: patch,
	}))
}

var actionOf = map[string]string{created: "created", updated: "updated", deleted: "deleted", rolledBack: "rolled_back"}

// versionRecord is what the audit keeps of a change.
type versionRecord struct {
	Version   string          `json:"version"`
	Checksum  string          `json:"checksum,omitempty"`
	Percent   int64           `json:"percent,omitempty"`
	Changeset json.RawMessage `json:"changeset"`
}

// putOptions makes these groups the policy's. Groups that are not there any more are left out.
func (s *service) putOptions(ctx context.Context, tx db.Tx, row *policyRow, groups []rule.Group) error {
	known, err := s.store.groups(ctx, tx)
	if err != nil {
		return err
	}
	var rows []optionRow
	for _, g := range groups {
		if slices.ContainsFunc(known, func(k groupRow) bool { return k.ID == g.ID }) {
			rows = append(rows, optionRow{
				Owned: row.Owned, PolicyID: row.ID, GroupID: g.ID, Type: optionTypes[g.Type], Category: g.Category, IsActive: true,
				CreatedAt: row.UpdatedAt, UpdatedAt: row.UpdatedAt,
			})
		}
	}
	return s.store.putOptions(ctx, tx, row.ID, rows)
}

// update changes a policy as it was at the revision. Where its content is another than before, that is a new version.
func (s *service) update(ctx context.Context, policyID, revision int64, in input) (policyRow, error) {
	return s.modify(ctx, policyID, func(_ context.Context, _ db.Tx, row policyRow) (input, error) {
		if row.Revision != revision {
			return in, errStale
		}
		return in, nil
	})
}

// modify changes a policy to what is wanted of it as it is at that moment.
func (s *service) modify(ctx context.Context, policyID int64, want func(context.Context, db.Tx, policyRow) (input, error)) (row policyRow, err error) {
	ctx, row, err = s.enter(ctx, "update", policyID)
	if err != nil {
		return row, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return row, err
	}
	before := row
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.again(ctx, tx, policyID); err != nil {
			return err
		}
		before = row
		in, err := want(ctx, tx, row)
		if err != nil {
			return err
		}
		content, err := s.check(ctx, tx, policyID, in)
		if err != nil {
			return err
		}
		if row.IsActive && !in.active() {
			if err := s.unused(ctx, tx, row); err != nil {
				return err
			}
		}
		row.Title, row.TitleSearch, row.IsActive, row.UpdatedAt = in.Title, fold.Name(in.Title), in.active(), s.clock()
		return s.put(ctx, tx, before, &row, content, in, fleet)
	})
	if err == nil && row.IsActive != before.IsActive {
		err = s.compare(ctx, policyID)
	}
	return row, err
}

// put keeps what was updated: with a version if the content is another.
func (s *service) put(ctx context.Context, tx db.Tx, before policyRow, row *policyRow, content rule.Policy, in input, fleet []gateway.Gateway) error {
	latest, err := s.store.version(ctx, tx, row.ID, row.Latest)
	if err != nil {
		return err
	}
	old, err := latest.content()
	if err != nil {
		return err
	}
	was, err := before.document(old)
	if err != nil {
		return err
	}
	_, sum, err := textOf(content)
	if err != nil {
		return err
	}
	if err := row.put(content); err != nil {
		return err
	}
	if sum != latest.Checksum {
		return s.edited(ctx, tx, row, in, edit{kind: updated, content: content, old: was}, fleet)
	}
	if row.Title == before.Title && row.IsActive == before.IsActive {
		*row = before
		return nil
	}
	return s.noted(ctx, tx, row, updated, latest, was, content)
}

// noted keeps a change that is none of the content.
func (s *service) noted(ctx context.Context, tx db.Tx, row *policyRow, kind string, latest versionRow, was json.RawMessage, content rule.Policy) error {
	doc, err := row.document(content)
	if err != nil {
		return err
	}
	if kind == deleted {
		doc = json.RawMessage("{}")
	}
	patch, err := patchOf(was, doc)
	if err != nil {
		return err
	}
	row.Revision++
	if err := s.store.update(ctx, tx, row); err != nil {
		return err
	}
	err = s.store.addChange(ctx, tx, &changeRow{
		Owned: row.Owned, ID: id.New(), PolicyID: row.ID, VersionID: latest.ID, ChangedBy: tx.Actor().ID, Changeset: patch, Type: kind, CreatedAt: row.UpdatedAt,
	})
	if err != nil {
		return err
	}
	return s.written(ctx, tx, entry("policy."+actionOf[kind], row.ID, nil, versionRecord{Version: latest.Version, Changeset: patch}))
}

// namedHolders is how many of those who have a policy are named to whoever wants to take it away.
const namedHolders = 5

// unused refuses to take away a policy that somebody has.
func (s *service) unused(ctx context.Context, tx db.Tx, row policyRow) error {
	if row.IsDefault {
		return errIsDefault
	}
	count, first, err := s.staff.Holders(ctx, tx, row.ID, namedHolders)
	if err != nil {
		return err
	}
	given, err := s.store.departments(ctx, tx)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range first {
		names = append(names, e.Name)
	}
	departments := 0
	for _, d := range given {
		if d.PolicyID != row.ID {
			continue
		}
		departments++
		if place, err := s.tree.Department(ctx, d.DepartmentID); err == nil && departments <= namedHolders {
			names = append(names, place.Name)
		}
	}
	if count+departments == 0 {
		return nil
	}
	if count+departments > len(names) {
		names = append(names, "…")
	}
	return errInUse.With("Employees", count).With("Departments", departments).With("Names", strings.Join(names, ", "))
}

// remove deletes a policy that nobody has. Its versions stay.
func (s *service) remove(ctx context.Context, policyID int64) error {
	ctx, _, err := s.enter(ctx, "delete", policyID)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.again(ctx, tx, policyID)
		if err != nil {
			return err
		}
		if err := s.unused(ctx, tx, row); err != nil {
			return err
		}
		latest, err := s.store.version(ctx, tx, row.ID, row.Latest)
		if err != nil {
			return err
		}
		content, err := latest.content()
		if err != nil {
			return err
		}
		was, err := row.document(content)
		if err != nil {
			return err
		}
		if _, err := s.end(ctx, tx, row.ID, superseded, ""); err != nil {
			return err
		}
		now := s.clock()
		row.DeletedAt, row.IsActive, row.UpdatedAt = &now, false, now
		if err := s.noted(ctx, tx, &row, deleted, latest, was, content); err != nil {
			return err
		}
		return s.bump(ctx, tx)
	})
}

// chosen returns the groups of a policy with their values.
func (s *service) chosen(ctx context.Context, tx db.Tx, choices []choice, f *fault.Fields) ([]rule.Group, error) {
	if len(choices) == 0 {
		return nil, nil
	}
	known, err := s.store.groups(ctx, tx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(choices))
	for i, c := range choices {
		ids[i] = c.ID
	}
	values, err := s.values(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var groups []rule.Group
	for i, c := range choices {
		at := slices.IndexFunc(known, func(g groupRow) bool { return g.ID == c.ID && g.IsActive })
		if at < 0 {
			f.Add(fmt.Sprintf("groups[%d].id", i), "unknown_reference", nil)
			continue
		}
		groups = append(groups, rule.Group{ID: c.ID, Name: known[at].Name, Type: known[at].Type, Category: c.Category, Values: values[c.ID]})
	}
	return groups, nil
}

// values returns the values of groups.
func (s *service) values(ctx context.Context, tx db.Tx, groupIDs []int64) (map[int64][]string, error) {
	rows, err := s.store.members(ctx, tx, groupIDs)
	of := map[int64][]string{}
	for _, r := range rows {
		of[r.GroupID] = append(of[r.GroupID], r.Value)
	}
	return of, err
}
