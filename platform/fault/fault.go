// Package fault holds the one error that may reach a person: a kind, a stable code, parameters
// for its text, and a cause that is logged and never shown.
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"time"
	"unicode/utf8"
)

// Kind decides the HTTP status and whether a client should try again.
type Kind string

// The kinds, as in the architecture's table.
const (
	Malformed       Kind = "malformed"
	Invalid         Kind = "invalid"
	Unauthenticated Kind = "unauthenticated"
	Forbidden       Kind = "forbidden"
	NotFound        Kind = "not_found"
	Conflict        Kind = "conflict"
	Gone            Kind = "gone"
	TooLarge        Kind = "too_large"
	// Unprocessable is what is well formed and can never be done.
	Unprocessable Kind = "unprocessable"
	TooMany       Kind = "too_many"
	Unavailable   Kind = "unavailable"
	Internal      Kind = "internal"
)

// Params are the values that a text names.
type Params map[string]any

// Detail is one field's fault in a refused request.
type Detail struct {
	Field  string
	Code   string
	Params Params
}

// Error is a fault. Its code is API: clients branch on it, so renaming one is a breaking change.
type Error struct {
	Kind       Kind
	Code       string
	Params     Params
	Details    []Detail
	RetryAfter time.Duration
	cause      error
}

// New declares a fault. Each declared code has a text in every language (messages.json).
func New(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// Error is for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	if len(e.Details) > 0 {
		return fmt.Sprintf("%s: %s: %s", e.Code, e.Details[0].Field, e.Details[0].Code)
	}
	return e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes, since With, Wrap and After return copies.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// With returns a copy that carries a parameter of the text.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Params = Params{name: value}
	for k, v := range e.Params {
		if k != name {
			c.Params[k] = v
		}
	}
	return &c
}

// Wrap returns a copy with a cause, which is logged and never shown.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// After returns a copy that tells the client when to come back.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// The faults that belong to no module.
var (
	ErrInternal  = New(Internal, "internal")
	ErrInvalid   = New(Invalid, "invalid")
	ErrCancelled = New(Unavailable, "cancelled")
)

// Of returns err's fault: itself if it holds one, ErrCancelled for a context that ended,
// else ErrInternal around it. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrCancelled.Wrap(err)
	}
	return ErrInternal.Wrap(err)
}

// Retryable reports whether the same request may succeed later.
func Retryable(err error) bool {
	switch Of(err).Kind {
	case TooMany, Unavailable, Internal:
		return true
	}
	return false
}

// Fields collects every field's fault of one request. The zero value is ready.
type Fields []Detail

// Add notes that field is refused for the reason code.
func (f *Fields) Add(field, code string, params Params) {
	*f = append(*f, Detail{Field: field, Code: code, Params: params})
}

// Text notes a text that is missing where min is more than 0, or has less than min or more than max characters.
func (f *Fields) Text(field, value string, min, max int) {
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && min > 0:
		f.Add(field, "required", nil)
	case n < min:
		f.Add(field, "too_short", Params{"Min": min})
	case n > max:
		f.Add(field, "too_long", Params{"Max": max})
	}
}

// Email notes a text that is neither empty nor one bare address.
func (f *Fields) Email(field, value string) {
	if value == "" {
		return
	}
	if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
		f.Add(field, "wrong_format", nil)
	}
}

// Err returns ErrInvalid with all details, or nil if there are none.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	e := *ErrInvalid
	e.Details = f
	return &e
}
