package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// maxDepth is how deep the lists and objects of a body may nest; ours need a handful.
const maxDepth = 64

// decodeJSON reads exactly one value into v.
func decodeJSON(raw []byte, v reflect.Value, strict bool) error {
	if tooDeep(raw) || strict && bytes.Contains(raw, []byte(`\u0000`)) { // PostgreSQL keeps no NUL in a text; as in fill
		return errMalformed
	}
	err := decodeOne(raw, v.Addr().Interface(), strict)
	if err == nil {
		return nil
	}
	if details := explain(raw, v.Type(), strict).Err(); details != nil {
		return details
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		var f fault.Fields
		f.Add(wrong.Field, typeCode(wrong.Type), nil)
		return f.Err()
	}
	return errMalformed.Wrap(err)
}

var errTrailing = errors.New("more than one JSON value")

func decodeOne(raw []byte, target any, strict bool) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(target); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// tooDeep reports nesting beyond maxDepth before the decoder's recursion meets it.
func tooDeep(raw []byte) bool {
	depth, text := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// explain names every field of a refused body, where Go's decoder stops at the first and does not always name it.
// It returns nothing for what is not an object.
func explain(raw []byte, t reflect.Type, strict bool) fault.Fields {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var object map[string]json.RawMessage
	if decodeOne(raw, &object, false) != nil {
		return nil
	}
	fields := jsonFields(t)
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	var faults fault.Fields
	for _, name := range names {
		ft, known := fields[strings.ToLower(name)]
		if !known {
			if strict {
				faults.Add(name, "unknown_field", nil)
			}
			continue
		}
		if err := decodeOne(object[name], reflect.New(ft).Interface(), strict); err != nil {
			path, code := inside(err, ft)
			faults.Add(name+path, code, nil)
		}
	}
	return faults
}

// inside returns where in a field of type t the error is, and its code.
func inside(err error, t reflect.Type) (path, code string) {
	if name, ok := unknownField(err); ok {
		return "." + name, "unknown_field"
	}
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		return "", formatCode(t)
	}
	if wrong.Field != "" {
		path = "." + wrong.Field
	}
	return path, typeCode(wrong.Type)
}

// unknownField reads the name out of the decoder's text, which is all that it gives.
func unknownField(err error) (string, bool) {
	quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field ")
	return strings.Trim(quoted, `"`), ok
}

func typeCode(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "not_text"
	case reflect.Bool:
		return "not_a_boolean"
	case reflect.Slice, reflect.Array:
		return "not_a_list"
	case reflect.Struct, reflect.Map:
		return "not_an_object"
	}
	return "not_a_number"
}

// jsonFields are the fields that a JSON object may have, by lower-case name: Go's decoder does not mind case.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[strings.ToLower(name)] = f.Type
	}
	return fields
}

// checkTimes refuses times within a decoded body that no database keeps.
func checkTimes(v reflect.Value) error {
	var faults fault.Fields
	addTimes(&faults, v, "")
	return faults.Err()
}

func addTimes(faults *fault.Fields, v reflect.Value, at string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addTimes(faults, v.Elem(), at)
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer {
			for i := range v.Len() {
				addTimes(faults, v.Index(i), at+"["+strconv.Itoa(i)+"]")
			}
		}
	case reflect.Struct:
		if v.Type() == timeType {
			if !db.KeepsTime(v.Interface().(time.Time)) {
				faults.Add(at, formatCode(timeType), nil)
			}
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				addTimes(faults, v.Field(i), inner(at, f))
			}
		}
	}
}

// inner is where a field of the struct at this place is, as clients know it.
func inner(at string, f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "" && f.Anonymous:
		return at
	case name == "":
		name = f.Name
	}
	if at == "" {
		return name
	}
	return at + "." + name
}
