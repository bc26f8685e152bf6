package kernel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// part is a selected module with its manifest.
type part struct {
	module   Module
	manifest Manifest
}

// plan selects the role's modules and returns them in the order in which they are built: after what they
// need, else as listed. It reports everything that is wrong at once.
func plan(role Role, modules []Module) ([]part, error) {
	var parts []part
	all := make([]Manifest, len(modules))
	for i, m := range modules {
		all[i] = m.Manifest()
		if all[i].In(role) {
			parts = append(parts, part{m, all[i]})
		}
	}
	faults := duplicateNames(all)
	providers, twice := provided(role, parts)
	faults = append(faults, twice...)
	faults = append(faults, missing(role, parts, providers, all)...)
	faults = append(faults, sharedPaths(role, parts)...)
	ordered, cycle := order(role, parts, providers)
	if cycle != nil {
		faults = append(faults, cycle)
	}
	return ordered, errors.Join(faults...)
}

func duplicateNames(all []Manifest) (faults []error) {
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.Name] {
			faults = append(faults, fmt.Errorf("two modules are called %s", m.Name))
		}
		seen[m.Name] = true
	}
	return faults
}

// provided maps each port to the index of its provider.
func provided(role Role, parts []part) (providers map[Port]int, faults []error) {
	providers = map[Port]int{}
	for i, p := range parts {
		for _, port := range p.manifest.Provides {
			if first, taken := providers[port]; taken {
				faults = append(faults, fmt.Errorf("role %s: %s is provided by both %s and %s", role, port, parts[first].manifest.Name, p.manifest.Name))
				continue
			}
			providers[port] = i
		}
	}
	return providers, faults
}

func missing(role Role, parts []part, providers map[Port]int, all []Manifest) (faults []error) {
	for _, p := range parts {
		for _, port := range p.manifest.Needs {
			if _, ok := providers[port]; ok {
				continue
			}
			fault := fmt.Errorf("role %s: module %s needs %s, which nobody provides", role, p.manifest.Name, port)
			if others := providersElsewhere(port, all); others != "" {
				fault = fmt.Errorf("role %s: module %s needs %s, which only other roles provide: %s", role, p.manifest.Name, port, others)
			}
			faults = append(faults, fault)
		}
	}
	return faults
}

func providersElsewhere(port Port, all []Manifest) string {
	var names []string
	for _, m := range all {
		if slices.Contains(m.Provides, port) {
			roles := make([]string, len(m.Roles))
			for i, r := range m.Roles {
				roles[i] = string(r)
			}
			names = append(names, fmt.Sprintf("%s (%s)", m.Name, strings.Join(roles, ", ")))
		}
	}
	return strings.Join(names, ", ")
}

func sharedPaths(role Role, parts []part) (faults []error) {
	owner := map[string]string{}
	for _, p := range parts {
		for _, path := range p.manifest.Paths {
			if first, taken := owner[path]; taken {
				faults = append(faults, fmt.Errorf("role %s: %s belongs to both %s and %s", role, path, first, p.manifest.Name))
			}
			owner[path] = p.manifest.Name
		}
	}
	return faults
}

// order sorts parts so that providers come first; it is a depth-first walk in listed order.
func order(role Role, parts []part, providers map[Port]int) (ordered []part, cycle error) {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(parts))
	var trail []string
	var visit func(i int)
	visit = func(i int) {
		name := parts[i].manifest.Name
		switch state[i] {
		case done:
			return
		case open:
			from := slices.Index(trail, name)
			cycle = fmt.Errorf("role %s: modules need each other: %s", role, strings.Join(append(slices.Clone(trail[from:]), name), " -> "))
			return
		}
		state[i] = open
		trail = append(trail, name)
		for _, port := range parts[i].manifest.Needs {
			if j, ok := providers[port]; ok && cycle == nil {
				visit(j)
			}
		}
		trail = trail[:len(trail)-1]
		state[i] = done
		ordered = append(ordered, parts[i])
	}
	for i := range parts {
		if cycle == nil {
			visit(i)
		}
	}
	return ordered, cycle
}
