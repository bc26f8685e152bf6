package jsonscan_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/jsonscan"
)

// FuzzSkip compares the scanner with encoding/json: both take the same texts for JSON.
func FuzzSkip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e+3,"\u00e9\ud83d\ude00",null,true,{}]}`, `[`, `"\x"`, `01`, `{"a" 1}`, "\"\x01\"", `{"a":1,}`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := jsonscan.New(text)
		s.Skip(0)
		if got, want := s.End(), json.Valid([]byte(text)); got && !want || want && !got && len(text) < jsonscan.MaxDepth {
			t.Errorf("%q: %v, encoding/json says %v", text, got, want)
		}
	})
}

func TestDecoderSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	d := jsonscan.Decoder{Scanner: jsonscan.New(`{"name":5,"size":"x","at":"soon","list":{},"none":null,"yes":true,"no":false,"maybe":1}`), Path: func(field string) string { return "it." + field }}
	name, size := "kept", int64(7)
	yes, no := false, true
	d.Object("", func(member string) {
		switch member {
		case "name":
			d.TextInto(&name, member)
		case "size":
			d.NumberInto(&size, member)
		case "list":
			d.List(member, func() { t.Error("called for an object") })
		case "none":
			d.TextInto(&name, member)
		case "yes", "maybe":
			d.FlagInto(&yes, member)
		case "no":
			d.FlagInto(&no, member)
		default:
			d.Skip(0)
		}
	})
	if !d.End() || name != "kept" || size != 7 || !yes || no {
		t.Errorf("ended %v, name %q, size %d, yes %v, no %v", d.End(), name, size, yes, no)
	}
	want := fault.Fields{{Field: "it.name", Code: "not_text"}, {Field: "it.size", Code: "not_a_number"}, {Field: "it.list", Code: "not_a_list"}, {Field: "it.maybe", Code: "not_a_boolean"}}
	if len(d.Faults) != len(want) {
		t.Fatalf("faults %+v", d.Faults)
	}
	for i, f := range d.Faults {
		if f.Field != want[i].Field || f.Code != want[i].Code {
			t.Errorf("fault %d is %+v, want %+v", i, f, want[i])
		}
	}
}

func TestDecoderKeepsTheBoundsOfADatabase(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"abc"`: "", `null`: "", `"abcd"`: "", `"abcde"`: "too_long", `"a\u0000"`: "not_text", "\"\xff\"": "not_text", `5`: "not_text",
	} {
		d := jsonscan.Decoder{Scanner: jsonscan.New(value), Path: func(field string) string { return field }}
		got := "kept"
		d.IDInto(&got, "key", 4)
		if code := codeOf(d.Faults); code != want || want != "" && got != "kept" || !d.End() {
			t.Errorf("the name %s is %q, refused as %q, want %q", value, got, code, want)
		}
	}
	for value, want := range map[string]string{
		"0001-01-01T00:00:01Z": "", "9999-12-31T23:59:59.999999Z": "", "0000-12-31T19:00:01-05:00": "",
		"0000-12-31T23:59:59Z": "not_a_time", "0001-01-01T00:00:01+05:00": "not_a_time", "9999-12-31T23:59:59-00:01": "not_a_time",
	} {
		d := jsonscan.Decoder{Scanner: jsonscan.New(`"` + value + `"`), Path: func(field string) string { return field }}
		var at time.Time
		d.TimeInto(&at, "at")
		if code := codeOf(d.Faults); code != want || at.IsZero() != (want != "") {
			t.Errorf("the time %s is %v, refused as %q, want %q", value, at, code, want)
		}
	}
	d := jsonscan.Decoder{Scanner: jsonscan.New(`"a\u0000b"`)}
	var title string
	if d.TextInto(&title, "title"); title != "a\x00b" {
		t.Errorf("a title is %q", title)
	}
}

func codeOf(f fault.Fields) string {
	if len(f) == 0 {
		return ""
	}
	return f[0].Code
}
