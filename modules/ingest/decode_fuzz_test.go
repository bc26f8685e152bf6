package ingest

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/jsonscan"
)

// FuzzDecode compares the decoder with encoding/json: both take the same bodies for JSON, and what was decoded comes
// back the same when encoding/json has written it.
func FuzzDecode(f *testing.F) {
	f.Add(`{"gatewayId":"g","idempotencyToken":"t","data":` + dataOf(f, 1, activitytest.Kinds()) + `}`)
	for _, body := range bodies(f) {
		f.Add(body[len("200 "):])
	}
	f.Fuzz(func(t *testing.T, body string) {
		d, err := decode(body, 1000)
		valid := json.Valid([]byte(body)) && strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "{")
		if valid == errors.Is(err, errMalformed) && !deep(body) {
			t.Fatalf("valid JSON: %v, error: %v", valid, err)
		}
		if err != nil || !utf8.ValidString(body) || !utc(d.events) {
			return
		}
		again, err := decode(`{"data":`+dataOf(t, 1, d.events)+`}`, 1000)
		if err != nil || !utc(again.events) || !reflect.DeepEqual(again.events, d.events) {
			t.Errorf("%v\n got %+v\nwant %+v", err, again.events, d.events)
		}
	})
}

// bodies are those that agent-api is tried with on a real database as well, each behind its status.
func bodies(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/bodies.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "NOW", "2026-11-02T12:00:00Z")), "\n")
}

// What a status says of a body, the decoder does.
func TestBodiesThatCannotBeStoredAreRefused(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t, defaults(), &sink{}, &positions{})
	for _, body := range bodies(t) {
		if w := post(server, strings.NewReader(body[len("200 "):])); strconv.Itoa(w.Code) != body[:3] {
			t.Errorf("status %d, want %s: %s", w.Code, body, w.Body)
		}
	}
}

// deep reports nesting that may be refused on purpose.
func deep(body string) bool {
	return strings.Count(body, "[")+strings.Count(body, "{") > jsonscan.MaxDepth
}

// utc puts times into one zone, and reports whether encoding/json can write them.
func utc(events []activity.Event) bool {
	for i := range events {
		events[i].At, events[i].End = events[i].At.UTC(), events[i].End.UTC()
		if events[i].At.Year() < 0 || events[i].At.Year() > 9999 || events[i].End.Year() < 0 || events[i].End.Year() > 9999 {
			return false
		}
	}
	return true
}
