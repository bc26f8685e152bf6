package grid

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// cells reads the fields of items by their names in JSON.
type cells map[string][]int

// cellsOf finds the fields of t, also those of the structs that it embeds.
func cellsOf(t reflect.Type) cells {
	found := cells{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" && f.IsExported() {
			found[name] = f.Index
		}
	}
	return found
}

// value is a field of the item as a table shows it: a string, bool, int64, float64, time.Time, or nil for what is not there.
func (c cells) value(item reflect.Value, name string) any {
	v := item.FieldByIndex(c[name])
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch at := v.Interface().(type) {
	case time.Time:
		if at.IsZero() {
			return nil
		}
		return at
	case fmt.Stringer:
		return at.String()
	}
	return plain(v)
}

func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Slice:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return strings.Join(texts, ", ")
	}
	if text, err := json.Marshal(v.Interface()); err == nil && v.Kind() != reflect.Map || v.Len() > 0 {
		return string(text)
	}
	return nil
}
