package log_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/log"
)

func FuzzScrub(f *testing.F) {
	for _, s := range []string{"", "a password=", `"`, `\"`, "://", "Пароль: ", "+998 90", "1234-", "AA", "Bearer ", `{"token":"`, "\xff", "eyJ", "user@"} {
		f.Add(s, s)
	}
	planted := []string{
		"password=Zx9QpLm", "api_key: Zx9QpLm", "Zx9QpLm@example.uz", "+998901234567", "31234567890123", "1234 5678 1234 5678", "AA1234567",
		"Bearer Zx9QpLmZx9QpLm", "sgw_Zx9QpLmZx9QpLm", "eyJZx9QpLm.Zx9QpLm.Zx9QpLm",
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, secret := range planted {
			text := before + " " + secret + " " + after
			got := log.ScrubText(text)
			if strings.Contains(got, "Zx9QpLm") && !strings.Contains(before+after, "Zx9QpLm") || strings.Contains(got, " "+secret+" ") {
				t.Fatalf("%q shows in %q", secret, got)
			}
			if utf8.ValidString(text) && !utf8.ValidString(got) {
				t.Fatalf("%q became invalid: %q", text, got)
			}
		}
		var out bytes.Buffer
		logger := log.New(&out, log.Config{}, false)
		logger.WithGroup(after).Info(before, after, before, "any", map[string]any{before: []string{after}}, "password", "Zx9QpLm"+before)
		if !json.Valid(out.Bytes()) || bytes.Contains(out.Bytes(), []byte(`"Zx9QpLm`)) {
			t.Fatalf("not a clean line: %s", out.Bytes())
		}
	})
}
