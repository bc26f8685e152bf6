package policy

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// rollBack makes a new version of what a policy was. Its groups are as they were then, until the next change of the policy
// or of one of them.
func (s *service) rollBack(ctx context.Context, policyID, revision, to int64, st stage) (row policyRow, err error) {
	ctx, _, err = s.enter(ctx, "rollback", policyID)
	if err != nil {
		return row, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return row, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.again(ctx, tx, policyID); err != nil {
			return err
		}
		if row.Revision != revision {
			return errStale
		}
		in, e, err := s.back(ctx, tx, &row, to)
		if errors.Is(err, db.ErrNotFound) {
			var f fault.Fields
			f.Add("version", "unknown_reference", nil)
			return f.Err()
		}
		if err != nil {
			return err
		}
		in.stage = st
		return s.edited(ctx, tx, &row, in, e, fleet)
	})
	return row, err
}

// back writes an old version into the row and returns it as an edit.
func (s *service) back(ctx context.Context, tx db.Tx, row *policyRow, to int64) (in input, e edit, err error) {
	target, err := s.store.version(ctx, tx, row.ID, to)
	if err != nil {
		return in, e, err
	}
	latest, err := s.store.version(ctx, tx, row.ID, row.Latest)
	if err != nil {
		return in, e, err
	}
	e = edit{kind: rolledBack, rollback: true}
	if e.content, err = target.content(); err != nil {
		return in, e, err
	}
	was, err := latest.content()
	if err != nil {
		return in, e, err
	}
	if e.old, err = row.document(was); err != nil {
		return in, e, err
	}
	row.UpdatedAt = s.clock()
	// Whoever had to restart for one of the versions has to for the way back.
	in = input{RequiresRestart: target.RequiresRestart || latest.RequiresRestart, stage: stage{Percent: 100}}
	return in, e, row.put(e.content)
}

// content returns a version of a policy; 0 is the newest.
func (s *service) version(ctx context.Context, policyID, number int64) (v versionRow, err error) {
	ctx, row, err := s.enter(ctx, "read", policyID)
	if err != nil {
		return v, err
	}
	if number == 0 {
		number = row.Latest
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		v, err = s.store.version(ctx, tx, policyID, number)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		err = errVersionUnknown.Wrap(err)
	}
	return v, err
}

// compared says how two versions of a policy differ.
func (s *service) compared(ctx context.Context, policyID, from, to int64) (patch json.RawMessage, changes []fieldChange, err error) {
	a, err := s.version(ctx, policyID, from)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.version(ctx, policyID, to)
	if err != nil {
		return nil, nil, err
	}
	var contents [2]rule.Policy
	for i, v := range []versionRow{a, b} {
		if contents[i], err = v.content(); err != nil {
			return nil, nil, err
		}
	}
	patch, err = patchOf(a.Content, b.Content)
	return patch, changesOf(contents[0], contents[1]), err
}
