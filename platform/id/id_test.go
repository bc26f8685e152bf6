package id_test

import (
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/id"
)

func TestNewIdsAreOrderedByTime(t *testing.T) {
	t.Parallel()
	last := id.Nil
	for range 10_000 {
		next := id.New()
		if next.Version() != 7 || strings.Compare(next.String(), last.String()) <= 0 {
			t.Fatalf("%s after %s", next, last)
		}
		last = next
	}
}

func TestIdsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	want := id.New()
	if got, err := id.Parse(want.String()); err != nil || got != want {
		t.Errorf("%s is read as %s, %v", want, got, err)
	}
	for _, s := range []string{"", "x", want.String() + "0", want.String()[1:]} {
		if got, err := id.Parse(s); err == nil {
			t.Errorf("%q is read as %s", s, got)
		}
	}
}

// The ids of events are in databases and in gateways' buffers: this one must never change.
func TestADerivedIdIsForEver(t *testing.T) {
	t.Parallel()
	if got := id.Derive(7, "agent", "42", "").String(); got != "712e3f71-ad7e-e371-4dcd-f2b8e54d5ed6" {
		t.Errorf("got %s", got)
	}
}

func TestEveryListOfPartsHasItsOwnId(t *testing.T) {
	t.Parallel()
	seen := map[id.UUID][]string{}
	for _, organization := range []int64{0, 1, 2, -1, 1 << 40} {
		for _, parts := range lists(4) {
			got := id.Derive(organization, parts...)
			if got != id.Derive(organization, parts...) {
				t.Fatalf("%d %q: two ids", organization, parts)
			}
			if other, twice := seen[got]; twice {
				t.Fatalf("%d %q has the id of %q", organization, parts, other)
			}
			seen[got] = parts
		}
	}
}

// lists returns all lists of up to n short parts, among them all ways to split one text.
func lists(n int) [][]string {
	all := [][]string{nil}
	if n == 0 {
		return all
	}
	for _, rest := range lists(n - 1) {
		for _, part := range []string{"", "a", "aa", "b", "ab", "\x00", "\x00\x00\x00\x00\x00\x00\x00\x01"} {
			all = append(all, append([]string{part}, rest...))
		}
	}
	return all
}

func FuzzDeriveTellsSplitsApart(f *testing.F) {
	f.Add(int64(1), "gateway", "seq", 3)
	f.Add(int64(0), "", "", 0)
	f.Add(int64(-1), "\x00\x00\x00\x00\x00\x00\x00\x01a", "a", 1)
	f.Fuzz(func(t *testing.T, organization int64, a, b string, cut int) {
		whole := id.Derive(organization, a, b)
		if id.Derive(organization+1, a, b) == whole {
			t.Error("two organizations share an id")
		}
		joined := a + b
		if cut < 0 || cut > len(joined) || cut == len(a) {
			return
		}
		if id.Derive(organization, joined[:cut], joined[cut:]) == whole {
			t.Errorf("%q split at %d and at %d is one id", joined, len(a), cut)
		}
	})
}
