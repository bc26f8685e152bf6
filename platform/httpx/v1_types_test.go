package httpx_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/httpx"
)

func TestTextsOfV1AreGivenAbsentOrTakenAway(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{`{}`: "absent", `{"a":null}`: "", `{"a":"x"}`: "x", `{"a":5}`: "refused"} {
		var in struct{ A httpx.TextV1 }
		got := "absent"
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			got = "refused"
		} else if p := in.A.Pointer(); p != nil {
			got = *p
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestTimesOfV1HaveMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 9, 1, 5, 0, 0, 123_456_000, time.FixedZone("", 5*3600))
	out, err := json.Marshal([]any{httpx.TimeV1(at), httpx.TimeV1(at.Truncate(time.Second)), httpx.NullV1(""), httpx.NullV1("x")})
	if want := `["2025-09-01T00:00:00.123Z","2025-09-01T00:00:00.000Z",null,"x"]`; err != nil || string(out) != want {
		t.Errorf("%s, %v, want %s", out, err, want)
	}
}
