package config

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	envPrefix  = "STAFF_"
	fileSuffix = "_FILE"
)

// readEnv picks the settings from the environment. An empty variable counts as unset: compose
// files pass on variables that nobody gave.
func (t *Tree) readEnv(env []string) ([]entry, error) {
	var (
		entries []entry
		faults  []error
	)
	for _, line := range slices.Sorted(slices.Values(env)) {
		name, value, _ := strings.Cut(line, "=")
		e, ok := t.envEntry(name)
		if !ok || value == "" {
			continue
		}
		e.raw = value
		if e.fromFile {
			if twice := slices.IndexFunc(entries, func(o entry) bool { return o.written+fileSuffix == name }); twice >= 0 {
				faults = append(faults, problem{e.key, "must be set once, is set by " + entries[twice].written + " and " + name})
				continue
			}
			content, err := os.ReadFile(value)
			if err != nil {
				faults = append(faults, problem{name, err.Error()})
				continue
			}
			e.raw = strings.TrimRight(string(content), "\r\n")
		}
		entries = append(entries, e.entry)
	}
	return entries, errors.Join(faults...)
}

type envEntry struct {
	entry
	fromFile bool
}

// envEntry says what a variable stands for; ok is false for one that is not ours.
func (t *Tree) envEntry(name string) (e envEntry, ok bool) {
	e.written, e.source = name, name
	for _, suffix := range []string{"", fileSuffix} {
		bare, cut := strings.CutSuffix(name, suffix)
		e.fromFile = cut && suffix != ""
		if key, known := envAliases[bare]; known && cut {
			e.key, e.aliased = key, true
			return e, t.find(key) != nil && (!e.fromFile || t.find(key).secret())
		}
		if key, ours := envKey(bare); ours && cut {
			e.key, e.aliased = resolve(key)
			if l := t.find(e.key); l != nil && (!e.fromFile || l.secret()) {
				return e, true
			}
		}
	}
	key, ours := envKey(name)
	if !ours || serviceLink.MatchString(name) && !strings.Contains(name, "__") {
		return e, false
	}
	e.fromFile = false
	e.key, e.aliased = resolve(key)
	return e, true
}

func envKey(name string) (key string, ours bool) {
	rest, ours := strings.CutPrefix(name, envPrefix)
	return strings.ToLower(strings.ReplaceAll(rest, "__", ".")), ours
}

func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
}

// readPort adds PORT to the environment's entries if one role runs alone.
func (t *Tree) readPort(env []string, entries, all []entry) ([]entry, error) {
	key, alone := ownListen(t.role(all))
	i := slices.IndexFunc(env, func(line string) bool { return strings.HasPrefix(line, "PORT=") })
	if !alone || i < 0 || env[i] == "PORT=" || t.find(key) == nil {
		return entries, nil
	}
	port := strings.TrimPrefix(env[i], "PORT=")
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return entries, Problem("PORT", "be a port number", port)
	}
	return append(entries, entry{key: key, written: "PORT", source: "PORT", raw: ":" + port, aliased: true}), nil
}

// role returns the root setting of that name before the entries are taken.
func (t *Tree) role(all []entry) any {
	var role any
	if l := t.find("role"); l != nil {
		role = format(l.value)
		if list, ok := l.value.Interface().([]string); ok {
			role = strings.Join(list, ",")
		}
	}
	for _, e := range all {
		if e.key == "role" && e.raw != nil {
			role = e.raw
		}
	}
	return role
}
