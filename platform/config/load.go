// Package config merges the settings of all modules from their defaults, a file, the environment
// and flags, and says everything that is wrong with them at once.
package config

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Input is where settings come from, the later over the earlier.
type Input struct {
	File string   // path of a YAML file; none if empty
	Env  []string // as os.Environ returns it
	Set  []string // key=value, as the flag --set takes it
}

// Tree is the merged settings. It is usable, with defaults for what was wrong, even if Load returned an error.
type Tree struct {
	sections map[string]bool
	leaves   []*leaf
	values   *koanf.Koanf      // what was set; defaults are in leaves
	from     map[string]string // the source of each setting that was set
	sources  []string
}

// Load reads in against the settings that sections declare.
func Load(in Input, sections []Section) (*Tree, error) {
	t := &Tree{sections: map[string]bool{}, values: koanf.New("."), from: map[string]string{}}
	for _, s := range sections {
		t.sections[s.Name] = true
		t.leaves = append(t.leaves, leaves(s.Name, s.Config)...)
	}
	fileEntries, errFile := t.readFile(in.File)
	envEntries, errEnv := t.readEnv(in.Env)
	setEntries, errSet := readSet(in.Set)
	envEntries, errPort := t.readPort(in.Env, envEntries, slices.Concat(fileEntries, envEntries, setEntries))

	errFile = errors.Join(errFile, t.take(fileEntries))
	errEnv = errors.Join(errEnv, errPort, t.take(envEntries))
	errSet = errors.Join(errSet, t.take(setEntries))
	if in.File != "" {
		t.sources = append(t.sources, filepath.Base(in.File))
	}
	if len(envEntries) > 0 || errEnv != nil {
		t.sources = append(t.sources, "environment")
	}
	if len(in.Set) > 0 {
		t.sources = append(t.sources, "flags")
	}
	return t, Join(t.Source(), errFile, errEnv, errSet)
}

// Source names what the settings were read from, for the title of a report.
func (t *Tree) Source() string {
	if len(t.sources) == 0 {
		return "defaults"
	}
	return strings.Join(t.sources, ", ")
}

// IsSet reports whether the setting was set to something anywhere, be it to its default.
func (t *Tree) IsSet(key string) bool { return t.from[key] != "" && t.values.String(key) != "" }

// Into fills cfg, a pointer to the section's struct, over the defaults that it holds.
func (t *Tree) Into(name string, cfg any) error {
	if !t.sections[name] {
		return Problem(name, "be a section that was loaded", nil)
	}
	target := reflect.ValueOf(cfg).Elem()
	var faults []error
	for _, l := range leaves(name, cfg) {
		raw, set := t.raw(l)
		if !set {
			continue
		}
		v, must := parse(l.value.Type(), raw)
		if must != "" {
			faults = append(faults, Problem(l.key, must, raw))
			continue
		}
		target.FieldByIndex(l.index).Set(v)
	}
	return errors.Join(faults...)
}

// raw returns what a setting was set to.
func (t *Tree) raw(l *leaf) (value any, set bool) {
	if t.from[l.key] == "" {
		return nil, false
	}
	if l.isMap() {
		return t.values.Cut(l.key).All(), true
	}
	return t.values.Get(l.key), true
}

// entry is one setting as a source gave it.
type entry struct {
	key     string // what it stands for
	written string // what was written: the same, an alias, or a variable's name
	source  string
	raw     any
	aliased bool
}

// take checks one source's entries and puts the good ones over what is there.
func (t *Tree) take(entries []entry) error {
	// The proper name wins over the document's, in the same source.
	slices.SortStableFunc(entries, func(a, b entry) int { return order(a.aliased) - order(b.aliased) })
	good, faults := map[string]any{}, []error(nil)
	for _, e := range entries {
		l := t.find(e.key)
		if l == nil {
			if err := t.unknown(e); err != nil {
				faults = append(faults, err)
			}
			continue
		}
		if e.raw == nil {
			continue
		}
		if err := check(l, e); err != nil {
			faults = append(faults, err)
			continue
		}
		good[e.key] = e.raw
		t.from[l.key] = e.source
	}
	return errors.Join(append(faults, t.values.Load(confmap.Provider(good, "."), nil))...)
}

func order(aliased bool) int {
	if aliased {
		return 0
	}
	return 1
}

// find returns the setting of this key; for an item of a map, the map.
func (t *Tree) find(key string) *leaf {
	for _, l := range t.leaves {
		if l.key == key || l.isMap() && strings.HasPrefix(key, l.key+".") {
			return l
		}
	}
	return nil
}

func check(l *leaf, e entry) error {
	raw, shown := e.raw, e.raw
	if l.isMap() && e.key != l.key {
		raw = map[string]any{e.key: raw}
	}
	if l.secret() {
		shown = masked
	}
	if _, must := parse(l.value.Type(), raw); must != "" {
		return Problem(e.key, must, shown)
	}
	return nil
}

// unknown returns the fault of an entry that is no setting; nil if it may be one elsewhere.
func (t *Tree) unknown(e entry) error {
	section, _, _ := strings.Cut(e.key, ".")
	_, exact := keyAliases[e.written]
	if e.aliased && (exact || !t.sections[section]) {
		return nil
	}
	if t.isSection(e.key) {
		if m, ok := e.raw.(map[string]any); e.raw == nil || ok && len(m) == 0 {
			return nil
		}
		return Problem(e.key, "be a section of settings", e.raw)
	}
	text, meant := "no such setting", suggest(e.key, t.leaves)
	if meant != "" && strings.HasPrefix(e.written, envPrefix) {
		meant = envName(meant)
	}
	if meant != "" {
		text += " (did you mean " + meant + "?)"
	}
	return problem{e.written, text}
}

func (t *Tree) isSection(key string) bool {
	return t.sections[key] || slices.ContainsFunc(t.leaves, func(l *leaf) bool { return strings.HasPrefix(l.key, key+".") })
}

func (t *Tree) readFile(path string) ([]entry, error) {
	if path == "" {
		return nil, nil
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yamlTexts{}); err != nil {
		return nil, err
	}
	var entries []entry
	for _, written := range k.Keys() {
		key, aliased := resolve(written)
		entries = append(entries, entry{key, written, filepath.Base(path), k.Get(written), aliased})
	}
	return entries, nil
}

func readSet(set []string) ([]entry, error) {
	var (
		entries []entry
		faults  []error
	)
	for _, s := range set {
		written, value, ok := strings.Cut(s, "=")
		if !ok {
			faults = append(faults, Problem("--set", "be key=value", s))
			continue
		}
		key, aliased := resolve(written)
		entries = append(entries, entry{key, written, "flag", value, aliased})
	}
	return entries, errors.Join(faults...)
}
