// Package i18n holds the texts that people read, in Uzbek of both scripts, Russian and English, and puts their
// parameters in as each language writes them.
package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/staff-control/staff-control/platform/fault"
)

// languages are those that every text is written in.
var languages = []string{"uz", "ru", "en"}

// Languages are those that a person may choose.
func Languages() []string { return []string{"uz", Cyrillic, "ru", "en"} }

// Catalog is the texts of all modules.
type Catalog struct {
	standard   string                     // the language of those who have not chosen
	matched    []string                   // languages in the order of matcher
	matcher    language.Matcher           // of Accept-Language
	localizers map[string]*i18n.Localizer // by language
	texts      map[string]map[string]text // by code and language
}

// New makes a catalog of messages.json files: {"code": {"uz": "…", "ru": "…", "en": "…"}}. A text
// that depends on the parameter Count is an object of plural forms: {"one": "…", "few": "…", "many": "…", "other": "…"}.
func New(defaultLanguage string, files ...[]byte) (*Catalog, error) {
	if !slices.Contains(Languages(), defaultLanguage) {
		return nil, fmt.Errorf("texts: no language %q: %s are known", defaultLanguage, strings.Join(Languages(), ", "))
	}
	c := &Catalog{standard: defaultLanguage, localizers: map[string]*i18n.Localizer{}, texts: map[string]map[string]text{}}
	var faults []error
	for _, file := range files {
		faults = append(faults, c.add(file))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.Make(defaultLanguage))
	for code, byLanguage := range c.texts {
		for lang, t := range byLanguage {
			if err := bundle.AddMessages(language.Make(lang), t.message(code)); err != nil {
				return nil, fmt.Errorf("text %s in %s: %w", code, lang, err)
			}
		}
	}
	c.localize(bundle)
	return c, nil
}

func (c *Catalog) localize(bundle *i18n.Bundle) {
	var tags []language.Tag
	// The matcher falls back to its first language.
	c.matched = append([]string{c.standard}, slices.DeleteFunc(Languages(), func(l string) bool { return l == c.standard })...)
	for _, lang := range c.matched {
		c.localizers[lang] = i18n.NewLocalizer(bundle, lang)
		tags = append(tags, language.Make(lang))
	}
	c.matcher = language.NewMatcher(tags)
}

func (c *Catalog) add(file []byte) error {
	var codes map[string]map[string]text
	if err := json.Unmarshal(file, &codes); err != nil {
		return fmt.Errorf("texts: %w", err)
	}
	var faults []error
	for code, byLanguage := range codes {
		if _, twice := c.texts[code]; twice {
			faults = append(faults, fmt.Errorf("text %s stands in two files", code))
		}
		for lang, t := range byLanguage {
			if !slices.Contains(languages, lang) {
				faults = append(faults, fmt.Errorf("text %s: no language %q: uz, ru and en are known", code, lang))
			}
			if err := t.parse(); err != nil {
				faults = append(faults, fmt.Errorf("text %s in %s: %w", code, lang, err))
			}
			byLanguage[lang] = t
		}
		if latin, ok := byLanguage["uz"]; ok {
			byLanguage[Cyrillic] = latin.cyrillic()
		}
		c.texts[code] = byLanguage
	}
	return errors.Join(faults...)
}

// Text returns the text of a code in a language. Times in it are in their own zone.
// A code without a text reads as internal does: a person sees that something is wrong, not what.
func (c *Catalog) Text(lang, code string, p fault.Params) string {
	return c.TextIn(nil, lang, code, p)
}

// TextIn is Text with the times in zone, which is the organization's.
func (c *Catalog) TextIn(zone *time.Location, lang, code string, p fault.Params) string {
	if !slices.Contains(c.matched, lang) {
		lang = c.standard
	}
	if _, ok := c.texts[code][lang]; !ok {
		code, p = fault.ErrInternal.Code, nil
	}
	data := map[string]string{}
	for _, name := range c.texts[code][lang].parameters {
		data[name] = format(zone, lang, p[name])
	}
	config := &i18n.LocalizeConfig{MessageID: code, TemplateData: data}
	if count, ok := p[countName]; ok {
		config.PluralCount = plural(count)
	}
	s, err := c.localizers[lang].Localize(config)
	if s == "" && err != nil {
		return code
	}
	return s
}

// Match returns the language for a person: their own, else the best that their browser accepts,
// else the default.
func (c *Catalog) Match(userLang, acceptLanguage string) string {
	if slices.Contains(c.matched, userLang) {
		return userLang
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return c.standard
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		return c.standard
	}
	return c.matched[i]
}

// Has reports whether there is a text of the code.
func (c *Catalog) Has(code string) bool { return c.texts[code] != nil }

// Codes returns all codes in order.
func (c *Catalog) Codes() []string { return slices.Sorted(maps.Keys(c.texts)) }

// Check reports every code that lacks a language, or whose languages name different parameters.
func (c *Catalog) Check() error {
	var faults []error
	for _, code := range c.Codes() {
		names := map[string]string{}
		for _, lang := range languages {
			t, ok := c.texts[code][lang]
			if !ok || t.Other == "" {
				faults = append(faults, fmt.Errorf("text %s is missing in %s", code, lang))
				continue
			}
			names[lang] = strings.Join(t.parameters, ", ")
			if missing := t.missingForms(lang); missing != "" {
				faults = append(faults, fmt.Errorf("text %s in %s lacks the plural forms %s", code, lang, missing))
			}
		}
		for _, lang := range slices.Sorted(maps.Keys(names)) {
			if first := slices.Sorted(maps.Keys(names))[0]; names[lang] != names[first] {
				faults = append(faults, fmt.Errorf("text %s names {%s} in %s, {%s} in %s", code, names[first], first, names[lang], lang))
			}
		}
	}
	return errors.Join(faults...)
}
