package collector

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/js"
)

// FuzzEvents gives the own API any body: what it refuses it refuses with a fault of the client's, and what it takes
// is what the standard library reads there, and whole events.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{every, `{}`, `[]`, `{"events":[{}]}`, `{"computerUid":"P","userSid":"S","events":[{"type":"idle_period","at":"2026-11-02T11:00:00Z"}],"events":null}`, `{"computerUid":"\ud800\u0000"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		events, err := decode(body, 100)
		if err != nil {
			clientsFault(t, err)
			return
		}
		var in struct {
			ComputerUID string
			Events      []struct{ Type, Title string }
		}
		if err := json.Unmarshal([]byte(body), &in); err != nil && utf8.ValidString(body) {
			t.Fatalf("took what is no JSON: %v", err)
		}
		for i, e := range events {
			whole(t, e)
			if e.ComputerUID == "" || len(e.Key) != 36 {
				t.Fatalf("event %d is %+v", i, e)
			}
		}
	})
}

// FuzzV1 gives v1's routes any body, and the events of what they take must be whole.
func FuzzV1(f *testing.F) {
	for i, seed := range []string{
		windows(2), batch(`{"datetime":null,"url":"u","processName":"p","activeTime":-1.5}`), batch(`{"datetime":1e3,"filePath":"f","processName":"p"}`),
		batch(`{"startTime":"2026","endTime":false,"sessionType":"lock"}`), `{"computerUid":5}`, `[]`, `null`, ``, `{"data":{}}`,
	} {
		f.Add(i%4, seed)
	}
	s := &sink{}
	server := newGateway(f, s, keys)
	routes := []string{"active-windows", "visited-sites", "screenshots", "user-sessions"}
	f.Fuzz(func(t *testing.T, route int, body string) {
		w := post(t, server, "/api/agent/"+routes[uint(route)%4], []byte(body))
		got := s.taken()
		if w.Code != 200 && (w.Code >= 500 || len(got) > 0) {
			t.Fatalf("%d %s, took %+v", w.Code, w.Body, got)
		}
		keys := map[string]bool{}
		for _, e := range got {
			whole(t, e)
			if keys[e.Key] {
				t.Fatalf("two events have the key %s", e.Key)
			}
			keys[e.Key] = true
		}
	})
}

// FuzzTimeV1 gives any text for a time: what is taken can be written and read again.
func FuzzTimeV1(f *testing.F) {
	for _, layout := range js.Layouts {
		f.Add(noon.Format(layout))
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := js.ParseTime(text)
		if !ok {
			return
		}
		again, ok := js.ParseTime(at.Format(time.RFC3339Nano))
		if inRange := at.Year() >= 0 && at.Year() <= 9999; inRange && (!ok || !again.Equal(at)) {
			t.Fatalf("%q is %v, and that is %v", text, at, again)
		}
	})
}

func clientsFault(t *testing.T, err error) {
	t.Helper()
	switch fault.Of(err).Kind {
	case fault.Invalid, fault.Malformed, fault.TooLarge:
	default:
		t.Fatalf("refused with %v", err)
	}
}

// whole fails the test for an event that no table could hold.
func whole(t *testing.T, e activity.Event) {
	t.Helper()
	bad := e.Key == "" || e.At.IsZero() || e.At.Location() != time.UTC
	switch e.Kind {
	case activity.ActiveWindow, activity.IdlePeriod, activity.VisitedSite, activity.Screenshot:
	case activity.UserSession:
		_, ok := sessionType(e.Session)
		bad = bad || !ok
	default:
		bad = true
	}
	if bad {
		t.Fatalf("took %+v", e)
	}
}
