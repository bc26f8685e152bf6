package collector

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/js"
)

// What is wrong with an item of v1's batches. v1 said no more than that a batch failed; these are for the log.
var (
	errMissing = errors.New("a field is missing")
	errRange   = errors.New("a number is out of range")
	errTime    = errors.New("a time cannot be read")
	errSession = errors.New("a session type is unknown")
)

// readV1 makes an event of an item of one of v1's batches.
type readV1 func(item json.RawMessage) (activity.Event, error)

// itemsV1 reads data: a list, or one item.
func itemsV1(data json.RawMessage) (items []json.RawMessage, err error) {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0, string(data) == "null":
		return nil, errMissing
	case data[0] != '[':
		return []json.RawMessage{data}, nil
	}
	return items, json.Unmarshal(data, &items)
}

func windowV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1     `json:"datetime"`
		Title       *string    `json:"title"`
		ProcessName *string    `json:"processName"`
		ActiveTime  *secondsV1 `json:"activeTime"`
	}
	if err := unmarshalV1(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.Title == nil || in.ProcessName == nil || in.ActiveTime == nil {
		return e, errMissing
	}
	return activity.Event{
		Kind: activity.ActiveWindow, At: in.Datetime.Time, Title: *in.Title, Process: *in.ProcessName, Duration: int64(*in.ActiveTime),
	}, nil
}

func siteV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1     `json:"datetime"`
		Title       string     `json:"title"`
		URL         *string    `json:"url"`
		ProcessName *string    `json:"processName"`
		ActiveTime  *secondsV1 `json:"activeTime"`
	}
	if err := unmarshalV1(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.URL == nil || in.ProcessName == nil || in.ActiveTime == nil {
		return e, errMissing
	}
	return activity.Event{
		Kind: activity.VisitedSite, At: in.Datetime.Time, Title: in.Title, URL: *in.URL, Process: *in.ProcessName, Duration: int64(*in.ActiveTime),
	}, nil
}

func screenshotV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1  `json:"datetime"`
		Title       string  `json:"title"`
		FilePath    *string `json:"filePath"`
		ProcessName *string `json:"processName"`
	}
	if err := unmarshalV1(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.FilePath == nil || in.ProcessName == nil {
		return e, errMissing
	}
	return activity.Event{
		Kind: activity.Screenshot, At: in.Datetime.Time, Title: in.Title, FilePath: *in.FilePath, Process: *in.ProcessName,
	}, nil
}

func sessionV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		StartTime   timeV1 `json:"startTime"`
		EndTime     endV1  `json:"endTime"`
		SessionType string `json:"sessionType"`
	}
	if err := unmarshalV1(item, &in); err != nil {
		return e, err
	}
	if in.StartTime.IsZero() {
		return e, errMissing
	}
	kind, ok := sessionType(in.SessionType)
	if !ok {
		return e, errSession
	}
	return activity.Event{Kind: activity.UserSession, At: in.StartTime.Time, End: in.EndTime.Time, Session: kind}, nil
}

// unmarshalV1 reads one item. null is no item, though encoding/json takes it for one.
func unmarshalV1(item json.RawMessage, in any) error {
	if string(item) == "null" {
		return errMissing
	}
	return json.Unmarshal(item, in)
}

// textV1 is a text. What is none is empty: v1 said of a wrong type what it said of a missing field.
type textV1 string

// UnmarshalJSON reads a text.
func (t *textV1) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	text, _ := v.(string)
	*t = textV1(text)
	return nil
}

// secondsV1 is a number that fits PostgreSQL's integer; v1 cut fractions off.
type secondsV1 int64

// UnmarshalJSON reads a number.
func (s *secondsV1) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(string(b), 64)
	if n = math.Trunc(n); err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return errRange
	}
	*s = secondsV1(n)
	return nil
}

// timeV1 is a time as JavaScript's Date takes it, which is how v1 read them. The zero time is none.
type timeV1 struct{ time.Time }

// maxDateV1 is the last time that a Date can be, in milliseconds since 1970.
const maxDateV1 = 8.64e15

// UnmarshalJSON reads a text, or milliseconds since 1970, of which null is none.
func (t *timeV1) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var text string
		err := json.Unmarshal(b, &text)
		at, ok := js.ParseTime(text)
		if t.Time = at; err == nil && !ok {
			err = errTime
		}
		return err
	}
	ms := 0.0
	if string(b) != "null" {
		var err error
		if ms, err = strconv.ParseFloat(string(b), 64); err != nil {
			return errTime
		}
	}
	if math.Abs(ms) > maxDateV1 {
		return errTime
	}
	if t.Time = time.UnixMilli(int64(ms)).UTC(); t.Year() < 0 || t.Year() > 9999 {
		return errTime // v1 had years that nothing here can write
	}
	return nil
}

// endV1 is a time that may be missing; v1 took all that JavaScript calls false for missing.
type endV1 struct{ timeV1 }

// UnmarshalJSON reads a time, or nothing.
func (t *endV1) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null", "false", "0", `""`:
		return nil
	}
	return t.timeV1.UnmarshalJSON(b)
}
