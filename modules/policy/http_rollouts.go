package policy

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

type rolloutResponse struct {
	ID           id.UUID           `json:"id"`
	Version      string            `json:"version"`
	Previous     string            `json:"previous,omitempty" doc:"in force before"`
	State        string            `json:"state" enum:"running,finished,stopped,superseded"`
	Reason       string            `json:"reason,omitempty" enum:"by_hand,failures" doc:"why it was stopped"`
	Percent      int64             `json:"percent"`
	Step         int64             `json:"step,omitempty"`
	EveryMinutes int64             `json:"everyMinutes,omitempty"`
	NextAt       *time.Time        `json:"nextAt,omitempty" doc:"when it goes on by itself"`
	IsRollback   bool              `json:"isRollback"`
	StartedAt    time.Time         `json:"startedAt"`
	StartedBy    string            `json:"startedBy"`
	EndedAt      *time.Time        `json:"endedAt,omitempty"`
	EndedBy      string            `json:"endedBy,omitempty"`
	Gateways     answers           `json:"gateways"`
	Failures     []failureResponse `json:"failures" doc:"the latest of them"`
}

type failureResponse struct {
	GatewayID id.UUID    `json:"gatewayId"`
	Code      string     `json:"code"`
	At        *time.Time `json:"at,omitempty"`
}

// shownFailures is how many failures of a roll-out are shown, shownRollouts how many roll-outs of a policy.
const (
	shownFailures = 20
	shownRollouts = 20
)

func (s *service) rolloutsOf(ctx context.Context, policyID int64, most int) (list []rolloutResponse, err error) {
	rows, err := s.store.rollouts(ctx, policyID, most)
	if err != nil {
		return nil, err
	}
	ids := make([]id.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var reached []reachedRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		reached, err = s.store.reached(ctx, tx, ids...)
		return err
	})
	for _, r := range rows {
		of := slices.DeleteFunc(slices.Clone(reached), func(t reachedRow) bool { return t.RolloutID != r.ID })
		list = append(list, rolloutOf(r, of))
	}
	return list, err
}

func rolloutOf(r rolloutRow, reached []reachedRow) rolloutResponse {
	out := rolloutResponse{
		ID: r.ID, Version: decimal(r.Version), State: r.State, Reason: r.Reason, Percent: r.Percent, Step: r.Step, EveryMinutes: r.Every, NextAt: r.NextAt,
		IsRollback: r.IsRollback, StartedAt: r.StartedAt.UTC(), StartedBy: r.StartedBy, EndedAt: r.EndedAt, EndedBy: r.EndedBy,
		Gateways: answersOf(reached), Failures: []failureResponse{},
	}
	if r.Previous > 0 {
		out.Previous = decimal(r.Previous)
	}
	for _, t := range reached {
		if t.State == string(command.Failed) && len(out.Failures) < shownFailures {
			out.Failures = append(out.Failures, failureResponse{t.GatewayID, t.Code, t.AnsweredAt})
		}
	}
	return out
}

func (s *service) getRollouts(ctx context.Context, in idRequest) (page httpx.Page[rolloutResponse], err error) {
	if ctx, _, err = s.enter(ctx, "read", in.ID); err != nil {
		return page, err
	}
	page.Items, err = s.rolloutsOf(ctx, in.ID, shownRollouts)
	return page, err
}

type advanceRequest struct {
	ID      int64 `path:"id" json:"-"`
	Percent int64 `json:"percent"`
}

// Validate wants a part of the gateways.
func (r *advanceRequest) Validate() error {
	var f fault.Fields
	inRange(&f, "percent", r.Percent, 1, 100)
	return f.Err()
}

func (s *service) postAdvance(ctx context.Context, in advanceRequest) (policyResponse, error) {
	if _, err := s.advance(ctx, in.ID, in.Percent); err != nil {
		return policyResponse{}, err
	}
	return s.show(ctx, in.ID)
}

func (s *service) postStop(ctx context.Context, in idRequest) (policyResponse, error) {
	if _, err := s.stop(ctx, in.ID); err != nil {
		return policyResponse{}, err
	}
	return s.show(ctx, in.ID)
}

func (s *service) changesOf(ctx context.Context, in pageRequest) (rows []changeRow, next string, err error) {
	var before id.UUID
	if in.After != "" {
		if err := db.ParseCursor(in.After, &before); err != nil {
			return nil, "", err
		}
	}
	if ctx, _, err = s.enter(ctx, "read", in.ID); err != nil {
		return nil, "", err
	}
	limit := db.Limit(in.Limit)
	if rows, err = s.store.changes(ctx, in.ID, before, limit); err != nil {
		return nil, "", err
	}
	rows, next = db.NextPage(rows, limit, func(c changeRow) []any { return []any{c.ID} })
	return rows, next, nil
}
