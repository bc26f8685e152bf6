package auth

import (
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`
	db.MaybeOwned
	db.Place
	ID           int64     `bun:"id,pk,autoincrement"`
	Name         string    `bun:"name"`
	NameSearch   string    `bun:"name_search"`
	Username     string    `bun:"username"`
	Password     string    `bun:"password"` // bcrypt
	Role         string    `bun:"role"`
	Language     string    `bun:"language"`
	FailedLogins int       `bun:"failed_logins"`
	LockedUntil  time.Time `bun:"locked_until,nullzero"`
	IsActive     bool      `bun:"is_active"`
	// MustChange asks for another password at the next sign-in.
	MustChange        bool      `bun:"must_change_password"`
	PasswordChangedAt time.Time `bun:"password_changed_at,nullzero"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// organization is the user's organization, 0 for none.
func (u userRow) organization() int64 {
	if u.OrganizationID == nil {
		return 0
	}
	return *u.OrganizationID
}

// looksLike reports whether others are told the same of two states of a user.
func (u userRow) looksLike(before userRow) bool {
	return u.Name == before.Name && u.Username == before.Username && u.Role == before.Role && u.IsActive == before.IsActive &&
		u.MustChange == before.MustChange && u.organization() == before.organization()
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

// sessionRow is where a sign-in was made; its id is the family of the refresh tokens.
type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:ss"`
	db.MaybeOwned
	ID        id.UUID   `bun:"id,pk,type:uuid"`
	UserID    int64     `bun:"user_id"`
	Method    string    `bun:"method"`
	ClientIP  string    `bun:"client_ip"`
	UserAgent string    `bun:"user_agent"`
	CreatedAt time.Time `bun:"created_at"`
	UsedAt    time.Time `bun:"used_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// totpRow is the second step of a user.
type totpRow struct {
	bun.BaseModel `bun:"table:user_totp,alias:tt"`
	db.MaybeOwned
	UserID      int64     `bun:"user_id,pk"`
	Sealed      string    `bun:"sealed"`
	LastStep    int64     `bun:"last_step"`
	CreatedAt   time.Time `bun:"created_at"`
	ConfirmedAt time.Time `bun:"confirmed_at,nullzero"`
}

type recoveryRow struct {
	bun.BaseModel `bun:"table:recovery_codes,alias:rc"`
	db.MaybeOwned
	UserID int64     `bun:"user_id,pk"`
	Hash   string    `bun:"hash,pk"`
	UsedAt time.Time `bun:"used_at,nullzero"`
}

// identityRow is who a user is at the provider of OIDC sign-ins.
type identityRow struct {
	bun.BaseModel `bun:"table:user_identities,alias:ui"`
	db.MaybeOwned
	UserID    int64     `bun:"user_id,pk"`
	Issuer    string    `bun:"issuer,pk"`
	Subject   string    `bun:"subject,nullzero"` // empty: it was disconnected, and no claim connects it
	CreatedAt time.Time `bun:"created_at"`
}

// oidcRow is a sign-in that has come back from the provider.
type oidcRow struct {
	bun.BaseModel `bun:"table:oidc_sign_ins,alias:os"`
	db.MaybeOwned
	Hash      string    `bun:"hash,pk"`
	UserID    int64     `bun:"user_id,nullzero"`
	Subject   string    `bun:"subject"`
	ExpiresAt time.Time `bun:"expires_at"`
	EndedAt   time.Time `bun:"ended_at,nullzero"`
}

// tokenRow is by what a program acts for a user.
type tokenRow struct {
	bun.BaseModel `bun:"table:api_tokens,alias:at"`
	db.Owned
	ID         int64     `bun:"id,pk,autoincrement"`
	UserID     int64     `bun:"user_id"`
	Name       string    `bun:"name"`
	Hash       string    `bun:"hash"`
	Prefix     string    `bun:"prefix"`
	Scopes     string    `bun:"scopes"` // between commas
	CreatedAt  time.Time `bun:"created_at"`
	ExpiresAt  time.Time `bun:"expires_at"`
	RevokedAt  time.Time `bun:"revoked_at,nullzero"`
	LastUsedAt time.Time `bun:"last_used_at,nullzero"`
}

func (r tokenRow) scopes() []string { return strings.Split(r.Scopes, ",") }

type keyRow struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`
	db.Owned
	ID          int64     `bun:"id,pk,autoincrement"`
	Type        string    `bun:"type"`
	Hash        string    `bun:"hash"`
	Prefix      string    `bun:"prefix"`
	Description string    `bun:"description"`
	RateLimit   int       `bun:"rate_limit,nullzero"` // uses a minute; 0: any number
	AllowedIPs  string    `bun:"allowed_ips"`         // networks between commas; empty: from anywhere
	IsActive    bool      `bun:"is_active"`
	ExpiresAt   time.Time `bun:"expires_at,nullzero"`
	RevokedAt   time.Time `bun:"revoked_at,nullzero"`
	LastUsedAt  time.Time `bun:"last_used_at,nullzero"`
	CreatedAt   time.Time `bun:"created_at"`
}

// networks are those that the key may be used from; nil for any.
func (k keyRow) networks() []string {
	if k.AllowedIPs == "" {
		return nil
	}
	return strings.Split(k.AllowedIPs, ",")
}

type whitelistRow struct {
	bun.BaseModel `bun:"table:ip_whitelist,alias:wl"`
	db.Owned
	Address     string    `bun:"address,pk"`
	Description string    `bun:"description"`
	IsActive    bool      `bun:"is_active"`
	CreatedAt   time.Time `bun:"created_at"`
}

type blockRow struct {
	bun.BaseModel `bun:"table:blocked_addresses,alias:b"`
	db.MaybeOwned
	Address     string    `bun:"address"`
	Reason      string    `bun:"reason"`
	IsAutomatic bool      `bun:"is_automatic"`
	CreatedAt   time.Time `bun:"created_at"`
	ExpiresAt   time.Time `bun:"expires_at,nullzero"`
}

// organization is whose the block is, 0 for nobody's.
func (b blockRow) organization() int64 {
	if b.OrganizationID == nil {
		return 0
	}
	return *b.OrganizationID
}

type eventRow struct {
	bun.BaseModel `bun:"table:security_events,alias:se"`
	db.MaybeOwned
	db.Place
	ID            id.UUID        `bun:"id,pk"`
	EventType     string         `bun:"event_type"`
	IPAddress     string         `bun:"ip_address"`
	UserAgent     string         `bun:"user_agent"`
	KeyID         int64          `bun:"key_id,nullzero"`
	RequestPath   string         `bun:"request_path,nullzero"`
	RequestMethod string         `bun:"request_method,nullzero"`
	Severity      int            `bun:"severity"`
	Details       map[string]any `bun:"details"`
	Times         int            `bun:"times"` // how many like this within its minute
	FirstAt       time.Time      `bun:"first_at"`
	LastAt        time.Time      `bun:"last_at"`
}

// organization is of whose key the event is, 0 for nobody's.
func (e eventRow) organization() int64 {
	if e.OrganizationID == nil {
		return 0
	}
	return *e.OrganizationID
}
