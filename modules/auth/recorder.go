package auth

import (
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// barWindow is within which the events of one host are counted against it.
	barWindow = 5 * time.Minute
	// maxHosts bounds the hosts whose events are counted.
	maxHosts = 10_000
	// maxHostRows is how many rows one host may fill in a minute; the rest is only counted.
	maxHostRows = 5
	// maxMinuteRows is the same for all hosts together.
	maxMinuteRows = 1000
)

// incident is something to be written down of a client.
type incident struct {
	organization int64 // 0: of a key that is nobody's
	from         netip.Addr
	key          int64 // 0: unknown
	agent        string
	path, method string
	why          *refusal
}

// recorder gathers what the next flush writes: so many rows and no more, whatever clients do.
type recorder struct {
	mu      sync.Mutex
	minute  time.Time
	rows    map[incident]*eventRow // of this minute, by what makes them alike
	hosts   map[netip.Prefix]int   // rows of this minute
	changed map[id.UUID]eventRow   // since the last flush
	since   time.Time
	// The tallies of the window before are still looked at.
	tallies, before map[tallyKey]*eventTally
	bars            []blockRow
	used, noted     map[int64]time.Time // last uses of keys: since the last flush, and as they are written
	drop            func()              // counts an event that no row holds
}

type tallyKey struct {
	organization int64
	host         netip.Prefix
}

// eventTally is when the last events of a host were, as many as bar it.
type eventTally struct {
	times []time.Time
	next  int
}

func newRecorder(drop func()) *recorder {
	return &recorder{
		rows: map[incident]*eventRow{}, hosts: map[netip.Prefix]int{}, changed: map[id.UUID]eventRow{}, tallies: map[tallyKey]*eventTally{},
		used: map[int64]time.Time{}, noted: map[int64]time.Time{}, drop: drop,
	}
}

// note writes an incident down.
func (r *recorder) note(i incident, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := now.Truncate(time.Minute); !m.Equal(r.minute) {
		r.minute = m
		clear(r.rows)
		clear(r.hosts)
	}
	alike, host := i, hostOf(i.from)
	alike.agent = ""
	row := r.rows[alike]
	if row == nil {
		if r.hosts[host] >= maxHostRows || len(r.rows) >= maxMinuteRows || len(r.changed) >= maxMinuteRows {
			r.drop()
			return
		}
		r.hosts[host]++
		row = i.row(now)
		r.rows[alike] = row
	}
	row.Times++
	row.LastAt = now
	r.changed[row.ID] = *row
}

func (i incident) row(now time.Time) *eventRow {
	return &eventRow{
		MaybeOwned: ownedBy(i.organization), ID: id.New(), EventType: i.why.kind, IPAddress: addressText(i.from), UserAgent: i.agent, KeyID: i.key,
		RequestPath: i.path, RequestMethod: i.method, Severity: i.why.severity, Details: map[string]any{i.why.name: i.why.reason}, FirstAt: now,
	}
}

func ownedBy(organization int64) (o db.MaybeOwned) {
	if organization != 0 {
		o.OrganizationID = &organization
	}
	return o
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// tally counts an event against its host and reports whether that is the n-th within the window.
func (r *recorder) tally(k tallyKey, n int, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= barWindow || len(r.tallies) >= maxHosts {
		r.before, r.tallies, r.since = r.tallies, map[tallyKey]*eventTally{}, now
	}
	t := r.tallies[k]
	if t == nil {
		if t = r.before[k]; t == nil || len(t.times) != n {
			t = &eventTally{times: make([]time.Time, n)}
		}
		r.tallies[k] = t
	}
	t.times[t.next] = now
	t.next = (t.next + 1) % n
	oldest := t.times[t.next]
	if oldest.IsZero() || now.Sub(oldest) >= barWindow {
		return false
	}
	delete(r.tallies, k)
	delete(r.before, k)
	return true
}

// bar has an automatic block written.
func (r *recorder) bar(row blockRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bars) < maxMinuteRows {
		r.bars = append(r.bars, row)
	}
}

// use notes that a key opened a door, if that is not known of this minute.
func (r *recorder) use(key int64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.noted[key]) >= touchEvery {
		r.used[key] = now
	}
}

// gathered is what a flush writes.
type gathered struct {
	events map[id.UUID]eventRow
	bars   []blockRow
	used   map[int64]time.Time
}

func (g gathered) empty() bool { return len(g.events)+len(g.bars)+len(g.used) == 0 }

// parts is what was gathered of each organization. Uses of keys name none, and are nobody's.
func (g gathered) parts() map[int64]*gathered {
	all := map[int64]*gathered{0: {events: map[id.UUID]eventRow{}, used: g.used}}
	of := func(organization int64) *gathered {
		if all[organization] == nil {
			all[organization] = &gathered{events: map[id.UUID]eventRow{}}
		}
		return all[organization]
	}
	for id, row := range g.events {
		of(row.organization()).events[id] = row
	}
	for _, row := range g.bars {
		part := of(row.organization())
		part.bars = append(part.bars, row)
	}
	return all
}

// take hands over what has come since the last time.
func (r *recorder) take() gathered {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := gathered{r.changed, r.bars, r.used}
	r.changed, r.bars, r.used = map[id.UUID]eventRow{}, nil, map[int64]time.Time{}
	maps.Copy(r.noted, g.used)
	return g
}

// restore takes back what could not be written, as far as there is room.
func (r *recorder) restore(g gathered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, row := range g.events {
		if _, newer := r.changed[id]; !newer && len(r.changed) < maxMinuteRows {
			r.changed[id] = row
		}
	}
	r.bars = append(r.bars, g.bars[:min(len(g.bars), maxMinuteRows-min(len(r.bars), maxMinuteRows))]...)
	for key, at := range g.used {
		if r.used[key].Before(at) {
			r.used[key] = at
		}
	}
}
