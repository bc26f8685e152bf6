package secret_test

import (
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/secret"
)

func TestSecretsAreLongAndNeverTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := secret.New("sk_")
		if !strings.HasPrefix(s, "sk_") || len(s) != len("sk_")+43 || seen[s] {
			t.Fatalf("made %q", s)
		}
		seen[s] = true
	}
}

func TestHashIsSHA256InHex(t *testing.T) {
	t.Parallel()
	// FIPS 180-2, appendix B.1.
	if got := secret.Hash("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("got %s", got)
	}
}
