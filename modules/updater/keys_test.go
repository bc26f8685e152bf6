package updater

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/staff-control/staff-control/modules/updater/update"
)

func TestKeysAreRotatedByASignedPackage(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	next := newSigner(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0")+" key="+next.public.String())
	u, _ := m.started(t, "2.0.0", packaged)
	if _, err := u.Install(t.Context(), "first", ""); err != nil {
		t.Fatal(err)
	}
	if err := m.slots().save(state{Current: slotA, Previous: packaged, Version: "2.1.0"}); err != nil {
		t.Fatal(err)
	}
	u, _ = m.started(t, "2.1.0", slotA)
	m.shop.offer(next, "2.2.0", packageOf(t, "2.2.0"), comment("2.2.0"))
	if restarts, err := u.Install(t.Context(), "second", ""); err != nil || !restarts {
		t.Errorf("signed by the new key: %t, %v", restarts, err)
	}
	if text, _ := os.ReadFile(filepath.Join(m.dir, keysName)); string(text) != next.public.String()+"\n" {
		t.Errorf("the keys are %q", text)
	}
}

// takes has the machine, on which from runs, take a version by an order, and then run it.
func (m *machine) takes(t *testing.T, by signer, from, version, more string) error {
	t.Helper()
	m.shop.offer(by, version, packageOf(t, version), comment(version)+more)
	u, _ := m.started(t, from, packaged)
	if _, err := u.Install(t.Context(), "", version); err != nil {
		return err
	}
	m.save(t, state{Current: packaged, Previous: packaged})
	return u.remember(installation{Version: version, Outcome: confirmed})
}

// A key that a package brought, or that the program or its settings have, is withdrawn by a package of another key.
func TestKeysAreWithdrawnByASignedPackage(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	brought, next, built := newSigner(t), newSigner(t), m.by
	if err := m.takes(t, built, "2.0.0", "2.1.0", " key="+brought.public.String()); err != nil {
		t.Fatal(err)
	}
	if err := m.takes(t, built, "2.1.0", "2.2.0", " key="+next.public.String()+" revoke="+brought.public.String()); err != nil {
		t.Fatal(err)
	}
	wantFault(t, m.takes(t, brought, "2.2.0", "2.3.0", ""), update.ErrSignature)
	// It is not brought back, either.
	if err := m.takes(t, next, "2.2.0", "2.3.0", " key="+brought.public.String()); err != nil {
		t.Fatal(err)
	}
	wantFault(t, m.takes(t, brought, "2.3.0", "2.4.0", ""), update.ErrSignature)
	if err := m.takes(t, next, "2.3.0", "2.4.0", " revoke="+built.public.String()); err != nil {
		t.Fatal(err)
	}
	wantFault(t, m.takes(t, built, "2.4.0", "2.5.0", ""), update.ErrSignature)
	// Somebody has to be left.
	wantFault(t, m.takes(t, next, "2.4.0", "2.5.0", " revoke="+next.public.String()), update.ErrPackage)
	wantFault(t, m.takes(t, next, "2.4.0", "2.5.0", " revoke=RWQ"), update.ErrPackage)
	if err := m.takes(t, next, "2.4.0", "2.5.0", ""); err != nil {
		t.Error(err)
	}
}

func TestKeysAreWithdrawnByTheSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	brought := newSigner(t)
	if err := m.takes(t, m.by, "2.0.0", "2.1.0", " key="+brought.public.String()); err != nil {
		t.Fatal(err)
	}
	m.shop.offer(brought, "2.2.0", packageOf(t, "2.2.0"), comment("2.2.0"))
	u, _ := m.started(t, "2.1.0", packaged)
	u.cfg.Keys = append(u.cfg.Keys, "-"+brought.public.String())
	_, err := u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrSignature)
	u.cfg.Keys = u.cfg.Keys[:1]
	if _, err := u.Install(t.Context(), "order", ""); err != nil {
		t.Error(err)
	}
}

// What was withdrawn is never forgotten to make room for more.
func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	lines := []string{}
	for range maxKeys {
		lines = append(lines, minus+newSigner(t).public.String())
	}
	if err := keepKeys(m.dir, lines); err != nil {
		t.Fatal(err)
	}
	wantFault(t, m.takes(t, m.by, "2.0.0", "2.1.0", " key="+newSigner(t).public.String()), update.ErrPackage)
	if had, err := broughtKeys(m.dir); err != nil || !slices.Equal(had, lines) {
		t.Errorf("%d keys, %v", len(had), err)
	}
}
