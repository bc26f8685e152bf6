package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/staff-control/staff-control/platform/secret"
)

func TestWhatIsSealedIsOpenedByItsKeyAlone(t *testing.T) {
	t.Parallel()
	key, other := derive(t, "a secret", "authority"), derive(t, "a secret", "something else")
	sealed, err := secret.Seal(key, []byte("plain"), "authority 1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := secret.Seal(key, []byte("plain"), "authority 1")
	if err != nil || bytes.Equal(sealed, again) || bytes.Contains(sealed, []byte("plain")) {
		t.Errorf("sealed as %x and %x (%v)", sealed, again, err)
	}
	if plain, err := secret.Open(key, sealed, "authority 1"); err != nil || string(plain) != "plain" {
		t.Errorf("opened as %q (%v)", plain, err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return secret.Open(other, sealed, "authority 1") },
		"another thing":   func() ([]byte, error) { return secret.Open(key, sealed, "authority 2") },
		"changed":         func() ([]byte, error) { return secret.Open(key, flipped(sealed), "authority 1") },
		"cut":             func() ([]byte, error) { return secret.Open(key, sealed[:5], "authority 1") },
	} {
		if plain, err := try(); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: opened as %q (%v)", name, plain, err)
		}
	}
	if _, err := secret.Seal(key[:16], nil, ""); err == nil {
		t.Error("a short key seals")
	}
	if _, err := secret.Open(key[:16], sealed, ""); err == nil {
		t.Error("a short key opens")
	}
}

func derive(t *testing.T, from, purpose string) []byte {
	t.Helper()
	key, err := secret.Derive([]byte(from), purpose)
	if err != nil || len(key) != secret.KeySize {
		t.Fatalf("derived %x (%v)", key, err)
	}
	return key
}

func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}
