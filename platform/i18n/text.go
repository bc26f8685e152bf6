package i18n

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// countName is the parameter that decides the plural form.
const countName = "Count"

// text is one message in one language: one form, or the plural forms that the language has.
type text struct {
	One, Few, Many, Other string

	parameters []string // the names in all forms, sorted
}

// UnmarshalJSON reads one text, or an object of plural forms.
func (t *text) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &t.Other)
	}
	type forms text
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode((*forms)(t)) // field names match whatever their case
}

func (t text) forms() []string { return []string{t.One, t.Few, t.Many, t.Other} }

func (t text) message(code string) *i18n.Message {
	return &i18n.Message{ID: code, One: t.One, Few: t.Few, Many: t.Many, Other: t.Other}
}

// parse finds the parameters. A text has no logic: what it says is decided by its code.
func (t *text) parse() error {
	for _, form := range t.forms() {
		parsed, err := template.New("").Parse(form)
		if err != nil {
			return err
		}
		if parsed.Tree == nil {
			continue
		}
		for _, n := range parsed.Root.Nodes {
			if n.Type() == parse.NodeText {
				continue
			}
			if !parameter.MatchString(n.String()) {
				return fmt.Errorf("%s is not of the form {{.Name}}", n)
			}
			t.parameters = append(t.parameters, strings.Trim(n.String(), "{.}"))
		}
	}
	slices.Sort(t.parameters)
	t.parameters = slices.Compact(t.parameters)
	return nil
}

var parameter = regexp.MustCompile(`^\{\{\.[A-Za-z]+\}\}$`)

// missingForms names the plural forms that a text with any lacks in its language.
func (t text) missingForms(lang string) string {
	if t.One == "" && t.Few == "" && t.Many == "" {
		return ""
	}
	needed := map[string]string{"one": t.One, "other": t.Other}
	if lang == "ru" {
		needed["few"], needed["many"] = t.Few, t.Many
	}
	var missing []string
	for name, form := range needed {
		if form == "" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return strings.Join(missing, ", ")
}

// plural returns a count as go-i18n takes it; nil for what is no number.
func plural(count any) any {
	switch n := count.(type) {
	case int, int8, int16, int32, int64:
		return n
	case uint, uint8, uint16, uint32, uint64, float32, float64:
		return fmt.Sprint(n)
	}
	return nil
}
