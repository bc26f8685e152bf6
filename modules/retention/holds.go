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

// The bounds of a reason, in characters.
const minReason, maxReason = 5, 500

// holdInput is a hold as a caller says it; both days are in it.
type holdInput struct {
	OrganizationID int64  `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	ResourceType   string `json:"resourceType" enum:"all,active_window,visited_site,screenshot,user_session,credential,profile"`
	From           string `json:"from,omitempty" doc:"the first UTC day as in 2026-11-02; nothing: from the beginning"`
	Until          string `json:"until,omitempty" doc:"the last; nothing: without end"`
	Reason         string `json:"reason"`
}

// row is the hold, or all that is wrong with it.
func (in holdInput) row() (row holdRow, err error) {
	var f fault.Fields
	if in.ResourceType != everything && !slices.Contains(keep.Types[:], in.ResourceType) {
		f.Add("resourceType", "not_one_of", fault.Params{"Values": everything + ", " + strings.Join(keep.Types[:], ", ")})
	}
	row = holdRow{ID: id.New(), Type: in.ResourceType, Reason: strings.TrimSpace(in.Reason)}
	row.From, row.Until = parseDay(&f, "from", in.From), parseDay(&f, "until", in.Until)
	if row.Until != nil {
		after := row.Until.Add(day)
		if row.Until = &after; row.From != nil && !row.From.Before(after) {
			f.Add("until", codeBeforeFrom, nil)
		}
	}
	f.Text("reason", row.Reason, minReason, maxReason)
	if !db.KeepsText(row.Reason) {
		f.Add("reason", "wrong_format", nil)
	}
	return row, f.Err()
}

func parseDay(f *fault.Fields, field, text string) *time.Time {
	if text == "" {
		return nil
	}
	d, err := time.Parse(time.DateOnly, text)
	if err != nil || !db.KeepsTime(d.Add(day)) {
		f.Add(field, "wrong_format", nil)
		return nil
	}
	return &d
}

type holdResponse struct {
	ID             id.UUID    `json:"id"`
	OrganizationID int64      `json:"organizationId"`
	ResourceType   string     `json:"resourceType"`
	From           string     `json:"from,omitempty" doc:"the first day"`
	Until          string     `json:"until,omitempty" doc:"the last day"`
	Reason         string     `json:"reason"`
	CreatedAt      time.Time  `json:"createdAt"`
	CreatedBy      string     `json:"createdBy"`
	ExpiresAt      *time.Time `json:"expiresAt,omitempty" doc:"when it ends by itself"`
	ReleasedAt     *time.Time `json:"releasedAt,omitempty"`
	ReleasedBy     string     `json:"releasedBy,omitempty"`
	Active         bool       `json:"active"`
}

func asHold(h holdRow, now time.Time) holdResponse {
	out := holdResponse{
		ID: h.ID, OrganizationID: h.OrganizationID, ResourceType: h.Type, Reason: h.Reason, CreatedAt: h.CreatedAt.UTC(), CreatedBy: h.CreatedBy,
		ExpiresAt: h.ExpiresAt, ReleasedAt: h.ReleasedAt, Active: h.ReleasedAt == nil && (h.ExpiresAt == nil || h.ExpiresAt.After(now)),
	}
	if h.From != nil {
		out.From = h.From.UTC().Format(time.DateOnly)
	}
	if h.Until != nil {
		out.Until = h.Until.UTC().Add(-day).Format(time.DateOnly)
	}
	if h.ReleasedBy != nil {
		out.ReleasedBy = *h.ReleasedBy
	}
	return out
}

// addHold makes the actor's organization keep something. It holds what no run has begun; a day that one is just taking away
// goes on going.
func (s *service) addHold(ctx context.Context, row holdRow) (holdResponse, error) {
	row.CreatedAt = s.clock()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a := tx.Actor()
		row.OrganizationID, row.CreatedBy = a.OrganizationID, a.ID
		if err := s.store.addHold(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, holdEntry("retention.hold_set", row, nil, asHold(row, row.CreatedAt)))
	})
	return asHold(row, row.CreatedAt), err
}

// release ends a hold. It stays in the list.
func (s *service) release(ctx context.Context, holdID id.UUID) error {
	now := s.clock()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.hold(ctx, tx, holdID)
		if err != nil || row.ReleasedAt != nil {
			return err
		}
		before, who := asHold(row, now), tx.Actor().ID
		row.ReleasedAt, row.ReleasedBy = &now, &who
		if err := s.store.release(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, holdEntry("retention.hold_released", row, before, asHold(row, now)))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*holdRow)(nil), holdID, "retention", "retention.hold_released")
		return errHoldUnknown.Wrap(err)
	}
	return err
}

func holdEntry(action string, row holdRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: keep.Write, Object: fmt.Sprintf("hold:%s", row.ID), OrganizationID: row.OrganizationID,
		Reason: row.Reason, Before: before, After: after,
	}
}
