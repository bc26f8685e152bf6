package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// parse reads raw (a text, a list of texts, or a map of texts; whatever the source, numbers are
// still text) into a new value of type t. must words what was expected.
func parse(t reflect.Type, raw any) (v reflect.Value, must string) {
	v = reflect.New(t).Elem()
	if t == listType || t == mapType {
		return parseMany(v, raw)
	}
	s, ok := raw.(string)
	if !ok {
		return v, "be one value"
	}
	switch t {
	case durationType:
		d, err := time.ParseDuration(s)
		v.SetInt(int64(d))
		return v, unless(err, "be a duration such as 10s or 1h30m")
	case bytesType:
		b, err := ParseBytes(s)
		v.SetInt(int64(b))
		return v, unless(err, "be a size such as 64MB or 64MiB")
	}
	return parseScalar(v, s)
}

func parseScalar(v reflect.Value, s string) (reflect.Value, string) {
	bits := 64
	if v.CanInt() || v.CanUint() {
		bits = v.Type().Bits()
	}
	switch {
	case v.CanInt():
		n, err := strconv.ParseInt(s, 10, bits)
		v.SetInt(n)
		if errors.Is(err, strconv.ErrRange) {
			return v, fmt.Sprintf("be a whole number of %d bits", bits)
		}
		return v, unless(err, "be a whole number")
	case v.CanUint():
		n, err := strconv.ParseUint(s, 10, bits)
		v.SetUint(n)
		return v, unless(err, "be a whole number from 0 to "+strconv.FormatUint(math.MaxUint64>>(64-bits), 10))
	case v.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		v.SetFloat(f)
		return v, unless(err, "be a number")
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return v, unless(err, "be true or false")
	}
	v.SetString(s)
	return v, ""
}

func parseMany(v reflect.Value, raw any) (reflect.Value, string) {
	if v.Type() == listType {
		list, ok := texts(raw)
		if !ok {
			return v, "be a list of texts"
		}
		v.Set(reflect.ValueOf(list))
		return v, ""
	}
	in, ok := raw.(map[string]any)
	if !ok {
		return v, "be a section of texts"
	}
	out := make(map[string]string, len(in))
	for key, value := range in {
		s, ok := value.(string)
		if !ok {
			return v, "be a section of texts"
		}
		out[key] = s
	}
	v.Set(reflect.ValueOf(out))
	return v, ""
}

// texts reads a list, or one text with commas between its items.
func texts(raw any) ([]string, bool) {
	list := []string{}
	switch raw := raw.(type) {
	case string:
		for item := range strings.SplitSeq(raw, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, true
	case []any:
		for _, item := range raw {
			s, ok := item.(string)
			if !ok {
				return nil, false
			}
			list = append(list, s)
		}
		return list, true
	}
	return nil, false
}

func unless(err error, must string) string {
	if err == nil {
		return ""
	}
	return must
}
