package auth

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
)

const (
	// lastSignIn is when a user signed in last. Of each user the sweep leaves that sign-in.
	lastSignIn = "SELECT ss.created_at FROM sessions AS ss WHERE ss.user_id = u.id ORDER BY ss.created_at DESC LIMIT 1"
	// lastingSignIns is how many sign-ins of a user last; it takes the time.
	lastingSignIns = "SELECT count(DISTINCT rt.family) FROM refresh_tokens AS rt WHERE rt.user_id = u.id AND rt.revoked_at IS NULL AND rt.expires_at > ?"
)

// listedUser is a user with its sign-ins.
type listedUser struct {
	userRow      `bun:",extend"`
	LastSignInAt time.Time `bun:"last_sign_in_at,scanonly"`
	Sessions     int       `bun:"sessions,scanonly"`
}

// users returns a page of users, as of now.
func (s store) users(ctx context.Context, l db.List, now time.Time) (rows []listedUser, found db.Found, err error) {
	l.Columns = []db.Expr{{SQL: "(" + lastSignIn + ") AS last_sign_in_at"}, {SQL: "(" + lastingSignIns + ") AS sessions", Args: []any{now}}}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

// usersByID returns those of ids that there are.
func (s store) usersByID(ctx context.Context, tx db.Tx, ids []int64) (map[int64]userRow, error) {
	found := map[int64]userRow{}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []userRow
	err := tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	for _, u := range rows {
		found[u.ID] = u
	}
	return found, err
}

var idOfUser = grid.Column{Name: "id", Kind: grid.ID, SQL: "u.id"}

var userColumns = []grid.Column{
	idOfUser,
	{Name: "name", Kind: grid.Folded, SQL: "u.name_search", Search: true, Title: "auth.column_name"},
	{Name: "username", Kind: grid.Text, SQL: "u.username", Search: true, Title: "auth.column_username"},
	{Name: "role", Kind: grid.Enum, SQL: "u.role", Values: []string{"ADMIN", "HR", "DEPARTMENT_LEAD", "GUARD"}, Title: "auth.column_role"},
	{Name: "isActive", Kind: grid.Bool, SQL: "u.is_active"},
	{Name: "secondStep", Kind: grid.Bool, SQL: "EXISTS (SELECT 1 FROM user_totp AS h WHERE h.user_id = u.id AND h.confirmed_at IS NOT NULL)", Title: "auth.column_second_step"},
	{Name: "lastSignInAt", Kind: grid.Time, SQL: lastSignIn, Null: true, Title: "auth.column_last_sign_in"},
	{Name: "sessions", Kind: grid.Number, SQL: lastingSignIns, Title: "auth.column_sessions", Doc: "sign-ins that last"},
	{Name: "lockedUntil", Kind: grid.Time, SQL: "u.locked_until", Null: true, Title: "auth.column_locked"},
	{Name: "organizationId", Kind: grid.ID, SQL: "u.organization_id", Null: true},
	{Name: "createdAt", Kind: grid.Time, SQL: "u.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "u.updated_at"},
}

var idOfEvent = grid.Column{Name: "id", Kind: grid.UUID, SQL: "se.id"}

var eventColumns = []grid.Column{
	{Name: "lastAt", Kind: grid.Time, SQL: "se.last_at", Title: "auth.column_at"},
	{
		Name: "eventType", Kind: grid.Enum, SQL: "se.event_type", Title: "auth.column_event",
		Values: []string{eventInvalidKey, eventRate, eventSuspicious, eventUnauthorized, eventBlocked},
	},
	{Name: "ipAddress", Kind: grid.Text, SQL: "se.ip_address", Search: true, Title: "auth.column_address"},
	{Name: "userAgent", Kind: grid.Text, SQL: "se.user_agent", Search: true, Title: "auth.column_program"},
	{Name: "requestMethod", Kind: grid.Text, SQL: "se.request_method", Null: true, Title: "auth.column_method"},
	{Name: "requestPath", Kind: grid.Text, SQL: "se.request_path", Null: true, Search: true, Title: "auth.column_path"},
	{Name: "times", Kind: grid.Number, SQL: "se.times", Title: "auth.column_times"},
	{Name: "severity", Kind: grid.Number, SQL: "se.severity", Title: "auth.column_severity"},
	{Name: "keyId", Kind: grid.ID, SQL: "se.key_id", Null: true, Title: "auth.column_key"},
	{Name: "organizationId", Kind: grid.ID, SQL: "se.organization_id", Null: true},
	idOfEvent,
}

// listEvents returns a page of security events.
func (s store) listEvents(ctx context.Context, l db.List) (rows []eventRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}
