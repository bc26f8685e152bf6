package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
)

// tidy brings a content to the form that is kept: lists are there, in order and without repeats, so that what says the
// same has the same checksum.
func tidy(p rule.Policy) rule.Policy {
	x := &p.Exclude
	x.Titles, x.Sites, x.Applications = tidyList(x.Titles, false), tidyList(x.Sites, true), tidyList(x.Applications, true)
	if p.Hours != nil {
		h := *p.Hours
		h.Days = append([]int{}, h.Days...)
		slices.Sort(h.Days)
		p.Hours = &h
	}
	groups := make([]rule.Group, len(p.Groups))
	for i, g := range p.Groups {
		g.Values = tidyList(g.Values, false)
		groups[i] = g
	}
	slices.SortStableFunc(groups, func(a, b rule.Group) int { return cmp.Compare(a.ID, b.ID) })
	p.Groups = groups
	return p
}

// tidyList leaves what stays of texts without the space around them, of those that differ in case the first.
func tidyList(list []string, lower bool) []string {
	kept, known := []string{}, map[string]bool{}
	for _, text := range list {
		text = strings.TrimSpace(text)
		if lower {
			text = strings.ToLower(text)
		}
		if folded := strings.ToLower(text); !known[folded] {
			known[folded] = true
			kept = append(kept, text)
		}
	}
	slices.Sort(kept)
	return kept
}

// text is the content as it is kept, with its checksum.
func textOf(p rule.Policy) (text json.RawMessage, checksum string, err error) {
	if text, err = canonical.JSON(p); err != nil {
		return nil, "", err
	}
	checksum, err = canonical.Sum(p)
	return text, checksum, err
}

// put writes a content into the row, all but its groups.
func (p *policyRow) put(c rule.Policy) error {
	p.ActiveWindow, p.VisitedSites, p.Screenshot = c.ActiveWindows, c.VisitedSites, c.Screenshots
	p.ScreenshotInterval, p.ScreenshotGrayscale, p.ScreenshotAll = nil, &c.ScreenshotGrayscale, &c.ScreenshotAll
	if c.ScreenshotSeconds > 0 {
		p.ScreenshotInterval = &c.ScreenshotSeconds
	}
	p.Hours = nil
	if c.Hours != nil {
		text, err := json.Marshal(c.Hours)
		if err != nil {
			return err
		}
		p.Hours = text
	}
	text, err := json.Marshal(c.Exclude)
	p.Exclude = text
	return err
}

// content is what the row says, with these groups.
func (p *policyRow) content(groups []rule.Group) (c rule.Policy, err error) {
	c = rule.Policy{ActiveWindows: p.ActiveWindow, VisitedSites: p.VisitedSites, Screenshots: p.Screenshot, Groups: groups}
	if p.ScreenshotInterval != nil && *p.ScreenshotInterval > 0 {
		c.ScreenshotSeconds = *p.ScreenshotInterval
	}
	c.ScreenshotGrayscale = p.ScreenshotGrayscale != nil && *p.ScreenshotGrayscale
	c.ScreenshotAll = p.ScreenshotAll != nil && *p.ScreenshotAll
	if len(p.Hours) > 0 {
		if err := json.Unmarshal(p.Hours, &c.Hours); err != nil {
			return c, fmt.Errorf("hours of policy %d: %w", p.ID, err)
		}
	}
	if len(p.Exclude) > 0 {
		if err := json.Unmarshal(p.Exclude, &c.Exclude); err != nil {
			return c, fmt.Errorf("exclusions of policy %d: %w", p.ID, err)
		}
	}
	return tidy(c), nil
}
