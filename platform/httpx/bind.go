package httpx

import (
	"encoding"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// binding is how the requests of one route become its In, worked out once.
type binding struct {
	query   map[string]field
	path    map[string]field
	hidden  []field // fields of query and path, which a body must not reach
	body    bool
	lenient bool
}

// field is one field of In that a text fills.
type field struct {
	name  string
	index []int
	field reflect.StructField
	list  bool
	set   func(v reflect.Value, text string) string // returns the code of its refusal, or nothing
}

// newBinding reads the tags of In. A type that cannot be bound is a bug and panics.
func newBinding(rt *route) *binding {
	b := &binding{query: map[string]field{}, path: map[string]field{}, lenient: rt.lenient}
	t := rt.handler.in
	if t.Kind() != reflect.Struct {
		b.body = true
		return b
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		b.add(rt, f)
	}
	if b.body && rt.Method == http.MethodGet {
		panic(rt.problem(fmt.Sprintf("has fields in %s with neither query nor path tag, and a GET has no body", t)))
	}
	return b
}

func (b *binding) add(rt *route, f reflect.StructField) {
	query, path := f.Tag.Get("query"), f.Tag.Get("path")
	tagged := query != "" || path != ""
	if name, named := f.Tag.Lookup("json"); name != "-" && (named || !tagged) {
		b.body = true
	} else if tagged {
		b.hidden = append(b.hidden, field{name: f.Name, index: f.Index})
	}
	if query != "" {
		b.query[query] = textField(rt, query, f)
	}
	if path != "" {
		if !slices.Contains(strings.Split(rt.Path, "/"), ":"+path) {
			panic(rt.problem("has no path parameter " + path))
		}
		b.path[path] = textField(rt, path, f)
	}
}

func textField(rt *route, name string, f reflect.StructField) field {
	t, list := f.Type, false
	if t.Kind() == reflect.Slice && !readsText(t) {
		t, list = t.Elem(), true
	}
	set := setter(t)
	if set == nil {
		panic(rt.problem(fmt.Sprintf("cannot fill the field %s of type %s from a text", f.Name, f.Type)))
	}
	return field{name: name, index: f.Index, field: f, list: list, set: set}
}

func (b *binding) bind(c *echo.Context, in reflect.Value) error {
	if b.body {
		if err := b.bindBody(c, in); err != nil {
			return err
		}
	}
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return errMalformed.Wrap(err)
	}
	var faults fault.Fields
	b.bindQuery(query, in, &faults)
	for _, p := range c.PathValues() {
		if f, ok := b.path[p.Name]; ok {
			f.fill(in, []string{p.Value}, &faults)
		}
	}
	return faults.Err()
}

func (b *binding) bindBody(c *echo.Context, in reflect.Value) error {
	raw, err := ReadBody(c.Request().Context())
	if err != nil || len(raw) == 0 {
		return err
	}
	if !b.lenient && !isJSON(c.Request().Header.Get("Content-Type")) {
		return errMalformed
	}
	if err := decodeJSON(raw, in, !b.lenient); err != nil {
		return err
	}
	if err := checkTimes(in); err != nil {
		return err
	}
	return b.hide(in)
}

// hide takes back what a body wrote into fields that are not its own; Go's decoder finds them by their names.
func (b *binding) hide(in reflect.Value) error {
	var faults fault.Fields
	for _, f := range b.hidden {
		v := in.FieldByIndex(f.index)
		if !v.IsZero() && !b.lenient {
			faults.Add(f.name, "unknown_field", nil)
		}
		v.SetZero()
	}
	return faults.Err()
}

func (b *binding) bindQuery(q url.Values, in reflect.Value, faults *fault.Fields) {
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, known := b.query[name]
		if known {
			f.fill(in, q[name], faults)
		} else if !b.lenient {
			faults.Add(name, "unknown_field", nil)
		}
	}
}

func (f field) fill(in reflect.Value, texts []string, faults *fault.Fields) {
	v := in.FieldByIndex(f.index)
	if !f.list && len(texts) > 1 {
		faults.Add(f.name, "repeated", nil)
		return
	}
	v.SetZero()
	for _, text := range texts {
		code := "not_text"
		if db.KeepsText(text) { // refused here, it is the client's fault and not ours
			code = f.put(v, text)
		}
		if code != "" {
			faults.Add(f.name, code, nil)
			return
		}
	}
}

func (f field) put(v reflect.Value, text string) string {
	if !f.list {
		return f.set(v, text)
	}
	one := reflect.New(v.Type().Elem()).Elem()
	if code := f.set(one, text); code != "" {
		return code
	}
	v.Set(reflect.Append(v, one))
	return ""
}

func isJSON(contentType string) bool {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || (params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8")) {
		return false
	}
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func readsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	timeType        = reflect.TypeFor[time.Time]()
	uuidType        = reflect.TypeFor[id.UUID]()
)

// setter returns the function that fills a t from a text; nil if there is none.
func setter(t reflect.Type) func(reflect.Value, string) string {
	if t.Kind() == reflect.Pointer {
		return pointerSetter(t)
	}
	if t == timeType {
		return setTime
	}
	if readsText(t) {
		code := formatCode(t)
		return func(v reflect.Value, text string) string {
			return refuse(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)), code)
		}
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, text string) string { v.SetString(text); return "" }
	case reflect.Bool:
		return setBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value, text string) string {
			n, err := strconv.ParseInt(text, 10, t.Bits())
			v.SetInt(n)
			return refuse(err, "not_a_number")
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value, text string) string {
			n, err := strconv.ParseUint(text, 10, t.Bits())
			v.SetUint(n)
			return refuse(err, "not_a_number")
		}
	}
	return nil
}

func pointerSetter(t reflect.Type) func(reflect.Value, string) string {
	set := setter(t.Elem())
	if set == nil {
		return nil
	}
	return func(v reflect.Value, text string) string {
		v.Set(reflect.New(t.Elem()))
		return set(v.Elem(), text)
	}
}

func setBool(v reflect.Value, text string) string {
	if text != "true" && text != "false" {
		return "not_a_boolean"
	}
	v.SetBool(text == "true")
	return ""
}

// setTime reads RFC 3339, within the years that a database keeps.
func setTime(v reflect.Value, text string) string {
	t := v.Addr().Interface().(*time.Time)
	if err := t.UnmarshalText([]byte(text)); err != nil || !db.KeepsTime(*t) {
		return formatCode(timeType)
	}
	return ""
}

func refuse(err error, code string) string {
	if err != nil {
		return code
	}
	return ""
}

// formatCode is the code of a text that a type with its own reading refused.
func formatCode(t reflect.Type) string {
	switch t {
	case timeType:
		return "not_a_time"
	case uuidType:
		return "not_an_id"
	}
	return "wrong_format"
}
