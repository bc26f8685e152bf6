package monitoring

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// The choices of requests.
const (
	kindApplications = "applications"
	kindSites        = "sites"
	stepQuarter      = "quarter"
	stepHour         = "hour"
	stepDay          = "day"
	ofEmployees      = "employees"
	ofDepartments    = "departments"
	ofPeriods        = "periods"
)

// Stats are how long something was used in a period. A second is one in which an agent reported a window or page in front:
// of an event all of them count in the quarter hour in which it begins, whether or not somebody sat there.
type Stats struct {
	Period
	Zone string `json:"zone"`
	Kind string `json:"kind" enum:"applications,sites"`
}

// Period are days, both inside, and what was used in them.
type Period struct {
	From         string `json:"from"`
	To           string `json:"to"`
	TotalSeconds int64  `json:"totalSeconds"`
	TotalEvents  int64  `json:"totalEvents"`
}

// Top are the names that were used longest.
type Top struct {
	Stats
	// Names counts all of them, and OtherSeconds are of those that are not among the items.
	Names        int       `json:"names"`
	OtherSeconds int64     `json:"otherSeconds"`
	Previous     Period    `json:"previous"`
	Items        []TopItem `json:"items"`
}

// TopItem is an application or a site.
type TopItem struct {
	Name            string  `json:"name"`
	Seconds         int64   `json:"seconds"`
	Events          int64   `json:"events"`
	Share           float64 `json:"share"`
	PreviousSeconds int64   `json:"previousSeconds"`
}

// Timeline is when something was used.
type Timeline struct {
	Stats
	Step   string  `json:"step" enum:"quarter,hour,day"`
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// Point is one step of a timeline.
type Point struct {
	At      time.Time `json:"at"`
	Seconds int64     `json:"seconds"`
	Events  int64     `json:"events"`
}

// Heatmap is in which hours of the week something was used.
type Heatmap struct {
	Stats
	Name string       `json:"name"`
	Rows []HeatmapRow `json:"rows"`
}

// HeatmapRow is one day of the week, of which there were so many in the period. Monday is 1.
type HeatmapRow struct {
	Weekday int     `json:"weekday"`
	Days    int     `json:"days"`
	Hours   []int64 `json:"hours" doc:"24 numbers: seconds by the hour of the day"`
}

// Comparison is what people, departments or periods used, side by side.
type Comparison struct {
	Stats
	Of       string  `json:"of" enum:"employees,departments,periods"`
	Name     string  `json:"name"`
	Previous *Period `json:"previous,omitempty" doc:"of employees and departments"`
	// UnlinkedSeconds are what is missing of the total in the sum of all there are, those too that are not among the items.
	UnlinkedSeconds int64          `json:"unlinkedSeconds" doc:"of Windows users who are linked to nobody compared; 0 where the question is about some people only, and of periods"`
	Count           int            `json:"count" doc:"how many there are, with those that are not among the items"`
	Items           []ComparedItem `json:"items"`
}

// ComparedItem is one of what is compared. A person and a department have an id, a period its days.
type ComparedItem struct {
	ID                 int64     `json:"id,omitempty"`
	Name               string    `json:"name,omitempty"`
	DepartmentID       int64     `json:"departmentId,omitempty" doc:"of an employee"`
	Employees          int       `json:"employees,omitempty" doc:"of a department"`
	SecondsPerEmployee int64     `json:"secondsPerEmployee,omitempty" doc:"of a department"`
	From               string    `json:"from,omitempty" doc:"of a period"`
	To                 string    `json:"to,omitempty" doc:"of a period"`
	Seconds            int64     `json:"seconds"`
	Events             int64     `json:"events"`
	Share              float64   `json:"share"`
	PreviousSeconds    *int64    `json:"previousSeconds,omitempty" doc:"of people and departments"`
	Top                []TopName `json:"top" doc:"at most three"`
	// gone says that it is no more.
	gone bool
}

// TopName is what one of those compared used longest.
type TopName struct {
	Name    string `json:"name"`
	Seconds int64  `json:"seconds"`
}

// maxTopNames bounds the names of one of what is compared.
const maxTopNames = 3

// dates are two days, both inside, as midnights of UTC.
type dates struct{ from, to time.Time }

func (d dates) days() int { return int(d.to.Sub(d.from)/day) + 1 }

// before are the days before these: as many calendar months if these are such, else as many days.
func (d dates) before() dates {
	last := d.from.AddDate(0, 0, -1)
	if next := d.to.AddDate(0, 0, 1); d.from.Day() == 1 && next.Day() == 1 {
		months := (next.Year()-d.from.Year())*12 + int(next.Month()) - int(d.from.Month())
		return dates{d.from.AddDate(0, -months, 0), last}
	}
	return dates{d.from.AddDate(0, 0, -d.days()), last}
}

// in are the days on the clocks of a zone.
func (d dates) in(zone *time.Location) period {
	midnight := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone).UTC()
	}
	return period{midnight(d.from), midnight(d.to.AddDate(0, 0, 1))}
}

func (d dates) period() Period {
	return Period{From: d.from.Format(time.DateOnly), To: d.to.Format(time.DateOnly)}
}

// amount is how long and how often.
type amount struct{ seconds, events int64 }

func (a amount) plus(u used) amount { return amount{a.seconds + u.Seconds, a.events + u.Events} }

// tally sums by a key.
func tally[K comparable](list []used, key func(used) K) map[K]amount {
	sums := map[K]amount{}
	for _, u := range list {
		sums[key(u)] = sums[key(u)].plus(u)
	}
	return sums
}

func (p *Period) count(list []used) {
	for _, u := range list {
		p.TotalSeconds += u.Seconds
		p.TotalEvents += u.Events
	}
}

func share(of, all int64) float64 {
	if all == 0 {
		return 0
	}
	return math.Round(float64(of)/float64(all)*1e4) / 1e4
}

// mostUsed returns the names in the order of their seconds.
func mostUsed(sums map[string]amount) []string {
	names := make([]string, 0, len(sums))
	for name := range sums {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b].seconds, sums[a].seconds), cmp.Compare(sums[b].events, sums[a].events), strings.Compare(a, b))
	})
	return names
}

func (t *Top) fill(now, before []used, limit int) {
	t.count(now)
	t.Previous.count(before)
	name := func(u used) string { return u.Name }
	sums, previous := tally(now, name), tally(before, name)
	t.Names, t.OtherSeconds, t.Items = len(sums), t.TotalSeconds, []TopItem{}
	for _, name := range mostUsed(sums)[:min(len(sums), limit)] {
		a := sums[name]
		t.OtherSeconds -= a.seconds
		t.Items = append(t.Items, TopItem{name, a.seconds, a.events, share(a.seconds, t.TotalSeconds), previous[name].seconds})
	}
}

// points are the steps of a time on the clocks of a zone.
func points(p period, step string, zone *time.Location) []Point {
	list := []Point{}
	for at := p.from; at.Before(p.until); {
		list = append(list, Point{At: at})
		switch step {
		case stepQuarter:
			at = at.Add(quarter)
		case stepHour:
			at = at.Add(time.Hour)
		default:
			at = at.In(zone).AddDate(0, 0, 1).UTC()
		}
	}
	return list
}

// fill adds what was used to the steps in which it began.
func (t *Timeline) fill(list []used) {
	t.count(list)
	for _, u := range list {
		i, found := slices.BinarySearchFunc(t.Points, u.At, func(p Point, at int64) int { return cmp.Compare(p.At.Unix(), at) })
		if !found {
			i = max(i-1, 0)
		}
		t.Points[i].Seconds += u.Seconds
		t.Points[i].Events += u.Events
	}
}

func (h *Heatmap) fill(d dates, list []used, zone *time.Location) {
	h.count(list)
	for i := range daysOfWeek {
		h.Rows = append(h.Rows, HeatmapRow{Weekday: i + 1, Hours: make([]int64, 24)})
	}
	row := func(w time.Weekday) *HeatmapRow { return &h.Rows[(int(w)+daysOfWeek-1)%daysOfWeek] }
	for at := d.from; !at.After(d.to); at = at.AddDate(0, 0, 1) {
		row(at.Weekday()).Days++
	}
	for _, u := range list {
		at := time.Unix(u.At, 0).In(zone)
		row(at.Weekday()).Hours[at.Hour()] += u.Seconds
	}
}

// tops are the names that each part used longest.
func tops(list []used) map[int][]TopName {
	byPart := map[int][]used{}
	for _, u := range list {
		byPart[u.Part] = append(byPart[u.Part], u)
	}
	found := map[int][]TopName{}
	for part, list := range byPart {
		sums := tally(list, func(u used) string { return u.Name })
		for _, name := range mostUsed(sums)[:min(len(sums), maxTopNames)] {
			found[part] = append(found[part], TopName{name, sums[name].seconds})
		}
	}
	return found
}

// fill puts sums to the items, whose places are the parts.
func (c *Comparison) fill(now, before []used) {
	part := func(u used) int { return u.Part }
	sums, previous, named := tally(now, part), tally(before, part), tops(now)
	all := c.UnlinkedSeconds
	for _, a := range sums {
		all += a.seconds
	}
	for i := range c.Items {
		item := &c.Items[i]
		item.Seconds, item.Events = sums[i].seconds, sums[i].events
		if seconds := previous[i].seconds; item.ID != 0 {
			item.PreviousSeconds = &seconds
		}
		item.Share, item.Top = share(item.Seconds, all), append([]TopName{}, named[i]...)
		if item.Employees > 0 {
			item.SecondsPerEmployee = item.Seconds / int64(item.Employees)
		}
	}
}

// atLeast raises the sums to what everybody used together, and returns by how many seconds. What was read later may be more.
func (p *Period) atLeast(everything []used) (seconds int64) {
	var all Period
	all.count(everything)
	seconds = max(0, all.TotalSeconds-p.TotalSeconds)
	p.TotalSeconds += seconds
	p.TotalEvents = max(p.TotalEvents, all.TotalEvents)
	return seconds
}

// rank leaves those who used most, then by name. Of those who are gone only those stay who did something.
func (c *Comparison) rank(limit int) {
	c.Items = slices.DeleteFunc(c.Items, func(i ComparedItem) bool { return i.gone && i.Events == 0 })
	slices.SortStableFunc(c.Items, func(a, b ComparedItem) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Name, b.Name))
	})
	c.Count = len(c.Items)
	c.Items = c.Items[:min(c.Count, limit)]
}
