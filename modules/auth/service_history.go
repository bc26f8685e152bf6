package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// signInActions are what is written down of trying to sign in.
var signInActions = []string{"user.signed_in", "user.sign_in_failed", "user.locked", "user.refresh_reused"}

// history returns a page of what happened to a user, the latest first, and one more.
func (s *service) history(ctx context.Context, userID int64, after id.UUID, limit int) (rows []audit.Recorded, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.user(ctx, tx, userID); err != nil {
			return err
		}
		rows, err = s.audit.Read(ctx, tx, audit.Query{Object: userObject(userID), After: after, Limit: limit})
		return err
	})
	return rows, s.userFault(ctx, "read", userID, err)
}

// signIns returns a page of all tries to sign in that named a user, the latest first, and one more; with the users' rows.
func (s *service) signIns(ctx context.Context, q audit.Query) (rows []audit.Recorded, users map[int64]userRow, err error) {
	if len(q.Actions) == 0 {
		q.Actions = signInActions
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if rows, err = s.audit.Read(ctx, tx, q); err != nil {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = userOf(r)
		}
		users, err = s.store.usersByID(ctx, tx, ids)
		return err
	})
	return rows, users, err
}

// userOf is the user that an entry is about.
func userOf(r audit.Recorded) int64 {
	n, _ := strconv.ParseInt(strings.TrimPrefix(r.Object, "user:"), 10, 64) // 0 is nobody
	return n
}

// told is what an entry says of a try to sign in.
type told struct {
	Method    string    `json:"method"`
	UserAgent string    `json:"userAgent"`
	Reason    string    `json:"reason"`
	Failures  int       `json:"failures"`
	Until     time.Time `json:"until"`
}

func tellOf(r audit.Recorded) (t told) {
	_ = json.Unmarshal(r.After, &t) // an entry of something else says none of this
	return t
}

// fieldChange is one field of a user as it was and as it is, as JSON.
type fieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty" doc:"as JSON"`
	After  string `json:"after,omitempty" doc:"as JSON"`
}

// unsaid are fields that change with every other.
var unsaid = []string{"id", "createdAt", "updatedAt", "lockedUntil"}

// changesOf are the fields that an entry changed, by name; what was made has none.
func changesOf(r audit.Recorded) []fieldChange {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(r.Before, &before) != nil || json.Unmarshal(r.After, &after) != nil {
		return nil
	}
	fields := maps.Clone(before)
	maps.Copy(fields, after)
	var changes []fieldChange
	for _, f := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(unsaid, f) && !bytes.Equal(before[f], after[f]) {
			changes = append(changes, fieldChange{f, string(before[f]), string(after[f])})
		}
	}
	return changes
}
