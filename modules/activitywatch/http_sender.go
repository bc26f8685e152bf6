package activitywatch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/secret"
)

// The actors that show no key.
const (
	localID        = "activitywatch:local"
	unidentifiedID = "activitywatch:unidentified"
)

// authenticate knows watchers by the key that they show, those of this computer by that, and lets others in if the
// settings say so. Watchers lose what is refused, so a key that cannot be checked now does not make things worse
// than none.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	if r.URL.Path != paths && !strings.HasPrefix(r.URL.Path, paths+"/") {
		return actor.Actor{}, false, nil
	}
	if key := keyOf(r); key != "" {
		k, err := m.keys.ByHash(ctx, secret.Hash(key))
		if err == nil && !k.Allows(httpx.ClientIP(ctx)) {
			err = identity.ErrKeyAddress
		}
		if err == nil {
			return actor.Actor{Role: k.Type, ID: fmt.Sprintf("key:%d", k.ID), OrganizationID: k.OrganizationID}, true, nil
		}
		if !errors.Is(err, identity.ErrKeyUnchecked) || !isLocal(r) && m.cfg.Unknown == refuse {
			return actor.Actor{}, false, err
		}
	}
	a := actor.Actor{Role: actor.Agent, OrganizationID: m.self.OrganizationID()}
	switch {
	case isLocal(r):
		a.ID = localID
		if !m.welcome(r) {
			return actor.Actor{}, false, errForeign
		}
	case m.cfg.Unknown == quarantine:
		a.ID = unidentifiedID
	default:
		return actor.Actor{}, false, nil
	}
	return a, true, nil
}

// keyOf is the key that a request shows: the password of Basic, a bearer token, or as our own agents do.
func keyOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return r.Header.Get("X-API-Key")
}

// isLocal reports whether the request comes from this computer, and not from a proxy on it that speaks for others.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip, parseErr := netip.ParseAddr(host)
	return err == nil && parseErr == nil && ip.Unmap().IsLoopback()
}

// senderOf is the request's sender. Its buckets are those that came with the same key for the same computer.
func (m *Module) senderOf(ctx context.Context) sender {
	a, _ := actor.From(ctx)
	computer, _, _ := httpx.Request(ctx).BasicAuth()
	s := sender{organizationID: a.OrganizationID, owner: a.ID, computer: nameOf(computer), fallback: httpx.ClientIP(ctx)}
	switch a.ID {
	case localID:
		s.fallback = m.hostname
	case unidentifiedID:
		s.owner += " " + s.fallback
		s.aside = activity.UnidentifiedAgent
	}
	if s.computer != "" {
		s.owner += " " + s.computer
	}
	return s
}
