package jsonscan

import (
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// MaxFaults bounds the details of one refusal.
const MaxFaults = 20

// Decoder reads values into variables and collects what is wrong with them. Null leaves what is there.
// Its codes are httpx's: not_text, not_a_number, …
type Decoder struct {
	Scanner
	Faults fault.Fields
	// Path is where a field is in the whole body: data[3].payload.url.
	Path func(field string) string
}

// Wrong notes that the field is refused for the reason code.
func (d *Decoder) Wrong(field, code string, params fault.Params) {
	if len(d.Faults) < MaxFaults && !d.bad {
		d.Faults.Add(d.Path(field), code, params)
	}
}

// List takes a list and calls item for each of its values. It reports whether there was one.
func (d *Decoder) List(name string, item func()) bool {
	if d.Word("null") {
		return false
	}
	if !d.Open('[') {
		d.Wrong(name, "not_a_list", nil)
		d.Skip(0)
		return false
	}
	for first := true; d.More(first, ']'); first = false {
		item()
	}
	return true
}

// Object takes an object and calls member for the name of each of its values.
func (d *Decoder) Object(name string, member func(string)) {
	if !d.Open('{') {
		d.Wrong(name, "not_an_object", nil)
		d.Skip(0)
		return
	}
	for first := true; d.More(first, '}'); first = false {
		member(d.Name())
	}
}

// TextInto takes a text as it came. NUL and broken UTF-8, which titles have, are the caller's to clean.
func (d *Decoder) TextInto(to *string, field string) {
	switch {
	case d.Next() == '"':
		*to = d.Text()
	case d.Word("null"):
	default:
		d.Wrong(field, "not_text", nil)
		d.Skip(0)
	}
}

// IDInto takes a text by which something is known, of at most max bytes. It is refused where TextInto's is cleaned:
// two of them must not become one.
func (d *Decoder) IDInto(to *string, field string, max int) {
	text := *to
	d.TextInto(&text, field)
	switch {
	case len(text) > max:
		d.Wrong(field, "too_long", fault.Params{"Max": max})
	case !db.KeepsText(text):
		d.Wrong(field, "not_text", nil)
	default:
		*to = text
	}
}

// TimeInto takes a time as RFC 3339 has it, such as a database keeps.
func (d *Decoder) TimeInto(to *time.Time, field string) {
	var text string
	d.TextInto(&text, field)
	if text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !db.KeepsTime(t) {
		d.Wrong(field, "not_a_time", nil)
		return
	}
	*to = t
}

// NumberInto takes a whole number; a fraction is cut off.
func (d *Decoder) NumberInto(to *int64, field string) {
	switch c := d.Next(); {
	case c == '-' || '0' <= c && c <= '9':
		n, ok := d.Number()
		if !ok {
			d.Wrong(field, "not_a_number", nil)
			return
		}
		*to = n
	case d.Word("null"):
	default:
		d.Wrong(field, "not_a_number", nil)
		d.Skip(0)
	}
}

// FlagInto takes true or false.
func (d *Decoder) FlagInto(to *bool, field string) {
	switch {
	case d.Word("true"):
		*to = true
	case d.Word("false"), d.Word("null"):
		*to = false
	default:
		d.Wrong(field, "not_a_boolean", nil)
		d.Skip(0)
	}
}
