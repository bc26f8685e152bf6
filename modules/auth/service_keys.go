package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// minKey is the shortest key that may be taken over; v1's have 64.
	minKey = 32
	maxKey = 200
	// shownKey is how many characters of a key are kept, to recognise it by.
	shownKey = 4
	// touchEvery is how precisely the last use of a key is known.
	touchEvery = time.Minute
)

// keyInput is what is asked of a new key.
type keyInput struct {
	OrganizationID int64     `json:"organizationId,omitzero"`
	Type           string    `json:"type" enum:"AGENT,HIKVISION,ADMIN"`
	Description    string    `json:"description,omitempty"`
	ExpiresAt      time.Time `json:"expiresAt,omitzero"`
	AllowedIPs     []string  `json:"allowedIps,omitempty" doc:"addresses and networks (CIDR) that it may be used from; any if empty"`
	RateLimit      int       `json:"rateLimit,omitzero" doc:"uses a minute from one address; any number if 0"`
	Key            string    `json:"key,omitempty" doc:"an existing key to take over, at least 32 characters; one is made if this is empty"`

	v1       bool // a key that is over already can be made
	inactive bool
}

func (in keyInput) check(now time.Time) error {
	var f fault.Fields
	if in.Type != actor.Agent.String() && in.Type != actor.Hikvision.String() && in.Type != actor.Admin.String() {
		f.Add("type", "not_one_of", fault.Params{"Values": "AGENT, HIKVISION, ADMIN"})
	}
	if in.OrganizationID == 0 {
		f.Add("organizationId", "required", nil)
	}
	f.Text("description", in.Description, 0, 500)
	if in.Key != "" && (len(in.Key) < minKey || len(in.Key) > maxKey || !printable(in.Key) || isGatewayKey(in.Key) || isToken(in.Key) || isAPIToken(in.Key)) {
		f.Add("key", codeKeyForm, fault.Params{"Min": minKey, "Max": maxKey})
	}
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) && !in.v1 {
		f.Add("expiresAt", codePast, nil)
	}
	checkRate(&f, in.RateLimit)
	joinNetworks(&f, in.AllowedIPs)
	return f.Err()
}

// maxRate is how many uses a minute can be asked for.
const maxRate = 1_000_000

func checkRate(f *fault.Fields, rate int) {
	switch {
	case rate < 0:
		f.Add("rateLimit", "below_min", fault.Params{"Min": 0})
	case rate > maxRate:
		f.Add("rateLimit", "above_max", fault.Params{"Max": maxRate})
	}
}

// joinNetworks is how a key keeps its networks.
func joinNetworks(f *fault.Fields, list []string) string {
	if len(list) > maxNetworks {
		f.Add("allowedIps", "too_many_items", fault.Params{"Max": maxNetworks})
		return ""
	}
	texts := make([]string, 0, len(list))
	for i, text := range list {
		n, ok := parseNetwork(text)
		if !ok {
			f.Add(fmt.Sprintf("allowedIps[%d]", i), codeAddress, nil)
			continue
		}
		texts = append(texts, networkText(n))
	}
	return strings.Join(texts, ",")
}

// printable reports whether a header can carry s as it is.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// isGatewayKey reports the form of gateways' keys, which the gateways module knows.
func isGatewayKey(key string) bool { return strings.HasPrefix(key, "sgw_") }

// isToken reports the form of access tokens.
func isToken(s string) bool { return strings.Count(s, ".") == 2 }

// createKey makes a key, or takes one over, and returns it for the only time.
func (s *service) createKey(ctx context.Context, in keyInput) (keyRow, string, error) {
	if a, _ := actor.From(ctx); in.OrganizationID == 0 {
		in.OrganizationID = a.OrganizationID
	}
	if err := in.check(s.time()); err != nil {
		return keyRow{}, "", err
	}
	key, shown := in.Key, 0
	if key == "" {
		lead := "sk_" + strings.ToLower(in.Type) + "_"
		key, shown = lead+secret.New(""), len(lead)
	}
	row := keyRow{
		Owned: db.Owned{OrganizationID: in.OrganizationID}, Type: in.Type, Hash: secret.Hash(key), Prefix: key[:shown+shownKey],
		Description: in.Description, RateLimit: in.RateLimit, AllowedIPs: joinNetworks(&fault.Fields{}, in.AllowedIPs),
		IsActive: !in.inactive, ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond), CreatedAt: s.time(),
	}
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insertKey(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, keyEntry("key.created", row, nil, asKey(row)))
	})
	s.guard.forget()
	return row, key, s.keyFault(ctx, "create", 0, err)
}

func (s *service) listKeys(ctx context.Context, organization, after int64, limit int) ([]keyRow, string, error) {
	rows, err := s.store.keys(ctx, organization, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := db.NextPage(rows, limit, func(k keyRow) []any { return []any{k.ID} })
	return rows, next, nil
}

// revokeKey ends a key for good.
func (s *service) revokeKey(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.key(ctx, tx, id)
		if err != nil || !before.RevokedAt.IsZero() {
			return err
		}
		after := before
		after.RevokedAt = s.time()
		if err := s.store.revokeKey(ctx, tx, id, after.RevokedAt); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, keyEntry("key.revoked", before, asKey(before), asKey(after)))
	})
	s.guard.forget()
	return s.keyFault(ctx, "revoke", id, err)
}

func (s *service) keyFault(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*keyRow)(nil), id, "key", "key."+action)
		return errKeyUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errKeyExists.Wrap(err)
	case errors.Is(err, db.ErrMissingReference), errors.Is(err, db.ErrForeign):
		var f fault.Fields
		f.Add("organizationId", "unknown_reference", nil)
		return f.Err()
	}
	return err
}

func keyEntry(action string, k keyRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: identity.WriteKeys, Object: keyObject(k.ID), OrganizationID: k.OrganizationID,
		Before: before, After: after,
	}
}

func keyObject(id int64) string { return fmt.Sprintf("key:%d", id) }

// ByHash returns the key in force with this hash, or identity.ErrKeyInvalid. An actor sees its organization's keys.
func (s *service) ByHash(ctx context.Context, hash string) (identity.Key, error) {
	if _, ok := actor.From(ctx); !ok {
		ctx = asSystem(ctx)
	}
	row, err := s.store.keyByHash(ctx, hash)
	if errors.Is(err, db.ErrNotFound) {
		return identity.Key{}, identity.ErrKeyInvalid
	}
	if err != nil {
		return identity.Key{}, err
	}
	now := s.time()
	if !row.IsActive || !row.RevokedAt.IsZero() || !row.ExpiresAt.IsZero() && !now.Before(row.ExpiresAt) {
		return identity.Key{}, identity.ErrKeyInvalid
	}
	s.guard.use(row.ID, now)
	return keyOf(row), nil
}

// AgentKeys returns the agents' keys in force of the actor's organization.
func (s *service) AgentKeys(ctx context.Context) ([]identity.Key, error) {
	rows, err := s.store.agentKeys(ctx, s.time())
	if err != nil {
		return nil, err
	}
	keys := make([]identity.Key, len(rows))
	for i, row := range rows {
		keys[i] = keyOf(row)
	}
	return keys, nil
}

func keyOf(row keyRow) identity.Key {
	return identity.Key{
		ID: row.ID, OrganizationID: row.OrganizationID, Type: keyRole(row), Hash: row.Hash, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt,
		AllowedIPs: held(row).allowed,
	}
}

func keyRole(row keyRow) actor.Role {
	role, _ := actor.ParseRole(row.Type) // the table holds no other
	return role
}

// keyPatch changes a key; what is nil stays.
type keyPatch struct {
	description *string
	allowed     *[]string
	rate        *int
	active      *bool
	expires     *time.Time // zero: never
}

func (p keyPatch) apply(row *keyRow) error {
	var f fault.Fields
	if p.description != nil {
		f.Text("description", *p.description, 0, 500)
		row.Description = *p.description
	}
	if p.allowed != nil {
		row.AllowedIPs = joinNetworks(&f, *p.allowed)
	}
	if p.rate != nil {
		checkRate(&f, *p.rate)
		row.RateLimit = *p.rate
	}
	if p.active != nil {
		row.IsActive = *p.active
	}
	if p.expires != nil {
		row.ExpiresAt = p.expires.UTC().Truncate(time.Microsecond)
	}
	return f.Err()
}

// changeKey changes a key that is not revoked.
func (s *service) changeKey(ctx context.Context, id int64, p keyPatch) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.key(ctx, tx, id)
		if err != nil {
			return err
		}
		after := before
		if err := p.apply(&after); err != nil {
			return err
		}
		if err := s.store.updateKey(ctx, tx, &after); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, keyEntry("key.changed", before, asKey(before), asKey(after)))
	})
	s.guard.forget()
	return s.keyFault(ctx, "change", id, err)
}
