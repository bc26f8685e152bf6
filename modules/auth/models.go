package auth

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`
	db.MaybeOwned
	ID           int64     `bun:"id,pk,autoincrement"`
	Name         string    `bun:"name"`
	Username     string    `bun:"username"`
	Password     string    `bun:"password"` // bcrypt
	Role         string    `bun:"role"`
	Language     string    `bun:"language"`
	FailedLogins int       `bun:"failed_logins"`
	LockedUntil  time.Time `bun:"locked_until,nullzero"`
	IsActive     bool      `bun:"is_active"`
	CreatedAt    time.Time `bun:"created_at,skipupdate"`
	UpdatedAt    time.Time `bun:"updated_at"`
}

// organization is the user's organization, 0 for none.
func (u userRow) organization() int64 {
	if u.OrganizationID == nil {
		return 0
	}
	return *u.OrganizationID
}

type departmentUserRow struct {
	bun.BaseModel `bun:"table:department_users,alias:du"`
	db.Owned
	UserID       int64 `bun:"user_id,pk"`
	DepartmentID int64 `bun:"department_id,pk"`
}

type refreshRow struct {
	bun.BaseModel `bun:"table:refresh_tokens,alias:rt"`
	db.MaybeOwned
	Hash      string    `bun:"hash,pk"`
	Family    id.UUID   `bun:"family,type:uuid"`
	UserID    int64     `bun:"user_id"`
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
	UsedAt    time.Time `bun:"used_at,nullzero"`
	RevokedAt time.Time `bun:"revoked_at,nullzero"`
}

type keyRow struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`
	db.Owned
	ID          int64     `bun:"id,pk,autoincrement"`
	Type        string    `bun:"type"`
	Hash        string    `bun:"hash"`
	Prefix      string    `bun:"prefix"`
	Description string    `bun:"description"`
	IsActive    bool      `bun:"is_active"`
	ExpiresAt   time.Time `bun:"expires_at,nullzero"`
	RevokedAt   time.Time `bun:"revoked_at,nullzero"`
	LastUsedAt  time.Time `bun:"last_used_at,nullzero"`
	CreatedAt   time.Time `bun:"created_at"`
}
