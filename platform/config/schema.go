package config

import (
	"fmt"
	"reflect"
	"time"
)

// Section is one module's settings: its name, and a pointer to the struct that holds their defaults.
// The section without a name holds the settings at the root.
type Section struct {
	Name   string
	Config any
}

// leaf is one setting.
type leaf struct {
	key   string
	doc   string
	index []int // the field's path in the section's struct
	value reflect.Value
}

func (l *leaf) secret() bool { return l.value.Type() == secretType }
func (l *leaf) isMap() bool  { return l.value.Kind() == reflect.Map }

var (
	secretType   = reflect.TypeFor[Secret]()
	bytesType    = reflect.TypeFor[Bytes]()
	durationType = reflect.TypeFor[time.Duration]()
	listType     = reflect.TypeFor[[]string]()
	mapType      = reflect.TypeFor[map[string]string]()
)

// leaves lists the settings of a section in the order of its fields.
// A struct that cannot be a section is a bug of the program, so it panics.
func leaves(name string, cfg any) []*leaf {
	v := reflect.ValueOf(cfg)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: section %q: %T is no pointer to a struct", name, cfg))
	}
	return walk(name, v.Elem(), nil)
}

func walk(prefix string, v reflect.Value, index []int) []*leaf {
	var all []*leaf
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		at := append(append([]int{}, index...), i)
		tag := field.Tag.Get("koanf")
		if field.Anonymous && tag == "" && value.Kind() == reflect.Struct {
			all = append(all, walk(prefix, value, at)...)
			continue
		}
		if tag == "" || tag == "-" {
			continue
		}
		key := joinKey(prefix, tag)
		if value.Kind() == reflect.Struct {
			all = append(all, walk(key, value, at)...)
			continue
		}
		if !supported(value.Type()) {
			panic(fmt.Sprintf("config: %s: a setting cannot be a %s", key, value.Type()))
		}
		all = append(all, &leaf{key: key, doc: field.Tag.Get("doc"), index: at, value: value})
	}
	return all
}

func joinKey(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

func supported(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice, reflect.Map:
		return t == listType || t == mapType
	}
	return false
}
