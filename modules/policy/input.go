package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The bounds of texts and lists.
const (
	maxTitle    = 100
	maxPolicies = 500
	maxGroups   = 500
	maxMinutes  = 7 * 24 * 60
)

// stage says to how many gateways a version goes, and how it goes on.
type stage struct {
	Percent      int64 `json:"percent,omitempty" doc:"of the gateways that get it now, 1 to 100; 100 if not given"`
	Step         int64 `json:"step,omitempty" doc:"by how many percent it goes on by itself; 0: it waits for you"`
	EveryMinutes int64 `json:"everyMinutes,omitempty" doc:"how long it waits before each step"`
}

func (s *stage) check(f *fault.Fields) {
	if s.Percent == 0 {
		s.Percent = 100
	}
	inRange(f, "percent", s.Percent, 1, 100)
	inRange(f, "step", s.Step, 0, 100)
	inRange(f, "everyMinutes", s.EveryMinutes, 0, maxMinutes)
	if s.Step > 0 && s.EveryMinutes == 0 {
		f.Add("everyMinutes", codeGoesOn, nil)
	}
}

func inRange(f *fault.Fields, field string, n, least, most int64) {
	switch {
	case n < least:
		f.Add(field, "below_min", fault.Params{"Min": least})
	case n > most:
		f.Add(field, "above_max", fault.Params{"Max": most})
	}
}

// choice is a group of a policy.
type choice struct {
	ID       int64  `json:"id"`
	Category string `json:"category" enum:"productive,neutral,unproductive"`
}

// input is a policy as a caller says it, whole: what is left out is off, empty or as often as the agent likes.
type input struct {
	Title               string          `json:"title"`
	IsActive            *bool           `json:"isActive,omitempty" doc:"true if not given"`
	ActiveWindows       *bool           `json:"activeWindows"`
	VisitedSites        *bool           `json:"visitedSites"`
	Screenshots         *bool           `json:"screenshots"`
	ScreenshotSeconds   int64           `json:"screenshotSeconds,omitempty" doc:"between two pictures; 0 leaves it to the agent"`
	ScreenshotGrayscale bool            `json:"screenshotGrayscale,omitempty"`
	ScreenshotAll       bool            `json:"screenshotAll,omitempty" doc:"all screens, not the one in use"`
	Hours               *rule.Hours     `json:"hours,omitempty" doc:"working hours; not given: always"`
	Exclude             rule.Exclusions `json:"exclude,omitzero"`
	Groups              []choice        `json:"groups,omitempty"`
	RequiresRestart     bool            `json:"requiresRestart,omitempty" doc:"agents restart once they have it"`
	stage
}

// Validate returns all that is wrong and can be seen without the database.
func (in *input) Validate() error {
	var f fault.Fields
	in.Title = strings.TrimSpace(in.Title)
	checkName(&f, "title", in.Title)
	for name, given := range map[string]*bool{"activeWindows": in.ActiveWindows, "visitedSites": in.VisitedSites, "screenshots": in.Screenshots} {
		if given == nil {
			f.Add(name, "required", nil)
		}
	}
	in.check(&f)
	if len(in.Groups) > maxGroups {
		f.Add("groups", codeTooMany, fault.Params{"Max": maxGroups})
	}
	for i, g := range in.Groups {
		if slices.ContainsFunc(in.Groups[:i], func(o choice) bool { return o.ID == g.ID }) {
			f.Add(fmt.Sprintf("groups[%d].id", i), "wrong_format", nil)
		}
	}
	if !keeps(in.Exclude.Titles, in.Exclude.Sites, in.Exclude.Applications) {
		f.Add("exclude", "wrong_format", nil)
	}
	slices.SortFunc(f, func(a, b fault.Detail) int { return strings.Compare(a.Field, b.Field) })
	return f.Err()
}

// keeps reports whether the databases keep the texts.
func keeps(lists ...[]string) bool {
	for _, list := range lists {
		for _, text := range list {
			if !db.KeepsText(text) || strings.ContainsFunc(text, unicode.IsControl) {
				return false
			}
		}
	}
	return true
}

func checkName(f *fault.Fields, field, text string) {
	f.Text(field, text, 1, maxTitle)
	if !keeps([]string{text}) {
		f.Add(field, "wrong_format", nil)
	}
}

func (in *input) active() bool { return in.IsActive == nil || *in.IsActive }

// content is what the caller says, with the groups as they are.
func (in *input) content(groups []rule.Group) rule.Policy {
	return tidy(rule.Policy{
		ActiveWindows: *in.ActiveWindows, VisitedSites: *in.VisitedSites, Screenshots: *in.Screenshots, ScreenshotSeconds: in.ScreenshotSeconds,
		ScreenshotGrayscale: in.ScreenshotGrayscale, ScreenshotAll: in.ScreenshotAll, Hours: in.Hours, Exclude: in.Exclude, Groups: groups,
	})
}
