package uplink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

const keysLine = "keys"

// keys knows the agents' keys by hash: fetched at intervals, asked for once on a miss, kept on disk for
// the time when nobody answers.
type keys struct {
	*uplink
	path  string
	fetch chan struct{} // holds a token when the server has said that there is something new
	asks  chan struct{} // holds a token for each question under way

	mu      sync.Mutex
	version json.RawMessage
	known   map[string]identity.Key // by hash
	unknown map[string]time.Time    // hashes that the server did not know, until when we believe it
	asking  map[string]*question    // by hash
	used    map[string]time.Time    // when a key was last shown
}

// question is one that several requests wait for.
type question struct {
	done chan struct{}
	key  identity.Key
	err  error
}

// keyItem is a key as agent-api writes it.
type keyItem struct {
	ID             int64          `json:"id"`
	OrganizationID int64          `json:"organizationId"`
	Type           string         `json:"type"`
	Hash           string         `json:"hash"`
	ExpiresAt      time.Time      `json:"expiresAt,omitzero"`
	RevokedAt      time.Time      `json:"revokedAt,omitzero"`
	AllowedIPs     []netip.Prefix `json:"allowedIps,omitempty"`
}

// keyList is agent-api's answer, and what keys.json holds. Hashes only: the file gives nobody a key.
type keyList struct {
	GatewayID string          `json:"gatewayId,omitempty"`
	Version   json.RawMessage `json:"version,omitempty"`
	Items     []keyItem       `json:"items"`
}

const (
	// believeUnknown is how long a hash that the server did not know is not asked again.
	believeUnknown = 30 * time.Second
	// maxUnknown bounds the memory that wrong keys take.
	maxUnknown = 10_000
	// maxAsks bounds the questions under way: wrong keys must not become the server's load.
	maxAsks = 4
	// agentAway is how long an agent counts as connected after it was last heard.
	agentAway = 5 * time.Minute
)

func openKeys(u *uplink) *keys {
	k := &keys{
		uplink: u, path: filepath.Join(u.data, "keys.json"), fetch: make(chan struct{}, 1), asks: make(chan struct{}, maxAsks),
		known: map[string]identity.Key{}, unknown: map[string]time.Time{}, asking: map[string]*question{}, used: map[string]time.Time{},
	}
	var list keyList
	if err := jsonfile.Read(k.path, &list); err != nil {
		u.log.Warn("the agents' keys on disk are unreadable and are fetched anew", "error", err)
		return k
	}
	if list.GatewayID == u.card().GatewayID {
		k.take(list)
	}
	return k
}

// ByHash returns the key in force with this hash.
func (k *keys) ByHash(ctx context.Context, hash string) (identity.Key, error) {
	now := k.now()
	k.mu.Lock()
	key, found := k.known[hash]
	until, bad := k.unknown[hash]
	k.mu.Unlock()
	switch {
	case !found && bad && now.Before(until):
		return identity.Key{}, identity.ErrKeyInvalid
	case !found:
		var err error
		if key, err = k.ask(ctx, hash); err != nil {
			return identity.Key{}, err
		}
	}
	if !inForce(key, now) {
		return identity.Key{}, identity.ErrKeyInvalid
	}
	k.mu.Lock()
	k.used[hash] = now
	k.mu.Unlock()
	return key, nil
}

func inForce(key identity.Key, now time.Time) bool {
	expired := !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt)
	revoked := !key.RevokedAt.IsZero() && !now.Before(key.RevokedAt)
	return !expired && !revoked
}

// ask asks agent-api about a hash. Those who ask about the same one meanwhile share the answer.
func (k *keys) ask(ctx context.Context, hash string) (identity.Key, error) {
	k.mu.Lock()
	q, asked := k.asking[hash]
	if !asked {
		select {
		case k.asks <- struct{}{}:
		default:
			k.mu.Unlock()
			return identity.Key{}, identity.ErrKeyUnchecked.After(baseDelay)
		}
		q = &question{done: make(chan struct{})}
		k.asking[hash] = q
	}
	k.mu.Unlock()
	if !asked {
		// The answer is for all who wait: one of them going away does not end it. The client's timeout does.
		go k.answer(context.WithoutCancel(ctx), hash, q)
	}
	select {
	case <-q.done:
		return q.key, q.err
	case <-ctx.Done():
		return identity.Key{}, ctx.Err()
	}
}

func (k *keys) answer(ctx context.Context, hash string, q *question) {
	q.key, q.err = k.check(ctx, hash)
	k.mu.Lock()
	delete(k.asking, hash)
	switch {
	case q.err == nil:
		k.known[hash] = q.key
	case errors.Is(q.err, identity.ErrKeyInvalid):
		if len(k.unknown) >= maxUnknown {
			clear(k.unknown)
		}
		k.unknown[hash] = k.now().Add(believeUnknown)
	}
	k.mu.Unlock()
	if q.err == nil {
		k.save(ctx)
	}
	<-k.asks
	close(q.done)
}

// check is the question itself.
func (k *keys) check(ctx context.Context, hash string) (identity.Key, error) {
	self := k.card()
	if !self.enrolled() {
		return identity.Key{}, identity.ErrKeyUnchecked.After(maxDelay)
	}
	body, err := json.Marshal(map[string]string{"hash": hash})
	if err != nil {
		return identity.Key{}, err
	}
	a, err := k.client.do(ctx, request{method: http.MethodPost, path: "/v2/gateway/agent-keys/check", key: self.APIKey, body: body})
	if err != nil {
		return identity.Key{}, identity.ErrKeyUnchecked.After(maxDelay).Wrap(err)
	}
	if a.status/100 != 2 {
		// A 401 may mean the agent's key or our own; the code says which.
		if r := said(a); r.code == identity.ErrKeyInvalid.Code || a.status == http.StatusNotFound && r.code != "" {
			return identity.Key{}, identity.ErrKeyInvalid
		}
		return identity.Key{}, identity.ErrKeyUnchecked.After(max(a.retryAfter, maxDelay)).Wrap(said(a))
	}
	item, err := decode[keyItem](a)
	if err == nil && item.Hash != hash {
		err = errors.New("the answer is about another key")
	}
	key, ok := item.key()
	if err != nil || !ok {
		return identity.Key{}, identity.ErrKeyUnchecked.After(maxDelay).Wrap(err)
	}
	return key, nil
}

func (i keyItem) key() (identity.Key, bool) {
	role, ok := actor.ParseRole(i.Type)
	if !ok || i.Hash == "" || i.OrganizationID == 0 {
		return identity.Key{}, false
	}
	return identity.Key{
		ID: i.ID, OrganizationID: i.OrganizationID, Type: role, Hash: i.Hash, ExpiresAt: i.ExpiresAt, RevokedAt: i.RevokedAt, AllowedIPs: i.AllowedIPs,
	}, true
}

// announced takes the version of the list that the server has now.
func (k *keys) announced(version json.RawMessage) {
	k.mu.Lock()
	news := len(version) > 0 && !bytes.Equal(version, k.version)
	k.mu.Unlock()
	if news {
		offer(k.fetch)
	}
}

// run fetches the list at each interval, and when a heartbeat's answer says that it has changed.
func (k *keys) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := k.synchronise(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			k.link.up(ctx, keysLine)
			wait = max(wait, spread(k.cfg.KeysInterval)*5/6) // within the interval, whatever the spread
		default:
			tries := k.link.down(ctx, keysLine, err)
			wait = max(wait, spread(delay(tries-1)))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-k.fetch:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// synchronise replaces what is known by what the server says.
func (k *keys) synchronise(ctx context.Context) (wait time.Duration, err error) {
	a, err := k.client.do(ctx, request{method: http.MethodGet, path: "/v2/gateway/agent-keys", key: k.card().APIKey})
	if err != nil {
		return 0, err
	}
	if a.status/100 != 2 {
		return a.retryAfter, said(a)
	}
	list, err := decode[keyList](a)
	if err != nil {
		return 0, err
	}
	if list.Items == nil {
		return 0, fmt.Errorf("the answer %d has no list of keys", a.status)
	}
	if k.take(list) {
		k.save(ctx)
	}
	return a.retryAfter, nil
}

// take replaces what is known and reports whether that changed anything.
func (k *keys) take(list keyList) (changed bool) {
	known := make(map[string]identity.Key, len(list.Items))
	for _, item := range list.Items {
		if key, ok := item.key(); ok {
			known[key.Hash] = key
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	changed = len(known) != len(k.known) || !bytes.Equal(list.Version, k.version)
	for hash, key := range known {
		changed = changed || !reflect.DeepEqual(k.known[hash], key)
		delete(k.unknown, hash)
	}
	k.known, k.version = known, list.Version
	return changed
}

func (k *keys) save(ctx context.Context) {
	k.mu.Lock()
	list := keyList{GatewayID: k.card().GatewayID, Version: k.version, Items: make([]keyItem, 0, len(k.known))}
	for _, key := range k.known {
		list.Items = append(list.Items, keyItem{
			ID: key.ID, OrganizationID: key.OrganizationID, Type: key.Type.String(), Hash: key.Hash, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt,
			AllowedIPs: key.AllowedIPs,
		})
	}
	k.mu.Unlock()
	if err := jsonfile.Write(k.path, list); err != nil {
		k.log.WarnContext(ctx, "the agents' keys could not be kept on disk", "error", err)
	}
}

// inUse counts the keys that were shown lately.
func (k *keys) inUse() (n int) {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for hash, at := range k.used {
		if now.Sub(at) > agentAway {
			delete(k.used, hash)
			continue
		}
		n++
	}
	return n
}
