package httpx

import (
	"encoding/json"
	"time"
)

// TextV1 is a text in a body of v1: null takes away what is there, and what is absent stays.
type TextV1 struct {
	given bool
	text  string
}

// UnmarshalJSON reads a text or null.
func (t *TextV1) UnmarshalJSON(b []byte) error {
	t.given = true
	return json.Unmarshal(b, &t.text) // null leaves it empty
}

// Pointer is nil for what is absent; null is an empty text.
func (t *TextV1) Pointer() *string {
	if !t.given {
		return nil
	}
	return &t.text
}

// TimeV1 is a time as v1 wrote it: UTC with milliseconds.
type TimeV1 time.Time

// MarshalText writes the time.
func (t TimeV1) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

// NullV1 is a text as v1 answers it: what is empty is null.
func NullV1(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// MessageV1 is v1's answer where there is no row to show.
type MessageV1 struct {
	Message string `json:"message"`
}
