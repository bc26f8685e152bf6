//go:build linux

package configs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"aead.dev/minisign"
)

func TestTheUnitIsWhatTheDesignDocumentAsksFor(t *testing.T) {
	t.Parallel()
	unit := read(t, "systemd/staff-gateway.service")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/gateway --config /etc/staff-gateway/gateway.yml", "User=staff-gateway", "Group=staff-gateway", "Restart=always", "RestartSec=10",
		"Type=notify", "WatchdogSec=60", "SuccessExitStatus=75", "StartLimitIntervalSec=0", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
		"CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes", "ReadWritePaths=/var/lib/staff-gateway /var/log/staff-gateway", "WantedBy=multi-user.target",
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if regexp.MustCompile(`(?m)^NoExecPaths=`).MatchString(unit) {
		t.Error("the gateway's own updates could not be executed")
	}
}

// analyze runs systemd-analyze, where there is one.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: the units are NOT checked by it")
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %v: %v", args, err)
	}
	return string(out)
}

func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"staff-gateway.service", "staff-gateway-enrolled.path", "staff-gateway-enrolled.service"} {
		text := regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAllString(read(t, "systemd/"+name), "ExecStart=/bin/true")
		write(t, filepath.Join(dir, name), 0o644, text)
	}
	out := analyze(t, "verify", "--man=no", filepath.Join(dir, "staff-gateway.service"), filepath.Join(dir, "staff-gateway-enrolled.path"))
	for line := range strings.Lines(out) {
		if strings.Contains(line, dir) || strings.Contains(line, "staff-gateway") {
			t.Error(line)
		}
	}
}

// The manual names the same number.
func TestTheCageIsTight(t *testing.T) {
	t.Parallel()
	const most = 1.3
	out := analyze(t, "security", "--offline=true", "--no-pager", "systemd/staff-gateway.service")
	m := regexp.MustCompile(`exposure level for staff-gateway.service: ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("it gives no number:\n%s", out)
	}
	if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > most {
		t.Errorf("the exposure is %s, more than %v", m[1], most)
	}
}

func TestWhatTheReleaserSignsMinisignBelieves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pkg := filepath.Join(dir, "gateway-linux-x86_64.tar.gz")
	write(t, pkg, 0o644, "a package")
	tool := filepath.Join(dir, "releaser")
	command(t, nil, "go", "build", "-o", tool, "../.ci/releaser")
	command(t, nil, tool, "key", dir)
	const comment = "product=staff-control-gateway version=2.1.0 channel=stable arch=amd64"
	command(t, nil, tool, "sign", filepath.Join(dir, "minisign.key"), comment, pkg)

	public, err := minisign.PublicKeyFromFile(filepath.Join(dir, "minisign.pub"))
	if err != nil {
		t.Fatal(err)
	}
	var s minisign.Signature
	if err := s.UnmarshalText([]byte(read(t, pkg+".minisig"))); err != nil || s.TrustedComment != comment || s.Algorithm != minisign.HashEdDSA {
		t.Errorf("the signature is %+v, %v", s, err)
	}
	if r := minisign.NewReader(strings.NewReader("a package")); !believed(r, public, read(t, pkg+".minisig")) {
		t.Error("the signature is not good")
	}
	if r := minisign.NewReader(strings.NewReader("A package")); believed(r, public, read(t, pkg+".minisig")) {
		t.Error("a tampered package is believed")
	}

	sealed, err := minisign.EncryptKey("sesame", privateKey(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "minisign.key"), 0o600, string(sealed))
	write(t, filepath.Join(dir, "password"), 0o600, "sesame\n")
	os.Remove(pkg + ".minisig")
	command(t, nil, tool, "sign", "--password", filepath.Join(dir, "password"), filepath.Join(dir, "minisign.key"), comment, pkg)
	if r := minisign.NewReader(strings.NewReader("a package")); !believed(r, public, read(t, pkg+".minisig")) {
		t.Error("the signature of a key with a password is not good")
	}

	other := t.TempDir()
	command(t, nil, tool, "key", other)
	write(t, filepath.Join(other, "minisign.pub"), 0o644, read(t, filepath.Join(dir, "minisign.pub")))
	if err := exec.CommandContext(t.Context(), tool, "sign", filepath.Join(other, "minisign.key"), comment, pkg).Run(); err == nil {
		t.Error("a public key that is another's was taken")
	}
	bom := string(command(t, nil, tool, "sbom", "2.1.0", tool, "../web/package-lock.json"))
	contains(t, bom, `"bomFormat": "CycloneDX"`, `"purl": "pkg:golang/aead.dev/minisign@v`, `"purl": "pkg:npm/react@`)
}

func privateKey(t *testing.T, dir string) (key minisign.PrivateKey) {
	t.Helper()
	if err := key.UnmarshalText([]byte(read(t, filepath.Join(dir, "minisign.key")))); err != nil {
		t.Fatal(err)
	}
	return key
}

func believed(r *minisign.Reader, key minisign.PublicKey, signature string) bool {
	b := make([]byte, 1<<10)
	for {
		if _, err := r.Read(b); err != nil {
			return r.Verify(key, []byte(signature))
		}
	}
}
