package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*rule.Policy)
		want   []string
	}{
		"good":           {func(*rule.Policy) {}, nil},
		"interval":       {func(p *rule.Policy) { p.ScreenshotSeconds = -1 }, []string{"screenshotSeconds policy.out_of_range"}},
		"long interval":  {func(p *rule.Policy) { p.ScreenshotSeconds = 1 << 40 }, []string{"screenshotSeconds policy.out_of_range"}},
		"no hours":       {func(p *rule.Policy) { p.Hours = &rule.Hours{} }, []string{"hours.zone policy.unknown_zone", "hours.days required", "hours.from policy.not_a_time_of_day", "hours.to policy.not_a_time_of_day"}},
		"local zone":     {func(p *rule.Policy) { p.Hours.Zone = "Local" }, []string{"hours.zone policy.unknown_zone"}},
		"zone as a path": {func(p *rule.Policy) { p.Hours.Zone = "../etc" }, []string{"hours.zone policy.unknown_zone"}},
		"days":           {func(p *rule.Policy) { p.Hours.Days = []int{0, 1, 1, 8} }, []string{"hours.days[0] policy.not_a_weekday", "hours.days[2] policy.not_a_weekday", "hours.days[3] policy.not_a_weekday"}},
		"clock":          {func(p *rule.Policy) { p.Hours.From, p.Hours.To = "9:00", "24:00" }, []string{"hours.from policy.not_a_time_of_day", "hours.to policy.not_a_time_of_day"}},
		"titles":         {func(p *rule.Policy) { p.Exclude.Titles = []string{"", " ʻ", strings.Repeat("я", 101)} }, []string{"exclude.titles[0] required", "exclude.titles[1] required", "exclude.titles[2] too_long"}},
		"sites": {func(p *rule.Policy) {
			p.Exclude.Sites = []string{"https://bank.uz", "*.bank.uz", "bank uz", "Банк.РФ", "::1", "a.b."}
		}, []string{"exclude.sites[0] policy.not_a_host", "exclude.sites[1] policy.not_a_host", "exclude.sites[2] policy.not_a_host"}},
		"applications": {func(p *rule.Policy) { p.Exclude.Applications = []string{`C:\`, "a.exe"} }, []string{"exclude.applications[0] policy.not_a_process"}},
		"too many":     {func(p *rule.Policy) { p.Exclude.Sites = slices.Repeat([]string{"a.uz"}, 1001) }, []string{"exclude.sites policy.too_many"}},
		"too much":     {func(p *rule.Policy) { p.Exclude.Titles = slices.Repeat([]string{strings.Repeat("a", 100)}, 400) }, []string{"exclude.titles too_long"}},
		"group":        {func(p *rule.Policy) { p.Groups = []rule.Group{{}} }, []string{"groups[0].name required", "groups[0].type policy.unknown_type", "groups[0].category policy.unknown_category"}},
		"a group's values": {func(p *rule.Policy) {
			p.Groups = []rule.Group{{Name: "a", Type: rule.Website, Category: rule.Neutral, Values: []string{"x", ""}}}
		}, []string{"groups[0].values[1] required"}},
	} {
		p := rule.Everything()
		p.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1, 7}, From: "09:00", To: "18:00"}
		c.change(&p)
		var got []string
		if err := p.Validate(); err != nil {
			for _, d := range fault.Of(err).Details {
				got = append(got, fmt.Sprint(d.Field, " ", d.Code))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
