// Package js reads what v1's clients send as v1 did, which was written in JavaScript and checked nothing: a value of a
// wrong type is no more than missing.
package js

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/db"
)

// Object is a JSON object whose members are read one at a time.
type Object map[string]json.RawMessage

// Parse reads an object; what is none has no members.
func Parse(raw json.RawMessage) (o Object) {
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// Has reports whether there is a member that is not null.
func (o Object) Has(name string) bool {
	raw := bytes.TrimSpace(o[name])
	return len(raw) > 0 && string(raw) != "null"
}

// Object is a member that is one.
func (o Object) Object(name string) Object { return Parse(o[name]) }

// Text is a text, or a number as it is written, without what a database refuses and of at most max bytes.
func (o Object) Text(name string, max int) string {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(o[name], &text) == nil:
	case json.Unmarshal(o[name], &number) == nil:
		text = number.String()
	}
	return Tidy(text, max)
}

// True reports whether a member is true, and not only like it.
func (o Object) True(name string) bool { return string(bytes.TrimSpace(o[name])) == "true" }

// Number is a number; ok is false for all else.
func (o Object) Number(name string) (f float64, ok bool) {
	return f, o.Has(name) && json.Unmarshal(o[name], &f) == nil
}

// maxInteger is the largest whole number that JavaScript writes exactly.
const maxInteger = 1 << 53

// Integer is a whole number, or nil.
func (o Object) Integer(name string) *int64 {
	f, ok := o.Number(name)
	if !ok || f != math.Trunc(f) || math.Abs(f) > maxInteger {
		return nil
	}
	n := int64(f)
	return &n
}

// Time is a time as Date reads it, or milliseconds since 1970. The zero time is none.
func (o Object) Time(name string) (at time.Time) {
	var text string
	if !o.Has(name) {
		return at
	}
	if json.Unmarshal(o[name], &text) == nil {
		at, _ = ParseTime(text)
	} else if ms := o.Integer(name); ms != nil && *ms > 0 {
		at = time.UnixMilli(*ms).UTC()
	}
	if !db.KeepsTime(at) {
		return time.Time{}
	}
	return at
}

// Tidy takes out of a text what PostgreSQL refuses, and cuts it to max bytes on a rune boundary.
func Tidy(text string, max int) string {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return text[:max]
}
