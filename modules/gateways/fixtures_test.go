package gateways

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// alertLog keeps alerts by organization and id. An alert of the kind "bad" can never be kept; err refuses all.
type alertLog struct {
	mu   sync.Mutex
	kept map[int64]map[id.UUID]alert.Alert
	err  error
}

func (l *alertLog) Raise(ctx context.Context, a alert.Alert) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	who, _ := actor.From(ctx)
	switch {
	case l.err != nil:
		return l.err
	case a.Kind == "bad":
		return fault.ErrInvalid
	case l.kept[who.OrganizationID] == nil:
		l.kept[who.OrganizationID] = map[id.UUID]alert.Alert{}
	}
	l.kept[who.OrganizationID][a.ID] = a
	return nil
}

// of returns an organization's alerts of a kind.
func (l *alertLog) of(organization int64, kind string) (found []alert.Alert) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.kept[organization] {
		if a.Kind == kind {
			found = append(found, a)
		}
	}
	return found
}

// keyring is what auth knows: keys of any organization and type.
type keyring []identity.Key

func (k keyring) AgentKeys(ctx context.Context) (own []identity.Key, err error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errors.New("no actor")
	}
	for _, key := range k {
		if key.OrganizationID == a.OrganizationID && key.Type == actor.Agent {
			own = append(own, key)
		}
	}
	return own, nil
}

func (k keyring) ByHash(_ context.Context, hash string) (identity.Key, error) {
	for _, key := range k {
		if key.Hash == hash {
			return key, nil
		}
	}
	return identity.Key{}, identity.ErrKeyInvalid
}

// nameplates are the names of the computers of organization 1 by uid.
type nameplates map[string]string

func (n nameplates) NamesOf(ctx context.Context, uids []string) (map[string]string, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errors.New("no actor")
	}
	found := map[string]string{}
	for _, uid := range uids {
		if name, ok := n[uid]; ok && a.OrganizationID == 1 {
			found[uid] = name
		}
	}
	return found, nil
}

// keys are two agents' keys of organization 1, one of organization 2, and another type's.
var keys = keyring{
	{ID: 1, OrganizationID: 1, Type: actor.Agent, Hash: "aa"},
	{ID: 2, OrganizationID: 1, Type: actor.Agent, Hash: "bb", ExpiresAt: noon.AddDate(1, 0, 0), AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
	{ID: 3, OrganizationID: 2, Type: actor.Agent, Hash: "cc"},
	{ID: 4, OrganizationID: 1, Type: actor.Hikvision, Hash: "dd"},
}

// office is one process of the server; several on one database have memories of their own.
type office struct {
	*service
	clock   *clock
	raised  *alertLog
	metrics *prometheus.Registry
	names   nameplates
}

func newOffice(d *db.DB) office {
	cfg := defaults()
	o := office{
		clock: &clock{at: noon}, raised: &alertLog{kept: map[int64]map[id.UUID]alert.Alert{}}, metrics: prometheus.NewRegistry(), names: nameplates{},
	}
	log := slog.New(slog.DiscardHandler)
	o.service = &service{
		store: store{d}, alerts: o.raised, keys: keys, audit: audit.New(audit.Options{DB: d, Log: log, Metrics: o.metrics}), authority: noPapers{}, verifier: noPapers{},
		secret: identitytest.Secret("the server's secret"),
		cfg:    &cfg, log: log, now: o.clock.now, checked: map[string]checkedKey{}, agents: map[agentKey]time.Time{},
	}
	return o
}

// neighbour is another process on the same database, with the same time and the same alerts.
func (o office) neighbour() office {
	n := newOffice(o.store.db)
	n.clock, n.raised = o.clock, o.raised
	n.service.now, n.service.alerts = o.clock.now, o.raised
	return n
}

// populate makes two organizations.
func populate(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at)
			VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx) // unscoped: the tenants themselves
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func operator() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
}

// admin is an operator at work in one organization.
func admin(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:2", UserID: 2, OrganizationID: organization})
}

// as returns a context of the gateway.
func (e enrolled) as() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Gateway, ID: actorPrefix + e.gateway.ID.String(), OrganizationID: e.gateway.OrganizationID})
}

// register makes a gateway of an organization.
func register(t testing.TB, o office, organization int64, serial string) enrolled {
	t.Helper()
	e, err := o.service.register(operator(), organization, serial, "")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// knows returns whose key it is, or fails the test.
func (o office) knows(t testing.TB, key string) actor.Actor {
	t.Helper()
	a, err := o.authenticate(context.Background(), key)
	if err != nil {
		t.Fatalf("the key is refused: %v", err)
	}
	return a
}

// refuses fails the test if the key is taken.
func (o office) refuses(t testing.TB, key, why string) {
	t.Helper()
	if a, err := o.authenticate(context.Background(), key); !errors.Is(err, errKeyRefused) {
		t.Errorf("%s: the key is taken for %s (%v)", why, a.ID, err)
	}
}

// beat is a heartbeat of the gateway with this key.
func (o office) beat(t testing.TB, e enrolled, r report, key string) heard {
	t.Helper()
	h, err := o.hear(e.as(), r, secret.Hash(key))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// shown is how the API lists the gateway.
func shown(t testing.TB, o office, e enrolled) gatewayResponse {
	t.Helper()
	m := &Module{service: o.service}
	for _, g := range gridtest.All(t, operator(), m.gateways(), "") {
		if g.ID == e.gateway.ID {
			return g
		}
	}
	t.Fatalf("%s is not listed", e.gateway.Serial)
	return gatewayResponse{}
}

// counted returns the one number that a query over all organizations gives.
func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
