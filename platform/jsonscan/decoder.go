package jsonscan

import (
	"time"

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

// TextInto takes a text.
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

// TimeInto takes a time as RFC 3339 has it.
func (d *Decoder) TimeInto(to *time.Time, field string) {
	var text string
	d.TextInto(&text, field)
	if text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
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
