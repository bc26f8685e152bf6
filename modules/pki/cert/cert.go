// Package cert is the contract of the certificates by which gateways and agents are known.
package cert

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "certificate.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "certificate.write", Roles: actor.Admin | actor.HR}
)

// The refusals of a certificate.
var (
	ErrRequired = fault.New(fault.Unauthenticated, "pki.certificate_required")
	ErrRefused  = fault.New(fault.Unauthenticated, "pki.certificate_refused") // expired, revoked, of somebody else
	ErrRequest  = fault.New(fault.Invalid, "pki.request_bad")
	// ErrUnavailable is said where no certificate can be issued now.
	ErrUnavailable = fault.New(fault.Unavailable, "pki.unavailable")
	// ErrTooMany is said to a subject that asks too often.
	ErrTooMany = fault.New(fault.TooMany, "pki.too_many")
)

// Kind is what a certificate is for.
type Kind string

// The kinds. A Listener is what agents see of their gateway, a Server what gateways see of agent-api.
const (
	Gateway  Kind = "gateway"
	Agent    Kind = "agent"
	Listener Kind = "listener"
	Server   Kind = "server"
)

// Request asks for a certificate.
type Request struct {
	Kind           Kind
	OrganizationID int64
	// Subject is the gateway's id, or the computer's UID of an Agent.
	Subject string
	// CSR is PKCS #10, PEM. Only its key counts, and of a Listener its names.
	CSR string
	// KeyID is the agents' key that an Agent's is obtained with: the certificate ends with it.
	KeyID int64
	// Until is when the certificate ends at the latest; zero: as all others.
	Until time.Time
}

// Issued is a certificate, with the chain to the authority and the authorities to believe, all PEM.
type Issued struct {
	Certificate string `json:"certificate"`
	Authorities string `json:"authorities"`
}

// Authority issues certificates.
type Authority interface {
	// Ready makes the authority where there is none yet. It opens a transaction of its own, so it is called before the one
	// in which Issue is. It returns ErrUnavailable if nothing can be issued.
	Ready(ctx context.Context) error
	// Issue issues a certificate within the caller's transaction. It returns ErrRequest for a request that is none.
	Issue(ctx context.Context, tx db.Tx, r Request) (Issued, error)
	// Revoke ends those of a subject at the time, or, if that is past, within a minute everywhere. What ends sooner stays so.
	Revoke(ctx context.Context, tx db.Tx, kind Kind, organizationID int64, subject string, at time.Time) error
	// Lasting reports whether the other end has shown a certificate that nobody has set an end to before its own. It asks the
	// database.
	Lasting(ctx context.Context, tx db.Tx, state *tls.ConnectionState) (bool, error)
	// KeyOf returns the agents' key with which the certificate of the actor's organization with this serial was obtained,
	// while it is in force and the computer's. It returns ErrRefused for any other.
	KeyOf(ctx context.Context, computerUID, serial string) (int64, error)
}

// Verifier knows who is at the other end of a connection.
type Verifier interface {
	// Presented returns whose certificate the other end has shown; ok is false where it has shown none. It returns ErrRefused
	// for one that is not in force any more, so who holds a connection for long asks again.
	Presented(state *tls.ConnectionState) (h Holder, ok bool, err error)
	// Required reports whether a gateway has to show one.
	Required() bool
}

// Origin is by what an agent gets a certificate: one of the two.
type Origin struct {
	// Key is the hash of the agents' key that it came with, or that its token came from.
	Key string
	// Serial is of the certificate that it has shown, in hex.
	Serial string
}

// Desk gets agents their certificates, on a gateway.
type Desk interface {
	// ForAgent returns a certificate of the computer's for the request. Whoever calls it knows whose computer it is. It
	// returns identity.ErrKeyInvalid if what the agent came with is not in force any more.
	ForAgent(ctx context.Context, computerUID, csr string, by Origin) (Issued, error)
}
