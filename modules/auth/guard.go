package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// snapshotLife is how long a decision that another process has stored may be unknown here.
	snapshotLife = 2 * time.Second
	// staleLife is how long an old snapshot does where the database gives no new one.
	staleLife = time.Minute
	// maxLookups is how many keys a second that the snapshot lacks are looked up.
	maxLookups = 50
)

// refusal is why a key may not be used: its fault, and the event as v1 wrote it down.
type refusal struct {
	fault    *fault.Error
	label    string // of the metric
	kind     string
	name     string // of the reason among the event's details
	reason   string
	severity int
}

var (
	refusedUnknown  = &refusal{identity.ErrKeyInvalid, "unknown", eventInvalidKey, "reason", "API key not found", 7}
	refusedInactive = &refusal{errKeyInactive, "inactive", eventInvalidKey, "reason", "API key is inactive", 6}
	refusedExpired  = &refusal{errKeyExpired, "expired", eventInvalidKey, "reason", "API key has expired", 5}
	refusedAddress  = &refusal{identity.ErrKeyAddress, "address", eventUnauthorized, "reason", "IP address not allowed", 8}
	refusedRate     = &refusal{errKeyRate, "rate", eventRate, "reason", "Rate limit exceeded", 7}
	refusedBlocked  = &refusal{errBlocked, "blocked", eventUnauthorized, "error", "IP address is blocked", 6}
	refusedToken    = &refusal{errAPIToken, "token", eventInvalidKey, "reason", "API token not found", 7}
	refusedType     = &refusal{nil, "type", eventUnauthorized, "error", "API key type is not allowed", 6}
)

// lookups bounds how often something is done in a second.
type lookups struct {
	mu     sync.Mutex
	second time.Time
	n      int
}

func (l *lookups) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := now.Truncate(time.Second); !second.Equal(l.second) {
		l.second, l.n = second, 0
	}
	l.n++
	return l.n <= maxLookups
}

func newGuard(s store, cfg *Config, log *slog.Logger, now func() time.Time) *guard {
	return &guard{store: s, cfg: cfg, log: log, now: now, refuse: func(string) {}, barred: func() {}, recorder: newRecorder(func() {})}
}

// guard decides about keys from memory: what the database says is read once for many requests, so that no client
// makes work for it that others wait for.
type guard struct {
	store  store
	cfg    *Config
	log    *slog.Logger
	now    func() time.Time
	refuse func(label string)
	barred func()

	reload  sync.Mutex
	seen    atomic.Pointer[snapshot]
	rates   rates
	lookups lookups
	*recorder

	local sync.Mutex
	fresh networks // blocks that the snapshot may lack yet
}

// snapshot is what the database said.
type snapshot struct {
	at      time.Time
	keys    map[string]heldKey // by hash
	tokens  map[string]int64   // of programs, by hash: whose they are
	blocked map[int64]*networks
	anybody networks // blocked by anybody
	barred  networks // blocked by themselves
	trusted map[int64]*networks
	only    int64 // the one organization that has keys, if there is but one
}

type heldKey struct {
	keyRow
	allowed []netip.Prefix
}

func (k heldKey) allows(from netip.Addr) bool {
	if len(k.allowed) == 0 {
		return true
	}
	for _, p := range k.allowed {
		if p.Contains(from) {
			return true
		}
	}
	return false
}

// showing is a key as a client shows it.
type showing struct {
	key          string
	from         netip.Addr
	agent        string
	path, method string
}

// pass is what a key that is let in brings: its actor and, where it has a limit, what is left of it.
type pass struct {
	actor       actor.Actor
	limit, rest int
	reset       time.Time
}

// admit lets a key in, or says why not.
func (g *guard) admit(ctx context.Context, s showing) (pass, error) {
	now := g.now().UTC()
	p, err := g.view(ctx)
	if err != nil {
		return pass{}, err
	}
	k, known, err := g.find(ctx, p, s, now)
	if err != nil {
		return pass{}, err
	}
	if why := g.judge(p, k, known, s.from, now); why != nil {
		return pass{}, g.refused(p, k, why, s, now)
	}
	out := pass{actor: actor.Actor{Role: keyRole(k.keyRow), ID: keyObject(k.ID), OrganizationID: k.OrganizationID}, limit: k.RateLimit}
	if k.RateLimit > 0 {
		if out.rest, out.reset = g.rates.use(rateKey{k.ID, hostOf(s.from)}, k.RateLimit, now); out.rest < 0 {
			_ = g.refused(p, k, refusedRate, s, now)
			return out, errKeyRate.After(out.reset.Sub(now))
		}
	}
	g.use(k.ID, now)
	return out, nil
}

// judge says why a key may not be used from an address; nil if it may.
func (g *guard) judge(p *snapshot, k heldKey, known bool, from netip.Addr, now time.Time) *refusal {
	switch {
	case known && p.blocked[k.OrganizationID].holds(from, now), !known && p.anybody.holds(from, now):
		return refusedBlocked
	case !known:
		return refusedUnknown
	case !k.IsActive:
		return refusedInactive
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return refusedExpired
	case !k.allows(from):
		return refusedAddress
	}
	return nil
}

// find returns the key. One that the snapshot lacks may be newer than it, and is looked up, unless its address is
// blocked or too many of the kind are asked for: then it counts from the next snapshot on.
func (g *guard) find(ctx context.Context, p *snapshot, s showing, now time.Time) (heldKey, bool, error) {
	hash := secret.Hash(s.key)
	if k, known := p.keys[hash]; known {
		return k, true, nil
	}
	if g.isBarred(p, s.from, now) || !g.lookups.take(now) {
		return heldKey{}, false, nil
	}
	row, err := g.store.keyByHash(asSystem(ctx), hash)
	if errors.Is(err, db.ErrNotFound) || err == nil && !row.RevokedAt.IsZero() {
		return heldKey{}, false, nil
	}
	if err != nil {
		return heldKey{}, false, err
	}
	g.forget()
	return held(row), true, nil
}

// admitToken lets a program's token in if look finds whose it is, or says why not. As with keys, a token that may be used
// passes from any address that its organization has not blocked, and what is none is not looked up for an address that
// is barred, nor more often than maxLookups a second.
func (g *guard) admitToken(ctx context.Context, s showing, look func() error) error {
	now := g.now().UTC()
	p, err := g.view(ctx)
	if err != nil {
		return err
	}
	organization, known := p.tokens[secret.Hash(s.key)]
	why := refusedToken
	switch {
	case known && p.blocked[organization].holds(s.from, now), !known && p.anybody.holds(s.from, now):
		why = refusedBlocked
	case known || !g.isBarred(p, s.from, now) && g.lookups.take(now):
		if err := look(); !errors.Is(err, errAPIToken) {
			return err
		}
	}
	return g.refused(p, heldKey{keyRow: keyRow{Owned: db.Owned{OrganizationID: organization}}}, why, s, now)
}

// refused writes a refusal down, counts it against its host, and returns its fault. A host that was refused too often
// is blocked by itself: that keeps out whatever is refused anyway, and never a key that may be used, because others
// may stand behind the same address.
func (g *guard) refused(p *snapshot, k heldKey, why *refusal, s showing, now time.Time) error {
	organization := k.OrganizationID
	if organization == 0 {
		organization = p.only
	}
	already := g.isBarred(p, s.from, now)
	if already && why.fault != errKeyRate && why != refusedType {
		why = refusedBlocked
	}
	g.refuse(why.label)
	i := incident{organization: organization, from: s.from, key: k.ID, agent: s.agent, why: why}
	if why.kind == eventUnauthorized {
		i.path, i.method = s.path, s.method
	}
	g.note(i, now)
	if !already && why != refusedBlocked {
		g.weigh(p, organization, s.from, now)
	}
	return why.fault
}

// misused writes down that a key which is let in was shown where its type may not go.
func (g *guard) misused(organization, key int64, s showing) {
	if p := g.seen.Load(); p != nil {
		_ = g.refused(p, heldKey{keyRow: keyRow{Owned: db.Owned{OrganizationID: organization}, ID: key}}, refusedType, s, g.now().UTC())
	}
}

// weigh counts an event against its host, and blocks that if it was one too many.
func (g *guard) weigh(p *snapshot, organization int64, from netip.Addr, now time.Time) {
	if g.cfg.BlockAfter == 0 || !from.IsValid() || from.IsLoopback() || p.trusted[organization].holds(from, now) {
		return
	}
	host := hostOf(from)
	if !g.tally(tallyKey{organization, host}, g.cfg.BlockAfter, now) {
		return
	}
	until := now.Add(g.cfg.BlockFor)
	g.local.Lock()
	g.fresh.prune(now)
	g.fresh.add(host, now.Add(2*(snapshotLife+flushEvery)))
	g.local.Unlock()
	g.bar(blockRow{
		MaybeOwned: ownedBy(organization), Address: networkText(host), Reason: "too many security events", IsAutomatic: true, CreatedAt: now, ExpiresAt: until,
	})
	g.note(incident{organization: organization, from: from, agent: system, why: blockedByItself}, now)
	g.barred()
	g.log.Warn("address blocked after too many refusals", "until", until)
}

// unbar forgets a block that the snapshot may lack yet.
func (g *guard) unbar(n netip.Prefix) {
	g.local.Lock()
	delete(g.fresh.until, n)
	g.local.Unlock()
	g.forget()
}

func (g *guard) isBarred(p *snapshot, from netip.Addr, now time.Time) bool {
	if p.barred.holds(from, now) {
		return true
	}
	g.local.Lock()
	defer g.local.Unlock()
	return g.fresh.holds(from, now)
}

// view returns a snapshot that is not old. While one request reads the next, the others go by the last.
func (g *guard) view(ctx context.Context) (*snapshot, error) {
	now, last := g.now(), g.seen.Load()
	if last != nil && now.Sub(last.at) < snapshotLife {
		return last, nil
	}
	stale := last == nil || now.Sub(last.at) >= staleLife
	if stale {
		g.reload.Lock()
	} else if !g.reload.TryLock() {
		return last, nil
	}
	defer g.reload.Unlock()
	if next := g.seen.Load(); next != last {
		return next, nil // somebody was faster
	}
	next, err := g.paint(ctx, now)
	if err == nil {
		g.seen.Store(next)
		return next, nil
	}
	if stale {
		return nil, err
	}
	g.log.WarnContext(ctx, "keys and blocks could not be read again", "error", err)
	return last, nil
}

// forget makes the next request read again what this process has changed.
func (g *guard) forget() {
	if last := g.seen.Load(); last != nil {
		old := *last
		old.at = old.at.Add(-snapshotLife)
		g.seen.CompareAndSwap(last, &old)
	}
}

func (g *guard) paint(ctx context.Context, now time.Time) (*snapshot, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(asSystem(ctx)), 10*time.Second)
	defer cancel()
	all, err := g.store.security(ctx, now)
	if err != nil {
		return nil, err
	}
	p := &snapshot{at: now, keys: make(map[string]heldKey, len(all.keys)), tokens: make(map[string]int64, len(all.tokens)), blocked: map[int64]*networks{}, trusted: map[int64]*networks{}}
	for i, row := range all.keys {
		p.keys[row.Hash] = held(row)
		if i == 0 {
			p.only = row.OrganizationID
		} else if row.OrganizationID != p.only {
			p.only = 0
		}
	}
	for _, row := range all.tokens {
		p.tokens[row.Hash] = row.OrganizationID
	}
	p.hang(all)
	return p, nil
}

// hang adds the blocks and the addresses that are never blocked by themselves.
func (p *snapshot) hang(all securityRows) {
	for _, b := range all.blocks {
		n, ok := parseNetwork(b.Address)
		switch {
		case !ok:
		case b.IsAutomatic:
			p.barred.add(n, b.ExpiresAt)
		default:
			p.anybody.add(n, b.ExpiresAt)
			of(p.blocked, b.organization()).add(n, b.ExpiresAt)
		}
	}
	for _, w := range all.whitelist {
		if n, ok := parseNetwork(w.Address); ok {
			of(p.trusted, w.OrganizationID).add(n, time.Time{})
		}
	}
}

// of returns the networks of an organization, which may be none.
func of(m map[int64]*networks, organization int64) *networks {
	if m[organization] == nil {
		m[organization] = &networks{}
	}
	return m[organization]
}

func held(row keyRow) heldKey {
	k := heldKey{keyRow: row}
	for _, text := range row.networks() {
		if n, ok := parseNetwork(text); ok {
			k.allowed = append(k.allowed, n)
		}
	}
	return k
}
