package gateways

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	keyPrefix   = "sgw_"
	tokenPrefix = "spt_"
	actorPrefix = "gateway:"
	// keyMemory is how long a checked key is believed without asking again: a revocation takes at most so long.
	keyMemory = 5 * time.Second
	// maxKeys bounds the remembered keys.
	maxKeys = 10_000
)

type service struct {
	store  store
	alerts alert.Log
	keys   identity.KeyList
	audit  *audit.Log
	events *event.Bus
	// authority and verifier are of certificates.
	authority cert.Authority
	verifier  cert.Verifier
	secret    identity.Secret

	cfg *Config
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	checked map[string]checkedKey
	agents  map[agentKey]time.Time
}

type checkedKey struct {
	actor actor.Actor
	until time.Time
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// authenticate returns the gateway that holds the key.
func (s *service) authenticate(ctx context.Context, key string) (actor.Actor, error) {
	hash, now := secret.Hash(key), s.clock()
	s.mu.Lock()
	known, ok := s.checked[hash]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.actor, nil
	}
	g, err := s.store.byKey(actor.With(ctx, actor.System("gateway key")), hash, now)
	if errors.Is(err, db.ErrNotFound) {
		return actor.Actor{}, errKeyRefused
	}
	if err != nil {
		return actor.Actor{}, err
	}
	a := actor.Actor{Role: actor.Gateway, ID: actorPrefix + g.ID.String(), OrganizationID: g.OrganizationID}
	until := now.Add(keyMemory)
	if g.usesPrevious(hash) && g.PreviousUntil.Before(until) {
		until = *g.PreviousUntil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.checked) >= maxKeys {
		clear(s.checked)
	}
	s.checked[hash] = checkedKey{a, until}
	return a, nil
}

// ByIDs returns those of the gateways that the actor may see.
func (s *service) ByIDs(ctx context.Context, ids []id.UUID) (map[id.UUID]gateway.Gateway, error) {
	rows, err := s.store.byIDs(ctx, ids)
	found := make(map[id.UUID]gateway.Gateway, len(rows))
	for _, r := range rows {
		found[r.ID] = r.contract()
	}
	return found, err
}

// forgetKeys makes the next request of every gateway ask the database.
func (s *service) forgetKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.checked)
}

// caller is the gateway on whose behalf ctx runs.
func caller(ctx context.Context) (id.UUID, error) {
	a, _ := actor.From(ctx)
	text, ok := strings.CutPrefix(a.ID, actorPrefix)
	if !ok {
		return id.Nil, errUnknown
	}
	return id.Parse(text)
}

// enrolled is what a gateway learns once.
type enrolled struct {
	gateway gatewayRow
	key     string
	issued  cert.Issued // nothing, if it did not ask
}

// enrol makes a gateway of whoever holds a token in force. A serial that the organization has already gets a
// new key: the gateway lost its own. With a request it gets a certificate, too.
func (s *service) enrol(ctx context.Context, token, serial, name, version, csr string) (e enrolled, err error) {
	now := s.clock()
	if able, err := s.canCertify(ctx, csr); err != nil {
		return e, err
	} else if !able {
		csr = ""
	}
	ctx = actor.With(ctx, actor.System("gateway enrolment"))
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, err := s.store.useToken(ctx, tx, secret.Hash(token), now)
		if errors.Is(db.Translate(err), db.ErrNotFound) {
			return errTokenRefused.Wrap(err)
		}
		if err != nil {
			return err
		}
		e, err = s.admit(ctx, tx, t.OrganizationID, serial, name, version, now)
		if err != nil {
			return err
		}
		if err := s.tellRevoked(ctx, tx, e.gateway); err != nil { // of the key before, if there was one
			return err
		}
		if e.issued, err = s.certify(ctx, tx, e.gateway, csr); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			OrganizationID: t.OrganizationID, Action: "gateways.enrol", Permission: actor.Public,
			Object: actorPrefix + e.gateway.ID.String(), After: serial,
		})
	})
	if errors.Is(err, db.ErrConflict) { // somebody enrolled with the serial at the same moment
		return e, errSerialTaken.Wrap(err)
	}
	s.forgetKeys()
	return e, err
}

// register makes a gateway by an operator's hand.
func (s *service) register(ctx context.Context, organizationID int64, serial, name string) (e enrolled, err error) {
	now := s.clock()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		e.gateway, e.key = newGateway(organizationID, serial, name, "", now)
		if err := s.store.add(ctx, tx, &e.gateway); err != nil {
			return err
		}
		return s.record(ctx, tx, "gateways.register", gateway.Write, e.gateway)
	})
	switch {
	case errors.Is(err, db.ErrConflict):
		return e, errSerialTaken.Wrap(err)
	case errors.Is(err, db.ErrMissingReference):
		return e, noOrganization("unknown_reference")
	}
	return e, err
}

func newGateway(organizationID int64, serial, name, version string, now time.Time) (gatewayRow, string) {
	key := secret.New(keyPrefix)
	g := gatewayRow{
		ID: id.New(), Serial: serial, Name: name, KeyHash: secret.Hash(key), Status: offline, StatusReason: "enrolled",
		StatusSince: &now, Version: version, CreatedAt: now, UpdatedAt: now,
	}
	g.OrganizationID = organizationID
	return g, key
}

func (s *service) admit(ctx context.Context, tx db.Tx, organizationID int64, serial, name, version string, now time.Time) (e enrolled, err error) {
	e.gateway, err = s.store.bySerial(ctx, tx, serial)
	if errors.Is(db.Translate(err), db.ErrNotFound) {
		e.gateway, e.key = newGateway(organizationID, serial, name, version, now)
		return e, s.store.add(ctx, tx, &e.gateway)
	}
	if err != nil {
		return e, err
	}
	if e.gateway.OrganizationID != organizationID || e.gateway.Status == revoked {
		return e, errSerialTaken
	}
	e.key = secret.New(keyPrefix)
	e.gateway.KeyHash, e.gateway.PreviousHash, e.gateway.PreviousUntil = secret.Hash(e.key), nil, nil
	e.gateway.Version, e.gateway.UpdatedAt = version, now
	return e, s.store.update(ctx, tx, &e.gateway, "api_key", "previous_key", "previous_until", "version", "updated_at")
}

// rotate gives the gateway a new key; the one that it uses, and the certificates that it has, work on for the overlap. by is
// the right to do so, with what the gateway has come with that asks for it itself; nil where somebody else does.
func (s *service) rotate(ctx context.Context, gatewayID id.UUID, by actor.Permission, with *proof) (key string, until time.Time, err error) {
	err = s.change(ctx, gatewayID, "gateways.rotate_key", by, func(ctx context.Context, tx db.Tx, g *gatewayRow, now time.Time) ([]string, error) {
		var used string
		if with != nil {
			if err := s.mayRotate(ctx, tx, *g, *with, now); err != nil {
				return nil, err
			}
			used = with.key
		}
		until = now.Add(s.cfg.RotationOverlap)
		g.rotate(used, until, now)
		key = s.nextKey(g)
		return []string{"api_key", "previous_key", "previous_until"}, s.decertify(ctx, tx, *g, until)
	})
	return key, until, err
}

// revoke shuts the gateway out for good.
func (s *service) revoke(ctx context.Context, gatewayID id.UUID) error {
	return s.change(ctx, gatewayID, "gateways.revoke", gateway.Write, func(ctx context.Context, tx db.Tx, g *gatewayRow, now time.Time) ([]string, error) {
		g.Status, g.StatusReason, g.StatusSince = revoked, "revoked", &now
		g.PreviousHash, g.PreviousUntil = nil, nil
		return []string{"status", "status_reason", "status_since", "previous_key", "previous_until"}, s.decertify(ctx, tx, *g, now)
	})
}

// changing changes a gateway, and names the columns that it has changed.
type changing func(ctx context.Context, tx db.Tx, g *gatewayRow, now time.Time) ([]string, error)

// change runs one change of a gateway that is not revoked, with its line in the audit.
func (s *service) change(ctx context.Context, gatewayID id.UUID, action string, by actor.Permission, do changing) error {
	now := s.clock()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		g, err := s.store.lock(ctx, tx, gatewayID, now)
		if err != nil {
			return err
		}
		if g.Status == revoked {
			return errRevoked
		}
		was := g.Status
		columns, err := do(ctx, tx, &g, now)
		if err != nil {
			return err
		}
		if err := s.store.update(ctx, tx, &g, columns...); err != nil {
			return err
		}
		if err := errors.Join(s.tellRevoked(ctx, tx, g), s.told(ctx, tx, was, &g)); err != nil {
			return err
		}
		return s.record(ctx, tx, action, by, g)
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*gatewayRow)(nil), gatewayID, "gateway", action)
		return errUnknown.Wrap(err)
	}
	s.forgetKeys()
	return err
}

// tellRevoked tells those who hold the gateway's sockets that a key of it may have gone.
func (s *service) tellRevoked(ctx context.Context, tx db.Tx, g gatewayRow) error {
	return s.events.Notify(ctx, tx, event.Change{Name: gateway.Revoked, OrganizationID: g.OrganizationID, ID: g.ID.String()})
}

// record writes who did what to the gateway, in the gateway's organization even when an ADMIN did it.
func (s *service) record(ctx context.Context, tx db.Tx, action string, by actor.Permission, g gatewayRow) error {
	return s.audit.Write(ctx, tx, audit.Entry{
		OrganizationID: g.OrganizationID, Action: action, Permission: by,
		Object: actorPrefix + g.ID.String(), After: g.Serial,
	})
}
