package config

import (
	"fmt"
	"log/slog"
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const masked = "[secret]"

// Secret is a text that no printer, log or encoder shows; only Reveal does.
// In the environment it may also come from a file, STAFF_X__Y_FILE.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// Format hides the secret from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encoders of text and JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Bytes is a size. KB, MB, GB and TB are powers of 1000; KiB, MiB, GiB and TiB are powers of 1024.
type Bytes int64

var bytesForm = regexp.MustCompile(`^([0-9]+)(\.[0-9]+)?\s*([A-Za-z]*)$`)

// units in falling order, so that String finds the largest that divides.
var units = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
	{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
}

// ParseBytes reads a size such as 64MB, 1.5GiB or 1048576.
func ParseBytes(s string) (Bytes, error) {
	m := bytesForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, fmt.Errorf("size %q: not a number with a unit such as MB or MiB", s)
	}
	unit, ok := unitSize(m[3])
	if !ok {
		return 0, fmt.Errorf("size %q: no unit %s", s, m[3])
	}
	whole, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("size %q: %w", s, err)
	}
	fraction := 0.0
	if m[2] != "" {
		if fraction, err = strconv.ParseFloat("0"+m[2], 64); err != nil {
			return 0, fmt.Errorf("size %q: %w", s, err)
		}
	}
	high, low := bits.Mul64(uint64(whole), uint64(unit))
	low, carry := bits.Add64(low, uint64(math.Round(fraction*float64(unit))), 0)
	if high != 0 || carry != 0 || low > math.MaxInt64 {
		return 0, fmt.Errorf("size %q: too large", s)
	}
	return Bytes(low), nil
}

func unitSize(name string) (int64, bool) {
	if name == "" {
		return 1, true
	}
	for _, u := range units {
		if strings.EqualFold(u.name, name) {
			return u.size, true
		}
	}
	return 0, false
}

// Exact returns b as a whole number of the largest unit that divides it.
func (b Bytes) Exact() (n int64, unit string) {
	for _, u := range units {
		if b != 0 && int64(b)%u.size == 0 {
			return int64(b) / u.size, u.name
		}
	}
	return int64(b), "B"
}

// String returns the size as ParseBytes reads it, exactly.
func (b Bytes) String() string {
	n, unit := b.Exact()
	if unit == "B" {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10) + unit
}

// shortDuration drops the zeros that time.Duration prints: 10m, not 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
