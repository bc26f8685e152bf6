package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// problem is one wrong setting.
type problem struct{ key, text string }

func (p problem) Error() string { return p.key + ": " + p.text }

// Problem says what a setting must be and what it is. The key is relative to the section.
func Problem(key, must string, got any) error {
	return problem{key, "must " + must + ", is " + show(got)}
}

// Under puts the section's name before the key of every problem in err.
func Under(section string, err error) error {
	if section == "" {
		return err
	}
	var all []error
	for _, e := range flatten(err) {
		if p, ok := e.(problem); ok {
			e = problem{section + "." + p.key, p.text}
		} else {
			e = fmt.Errorf("%s: %w", section, e)
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}

// report is many faults told at once.
type report struct {
	source string
	faults []error
}

func (r *report) Error() string {
	var b strings.Builder
	if len(r.faults) == 1 {
		fmt.Fprintf(&b, "config: 1 setting is wrong (%s):", r.source)
	} else {
		fmt.Fprintf(&b, "config: %d settings are wrong (%s):", len(r.faults), r.source)
	}
	for _, f := range r.faults {
		b.WriteString("\n  " + strings.ReplaceAll(f.Error(), "\n", "\n    "))
	}
	return b.String()
}

func (r *report) Unwrap() []error { return r.faults }

// Join makes one report of all the faults in errs, however they are nested; nil if there are none.
func Join(source string, errs ...error) error {
	faults := flatten(errs...)
	if len(faults) == 0 {
		return nil
	}
	return &report{source: source, faults: faults}
}

func flatten(errs ...error) []error {
	var all []error
	for _, err := range errs {
		if err == nil {
			continue
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, flatten(many.Unwrap()...)...)
			continue
		}
		all = append(all, err)
	}
	return all
}

// show words a value for a person; one that is empty, long or secret does not appear itself.
func show(v any) string {
	if d, ok := v.(time.Duration); ok {
		return shortDuration(d)
	}
	switch v.(type) {
	case nil:
		return "empty"
	case map[string]any:
		return "a section"
	}
	s := fmt.Sprint(v)
	if s == "" || s == "[]" || s == "map[]" {
		return "empty"
	}
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
