package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// What the authority gave a gateway to show its agents does not make it agent-api.
func TestAGatewayCannotStandInForAgentAPI(t *testing.T) {
	t.Parallel()
	i, a := newIssuer(t), newAgentAPI()
	for kind, wants := range map[cert.Kind]error{cert.Server: nil, cert.Listener: errNotServer, cert.Gateway: errNotServer} {
		s := certifying(t, a, i, i.listener(t, kind))
		c := testConfig(s.URL)
		c.CAFile = i.file(t)
		u := newTestUplink(t, c, newMemory())
		_, err := u.client.do(t.Context(), request{method: http.MethodGet, path: "/v2/gateway/agent-keys"})
		if !errors.Is(err, wants) || (err == nil) != (wants == nil) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestACertificateIsShownWhereItIsTaken(t *testing.T) {
	t.Parallel()
	i, other := newIssuer(t), newIssuer(t)
	w, err := newWay(testConfig("https://agent-api.example.uz"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(i issuer) *tls.CertificateRequestInfo {
		return &tls.CertificateRequestInfo{AcceptableCAs: [][]byte{i.Certificate.RawSubject}, SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, Version: tls.VersionTLS13}
	}
	shows := func(i issuer) bool {
		c, err := w.show(asked(i))
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Certificate) > 0
	}
	if shows(i) {
		t.Error("one is shown before there is one")
	}
	pair := i.listener(t, cert.Gateway)
	if err := w.wear(&pair); err != nil {
		t.Fatal(err)
	}
	if !shows(i) || shows(other) {
		t.Errorf("shown to its authority's server: %v, to another's: %v", shows(i), shows(other))
	}
	w.now = func() time.Time { return pair.Leaf.NotAfter.Add(time.Second) }
	if shows(i) {
		t.Error("one that has ended is shown")
	}
	w.also("wss://Control.example.uz/x")
	for host, ours := range map[string]bool{"agent-api.example.uz": true, "AGENT-API.example.uz": true, "control.example.uz": true, "files.example.uz": false, "": false} {
		if got := w.to(host) == w.cloud; got != ours {
			t.Errorf("%q is agent-api: %v", host, got)
		}
	}
}

func TestWhatACertificateSpoilsIsExplained(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"is this machine's clock right": &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}},
		"uplink.ca_file":                &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		"certificate is not in force":   errors.New("remote error: tls: expired certificate"),
		"was it revoked?":               errors.New("remote error: tls: bad certificate"),
		"does not know the authority":   errors.New("remote error: tls: unknown certificate authority"),
		"connection refused":            errors.New("connection refused"),
	} {
		if got := explainTLS(err); !errors.Is(got, err) || !strings.Contains(got.Error(), want) {
			t.Errorf("%v is explained as %v", err, got)
		}
	}
	if err := explainTLS(nil); err != nil {
		t.Errorf("nothing is explained as %v", err)
	}
}
