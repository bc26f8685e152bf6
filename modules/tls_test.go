package modules_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
)

// A gateway delivers over HTTPS to an agent-api that has a certificate, and to no other.
func TestDeliveryOverHTTPS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cert, key := newCertificate(t, s.data)
	token := "spt_a-token-of-the-operator-4"
	secure := strings.Replace(s.agentAPI, "http://", "https://", 1)
	s.serve(t, "role=agent-api", "gateways.bootstrap_token="+token, "agent_api.tls_cert="+cert, "agent_api.tls_key="+key)
	s.serve(t, "role=dashboard")
	s.serve(t, "role=gateway", "uplink.url="+secure, "uplink.token="+token, "uplink.ca_file="+cert)
	ready(t, s.gateway, s.dashboard)
	s.signIn(t)
	agentKey := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(t, "the gateway takes the event", func() bool {
		status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(agentKey), report("PC-1", "S-1", window(time.Now(), "secret")))
		return status == http.StatusOK
	})
	until(t, "the row is there", func() bool { return len(s.rows(t, "active-windows", "")) == 1 })
	if status, _, err := send(http.MethodGet, s.agentAPI+"/health", nil, nil); err == nil && status == http.StatusOK {
		t.Error("agent-api answers plain HTTP beside its certificate")
	}
}

func TestACertificateWithoutItsKeyIsAWrongSetting(t *testing.T) {
	t.Parallel()
	cert, _ := newCertificate(t, t.TempDir())
	_, err := modules.Load(config.Input{Set: []string{"role=dashboard", "dashboard.tls_cert=" + cert}}, modules.Build{}, io.Discard, false)
	if err == nil || !strings.Contains(err.Error(), "dashboard.tls_cert: must be a certificate with the key of tls_key") {
		t.Errorf("got %v", err)
	}
}

// newCertificate writes a certificate for 127.0.0.1 that is its own authority, and its key.
func newCertificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}
