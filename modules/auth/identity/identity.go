// Package identity is the contract of who signs in: people by password, machines by key.
package identity

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	ReadUsers  = actor.Permission{Name: "user.read", Roles: actor.Admin}
	WriteUsers = actor.Permission{Name: "user.write", Roles: actor.Admin}
	WriteKeys  = actor.Permission{Name: "key.write", Roles: actor.Admin}
	// ReadSecurity and WriteSecurity are of refusals and of addresses.
	ReadSecurity  = actor.Permission{Name: "security.read", Roles: actor.Admin}
	WriteSecurity = actor.Permission{Name: "security.write", Roles: actor.Admin}
	// ReadHealth is held by every API key.
	ReadHealth = actor.Permission{Name: "security.health", Roles: actor.Admin | actor.Agent | actor.Hikvision}
)

// The refusals of a key.
var (
	ErrKeyMissing = fault.New(fault.Unauthenticated, "auth.key_missing")
	ErrKeyInvalid = fault.New(fault.Unauthenticated, "auth.key_invalid")
	ErrKeyAddress = fault.New(fault.Forbidden, "auth.key_address")
	// ErrKeyUnchecked is said by a gateway that cannot ask about an unknown key now.
	ErrKeyUnchecked = fault.New(fault.Unavailable, "auth.key_unchecked")
)

// Key is an API key as the system knows it: never the key itself.
type Key struct {
	ID             int64
	OrganizationID int64
	Type           actor.Role // Agent, Hikvision or Admin
	// Hash is the lower-case hex SHA-256 of the key.
	Hash      string
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: in force
	// AllowedIPs are the networks that it may be used from; any if there are none.
	AllowedIPs []netip.Prefix
}

// Allows reports whether the key may be used from an address.
func (k Key) Allows(address string) bool {
	if len(k.AllowedIPs) == 0 {
		return true
	}
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(k.AllowedIPs, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
}

// Keys checks API keys. On the server it asks the database, on a gateway what it has synchronised.
type Keys interface {
	// ByHash returns the key in force with this hash, ErrKeyInvalid if there is none,
	// ErrKeyUnchecked if it cannot be known now.
	ByHash(ctx context.Context, hash string) (Key, error)
}

// KeyList gives a gateway what it may accept.
type KeyList interface {
	// AgentKeys returns the agents' keys of the actor's organization.
	AgentKeys(ctx context.Context) ([]Key, error)
}

// Secret is what the server alone knows, the same on all replicas.
type Secret interface {
	// Derive makes a key of 32 bytes for one purpose. It fails where the server has been given no secret.
	Derive(purpose string) ([]byte, error)
}
