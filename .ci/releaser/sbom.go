package main

import (
	"debug/buildinfo"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// document is CycloneDX 1.5, as much of it as we can tell. It has no time and no serial number: the same program has
// the same list.
type document struct {
	Schema     string      `json:"$schema"`
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Licenses   []license  `json:"licenses,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type license struct {
	Expression string `json:"expression"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// sbom lists the Go modules that the linker put into the program, and the packages of which its pages are made.
func sbom(version, program, lock string, out io.Writer) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	pages, err := packages(lock)
	if err != nil {
		return err
	}
	d := document{Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", Spec: "1.5", Version: 1}
	d.Metadata.Component = golang(&debug.Module{Path: info.Main.Path, Version: version})
	d.Metadata.Component.Type = "application"
	d.Metadata.Component.Licenses = []license{{"Apache-2.0"}}
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "-tags" {
			d.Metadata.Component.Properties = append(d.Metadata.Component.Properties, property{"staff-control:build:" + s.Key, s.Value})
		}
	}
	std := golang(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")})
	d.Components = append(d.Components, std)
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		d.Components = append(d.Components, golang(m))
	}
	d.Components = append(d.Components, pages...)
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(d)
}

func golang(m *debug.Module) component {
	at := "pkg:golang/" + m.Path + "@" + url.PathEscape(m.Version)
	c := component{Ref: at, Type: "library", Name: m.Path, Version: m.Version, PURL: at}
	if m.Sum != "" {
		c.Properties = []property{{"go:sum", m.Sum}}
	}
	return c
}

// packages lists what npm installs for more than building.
func packages(lock string) (all []component, err error) {
	text, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var l struct {
		Packages map[string]struct {
			Version, License, Integrity string
			Dev, Optional               bool
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, err
	}
	for where, p := range l.Packages {
		i := strings.LastIndex(where, "node_modules/")
		if i < 0 || p.Dev || p.Optional {
			continue
		}
		name := where[i+len("node_modules/"):]
		at := "pkg:npm/" + strings.ReplaceAll(name, "@", "%40") + "@" + p.Version
		c := component{Ref: at, Type: "library", Name: name, Version: p.Version, PURL: at, Properties: []property{{"npm:integrity", p.Integrity}}}
		if p.License != "" {
			c.Licenses = []license{{p.License}}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	return slices.CompactFunc(all, func(a, b component) bool { return a.Ref == b.Ref }), nil
}
