package js_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/js"
)

func TestValuesOfWrongTypesAreMissing(t *testing.T) {
	t.Parallel()
	o := js.Parse(json.RawMessage(`{"text":" a\u0000 ","number":7,"half":0.5,"huge":1e300,"far":1e400,"yes":true,"like":"true","null":null,"list":[1],"in":{"text":"b"},"long":"ёёё"}`))
	for name, want := range map[string]string{"text": "a", "number": "7", "half": "0.5", "yes": "", "null": "", "list": "", "in": "", "none": "", "long": "ёё"} {
		if got := o.Text(name, 5); got != want {
			t.Errorf("the text %s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{"yes": true, "like": false, "number": false, "none": false} {
		if got := o.True(name); got != want {
			t.Errorf("%s is true: %v", name, got)
		}
	}
	for _, name := range []string{"text", "half", "huge", "far", "null", "none", "list"} {
		if n := o.Integer(name); n != nil {
			t.Errorf("%s is the number %d", name, *n)
		}
	}
	if n := o.Integer("number"); n == nil || *n != 7 {
		t.Errorf("the number is %v", n)
	}
	if f, ok := o.Number("half"); f != 0.5 || !ok {
		t.Errorf("a half is %v, %v", f, ok)
	}
	if o.Object("in").Text("text", 5) != "b" || o.Object("list") != nil || o.Object("text").Has("x") || js.Parse(json.RawMessage(`[]`)) != nil {
		t.Error("an object is not what it is")
	}
	if !o.Has("list") || o.Has("null") || o.Has("none") {
		t.Error("null is something")
	}
}

func TestTimesAreTextsOrMilliseconds(t *testing.T) {
	t.Parallel()
	want := time.Date(2025, 10, 1, 10, 0, 0, 0, time.UTC)
	for raw, want := range map[string]time.Time{
		`"2025-10-01T10:00:00Z"`: want, `"2025-10-01T15:00:00+05:00"`: want, `"Wed Oct 01 2025 10:00:00 GMT+0000 (UTC)"`: want,
		`1759312800000`: want, `0`: {}, `-1`: {}, `null`: {}, `"x"`: {}, `""`: {}, `{}`: {}, `9e15`: {}, `true`: {}, `"0000-01-01T00:00:00Z"`: {},
	} {
		if got := (js.Object{"at": json.RawMessage(raw)}).Time("at"); !got.Equal(want) {
			t.Errorf("%s is %v, want %v", raw, got, want)
		}
	}
}

// FuzzObject reads members of any JSON: all that comes of it can be kept.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":"\ud800","b":1759312800000}`))
	f.Add([]byte("{\"a\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := js.Parse(raw)
		for name := range o {
			if text := o.Text(name, 20); !db.KeepsText(text) || len(text) > 20 || text != strings.TrimSpace(text) && len(text) < 20 {
				t.Errorf("%q has the text %q", raw, text)
			}
			if at := o.Time(name); !db.KeepsTime(at) {
				t.Errorf("%q has the time %v", raw, at)
			}
			o.Integer(name)
			o.Object(name)
		}
	})
}
