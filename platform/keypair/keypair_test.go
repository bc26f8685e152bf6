package keypair_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/keypair"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// sign answers a request.
func sign(t *testing.T, csr string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(csr))
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || r.CheckSignature() != nil {
		t.Fatalf("a bad request: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: noon, NotAfter: noon.Add(time.Hour), DNSNames: r.DNSNames, IPAddresses: r.IPAddresses}
	der, err := x509.CreateCertificate(rand.Reader, template, template, r.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func request(t *testing.T, f keypair.Files) string {
	t.Helper()
	csr, err := f.Request([]string{"gw.lan"}, []net.IP{net.IPv4(10, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

func TestACertificateIsThereWithItsKey(t *testing.T) {
	t.Parallel()
	f := keypair.Files{Dir: t.TempDir(), Name: "gw"}
	if pair, err := f.Read(); pair != nil || err != nil {
		t.Fatalf("before: %v, %v", pair, err)
	}
	for range 2 { // the second is a renewal
		kept, err := f.Keep(sign(t, request(t, f)))
		if err != nil {
			t.Fatal(err)
		}
		read, err := f.Read()
		if err != nil || !read.Leaf.Equal(kept.Leaf) || read.Leaf.DNSNames[0] != "gw.lan" || len(read.Leaf.IPAddresses) != 1 {
			t.Errorf("read %+v, %v", read, err)
		}
		if info, err := os.Stat(filepath.Join(f.Dir, "gw.key")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key's file: %v, %v", info, err)
		}
	}
}

// Whatever moment the power fails at, there is a pair.
func TestACrashLeavesAPair(t *testing.T) {
	t.Parallel()
	f := keypair.Files{Dir: t.TempDir(), Name: "gw"}
	before, err := f.Keep(sign(t, request(t, f)))
	if err != nil {
		t.Fatal(err)
	}
	text := sign(t, request(t, f))
	if pair, err := f.Read(); err != nil || !pair.Leaf.Equal(before.Leaf) {
		t.Errorf("asked for and not kept: %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "gw.crt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if pair, err := f.Read(); err != nil || pair.Leaf.Equal(before.Leaf) {
		t.Errorf("the certificate without the rename: %v", err)
	}
}

func TestWhatIsNoPairIsRefused(t *testing.T) {
	t.Parallel()
	f, other := keypair.Files{Dir: t.TempDir(), Name: "gw"}, keypair.Files{Dir: t.TempDir(), Name: "gw"}
	if _, err := f.Keep("x"); err == nil {
		t.Error("without a request")
	}
	foreign := sign(t, request(t, other))
	request(t, f)
	for _, text := range []string{"", "x", foreign} {
		if _, err := f.Keep(text); err == nil {
			t.Errorf("%q is kept", text)
		}
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "gw.crt"), []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	if pair, err := f.Read(); pair != nil || err == nil {
		t.Errorf("a certificate whose key is lost: %v", pair)
	}
	if _, err := (keypair.Files{Dir: filepath.Join(f.Dir, "nowhere"), Name: "x"}).Request(nil, nil); err == nil {
		t.Error("a key in no directory")
	}
}

func TestRenewalIsSpread(t *testing.T) {
	t.Parallel()
	for serial, want := range map[int64]time.Duration{100: 60 * day, 150: 60*day + 90*day/40, 199: 60*day + 90*day*99/2000} {
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: noon, NotAfter: noon.Add(90 * day)}
		if got := keypair.RenewAt(c).Sub(noon); got != want {
			t.Errorf("%d: after %v, want %v", serial, got, want)
		}
	}
}

const day = 24 * time.Hour
