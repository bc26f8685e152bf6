package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/retention/keep"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// The bounds of a rule, in days.
const minDays, maxDays = 1, 3650

// everything is the resource type of a hold on all that is kept.
const everything = keep.All

// ruleInput is a rule as a caller says it.
type ruleInput struct {
	OrganizationID int64  `json:"organizationId,omitempty" doc:"for an actor of no organization, who without it changes the default"`
	ResourceType   string `json:"resourceType" enum:"active_window,visited_site,screenshot,user_session,credential,profile"`
	Days           int64  `json:"days"`
	Action         string `json:"action" enum:"delete,archive"`
	Active         bool   `json:"active" doc:"false: everything stays"`
}

// Validate returns all that is wrong.
func (in *ruleInput) Validate() error {
	var f fault.Fields
	if !slices.Contains(keep.Types[:], in.ResourceType) {
		f.Add("resourceType", "not_one_of", fault.Params{"Values": strings.Join(keep.Types[:], ", ")})
	}
	switch {
	case in.Days < minDays:
		f.Add("days", "below_min", fault.Params{"Min": minDays})
	case in.Days > maxDays:
		f.Add("days", "above_max", fault.Params{"Max": maxDays})
	}
	if in.Action != toDelete && in.Action != toArchive {
		f.Add("action", "not_one_of", fault.Params{"Values": toDelete + ", " + toArchive})
	}
	return f.Err()
}

// terms are what a rule says.
type terms struct {
	Days   int64  `json:"days"`
	Action string `json:"action" enum:"delete,archive"`
	Active bool   `json:"active"`
}

func termsOf(r ruleRow) terms { return terms{r.Days, r.Action, r.Active} }

type ruleResponse struct {
	ID             *id.UUID `json:"id,omitempty" doc:"of the organization's own rule"`
	OrganizationID *int64   `json:"organizationId,omitempty"`
	ResourceType   string   `json:"resourceType"`
	terms
	Own       bool      `json:"own" doc:"false: it is the default"`
	UpdatedAt time.Time `json:"updatedAt"`
	Default   terms     `json:"default"`
}

// list returns the rules of an organization, or the defaults where it is 0, each with its default.
func (s *service) list(ctx context.Context, organization int64) (items []ruleResponse, err error) {
	defaults, err := s.defaults(ctx)
	if err != nil {
		return nil, err
	}
	var own []ruleRow
	if organization != 0 {
		if own, err = s.store.rules(ctx, organization); err != nil {
			return nil, err
		}
	}
	for _, name := range keep.Types {
		of := func(r ruleRow) bool { return r.Type == name }
		d := slices.IndexFunc(defaults, of)
		if d < 0 {
			return nil, fmt.Errorf("there is no default for %s", name)
		}
		item := asRule(defaults[d], defaults[d])
		if i := slices.IndexFunc(own, of); i >= 0 {
			item = asRule(own[i], defaults[d])
		}
		items = append(items, item)
	}
	return items, nil
}

func asRule(r, byDefault ruleRow) ruleResponse {
	item := ruleResponse{ResourceType: r.Type, terms: termsOf(r), UpdatedAt: r.UpdatedAt.UTC(), Default: termsOf(byDefault)}
	if r.OrganizationID != nil {
		item.ID, item.OrganizationID, item.Own = &r.ID, r.OrganizationID, true
	}
	return item
}

// setRule makes it the rule of an organization, or the default where that is 0.
func (s *service) setRule(ctx context.Context, organization int64, in ruleInput) (ruleResponse, error) {
	now := s.clock()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, fmt.Sprintf("retention rules %d", organization)); err != nil {
			return err
		}
		rows, err := s.store.rulesOf(ctx, tx, organization)
		if err != nil {
			return err
		}
		row := ruleRow{ID: id.New(), Type: in.ResourceType, CreatedAt: now}
		var before any
		i := slices.IndexFunc(rows, func(r ruleRow) bool { return r.Type == in.ResourceType })
		if i >= 0 {
			row, before = rows[i], termsOf(rows[i])
		} else if organization != 0 {
			row.OrganizationID = &organization
		}
		row.Days, row.Action, row.Active, row.UpdatedAt = in.Days, in.Action, in.Active, now
		if i >= 0 {
			err = s.store.changeRule(ctx, tx, &row)
		} else {
			err = s.store.addRule(ctx, tx, &row)
		}
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, ruleEntry("retention.rule_set", row, before, termsOf(row)))
	})
	if err != nil {
		return ruleResponse{}, err
	}
	items, err := s.list(ctx, organization)
	if err != nil {
		return ruleResponse{}, err
	}
	return items[slices.Index(keep.Types[:], in.ResourceType)], nil
}

// inherit takes an organization's own rule away, so that the default is its rule.
func (s *service) inherit(ctx context.Context, ruleID id.UUID) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.rule(ctx, tx, ruleID)
		if err != nil {
			return err
		}
		if err := s.store.removeRule(ctx, tx, ruleID); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, ruleEntry("retention.rule_removed", row, termsOf(row), nil))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*ruleRow)(nil), ruleID, "retention", "retention.rule_removed")
		return errRuleUnknown.Wrap(err)
	}
	return err
}

func ruleEntry(action string, row ruleRow, before, after any) audit.Entry {
	e := audit.Entry{Action: action, Permission: keep.Write, Object: "retention:" + row.Type, Before: before, After: after}
	if row.OrganizationID != nil {
		e.OrganizationID = *row.OrganizationID
	}
	return e
}
