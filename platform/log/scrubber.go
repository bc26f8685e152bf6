package log

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

const removed = "[removed]"

// scrubber is the handler that lets nothing personal or secret through, whoever logs it.
type scrubber struct{ next slog.Handler }

func (s scrubber) Enabled(ctx context.Context, l slog.Level) bool { return s.next.Enabled(ctx, l) }

func (s scrubber) WithGroup(name string) slog.Handler { return scrubber{s.next.WithGroup(name)} }

func (s scrubber) WithAttrs(attrs []slog.Attr) slog.Handler {
	return scrubber{s.next.WithAttrs(scrubAttrs(attrs))}
}

func (s scrubber) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, ScrubText(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(scrubAttr(a))
		return true
	})
	return s.next.Handle(ctx, clean)
}

func scrubAttrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = scrubAttr(a)
	}
	return clean
}

func scrubAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if hides(a.Key, v) {
		return slog.String(a.Key, removed)
	}
	return slog.Attr{Key: a.Key, Value: scrubValue(v)}
}

// hides reports whether the value of an attribute of this name must not be seen. Some values say
// nothing whatever their name is: token=true, password="".
func hides(name string, v slog.Value) bool {
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return false
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return sensitive(name, true)
	case slog.KindString:
		return v.String() != "" && sensitive(name, false)
	case slog.KindGroup:
		return len(v.Group()) > 0 && sensitive(name, false)
	}
	_, number := v.Any().(json.Number)
	return v.Any() != nil && sensitive(name, number)
}

func scrubValue(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(ScrubText(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(scrubAttrs(v.Group())...)
	case slog.KindAny:
		return slog.AnyValue(scrubAny(v.Any()))
	}
	return v
}

// scrubAny returns what may be written of any value: of an error its text, of all else what JSON
// would show of it, name by name.
func scrubAny(v any) any {
	switch v := v.(type) {
	case nil, *slog.Source:
		return v
	case error:
		return ScrubText(text(v))
	case []byte:
		if utf8.Valid(v) {
			return ScrubText(string(v))
		}
		return fmt.Sprintf("[%d bytes]", len(v))
	}
	data, err := marshal(v)
	if err != nil {
		return ScrubText(text(v))
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // as written: a float64 would round ids
	if err := dec.Decode(&plain); err != nil {
		return ScrubText(string(data))
	}
	return scrubPlain(plain)
}

func scrubPlain(v any) any {
	switch v := v.(type) {
	case string:
		return ScrubText(v)
	case []any:
		for i, item := range v {
			v[i] = scrubPlain(item)
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, item := range v {
			if hides(key, slog.AnyValue(item)) {
				item = removed
			}
			clean[ScrubText(key)] = scrubPlain(item)
		}
		return clean
	}
	return v
}

// marshal and text outlive methods that panic, such as those of nil pointers: a log line must not
// end the work that it tells of.
func marshal(v any) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	return json.Marshal(v)
}

func text(v any) string { return fmt.Sprintf("%+v", v) } // fmt recovers by itself
