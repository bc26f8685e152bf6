package pki

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// authorityRow is an authority that the server has made. Its key is sealed.
type authorityRow struct {
	bun.BaseModel `bun:"table:pki_authorities,alias:a"`
	db.Global
	Generation   int64     `bun:"generation,pk"`
	Certificate  string    `bun:"certificate"`
	SealedKey    string    `bun:"sealed_key"`
	IssuesFrom   time.Time `bun:"issues_from"`
	TrustedUntil time.Time `bun:"trusted_until"`
	CreatedAt    time.Time `bun:"created_at"`
}

// certificateRow is a certificate that was issued to a gateway or an agent.
type certificateRow struct {
	bun.BaseModel `bun:"table:pki_certificates,alias:c"`
	db.Owned
	db.Place
	ID        id.UUID    `bun:"id,pk"`
	Kind      string     `bun:"kind"`
	Subject   string     `bun:"subject"`
	Serial    string     `bun:"serial"`
	Authority string     `bun:"authority"`
	NotBefore time.Time  `bun:"not_before"`
	NotAfter  time.Time  `bun:"not_after"`
	CreatedAt time.Time  `bun:"created_at"`
	KeyID     *int64     `bun:"key_id"`     // of an agent's
	RevokedAt *time.Time `bun:"revoked_at"` // may be yet to come
	RevokedBy *string    `bun:"revoked_by"`
}

// ended reports whether it has been revoked, and that is not yet to come.
func (c certificateRow) ended(now time.Time) bool {
	return c.RevokedAt != nil && !now.Before(*c.RevokedAt)
}
