package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/wI2L/jsondiff"

	"github.com/staff-control/staff-control/modules/policy/rule"
)

// patchOf is the JSON Patch (RFC 6902) that makes the old text the new one; a list, and empty where they say the same.
func patchOf(old, new json.RawMessage) (json.RawMessage, error) {
	if len(old) == 0 {
		old = json.RawMessage("{}")
	}
	patch, err := jsondiff.CompareJSON(old, new)
	if err != nil {
		return nil, fmt.Errorf("compare contents: %w", err)
	}
	if len(patch) == 0 {
		return json.RawMessage("[]"), nil
	}
	return json.Marshal(patch)
}

// fieldChange says in one line what became of one field. Of a list it names what came and what went; of a group, by its
// name, what came and went of its values.
type fieldChange struct {
	Field   string   `json:"field"`
	From    any      `json:"from,omitempty"`
	To      any      `json:"to,omitempty"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// changesOf lists what differs between two contents.
func changesOf(a, b rule.Policy) []fieldChange {
	list := differences{}
	list.value("activeWindows", a.ActiveWindows, b.ActiveWindows)
	list.value("visitedSites", a.VisitedSites, b.VisitedSites)
	list.value("screenshots", a.Screenshots, b.Screenshots)
	list.value("screenshotSeconds", a.ScreenshotSeconds, b.ScreenshotSeconds)
	list.value("screenshotGrayscale", a.ScreenshotGrayscale, b.ScreenshotGrayscale)
	list.value("screenshotAll", a.ScreenshotAll, b.ScreenshotAll)
	list.value("hours", hoursText(a.Hours), hoursText(b.Hours))
	list.texts("exclude.titles", a.Exclude.Titles, b.Exclude.Titles)
	list.texts("exclude.sites", a.Exclude.Sites, b.Exclude.Sites)
	list.texts("exclude.applications", a.Exclude.Applications, b.Exclude.Applications)
	list.value("exclude.privateWindows", a.Exclude.PrivateWindows, b.Exclude.PrivateWindows)
	list.groups(a.Groups, b.Groups)
	return list
}

type differences []fieldChange

func (d *differences) value(field string, a, b any) {
	if !reflect.DeepEqual(a, b) {
		*d = append(*d, fieldChange{Field: field, From: a, To: b})
	}
}

func (d *differences) texts(field string, a, b []string) {
	c := fieldChange{Field: field, Added: without(b, a), Removed: without(a, b)}
	if len(c.Added)+len(c.Removed) > 0 {
		*d = append(*d, c)
	}
}

func (d *differences) groups(a, b []rule.Group) {
	of := func(list []rule.Group) map[int64]rule.Group {
		m := map[int64]rule.Group{}
		for _, g := range list {
			m[g.ID] = g
		}
		return m
	}
	before, after := of(a), of(b)
	var c fieldChange
	for _, g := range a {
		if _, stays := after[g.ID]; !stays {
			c.Removed = append(c.Removed, g.Name)
		}
	}
	for _, g := range b {
		if _, was := before[g.ID]; !was {
			c.Added = append(c.Added, g.Name)
		}
	}
	if c.Field = "groups"; len(c.Added)+len(c.Removed) > 0 {
		*d = append(*d, c)
	}
	for _, g := range b {
		if was, ok := before[g.ID]; ok {
			field := "groups." + cmp.Or(was.Name, decimal(g.ID))
			d.value(field+".name", was.Name, g.Name)
			d.value(field+".type", was.Type, g.Type)
			d.value(field+".category", was.Category, g.Category)
			d.texts(field+".values", was.Values, g.Values)
		}
	}
}

func without(list, others []string) (left []string) {
	known := make(map[string]bool, len(others))
	for _, o := range others {
		known[o] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return known[s] })
}

// hoursText is nil for no bounds, so that a list of changes leaves it out.
func hoursText(h *rule.Hours) any {
	if h == nil {
		return nil
	}
	return fmt.Sprintf("%v %s-%s %s", h.Days, h.From, h.To, h.Zone)
}
