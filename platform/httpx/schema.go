package httpx

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// schemas makes JSON schemas of Go types as encoding/json writes them; each named struct becomes a component.
type schemas struct {
	components object
	taken      map[string]reflect.Type
	err        error
}

func newSchemas() *schemas { return &schemas{components: object{}, taken: map[string]reflect.Type{}} }

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// of returns the schema of t, or a reference to its component.
func (g *schemas) of(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		return g.of(t.Elem())
	}
	switch t {
	case timeType:
		return object{"type": "string", "format": "date-time"}
	case uuidType:
		return object{"type": "string", "format": "uuid"}
	case reflect.TypeFor[TextV1]():
		return orNull(object{"type": "string"})
	case reflect.TypeFor[time.Duration]():
		return object{"type": "integer", "format": "int64", "description": "nanoseconds"}
	}
	switch {
	case implements(t, jsonMarshaler):
		return object{}
	case implements(t, textMarshaler):
		return object{"type": "string"}
	}
	return g.ofKind(t)
}

// orNone is of for what is null where there is nothing; a pointer to a struct without fields never is anything.
func (g *schemas) orNone(t reflect.Type) object {
	switch {
	case t.Kind() != reflect.Pointer:
		return g.of(t)
	case t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0:
		return object{"type": "null"}
	}
	return orNull(g.of(t))
}

func implements(t, i reflect.Type) bool { return t.Implements(i) || reflect.PointerTo(t).Implements(i) }

func (g *schemas) ofKind(t reflect.Type) object {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Struct:
		if t.Name() == "" {
			return g.structure(t)
		}
		return g.named(componentName(t), t)
	}
	return object{} // an interface holds anything
}

// named puts t among the components and refers to it there.
func (g *schemas) named(name string, t reflect.Type) object {
	there, ok := g.taken[name]
	switch {
	case !ok:
		g.taken[name] = t // before its fields, since a type may hold itself
		g.components[name] = g.structure(t)
	case there != t:
		g.err = fmt.Errorf("openapi: %s and %s are both called %s", there, t, name)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (g *schemas) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	g.collect(t, properties, &required)
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// collect adds the fields of t as encoding/json sees them. What only the path or the query fills is no part of a body.
func (g *schemas) collect(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && indirect(f.Type).Kind() == reflect.Struct {
			inner := required
			if f.Type.Kind() == reflect.Pointer {
				inner = new([]string) // it may be nil, and then has no fields
			}
			g.collect(indirect(f.Type), properties, inner)
			continue
		}
		if !f.IsExported() || name == "-" || outsideBody(f) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		omitted := slices.ContainsFunc(strings.Split(options, ","), func(o string) bool { return o == "omitempty" || o == "omitzero" })
		schema := g.ofField(f)
		if f.Type.Kind() == reflect.Pointer && !omitted {
			schema = orNull(schema)
		}
		properties[name] = schema
		if !omitted && f.Type.Kind() != reflect.Pointer {
			*required = append(*required, name)
		}
	}
}

// ofField is the schema of a field with what its tags doc and enum say.
func (g *schemas) ofField(f reflect.StructField) object {
	schema := g.of(f.Type)
	if _, options, _ := strings.Cut(f.Tag.Get("json"), ","); slices.Contains(strings.Split(options, ","), "string") {
		schema = object{"type": "string"}
	}
	if values := f.Tag.Get("enum"); values != "" {
		of := schema
		if items, list := schema["items"].(object); list { // the values are those of the list
			of = items
		}
		of["enum"] = strings.Split(values, ",")
	}
	if text := f.Tag.Get("doc"); text != "" {
		schema["description"] = text
	}
	return schema
}

func orNull(schema object) object {
	if name, ok := schema["type"].(string); ok && schema["enum"] == nil {
		schema["type"] = []string{name, "null"}
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// outsideBody reports a field that only the path or the query fills.
func outsideBody(f reflect.StructField) bool {
	_, named := f.Tag.Lookup("json")
	return !named && (f.Tag.Get("query") != "" || f.Tag.Get("path") != "")
}

// demands reports whether a body of type t has anything that must be there.
func (g *schemas) demands(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return true
	}
	return g.structure(t)["required"] != nil
}

// componentName makes ActivityEvent of activity.Event, and ActivityEventPage of httpx.Page[activity.Event] and of grid.Page.
func componentName(t reflect.Type) string {
	full := t.String()
	generic, args, _ := strings.Cut(strings.TrimSuffix(full, "]"), "[")
	generic = camel(strings.TrimPrefix(strings.TrimPrefix(generic, "httpx."), "grid."))
	var name strings.Builder
	for arg := range strings.SplitSeq(args, ",") {
		name.WriteString(camel(arg[strings.LastIndex(arg, "/")+1:]))
	}
	return name.String() + generic
}
