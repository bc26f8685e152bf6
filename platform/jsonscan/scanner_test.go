package jsonscan_test

import (
	"encoding/json"
	"testing"

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
	d := jsonscan.Decoder{Scanner: jsonscan.New(`{"name":5,"size":"x","at":"soon","list":{},"none":null}`), Path: func(field string) string { return "it." + field }}
	name, size := "kept", int64(7)
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
		default:
			d.Skip(0)
		}
	})
	if !d.End() || name != "kept" || size != 7 {
		t.Errorf("ended %v, name %q, size %d", d.End(), name, size)
	}
	want := fault.Fields{{Field: "it.name", Code: "not_text"}, {Field: "it.size", Code: "not_a_number"}, {Field: "it.list", Code: "not_a_list"}}
	if len(d.Faults) != len(want) {
		t.Fatalf("faults %+v", d.Faults)
	}
	for i, f := range d.Faults {
		if f.Field != want[i].Field || f.Code != want[i].Code {
			t.Errorf("fault %d is %+v, want %+v", i, f, want[i])
		}
	}
}
