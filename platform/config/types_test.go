package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/config"
)

func TestNoPrinterShowsASecret(t *testing.T) {
	t.Parallel()
	const plain = "hunter2"
	s := config.Secret(plain)
	holder := struct{ Token config.Secret }{s}
	var out bytes.Buffer
	for _, format := range []string{"%v", "%s", "%q", "%+v", "%#v", "%x", "%d"} {
		fmt.Fprintf(&out, format+format, s, holder)
	}
	_ = json.NewEncoder(&out).Encode([]any{s, &s, holder})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	if shown := out.String(); strings.Contains(shown, plain) || strings.Contains(shown, "68756e746572") {
		t.Errorf("shown in %s", shown)
	}
	if s.Reveal() != plain {
		t.Error("Reveal does not reveal")
	}
	if config.Secret("").String() != "" {
		t.Error("an empty secret looks set")
	}
}

func TestBytesAreRead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]config.Bytes{
		"0": 0, "1048576": 1 << 20, "64MB": 64e6, "64MiB": 64 << 20, "1GB": 1e9, "1 GiB": 1 << 30, "1.5KiB": 1536,
		"0.1MB": 100_000, "7b": 7, "2tb": 2e12, "1TiB": 1 << 40, " 5kb ": 5000, "9223372036854775807": 1<<63 - 1,
	} {
		if got, err := config.ParseBytes(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "MB", "-1", "1M", "1 parrot", "1e3", "9223372036854775808", "9000000TiB", "99999999999999999999", "9223372036854775807.9", "1.", "0x10"} {
		if got, err := config.ParseBytes(in); err == nil {
			t.Errorf("%q: got %d", in, got)
		}
	}
}

func TestBytesReadBackAsWritten(t *testing.T) {
	t.Parallel()
	for range 10_000 {
		want := config.Bytes(rand.Int64() >> rand.IntN(63))
		if got, err := config.ParseBytes(want.String()); err != nil || got != want {
			t.Fatalf("%d is written %s and read %d, %v", int64(want), want, int64(got), err)
		}
	}
}
