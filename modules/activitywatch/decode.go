package activitywatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/platform/db"
)

// The bounds of what is taken. Longer texts are cut; data that is larger all the same is refused.
const (
	maxText     = 2 << 10
	maxData     = 8 << 10
	maxDuration = 366 * 24 * time.Hour
)

var (
	// errUnread is in place of the library's errors, which quote what they cannot read: that is nobody's business.
	errUnread   = errors.New("no event that can be read")
	errNoTime   = errors.New("no timestamp that can be read")
	errDuration = errors.New("no duration that can be")
	errNumber   = errors.New("a number that cannot be")
	errTooLong  = errors.New("too much data")
	errTrailing = errors.New("more than one event")
)

// maxEvents is how many events of one request are read.
const maxEvents = 50_000

// decodeEvents reads a list of events, or one. What is wrong with some of them is no reason to lose the others. Large
// is how many are too large, or too many.
func decodeEvents(body []byte) (events []bucket.Event, faults []error, large int) {
	take := func(item []byte) {
		e, err := decodeEvent(item)
		switch {
		case err == nil:
			events = append(events, e)
		case errors.Is(err, errTooLong):
			large++
		default:
			faults = append(faults, err)
		}
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		take(body)
		return events, faults, large
	}
	if !json.Valid(body) { // half a list is none
		return nil, []error{errMalformed}, 0
	}
	var item json.RawMessage // one at a time: a list of nothing has millions
	dec := json.NewDecoder(bytes.NewReader(body))
	_, err := dec.Token()
	for n := 0; err == nil && dec.More(); n++ {
		if err = dec.Decode(&item); n < maxEvents && err == nil {
			take(item)
		} else {
			large++
		}
	}
	return events, faults, large
}

// decodeEvent reads one event of ActivityWatch's. Members that are not known are skipped.
func decodeEvent(body []byte) (e bucket.Event, err error) {
	var in struct {
		Timestamp string
		Duration  json.Number
		Data      map[string]any
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&in) != nil {
		return e, errUnread
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return e, errTrailing
	}
	var ok bool
	if e.At, ok = parseTime(in.Timestamp); !ok {
		return e, errNoTime
	}
	e.At = e.At.Truncate(time.Millisecond)
	if e.Duration, ok = seconds(in.Duration); !ok {
		return e, errDuration
	}
	e.Data, err = canonical(in.Data)
	return e, err
}

// forms are the spellings of ISO 8601 that watchers use. What names no zone is in UTC.
var forms = [...]string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05", "20060102T150405Z07:00", "20060102T150405Z0700",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
}

func parseTime(s string) (time.Time, bool) {
	for _, form := range forms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), db.KeepsTime(t)
		}
	}
	return time.Time{}, false
}

// seconds reads a duration, to the microsecond.
func seconds(n json.Number) (time.Duration, bool) {
	if n == "" {
		return 0, true
	}
	f, err := n.Float64()
	if err != nil || math.Abs(f) > maxDuration.Seconds() {
		return 0, false
	}
	return time.Duration(math.RoundToEven(f*1e6)) * time.Microsecond, true
}

// canonical is the one way to write the data, so that equal data is equal text: names in order, numbers in their
// shortest form, no text longer than is kept.
func canonical(data map[string]any) (string, error) {
	if data == nil {
		return "{}", nil
	}
	tidy, err := tidied(data)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tidy); err != nil {
		return "", err
	}
	if text.Len() > maxData {
		return "", errTooLong
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

func tidied(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case string:
		return shorten(strings.ReplaceAll(v, "\x00", ""), maxText), nil // no database keeps NUL in a text
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			if v[i], err = tidied(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = tidied(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// number writes equal numbers alike: 1, 1.0 and 1e0 are 1.
func number(n json.Number) (any, error) {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, errNumber
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	return f, nil
}

// timestamp writes an instant as ActivityWatch does.
func timestamp(t time.Time) string {
	if t.Nanosecond() == 0 {
		return t.UTC().Format("2006-01-02T15:04:05+00:00")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000+00:00")
}
