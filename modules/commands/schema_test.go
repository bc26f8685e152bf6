package commands

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// schema is a JSON Schema, of which it understands what the one of the control channel says.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Properties           map[string]*schema
	Required             []string
	AdditionalProperties *bool
	Items                *schema
	MaxItems             *int
	OneOf, AllOf         []*schema
	Const                any
	Enum                 []any
	Pattern, Format      string
	MinLength, MaxLength *int
	Minimum, Maximum     *float64
	ExclusiveMinimum     *float64
	Defs                 map[string]*schema `json:"$defs"`
}

// published is the schema as it stands in the documentation.
var published = sync.OnceValues(func() (*schema, error) {
	text, err := os.ReadFile("../../docs/control-channel.schema.json")
	if err != nil {
		return nil, err
	}
	s := &schema{}
	return s, json.Unmarshal(text, s)
})

// conforms fails the test if a message in this direction, up or down, is not what the documentation says.
func conforms(t testing.TB, direction string, text []byte) {
	t.Helper()
	root, err := published()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Errorf("%s is no JSON: %v", text, err)
		return
	}
	if err := root.Defs[direction].check(root, value); err != nil {
		t.Errorf("%s goes %s: %v", text, direction, err)
	}
}

func (s *schema) check(root *schema, v any) error {
	if s.Ref != "" {
		return root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")].check(root, v)
	}
	for _, each := range s.AllOf {
		if err := each.check(root, v); err != nil {
			return err
		}
	}
	if len(s.OneOf) > 0 {
		return s.one(root, v)
	}
	if s.Const != nil && !reflect.DeepEqual(v, s.Const) {
		return fmt.Errorf("%v is not %v", v, s.Const)
	}
	if s.Enum != nil && !has(s.Enum, v) {
		return fmt.Errorf("%v is none of %v", v, s.Enum)
	}
	switch v := v.(type) {
	case map[string]any:
		return s.object(root, v)
	case []any:
		return s.array(root, v)
	case string:
		return s.text(v)
	case float64:
		return s.number(v)
	}
	return s.is(map[bool]string{true: "boolean", false: "null"}[reflect.TypeOf(v) == reflect.TypeFor[bool]()])
}

func has(all []any, v any) bool {
	for _, one := range all {
		if reflect.DeepEqual(one, v) {
			return true
		}
	}
	return false
}

func (s *schema) is(kind string) error {
	if s.Type != "" && s.Type != kind {
		return fmt.Errorf("it is of type %s, not %s", kind, s.Type)
	}
	return nil
}

func (s *schema) one(root *schema, v any) error {
	var faults []string
	fits := 0
	for _, each := range s.OneOf {
		if err := each.check(root, v); err != nil {
			faults = append(faults, err.Error())
		} else {
			fits++
		}
	}
	if fits != 1 {
		return fmt.Errorf("it is %d of %d messages: %s", fits, len(s.OneOf), strings.Join(faults, "; "))
	}
	return nil
}

func (s *schema) object(root *schema, v map[string]any) error {
	if err := s.is("object"); err != nil {
		return err
	}
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			return fmt.Errorf("%s is missing", name)
		}
	}
	for name, field := range v {
		p := s.Properties[name]
		if p == nil && s.AdditionalProperties != nil && !*s.AdditionalProperties {
			return fmt.Errorf("%s is not known", name)
		}
		if p != nil {
			if err := p.check(root, field); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (s *schema) array(root *schema, v []any) error {
	if s.MaxItems != nil && len(v) > *s.MaxItems {
		return fmt.Errorf("%d items", len(v))
	}
	for _, item := range v {
		if s.Items == nil {
			break
		}
		if err := s.Items.check(root, item); err != nil {
			return err
		}
	}
	return s.is("array")
}

func (s *schema) text(v string) error {
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
		return fmt.Errorf("%q does not fit %s", v, s.Pattern)
	}
	if s.Format == "date-time" {
		if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
			return err
		}
	}
	if s.MaxLength != nil && len(v) > *s.MaxLength || s.MinLength != nil && len(v) < *s.MinLength {
		return fmt.Errorf("%d characters", len(v))
	}
	return s.is("string")
}

func (s *schema) number(v float64) error {
	if s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum || s.ExclusiveMinimum != nil && v <= *s.ExclusiveMinimum {
		return fmt.Errorf("%v is out of bounds", v)
	}
	if s.Type == "integer" && v == float64(int64(v)) {
		return nil
	}
	return s.is("number")
}

// The schema refuses what is wrong: a test that uses it can fail.
func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	root, err := published()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"event":"sync_devices","data":{"id":"0192f3a1-7c00-7000-8000-000000000001","type":"sync_devices","payload":{},"attempt":1,"createdAt":"2026-11-02T12:00:00Z","expiresAt":"2026-11-03T12:00:00Z","expiresInMs":1}}`
	conforms(t, "down", []byte(good))
	for _, change := range [][2]string{
		{`"attempt":1`, `"attempt":0`}, {`"attempt":1`, `"attempt":1.5`}, {`"attempt":1,`, ``}, {`"payload":{}`, `"payload":[]`}, {`0192f3a1`, `x`}, {`2026-11-02T`, `yesterday`},
		{`"type":"sync_devices"`, `"type":"update"`}, {`"event":"sync_devices"`, `"event":"x"`}, {`"expiresInMs":1`, `"expiresInMs":0`}, {`"attempt":1`, `"attempt":1,"more":1`},
	} {
		var v any
		if err := json.Unmarshal([]byte(strings.Replace(good, change[0], change[1], 1)), &v); err != nil {
			t.Fatal(err)
		}
		if err := root.Defs["down"].check(root, v); err == nil {
			t.Errorf("%s instead of %s is taken", change[1], change[0])
		}
	}
	for _, of := range command.Types {
		if !strings.Contains(fmt.Sprint(root.Defs["command"].Properties["type"].Enum), string(of)) {
			t.Errorf("the schema does not know %s", of)
		}
	}
}
