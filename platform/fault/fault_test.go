package fault_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

var errExpired = fault.New(fault.Gone, "visitors.code_expired")

func TestDerivedFaultsLeaveTheDeclaredOneAlone(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	e := errExpired.With("At", 1).With("By", 2).With("At", 3).Wrap(cause).After(time.Minute)
	if want := (fault.Params{"At": 3, "By": 2}); !reflect.DeepEqual(e.Params, want) {
		t.Errorf("parameters %v, want %v", e.Params, want)
	}
	if e.RetryAfter != time.Minute || e.Kind != fault.Gone || e.Code != "visitors.code_expired" {
		t.Errorf("got %+v", e)
	}
	if !reflect.DeepEqual(errExpired, fault.New(fault.Gone, "visitors.code_expired")) {
		t.Errorf("the declared fault became %+v", errExpired)
	}
	first := errExpired.With("At", 1)
	if second := first.With("At", 2); first.Params["At"] != 1 || second.Params["At"] != 2 {
		t.Error("two faults share their parameters")
	}
}

func TestFaultsAreComparedByCode(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("admit: %w", errExpired.With("At", 1).Wrap(errors.New("x")))
	if !errors.Is(wrapped, errExpired) {
		t.Error("a derived fault is not the declared one")
	}
	if errors.Is(wrapped, fault.ErrInternal) || errors.Is(wrapped, errors.New("x")) || errors.Is(errors.New("x"), errExpired) {
		t.Error("different errors are the same")
	}
}

func TestTheCauseIsForLogs(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	if e := errExpired.Wrap(cause); e.Error() != "visitors.code_expired: connection refused" || !errors.Is(e, cause) {
		t.Errorf("got %v", e)
	}
	if errExpired.Error() != "visitors.code_expired" {
		t.Errorf("got %v", errExpired)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	if fault.Of(nil) != nil {
		t.Error("no error has a fault")
	}
	tests := []struct {
		err  error
		want *fault.Error
		text string
	}{
		{fmt.Errorf("a: %w", errExpired.With("At", 1)), errExpired, "visitors.code_expired"},
		{fmt.Errorf("a: %w", context.Canceled), fault.ErrCancelled, "cancelled: a: context canceled"},
		{context.DeadlineExceeded, fault.ErrCancelled, "cancelled: context deadline exceeded"},
		{errors.New("x"), fault.ErrInternal, "internal: x"},
		// What a service has turned stays turned, whatever its cause was.
		{errExpired.Wrap(context.Canceled), errExpired, "visitors.code_expired: context canceled"},
	}
	for _, tt := range tests {
		got := fault.Of(tt.err)
		if !errors.Is(got, tt.want) || got.Kind != tt.want.Kind || got.Error() != tt.text {
			t.Errorf("%v: got %v of kind %s", tt.err, got, got.Kind)
		}
	}
}

func TestOnlyWhatMayPassIsRetried(t *testing.T) {
	t.Parallel()
	retryable := map[fault.Kind]bool{fault.TooMany: true, fault.Unavailable: true, fault.Internal: true}
	for _, kind := range []fault.Kind{
		fault.Malformed, fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict,
		fault.Gone, fault.TooLarge, fault.Unprocessable, fault.TooMany, fault.Unavailable, fault.Internal,
	} {
		if got := fault.Retryable(fmt.Errorf("x: %w", fault.New(kind, "a.b"))); got != retryable[kind] {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if !fault.Retryable(errors.New("x")) || !fault.Retryable(context.Canceled) {
		t.Error("an error that nobody turned is not retried")
	}
}

func TestFieldsAreRefusedTogether(t *testing.T) {
	t.Parallel()
	var fields fault.Fields
	if fields.Err() != nil {
		t.Error("nothing was refused")
	}
	fields.Add("name", "too_long", fault.Params{"Most": 10})
	fields.Add("email", "malformed", nil)
	err := fields.Err()
	if !errors.Is(err, fault.ErrInvalid) || err.Error() != "invalid: name: too_long" {
		t.Errorf("got %v", err)
	}
	want := []fault.Detail{{Field: "name", Code: "too_long", Params: fault.Params{"Most": 10}}, {Field: "email", Code: "malformed"}}
	if got := fault.Of(err).Details; !reflect.DeepEqual(got, want) {
		t.Errorf("details %v", got)
	}
	if fault.ErrInvalid.Details != nil {
		t.Error("the declared fault holds one request's details")
	}
}

func TestTextsAreMeasuredInCharacters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value    string
		min, max int
		want     string
	}{
		{"", 1, 5, "required"}, {"", 0, 5, ""}, {"аб", 3, 5, "too_short"}, {"абв", 3, 5, ""}, {"абвгд", 3, 5, ""}, {"абвгде", 3, 5, "too_long"},
	}
	for _, tt := range tests {
		var fields fault.Fields
		fields.Text("name", tt.value, tt.min, tt.max)
		if got := codes(fields); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.value, got, tt.want)
		}
	}
}

func TestAnEmailIsOneBareAddress(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "a@b.uz": "", "a@b": "", "Ali <a@b.uz>": "wrong_format", "a@b.uz, c@d.uz": "wrong_format", "a": "wrong_format", "a@b.uz ": "wrong_format",
	} {
		var fields fault.Fields
		fields.Email("email", value)
		if got := codes(fields); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func codes(fields fault.Fields) string {
	all := ""
	for _, d := range fields {
		all += d.Code
	}
	return all
}
