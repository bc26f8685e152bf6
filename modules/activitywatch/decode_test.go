package activitywatch

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
)

func TestEventsAreRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"timestamp":"2026-11-02T17:00:00.1239+05:00","duration":1.5,"data":{"title":"O\u2018zbekiston","app":"a"}}`: `2026-11-02T12:00:00.123Z 1.5s {"app":"a","title":"O‘zbekiston"}`,
		`{"id":7,"timestamp":"2026-11-02T12:00:00","new":[{}],"data":{"b":1.0,"a":[1e2,{"y":true,"x":null}]}}`:        `2026-11-02T12:00:00Z 0s {"a":[100,{"x":null,"y":true}],"b":1}`,
		`{"timestamp":"2026-11-02 12:00:00.999999Z","duration":0.0000015}`:                                            `2026-11-02T12:00:00.999Z 2µs {}`,
		`{"timestamp":"20261102T120000Z","duration":-3,"data":null}`:                                                  `2026-11-02T12:00:00Z -3s {}`,
		`{"timestamp":"2026-11-02","data":{"n":12345678901234567890,"f":0.1,"t":"\ud83d\udcca\ud83d <&>"}}`:           `2026-11-02T00:00:00Z 0s {"f":0.1,"n":12345678901234567000,"t":"📊� <&>"}`,
	} {
		e, err := decodeEvent([]byte(body))
		if got := fmt.Sprint(e.At.Format(time.RFC3339Nano), " ", e.Duration, " ", e.Data); err != nil || got != want {
			t.Errorf("%s\n got %s (%v)\nwant %s", body, got, err, want)
		}
	}
	for _, body := range []string{`{"timestamp":"2026-11-02"}]`, `{"timestamp":"2026-11-02"}}`, `{"timestamp":"2026-11-02"},{"timestamp":"2026-11-02"}`, `[{"timestamp":"2026-11-02"}] 7`} {
		if events, faults, _ := decodeEvents([]byte(body)); len(events) > 0 || len(faults) != 1 {
			t.Errorf("%s is taken: %+v, %v", body, events, faults)
		}
	}
	long, err := decodeEvent([]byte(`{"timestamp":"2026-11-02T12:00:00Z","data":{"url":"` + strings.Repeat("ў", 10_000) + `"}}`))
	if err != nil || len(long.Data) > maxText+20 || !json.Valid([]byte(long.Data)) {
		t.Errorf("a long text becomes %d bytes (%v)", len(long.Data), err)
	}
}

// What one request may hold is bounded, and what is beyond that is counted.
func TestEventsOfARequestAreBounded(t *testing.T) {
	t.Parallel()
	one := `{"timestamp":"2026-11-02","data":{"title":"` + strings.Repeat("t", maxText) + `","url":"` + strings.Repeat("u", 2*maxText) + `"}}`
	wide := `{"timestamp":"2026-11-02","data":{` + many(1000) + `}}`
	events, faults, large := decodeEvents([]byte("[" + one + ",7," + wide + "]"))
	if len(events) != 1 || len(faults) != 1 || large != 1 {
		t.Errorf("%d events, %d faults and %d too large, want one of each", len(events), len(faults), large)
	}
	list := "[" + strings.Repeat(`{"timestamp":"2026-11-02"},{},`, maxEvents/2) + `{"timestamp":"2026-11-02"},7]`
	events, faults, large = decodeEvents([]byte(list))
	if len(events) != maxEvents/2 || len(faults) != maxEvents/2 || large != 2 {
		t.Errorf("%d events, %d faults and %d too many", len(events), len(faults), large)
	}
}

func TestTimesAreWrittenAsPythonWritesThem(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]string{
		noon: "2026-11-02T12:00:00+00:00", noon.Add(120 * time.Millisecond): "2026-11-02T12:00:00.120000+00:00",
		noon.Add(7 * time.Microsecond).In(time.FixedZone("", 18000)): "2026-11-02T12:00:00.000007+00:00",
	} {
		if got := timestamp(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for text, want := range map[string]time.Duration{"2.0": 2 * time.Second, "": 0, "-1": 0, "NaN": 0, "x": 0, "+Inf": maxPulse, "1e300": maxPulse, "0.0015": 1500 * time.Microsecond} {
		if got := pulseOf(text); got != want {
			t.Errorf("pulsetime %q is %v, want %v", text, got, want)
		}
	}
}

// FuzzEvents gives the decoder any body: what it takes is what the standard library reads there, in the bounds, and
// comes back the same when it is written as it is answered.
func FuzzEvents(f *testing.F) {
	text, err := os.ReadFile("testdata/traffic.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if i := strings.IndexByte(line, '{'); i > 0 && strings.Contains(line, "heartbeat") {
			f.Add(strings.TrimSpace(line[i:]))
			f.Add("[" + line[i:] + "," + line[i:] + "]")
		}
	}
	for _, seed := range []string{`[]`, `null`, `{}`, `[[]]`, `{"timestamp":"0001-01-01","duration":-1e9,"data":{"a":-0,"b":1e400}}`, `{"timestamp":"2026-11-02","data":{"\u0000":"\ud800"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		events, faults, _ := decodeEvents([]byte(body))
		if len(events) > 0 && len(faults) == 0 && !json.Valid([]byte(body)) {
			t.Fatalf("took what is no JSON: %q", body)
		}
		for _, e := range events {
			whole(t, e)
			answer, err := json.Marshal(toJSON(e))
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeEvent(answer)
			if err != nil || !again.At.Equal(e.At) || again.Data != e.Data || (again.Duration-e.Duration).Abs() > time.Microsecond {
				t.Fatalf("%+v comes back as %+v (%v)", e, again, err)
			}
		}
	})
}

// whole fails the test for an event that could not be kept.
func whole(t *testing.T, e bucket.Event) {
	t.Helper()
	var data map[string]any
	err := json.Unmarshal([]byte(e.Data), &data)
	if err != nil || data == nil || len(e.Data) > maxData || e.At.Nanosecond()%1e6 != 0 || e.At.Location() != time.UTC || e.Duration.Abs() > maxDuration {
		t.Fatalf("took %+v (%v)", e, err)
	}
	text, err := canonical(data)
	if again, err2 := canonical(data); err != nil || err2 != nil || text != again || !reflect.DeepEqual(text, again) {
		t.Fatalf("%s is written as %s and %s (%v, %v)", e.Data, text, again, err, err2)
	}
}
