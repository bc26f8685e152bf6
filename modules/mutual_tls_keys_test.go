package modules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// rotated replaces the key of the one gateway, which then gets itself new certificates.
func (s *site) rotated(t *testing.T, data string) {
	t.Helper()
	var all struct{ Items []struct{ ID string } }
	s.get(t, "/api/v2/gateways", &all)
	before := map[string][]byte{"gateway.crt": nil, "listener.crt": nil, "gateway.json": nil}
	for name := range before {
		text, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = text
	}
	if status, body := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways/"+all.Items[0].ID+"/rotate-key", map[string]string{"Authorization": "Bearer " + s.token}, nil); status != http.StatusOK {
		t.Fatalf("rotate: %d %s", status, body)
	}
	for name, text := range before {
		until(t, "another "+name, func() bool {
			now, err := os.ReadFile(filepath.Join(data, name))
			return err == nil && !bytes.Equal(now, text)
		})
	}
}

// keyEnds revokes the organization's key, after a computer has got a token by it, and a certificate by that.
func (s *site) keyEnds(t *testing.T, address, authorities string, bare caller) {
	t.Helper()
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1", "--description", "PC-3")
	var enrolled struct{ Token string }
	until(t, "PC-3 enrols", func() bool {
		status, said, err := bare.ask(http.MethodPost, "/v2/agent/enroll", key, map[string]string{"computerUid": "PC-3"})
		return err == nil && status == http.StatusCreated && json.Unmarshal([]byte(said), &enrolled) == nil
	})
	csr, private := keypairtest.Request(t)
	body := map[string]string{"computerUid": "PC-3", "csr": csr}
	var answer string
	until(t, "PC-3 gets a certificate", func() bool { // not while the gateway's key is being replaced
		status, said, err := bare.ask(http.MethodPost, "/v2/agent/certificate", enrolled.Token, body)
		answer = said
		return err == nil && status == http.StatusOK
	})
	agents := newCaller(t, address, authorities, pairOf(t, answer, private))
	next := agents.wants(t, "the next one", http.MethodPost, "/v2/agent/certificate", "", body, 200, "BEGIN CERTIFICATE")
	later := newCaller(t, address, authorities, pairOf(t, next, private))
	later.wants(t, "with it", http.MethodPost, "/v2/agent/events", "", report("PC-3", "S-3", window(time.Now(), "x")), 200, "")
	var keys struct {
		Items []struct {
			ID          int64
			Description string
		}
	}
	s.get(t, "/api/v2/api-keys", &keys)
	for _, k := range keys.Items {
		if k.Description != "PC-3" {
			continue
		}
		if status, body := call(t, http.MethodDelete, fmt.Sprintf("%s/api/v2/api-keys/%d", s.dashboard, k.ID), map[string]string{"Authorization": "Bearer " + s.token}, nil); status != http.StatusNoContent {
			t.Fatalf("revoke the key: %d %s", status, body)
		}
	}
	for what, c := range map[string]caller{"the first": agents, "the next": later} {
		within(t, time.Minute, what+" is refused after its key", func() bool {
			status, said, err := c.ask(http.MethodPost, "/v2/agent/events", "", report("PC-3", "S-3", window(time.Now(), "late")))
			return err == nil && status == http.StatusUnauthorized && strings.Contains(said, "pki.certificate_refused")
		})
	}
}

// Whoever has stolen a gateway's key, and got a certificate by it, is shut out when the overlap of the keys ends.
func TestARotationShutsAThiefOut(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		shutsOut(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		shutsOut(t, onPostgres(t))
	})
}

func shutsOut(t *testing.T, s *site) {
	secure, own := freeAddresses(t, 1)[0], keypairtest.New(t)
	certFile, keyFile := own.Files(t)
	s.serve(t, "role=agent-api,dashboard", "pki.listen="+secure, "pki.ca_cert="+certFile, "pki.ca_key="+keyFile, "gateways.rotation_overlap=5s")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	nobody := newCaller(t, secure, own.PEM, nil)
	g := s.join(t, nobody, 1, "GW-A")
	csr, private := keypairtest.Request(t)
	body := map[string]string{"csr": csr}
	thief := newCaller(t, secure, own.PEM, pairOf(t, nobody.wants(t, "by the stolen key", http.MethodPost, "/v2/gateway/certificate", g.APIKey, body, 200, ""), private))
	thief.wants(t, "before", http.MethodGet, keysPath, "", nil, 200, "")

	var fresh struct{ APIKey string }
	status, text := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways/"+g.GatewayID+"/rotate-key", map[string]string{"Authorization": "Bearer " + s.token}, nil)
	if err := json.Unmarshal(text, &fresh); err != nil || status != http.StatusOK {
		t.Fatalf("rotate: %d %s", status, text)
	}
	for _, path := range []string{"/v2/gateway/certificate", "/v2/gateway/listener-certificate", "/v2/gateway/rotate-key"} {
		thief.wants(t, path+" by the old certificate", http.MethodPost, path, "", body, 409, "gateways.key_rotated")
		nobody.wants(t, path+" by the old key", http.MethodPost, path, g.APIKey, body, 409, "gateways.key_rotated")
	}
	gateway := newCaller(t, secure, own.PEM, g.certificate)
	next := newCaller(t, secure, own.PEM, pairOf(t, gateway.wants(t, "by the new key", http.MethodPost, "/v2/gateway/certificate", fresh.APIKey, body, 200, ""), private))
	for what, c := range map[string]caller{"the thief's certificate": thief, "the gateway's before": gateway} {
		until(t, what+" is refused", func() bool {
			status, said, err := c.ask(http.MethodGet, keysPath, "", nil)
			return err == nil && status == http.StatusUnauthorized && strings.Contains(said, "pki.certificate_refused")
		})
	}
	nobody.wants(t, "the old key", http.MethodGet, keysPath, g.APIKey, nil, 401, "gateways.key_refused")
	next.wants(t, "what came since", http.MethodPost, "/v2/gateway/rotate-key", "", map[string]string{}, 200, "apiKey")
}

// The gateway of the same process comes over plain HTTP, where it can show nothing.
func TestOneProcessDoesNotRefuseItsOwnGateway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for set, refused := range map[string]bool{
		"role=all": true, "role=gateway,agent-api": true, "role=all uplink.url=http://127.0.0.1:3001": true,
		"role=agent-api,dashboard": false, "role=all uplink.url=https://127.0.0.1:3443": false,
	} {
		_, err := modules.Load(config.Input{Env: s.env, Set: append(strings.Fields(set), "pki.listen=:3443", "pki.require=true")}, modules.Build{}, io.Discard, false)
		if refused != (err != nil && strings.Contains(err.Error(), "pki.require: must be false where the gateway runs in the same process")) || !refused && err != nil {
			t.Errorf("%s: %v", set, err)
		}
	}
}
