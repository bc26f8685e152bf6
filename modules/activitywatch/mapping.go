package activitywatch

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/id"
)

const source = "activitywatch"

// The types of buckets that are ours to store. All others are kept in their buckets, for who reads those.
const (
	typeWindow = "currentwindow"
	typeWeb    = "web.tab.current"
	typeAFK    = "afkstatus"
)

// fills reports whether what a bucket of the type says holds until it says something else.
func fills(kind string) bool { return kind == typeWindow || kind == typeWeb }

// content is what watchers say in an event's data, as far as it is ours to store.
type content struct {
	App, Title, URL, Status text
	Incognito               flag
}

// text and flag are what they are called; what is of another type says nothing.
type (
	text string
	flag bool
)

// UnmarshalJSON reads a text.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
	}
	return nil
}

// UnmarshalJSON reads a flag.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true"
	return nil
}

func contentOf(data string) (c content) {
	_ = json.Unmarshal([]byte(data), &c) // canonical JSON, made by us
	return c
}

// incognito reports whether the data must not be kept: what is seen in a private window.
func incognito(data string) bool { return bool(contentOf(data).Incognito) }

// mapped makes the event that a draft is to us, but for its time.
func mapped(b bucket.Bucket, d *bucket.Draft) (e activity.Event, ok bool) {
	c := contentOf(d.Data)
	e = activity.Event{Key: key(b, d), ComputerUID: b.ComputerUID, UserSID: userOf(b.ComputerUID), Source: source, Aside: b.Aside}
	switch b.Type {
	case typeWindow:
		e.Kind, e.Process, e.Title, e.URL = activity.ActiveWindow, string(c.App), string(c.Title), string(c.URL)
		ok = e.Process != "" || e.Title != ""
	case typeWeb:
		e.Kind, e.Process, e.Title, e.URL = activity.VisitedSite, browserOf(b.Name), string(c.Title), string(c.URL)
		ok = e.URL != ""
	case typeAFK:
		e.Kind = activity.IdlePeriod
		ok = c.Status == "afk"
	}
	e.Title, e.Process, e.URL = shorten(e.Title, activity.MaxTitle), shorten(e.Process, activity.MaxProcess), shorten(e.URL, activity.MaxURL)
	return e, ok
}

// key says which event it is: the bucket, what it says, when that began, and which piece of it this is. Who imports
// an event twice gives the same key twice.
func key(b bucket.Bucket, d *bucket.Draft) string {
	return id.Derive(0, source, b.ComputerUID, b.Name, d.Data, strconv.FormatInt(d.At.UnixMilli(), 10), strconv.Itoa(d.Pieces)).String()
}

// userOf stands for who sits at the computer: ActivityWatch names no user, and one without a name could not be linked.
func userOf(computerUID string) string {
	return shorten(source+":"+computerUID, activity.MaxUID)
}

// introduction makes the computer and its user known, so that they can be linked to an employee.
func introduction(b bucket.Bucket, now time.Time) []activity.Event {
	if b.Aside != "" {
		return nil
	}
	name := map[string]string{activity.DetailName: b.ComputerUID}
	at := now.UTC()
	return []activity.Event{
		{Kind: activity.Computer, Key: id.New().String(), ComputerUID: b.ComputerUID, At: at, Details: name, Source: source},
		{Kind: activity.ComputerUser, Key: id.New().String(), ComputerUID: b.ComputerUID, UserSID: userOf(b.ComputerUID), At: at, Details: name, Source: source},
	}
}

// nameOf is what somebody says that a computer is called, as it may be kept.
func nameOf(text string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
	return shorten(strings.TrimSpace(visible), activity.MaxUID)
}

// hostOf is the computer's name in a bucket's, which watchers call client_host; empty if there is none.
func hostOf(name string) string {
	if strings.HasPrefix(name, "aw-") { // these have no underscore of their own, hosts may
		_, host, _ := strings.Cut(name, "_")
		return host
	}
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		return name[i+1:]
	}
	return ""
}

// browserOf is the browser in the name of a bucket, which its extension calls aw-watcher-web-firefox_HOST.
func browserOf(name string) string {
	client, _, _ := strings.Cut(name, "_")
	browser, ok := strings.CutPrefix(client, "aw-watcher-web-")
	if !ok {
		return ""
	}
	return browser
}

// guess is the type of a bucket that nobody has made, by what comes for it.
func guess(data string) string {
	c := contentOf(data)
	switch {
	case c.Status == "afk" || c.Status == "not-afk":
		return typeAFK
	case c.App != "":
		return typeWindow
	case c.URL != "":
		return typeWeb
	}
	return "unknown"
}

// shorten cuts a text on a rune boundary.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// clientOf is the watcher's name in a bucket's.
func clientOf(name string) string { return strings.TrimSuffix(name, "_"+hostOf(name)) }
