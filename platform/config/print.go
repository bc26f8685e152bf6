package config

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes every setting with its value and where it came from; secrets are masked.
func (t *Tree) Print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range t.leaves {
		value, source := l.value, "default"
		if raw, set := t.raw(l); set {
			value, _ = parse(l.value.Type(), raw)
			source = t.from[l.key]
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", l.key, quote(value), source)
	}
	_ = table.Flush() // the writer's own error is the caller's to see
}

// Example writes YAML of every setting with its default and one comment line.
func Example(w io.Writer, sections []Section) {
	for i, s := range sections {
		if i > 0 {
			fmt.Fprintln(w)
		}
		var open []string
		for _, l := range leaves(s.Name, s.Config) {
			path := strings.Split(l.key, ".")
			for depth, name := range path[:len(path)-1] {
				if depth < len(open) && open[depth] == name {
					continue
				}
				open = append(open[:min(depth, len(open))], name)
				fmt.Fprintf(w, "%s%s:\n", indent(depth), name)
			}
			open = open[:len(path)-1]
			if l.doc != "" {
				fmt.Fprintf(w, "%s# %s\n", indent(len(open)), l.doc)
			}
			fmt.Fprintf(w, "%s%s: %s\n", indent(len(open)), path[len(path)-1], quote(l.value))
		}
	}
}

func indent(depth int) string { return strings.Repeat("  ", depth) }

// quote writes a value as YAML reads it.
func quote(v reflect.Value) string {
	switch v.Type() {
	case listType:
		var items []string
		for _, s := range v.Interface().([]string) {
			items = append(items, strconv.Quote(s))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case mapType:
		var items []string
		m := v.Interface().(map[string]string)
		for _, key := range slices.Sorted(maps.Keys(m)) {
			items = append(items, strconv.Quote(key)+": "+strconv.Quote(m[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	if v.Kind() == reflect.String {
		return strconv.Quote(format(v))
	}
	return format(v)
}

func format(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return shortDuration(d)
	}
	return fmt.Sprint(v.Interface())
}
