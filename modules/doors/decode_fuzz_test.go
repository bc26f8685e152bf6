package doors

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/db"
)

// FuzzReport gives any JSON for a report: it is refused for its size only, and what is taken can be kept.
func FuzzReport(f *testing.F) {
	for _, seed := range []string{
		string(action(1, "09:00:00", true, named(11))), string(doorEvent(1, "ALARM_TRIGGERED", "09:00:00")), string(status("10.0.0.1", "ONLINE", "09:00:00")),
		`{}`, `null`, `[]`, `"x"`, `{"timestamp":1700000000000,"photoData":"AAAA","personInfo":{"employeeId":1.5}}`,
		`{"deviceIp":"::ffff:10.0.0.1","photoData":{"a":[]},"doorNumber":1e400,"personInfo":[]}`, "{\"deviceIp\":\"\xff\\u0000\\ud800\"}",
		`{"timestamp":-1e400}`, `{"timestamp":"0000-01-01T00:00:00Z"}`, `{"photoData":null,"deviceSerial":7}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // refused before it is a report
		}
		r, err := decode(raw)
		if err != nil {
			if len(raw) < maxPayload/3 { // a broken byte becomes three
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		if !json.Valid(r.payload) || !utf8.Valid(r.payload) {
			t.Errorf("%q is kept as %q", raw, r.payload)
		}
		p := r.person()
		for _, text := range []string{r.deviceIP, r.address, r.deviceSerial, p.employee, p.card, p.name, p.id} {
			if !db.KeepsText(text) || len(text) > maxText {
				t.Errorf("%q has the text %q", raw, text)
			}
		}
		if !r.at.IsZero() && !db.KeepsTime(r.at) {
			t.Errorf("%q is of %v", raw, r.at)
		}
		again, err := decode(r.payload)
		if err != nil {
			t.Fatalf("%q cannot be read again: %v", r.payload, err)
		}
		if a, b := r.identity("action"), again.identity("action"); !r.at.IsZero() && !equal(a, b) {
			t.Errorf("%q is %q, and then %q", raw, a, b)
		}
	})
}

func equal(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}
