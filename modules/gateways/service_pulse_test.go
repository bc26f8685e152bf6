package gateways

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/secret"
)

func TestHeartbeatsOverASocket(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "test-gateway")
		register(t, o, 1, "GW-2")
		p := pulse{o.service}
		o.beat(t, e, report{Version: "2.0.0"}, e.key)
		for _, body := range []string{
			`{"gatewayId":"test-gateway","status":"online","queueDepth":7}`, `{"gatewayId":"` + e.gateway.ID.String() + `"}`, `{"queueDepth":7}`,
		} {
			o.clock.pass(time.Second)
			answer, err := p.Beat(e.as(), []byte(body), secret.Hash(e.key))
			var said heartbeatResponse
			if err != nil || json.Unmarshal(answer, &said) != nil || !said.Success || said.KeysVersion == "" || said.NewKey != "" || said.AlertsAccepted == nil {
				t.Errorf("%s is answered %s, %v", body, answer, err)
			}
		}
		if g := shown(t, o, e); g.Status != "online" || g.QueueDepth != 7 || g.Version != "2.0.0" {
			t.Errorf("it is %+v", g)
		}
		for body, want := range map[string]error{
			`{"gatewayId":"GW-2"}`: gateway.ErrForeign, `{"gatewayId":"` + id.New().String() + `"}`: gateway.ErrForeign, `[]`: errReport, `{"queueDepth":"x"}`: errReport, ``: errReport,
		} {
			if _, err := p.Beat(e.as(), []byte(body), ""); !errors.Is(err, want) || fault.Retryable(err) {
				t.Errorf("%s: %v, want %v", body, err, want)
			}
		}
		if _, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]bool{secret.Hash(e.key): true, "": false} {
			answer, err := p.Beat(e.as(), []byte(`{}`), key)
			if err != nil || strings.Contains(string(answer), "newKey") != want {
				t.Errorf("with %q after a rotation: %s, %v", key, answer, err)
			}
		}
		o.knows(t, e.key)
		if err := o.revoke(admin(1), e.gateway.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Beat(e.as(), []byte(`{}`), ""); !errors.Is(err, gateway.ErrKeyRefused) {
			t.Errorf("of a revoked gateway: %v", err)
		}
	})
}

// refusing takes no certificate.
type refusing struct{ noPapers }

func (refusing) Presented(s *tls.ConnectionState) (h cert.Holder, ok bool, err error) {
	if s != nil {
		err = cert.ErrRefused
	}
	return h, false, err
}

func TestWhoHasLostItsPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		good, rotated, revoked := register(t, o, 1, "GW-1"), register(t, o, 2, "GW-2"), register(t, o, 1, "GW-3")
		held := []gateway.Caller{
			{ID: good.gateway.ID, Key: secret.Hash(good.key)}, {ID: rotated.gateway.ID, Key: secret.Hash(rotated.key)}, {ID: revoked.gateway.ID}, {ID: id.New(), Key: "x"},
		}
		lost := func(when string, want ...int) {
			t.Helper()
			got, err := o.Lost(context.Background(), held)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s: %v, %v", when, got, err)
			}
			for i, n := range want {
				if got[i] != held[n].ID {
					t.Errorf("%s: %d is not number %d", when, i, n)
				}
			}
		}
		lost("at first", 3)
		if _, _, err := o.rotate(admin(2), rotated.gateway.ID, gateway.Write, nil); err != nil {
			t.Fatal(err)
		}
		lost("within the overlap", 3)
		if err := o.revoke(admin(1), revoked.gateway.ID); err != nil {
			t.Fatal(err)
		}
		lost("one without a key is revoked", 2, 3)
		o.clock.pass(o.cfg.RotationOverlap)
		lost("after the overlap", 1, 2, 3)
		held[0].Shown = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
		o.verifier = refusing{}
		lost("a certificate was revoked", 0, 1, 2, 3)
	})
}

// A gateway that asks for a new key itself keeps the one that it asks with for the overlap, however often it asks.
func TestAGatewayRotatesItsOwnKey(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-1")
	server := serve(t, kernel.AgentAPI, d, o.raised)
	key := e.key
	for range 3 {
		w := ask(server, http.MethodPost, "/v2/gateway/rotate-key", "", key)
		var out rotateOwnResponse
		if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &out) != nil || !strings.HasPrefix(out.APIKey, keyPrefix) || time.Until(out.PreviousUntil) < 23*time.Hour {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for what, k := range map[string]string{"the key that it asked with": key, "the new one": out.APIKey} {
			if w := ask(server, http.MethodGet, "/v2/gateway/agent-keys", "", k); w.Code != http.StatusOK {
				t.Errorf("%s is answered %d", what, w.Code)
			}
		}
		key = out.APIKey
	}
	if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'gateways.rotate_key' AND actor = ?", actorPrefix+e.gateway.ID.String()); n != 3 {
		t.Errorf("%d lines in the audit, want 3", n)
	}
	httptestx.Run(t, server, httptestx.Scenario{Name: "nobody", Method: "POST", Path: "/v2/gateway/rotate-key", Status: 401})
}

// Whoever holds a gateway's socket is told when a key of it goes.
func TestLossesOfKeysAreTold(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	told := make(chan string, 100)
	ready := make(chan struct{})
	go d.Listen(ctx, "staff_changes", func(payload string) {
		if strings.Contains(payload, `"ready"`) {
			close(ready)
			return
		}
		told <- payload
	})
	for listening := false; !listening; {
		if err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			return o.events.Notify(ctx, tx, event.Change{Name: "ready"})
		}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ready:
			listening = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	e := register(t, o, 1, "GW-1")
	token := newToken(t, o, 1, time.Hour, 5)
	for what, do := range map[string]func() error{
		"rotate": func() error { _, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil); return err },
		"enrol": func() error {
			_, err := o.enrol(context.Background(), token, "GW-1", "", "", "")
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if got := <-told; !strings.Contains(got, `"gateway.revoked"`) || !strings.Contains(got, e.gateway.ID.String()) {
			t.Errorf("%s tells %s", what, got)
		}
	}
	if err := o.revoke(admin(1), e.gateway.ID); err != nil {
		t.Fatal(err)
	}
	if got := <-told; !strings.Contains(got, `"gateway.revoked"`) {
		t.Errorf("revoke tells %s", got)
	}
}

func TestPoliciesOfAgents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e, other := register(t, o, 1, "GW-1"), register(t, o, 1, "GW-2")
		for _, of := range []enrolled{e, other} {
			seen := gateway.Delivery{Epoch: "e", Stream: "agent", Stored: []gateway.Range{{First: 1, Last: 1}}, Agents: []string{"PC-1", "PC-2", "PC-3"}}
			if err := o.Advance(of.as(), of.gateway.ID, seen); err != nil {
				t.Fatal(err)
			}
		}
		runs := func(version string) int {
			t.Helper()
			return counted(t, d, "SELECT count(*) FROM agent_instances WHERE policy_version = ?", version)
		}
		if err := o.PoliciesApplied(admin(1), e.gateway.ID, map[string]string{"PC-1": "7.3", "PC-2": "8.1", "PC-9": "7.3"}); err != nil {
			t.Fatal(err)
		}
		if a, b := runs("7.3"), runs("8.1"); a != 1 || b != 1 {
			t.Errorf("%d and %d agents", a, b)
		}
		// A gateway sends again for ever what is not taken.
		if err := o.PoliciesApplied(admin(1), e.gateway.ID, map[string]string{"PC-\x003": "7.4\x00"}); err != nil || runs("7.4") != 1 {
			t.Errorf("%d agents with NUL, %v", runs("7.4"), err)
		}
		if err := o.PolicyAppliedByAll(admin(1), e.gateway.ID, "9.1"); err != nil || runs("9.1") != 3 {
			t.Errorf("%d agents, %v", runs("9.1"), err)
		}
		if err := o.PolicyAppliedByAll(admin(2), e.gateway.ID, "6.6"); err != nil || runs("6.6") != 0 {
			t.Errorf("another tenant changed %d agents, %v", runs("6.6"), err)
		}
		if err := o.revoke(admin(1), other.gateway.ID); err != nil {
			t.Fatal(err)
		}
		found, err := o.InUse(admin(1))
		if err != nil || len(found) != 1 || found[0].ID != e.gateway.ID || found[0].OrganizationID != 1 {
			t.Errorf("in use: %+v, %v", found, err)
		}
	})
}
