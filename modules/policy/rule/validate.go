package rule

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/hosts"
)

// The bounds of a policy.
const (
	MaxScreenshotSeconds = 24 * 60 * 60
	MaxEntries           = 1000
	MaxEntry             = 100 // letters
	// maxTitles is how many bytes all titles may have, which are looked for at once.
	maxTitles = 32 << 10
)

const (
	codeRequired = "required"
	codeTooLong  = "too_long"
	codeTooMany  = "policy.too_many"
	codeRange    = "policy.out_of_range"
	codeZone     = "policy.unknown_zone"
	codeDays     = "policy.not_a_weekday"
	codeClock    = "policy.not_a_time_of_day"
	codeHost     = "policy.not_a_host"
	codeProcess  = "policy.not_a_process"
	codeCategory = "policy.unknown_category"
	codeType     = "policy.unknown_type"
)

// Validate reports what is wrong with the policy, by the fields of its JSON.
func (p *Policy) Validate() error {
	var f fault.Fields
	if p.ScreenshotSeconds < 0 || p.ScreenshotSeconds > MaxScreenshotSeconds {
		f.Add("screenshotSeconds", codeRange, fault.Params{"Min": 0, "Max": MaxScreenshotSeconds})
	}
	if p.Hours != nil {
		p.Hours.validate(&f)
	}
	p.Exclude.validate(&f)
	entries(&f, "groups", p.Groups, func(field string, g Group) { g.validate(&f, field) })
	return f.Err()
}

func (h *Hours) validate(f *fault.Fields) {
	if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "" || h.Zone == "Local" {
		f.Add("hours.zone", codeZone, nil)
	}
	if len(h.Days) == 0 {
		f.Add("hours.days", codeRequired, nil)
	}
	for i, d := range h.Days {
		if d < 1 || d > 7 || slices.Contains(h.Days[:i], d) {
			f.Add(fmt.Sprintf("hours.days[%d]", i), codeDays, nil)
		}
	}
	if _, ok := minutes(h.From); !ok {
		f.Add("hours.from", codeClock, nil)
	}
	if _, ok := minutes(h.To); !ok {
		f.Add("hours.to", codeClock, nil)
	}
}

func (x *Exclusions) validate(f *fault.Fields) {
	size := 0
	entries(f, "exclude.titles", x.Titles, func(field, title string) {
		folded := fold.Text(title)
		size += len(folded)
		entry(f, field, title, folded != "", codeRequired)
	})
	if size > maxTitles {
		f.Add("exclude.titles", codeTooLong, fault.Params{"Max": maxTitles})
	}
	entries(f, "exclude.sites", x.Sites, func(field, host string) {
		entry(f, field, host, hosts.Valid(hosts.Normal(host)), codeHost)
	})
	entries(f, "exclude.applications", x.Applications, func(field, process string) {
		entry(f, field, process, application(process) != "", codeProcess)
	})
}

func (g *Group) validate(f *fault.Fields, field string) {
	entry(f, field+".name", g.Name, true, "")
	if g.Type != Website && g.Type != Application {
		f.Add(field+".type", codeType, nil)
	}
	if !slices.Contains([]string{Productive, Neutral, Unproductive}, g.Category) {
		f.Add(field+".category", codeCategory, nil)
	}
	entries(f, field+".values", g.Values, func(field, value string) { entry(f, field, value, true, "") })
}

// entries looks at each element of a list.
func entries[T any](f *fault.Fields, field string, list []T, look func(field string, of T)) {
	if len(list) > MaxEntries {
		f.Add(field, codeTooMany, fault.Params{"Max": MaxEntries})
		return
	}
	for i, of := range list {
		look(fmt.Sprintf("%s[%d]", field, i), of)
	}
}

// entry wants a text that is not empty nor too long, and good.
func entry(f *fault.Fields, field, text string, good bool, code string) {
	switch {
	case text == "":
		f.Add(field, codeRequired, nil)
	case utf8.RuneCountInString(text) > MaxEntry:
		f.Add(field, codeTooLong, fault.Params{"Max": MaxEntry})
	case !good:
		f.Add(field, code, nil)
	}
}
