package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// cloud is agent-api for the other modules of the gateway.
type cloud struct {
	*uplink
	http *http.Client
}

// Client returns the way to agent-api.
func (c cloud) Client() *http.Client { return c.http }

// URL is agent-api's address without a slash at its end.
func (c cloud) URL() string { return c.client.base }

// GatewayID is the gateway's id; empty until it is enrolled.
func (c cloud) GatewayID() string { return c.card().GatewayID }

// Enrolled waits until the gateway is enrolled, in the organization that the settings name.
func (c cloud) Enrolled(ctx context.Context) bool {
	select {
	case <-c.ready:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// RotateKey gets a new key and keeps it before anything uses it. If the answer is lost, a heartbeat's brings a new key.
func (c cloud) RotateKey(ctx context.Context) error {
	self := c.card()
	if !self.enrolled() {
		return errors.New("rotate key: the gateway is not enrolled")
	}
	a, err := c.client.do(ctx, request{method: http.MethodPost, path: "/v2/gateway/rotate-key", key: self.APIKey})
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	if a.status/100 != 2 {
		return fmt.Errorf("rotate key: %w", said(a))
	}
	got, err := decode[struct {
		APIKey string `json:"apiKey"`
	}](a)
	if err == nil && got.APIKey == "" {
		err = fmt.Errorf("the answer %d gives no key", a.status)
	}
	if err == nil {
		err = c.rekey(ctx, got.APIKey)
	}
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	return nil
}

// rekey keeps a new key, then uses it.
func (u *uplink) rekey(ctx context.Context, key string) error {
	if err := u.amend(func(c *card) { c.APIKey = key }); err != nil {
		return err
	}
	u.log.InfoContext(ctx, "the gateway has a new key")
	return nil
}

// ClientTo returns the way to agent-api, and to one more address of it.
func (u *uplink) ClientTo(address string) *http.Client {
	u.client.way.also(address)
	var at []*url.URL
	for _, a := range []string{u.cfg.URL, address} {
		if parsed, err := url.Parse(a); err == nil && parsed.Host != "" {
			at = append(at, parsed)
		}
	}
	return &http.Client{Transport: keyed{u, at}, CheckRedirect: u.client.http.CheckRedirect}
}

// Rekeyed is closed when the gateway has another key or certificate than now.
func (u *uplink) Rekeyed() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rekeyed
}

// keyed adds the gateway's key to requests to agent-api, and to no others: a redirect or a picture's address may lead
// anywhere.
type keyed struct {
	uplink *uplink
	at     []*url.URL
}

// RoundTrip is the uplink's own, with the key.
func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", k.uplink.client.agent)
	}
	if key := k.uplink.card().APIKey; key != "" && k.ours(r.URL) {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return k.uplink.client.http.Transport.RoundTrip(r)
}

// CloseIdleConnections closes those of the uplink, which are the same.
func (k keyed) CloseIdleConnections() { k.uplink.client.http.CloseIdleConnections() }

func (k keyed) ours(u *url.URL) bool {
	for _, at := range k.at {
		base := strings.TrimRight(at.Path, "/")
		if plain(u.Scheme) == plain(at.Scheme) && strings.EqualFold(u.Host, at.Host) && (u.Path == base || strings.HasPrefix(u.Path, base+"/")) {
			return true
		}
	}
	return false
}

// plain is the scheme by which a WebSocket begins.
func plain(scheme string) string {
	return map[string]string{"ws": "http", "wss": "https"}[scheme] + map[string]string{"http": "http", "https": "https"}[scheme]
}
