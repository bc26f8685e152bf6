package monitoring

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Why an event is set aside.
const (
	negativeDuration = "negative_duration"
	tooLong          = "duration_too_long"
	endBeforeStart   = "end_before_start"
	tooOld           = "too_old"
	inFuture         = "in_future"
)

// prepared is a batch that was checked, as columns of the five tables.
type prepared struct {
	organization int64
	tables       [len(activity.Kinds)]columns
	set          []aside
	sightings    []computer.Sighting
}

// aside is an event that cannot have happened, or that its intake does not vouch for.
type aside struct {
	id      id.UUID
	kind    activity.Kind
	reason  string
	payload json.RawMessage
}

// columns are the rows of one table.
type columns struct {
	at                      []time.Time
	ids, agents             []id.UUID
	uids, sids              []string
	titles, processes, urls []string
	pages                   []string // the sites of the pages
	seconds                 []int32
	sessions, sources       []string
	ends                    []*time.Time
	paths, hashes           []string
	sizes                   []int64
	widths, heights         []int32
}

// prepare checks and cleans the events. It refuses the whole batch for one that no table could hold;
// one that could not have happened is set aside.
func (s *service) prepare(organization int64, events []activity.Event) (*prepared, error) {
	p := &prepared{organization: organization}
	if err := p.grow(events); err != nil {
		return nil, err
	}
	now := s.now()
	seen := sightings{index: map[pair]int{}, agents: map[string]id.UUID{}, days: map[time.Time]bool{}}
	for i := range events {
		e := events[i] // a copy: the caller's events stay as they are
		normalise(&e)
		if missing := missing(&e); missing != "" {
			return nil, errIncomplete.With("Field", missing).With("Index", i)
		}
		rowID := id.Derive(organization, string(e.Kind), e.Key)
		if reason := s.aside(&e, now); reason != "" {
			p.set = append(p.set, aside{rowID, e.Kind, reason, payload(&e)})
			continue
		}
		endBy(&e, now.Add(s.cfg.Ahead))
		seen.add(&e)
		p.tables[tableOf(e.Kind)].add(&e, rowID, seen.agent(organization, e.ComputerUID))
	}
	// In one order, so that two batches with the same computers do not wait for each other in a circle.
	slices.SortFunc(seen.list, func(a, b computer.Sighting) int {
		return cmp.Or(strings.Compare(a.ComputerUID, b.ComputerUID), strings.Compare(a.UserSID, b.UserSID))
	})
	p.sightings = seen.list
	if len(seen.days) > maxDays {
		return nil, errTooManyDays.With("Max", maxDays)
	}
	return p, nil
}

// maxDays bounds the days of one batch, each of which may need partitions of its own that others wait for. A gateway
// halves what is refused for its size.
const maxDays = 64

// aside returns why the event is set aside; empty if it is not.
func (s *service) aside(e *activity.Event, now time.Time) string {
	return cmp.Or(e.Aside, impossible(e, now.Add(-s.cfg.oldest()), now.Add(s.cfg.Ahead)))
}

// grow makes room for the events, and refuses those of a kind that has no table.
func (p *prepared) grow(events []activity.Event) error {
	var n [len(activity.Kinds)]int
	for i := range events {
		t := tableOf(events[i].Kind)
		if t < 0 {
			return errUnknownKind.With("Kind", string(events[i].Kind)).With("Index", i)
		}
		n[t]++
	}
	for t, count := range n {
		p.tables[t].grow(activity.Kinds[t], count)
	}
	return nil
}

func tableOf(k activity.Kind) int {
	switch k {
	case activity.ActiveWindow:
		return 0
	case activity.VisitedSite:
		return 1
	case activity.Screenshot:
		return 2
	case activity.UserSession:
		return 3
	case activity.IdlePeriod:
		return 4
	}
	return -1
}

// missing returns the name of the field without which the event is nothing.
func missing(e *activity.Event) string {
	switch {
	case e.Key == "":
		return "key"
	case e.ComputerUID == "":
		return "computerUid"
	case e.At.IsZero():
		return "at"
	case e.Kind == activity.VisitedSite && e.URL == "":
		return "url"
	case e.Kind == activity.Screenshot && e.FilePath == "":
		return "filePath"
	case e.Kind == activity.UserSession && !known(e.Session):
		return "sessionType"
	}
	return ""
}

func known(session string) bool {
	switch session {
	case activity.Login, activity.Logout, activity.Lock, activity.Unlock:
		return true
	}
	return false
}

// normalise makes the event as both databases keep it.
func normalise(e *activity.Event) {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if !e.End.IsZero() {
		e.End = e.End.UTC().Truncate(time.Microsecond)
	}
	e.ComputerUID = clean(e.ComputerUID, activity.MaxUID)
	e.UserSID = clean(e.UserSID, activity.MaxUID)
	e.Title = clean(e.Title, activity.MaxTitle)
	e.Process = clean(e.Process, activity.MaxProcess)
	e.URL = clean(e.URL, activity.MaxURL)
	e.FilePath = clean(e.FilePath, activity.MaxPath)
	e.SHA256 = clean(e.SHA256, maxHash)
	e.Source = clean(e.Source, activity.MaxProcess)
	e.Aside = clean(e.Aside, activity.MaxProcess)
}

// maxHash is a SHA-256 in hex.
const maxHash = 64

// clean cuts s on a rune boundary, and mends what PostgreSQL refuses in a text: NUL and broken UTF-8.
func clean(s string, limit int) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// impossible returns why the event cannot have happened; empty if it can.
func impossible(e *activity.Event, oldest, newest time.Time) string {
	switch {
	case e.Duration < 0:
		return negativeDuration
	case e.Duration > math.MaxInt32:
		return tooLong
	case !e.End.IsZero() && e.End.Before(e.At):
		return endBeforeStart
	case e.At.Before(oldest):
		return tooOld
	case e.At.After(newest), e.End.After(newest):
		return inFuture
	}
	return ""
}

// endBy makes the event end when it was received: what it tells of later cannot have happened yet.
func endBy(e *activity.Event, received time.Time) {
	e.Duration = min(e.Duration, int64(math.Ceil(received.Sub(e.At).Seconds())))
}

// payload is the event as quarantine keeps it.
func payload(e *activity.Event) json.RawMessage {
	b, err := json.Marshal(e)
	if err != nil { // a year past 9999, which JSON's times do not have
		c := *e
		c.At, c.End = time.Time{}, time.Time{}
		b, _ = json.Marshal(&c)
	}
	return withoutNUL(b)
}

// withoutNUL takes NUL out of the texts of a JSON value, since PostgreSQL's has none.
func withoutNUL(b []byte) []byte {
	const null = `\u0000`
	if !bytes.Contains(b, []byte(null)) {
		return b
	}
	clean := b[:0]
	for i := 0; i < len(b); {
		n := 1
		switch {
		case bytes.HasPrefix(b[i:], []byte(null)):
			i += len(null)
			continue
		case b[i] == '\\':
			n = 2 // the second may be a backslash that begins nothing
		}
		clean = append(clean, b[i:i+n]...)
		i += n
	}
	return clean
}

// pair is a Windows user on a computer.
type pair struct{ uid, sid string }

// sightings are the pairs of a batch, each with its newest time, and its days.
type sightings struct {
	list   []computer.Sighting
	index  map[pair]int
	agents map[string]id.UUID
	days   map[time.Time]bool
}

func (s *sightings) add(e *activity.Event) {
	s.days[e.At.Truncate(day)] = true
	p := pair{e.ComputerUID, e.UserSID}
	i, ok := s.index[p]
	if !ok {
		// Cloned, because a registry may remember them longer than the request, whose body they are part of.
		p = pair{strings.Clone(p.uid), strings.Clone(p.sid)}
		s.index[p] = len(s.list)
		s.list = append(s.list, computer.Sighting{ComputerUID: p.uid, UserSID: p.sid, At: e.At})
		return
	}
	if e.At.After(s.list[i].At) {
		s.list[i].At = e.At
	}
}

// agent is the id that stands for the agent of a computer where no agent has one of its own.
func (s *sightings) agent(organization int64, uid string) id.UUID {
	a, ok := s.agents[uid]
	if !ok {
		a = id.Derive(organization, "agent", uid)
		s.agents[uid] = a
	}
	return a
}

func (c *columns) grow(k activity.Kind, n int) {
	if n == 0 {
		return
	}
	texts := func(lists ...*[]string) {
		for _, l := range lists {
			*l = make([]string, 0, n)
		}
	}
	c.at, c.ids, c.agents = make([]time.Time, 0, n), make([]id.UUID, 0, n), make([]id.UUID, 0, n)
	texts(&c.uids, &c.sids)
	switch k {
	case activity.ActiveWindow, activity.VisitedSite:
		texts(&c.titles, &c.processes, &c.urls)
		c.seconds = make([]int32, 0, n)
		if k == activity.VisitedSite {
			texts(&c.pages)
		}
	case activity.Screenshot:
		texts(&c.titles, &c.processes, &c.paths, &c.hashes)
		c.sizes, c.widths, c.heights = make([]int64, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	case activity.UserSession:
		texts(&c.sessions, &c.sources)
		c.ends = make([]*time.Time, 0, n)
	case activity.IdlePeriod:
		c.seconds = make([]int32, 0, n)
	}
}

func (c *columns) add(e *activity.Event, rowID, agent id.UUID) {
	c.at, c.ids, c.agents = append(c.at, e.At), append(c.ids, rowID), append(c.agents, agent)
	c.uids, c.sids = append(c.uids, e.ComputerUID), append(c.sids, e.UserSID)
	switch e.Kind {
	case activity.ActiveWindow, activity.VisitedSite:
		c.titles, c.processes, c.urls = append(c.titles, e.Title), append(c.processes, e.Process), append(c.urls, e.URL)
		c.seconds = append(c.seconds, int32(e.Duration))
		if e.Kind == activity.VisitedSite {
			c.pages = append(c.pages, clean(host(e.URL), activity.MaxURL))
		}
	case activity.Screenshot:
		c.titles, c.processes = append(c.titles, e.Title), append(c.processes, e.Process)
		c.paths, c.hashes, c.sizes = append(c.paths, e.FilePath), append(c.hashes, e.SHA256), append(c.sizes, e.FileSize)
		c.widths, c.heights = append(c.widths, e.Width), append(c.heights, e.Height)
	case activity.UserSession:
		var end *time.Time
		if !e.End.IsZero() {
			t := e.End
			end = &t
		}
		c.sessions, c.sources, c.ends = append(c.sessions, e.Session), append(c.sources, e.Source), append(c.ends, end)
	case activity.IdlePeriod:
		c.seconds = append(c.seconds, int32(e.Duration))
	}
}

// rows are the columns as Bulk takes them; with skipKnown, those that are there already are left out.
func (c *columns) rows(k activity.Kind, skipKnown bool) db.Rows {
	list := []db.Column{
		{Name: "datetime", Values: c.at}, {Name: "id", Values: c.ids}, {Name: "agent_id", Values: c.agents},
		{Name: "computer_uid", Values: c.uids}, {Name: "user_sid", Values: c.sids},
	}
	add := func(name string, values any) { list = append(list, db.Column{Name: name, Values: values}) }
	switch k {
	case activity.ActiveWindow:
		add("window_title", c.titles)
	case activity.VisitedSite, activity.Screenshot:
		add("title", c.titles)
	}
	switch k {
	case activity.ActiveWindow, activity.VisitedSite:
		add("process_name", c.processes)
		add("url", c.urls)
		add("duration_seconds", c.seconds)
		if k == activity.VisitedSite {
			add("site", c.pages)
		}
	case activity.Screenshot:
		add("process_name", c.processes)
		add("file_path", c.paths)
		add("file_size", c.sizes)
		add("sha256", c.hashes)
		add("width", c.widths)
		add("height", c.heights)
	case activity.UserSession:
		add("session_type", c.sessions)
		add("end_time", c.ends)
		add("source", c.sources)
	case activity.IdlePeriod:
		add("duration_seconds", c.seconds)
	}
	return db.Rows{Table: tables[k].name, Columns: list, Owned: true, SkipKnown: skipKnown}
}
