package rule

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/hosts"
)

// Why an event is not kept.
const (
	WhyKind        = "kind"
	WhyHours       = "hours"
	WhyTitle       = "title"
	WhySite        = "site"
	WhyApplication = "application"
	WhyPrivate     = "private"
)

// Whys are all reasons.
var Whys = [...]string{WhyKind, WhyHours, WhyTitle, WhySite, WhyApplication, WhyPrivate}

// Released is the policy.
func (c *compiled) Released() Released { return c.of }

// Pictures says whether and how the screen is pictured at the time.
func (c *compiled) Pictures(at time.Time) Screenshots {
	p := &c.of.Content
	return Screenshots{
		Enabled: p.Screenshots && (c.hours == nil || c.hours.holds(at)), Grayscale: p.ScreenshotGrayscale,
		Interval: time.Duration(p.ScreenshotSeconds) * time.Second,
	}
}

// Keeps judges an event, and cuts it to working hours.
func (c *compiled) Keeps(e *activity.Event) (ok bool, why string) {
	switch e.Kind {
	case activity.Computer, activity.ComputerUser, activity.AgentState:
		return true, ""
	}
	e.Title, e.Process, e.URL, e.FilePath = withoutNUL(e.Title), withoutNUL(e.Process), withoutNUL(e.URL), withoutNUL(e.FilePath)
	switch {
	case !c.wants(e.Kind):
		return false, WhyKind
	case c.private(e):
		return false, WhyPrivate
	case c.titled(e.Title) || c.titled(e.FilePath[:min(len(e.FilePath), maxPath)]):
		return false, WhyTitle
	case c.runs(e.Process):
		return false, WhyApplication
	case c.visited(e):
		return false, WhySite
	case c.hours != nil && !c.hours.cut(e):
		return false, WhyHours
	}
	if e.Kind != activity.VisitedSite && !c.of.Content.VisitedSites {
		e.URL = ""
	}
	return true, ""
}

// maxPath is how much is read of a path, of which less is kept: v1's agents send whole pictures in its place.
const maxPath = activity.MaxPath + utf8.UTFMax*MaxEntry

// withoutNUL is the text as it will be kept: no database keeps NUL, so it must hide nothing.
func withoutNUL(text string) string { return strings.ReplaceAll(text, "\x00", "") }

// wants reports whether events of the kind are kept at all. Idle time and sessions have no switch of their own: they
// say how the rest is meant.
func (c *compiled) wants(k activity.Kind) bool {
	p := &c.of.Content
	switch k {
	case activity.ActiveWindow:
		return p.ActiveWindows
	case activity.VisitedSite:
		return p.VisitedSites
	case activity.Screenshot:
		return p.Screenshots
	}
	return p.ActiveWindows || p.VisitedSites || p.Screenshots
}

func (c *compiled) titled(text string) bool {
	return c.titles != nil && text != "" && c.titles.in(text)
}

// private reports whether the event is of a private window: it says so, or its title does.
func (c *compiled) private(e *activity.Event) bool {
	return c.of.Content.Exclude.PrivateWindows && (e.Private || e.Title != "" && marks.in(e.Title))
}

// marks are what browsers write into the titles of private windows, in the languages of this country. Which program is
// a browser cannot be known, so they count in all titles.
var marks = newWords([]string{
	"InPrivate", "Incognito", "Private Browsing", "Private Window", "(Private)", "Tor Browser",
	"Инкогнито", "Приватный просмотр", "Приватное окно", "Частный доступ", "Частный просмотр", "Приватный режим",
	"Inkognito", "Maxfiy koʻrish", "Maxfiy oyna", "Maxfiy rejim", "Shaxsiy koʻrish", "Yashirin rejim", "Инкогнито режими", "Махфий кўриш", "Махфий ойна",
})

// runs reports whether the process is excluded.
func (c *compiled) runs(process string) bool {
	if len(c.applications) == 0 || process == "" {
		return false
	}
	process = process[strings.LastIndexAny(process, `/\`)+1:]
	var room [activity.MaxProcess]byte
	if name, ok := lower(&room, process); ok {
		return c.applications[string(bare(name))]
	}
	return c.applications[application(process)]
}

// application is the name by which a process is known: without folders, and without what Windows and macOS add.
func application(process string) string {
	process = process[strings.LastIndexAny(process, `/\`)+1:]
	return string(bare([]byte(strings.ToLower(process))))
}

func bare(name []byte) []byte {
	name = bytes.TrimSpace(name)
	for _, end := range [...]string{".exe", ".app"} {
		if n := len(name) - len(end); n > 0 && string(name[n:]) == end {
			return name[:n]
		}
	}
	return name
}

// lower writes the text in small letters into the room, if it is ASCII and there is room: most are, and then nothing
// is allocated.
func lower(room *[activity.MaxProcess]byte, text string) (small []byte, ok bool) {
	if len(text) > len(room) {
		return nil, false
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= utf8.RuneSelf:
			return nil, false
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		room[i] = c
	}
	return room[:len(text)], true
}

// visited reports whether the event is of an excluded site. A title that names one counts, too: browsers show the
// address there until the page has a title.
func (c *compiled) visited(e *activity.Event) bool {
	if len(c.sites) == 0 {
		return false
	}
	return e.URL != "" && under(c.sites, hosts.Of(e.URL)) || c.named(e.Title)
}

// under reports whether the host is one of the sites or lies under one.
func under[T string | []byte](sites map[string]bool, host T) bool {
	for i := 0; ; i++ {
		if i == 0 || host[i-1] == '.' {
			if sites[string(host[i:])] {
				return true
			}
		}
		if i == len(host) {
			return false
		}
	}
}

// named reports whether a word of the text is an excluded host.
func (c *compiled) named(text string) bool {
	for text != "" {
		end := strings.IndexFunc(text, apart)
		if end < 0 {
			end = len(text)
		}
		if word := strings.Trim(text[:end], ".-"); strings.Contains(word, ".") && c.site(word) {
			return true
		}
		text = strings.TrimLeftFunc(text[end:], apart)
	}
	return false
}

// site reports whether the word is an excluded host.
func (c *compiled) site(word string) bool {
	var room [activity.MaxProcess]byte
	if host, ok := lower(&room, word); ok {
		return under(c.sites, host)
	}
	return c.foreign && under(c.sites, hosts.Normal(word))
}

// apart reports whether the letter cannot be in a host's name.
func apart(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' && r != '_'
}
