package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// event is what the person's agent reports, in the words of the product's own intake.
type event struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	UserSID  string    `json:"userSid"`
	At       time.Time `json:"at"`
	Duration int64     `json:"durationSeconds,omitempty"`
	Title    string    `json:"title,omitempty"`
	Process  string    `json:"processName,omitempty"`
	URL      string    `json:"url,omitempty"`
	Session  string    `json:"sessionType,omitempty"`
}

// over is when the agent knows all of the event, and so reports it.
func (e event) over() time.Time { return e.At.Add(time.Duration(e.Duration) * time.Second) }

// day is what one person does from coming to leaving.
type day struct {
	come, leave time.Time
	lunch, back time.Time // between which nobody is at work
	// off says that the computer is shut down in the end; if not, it is left locked, or forgotten.
	off    bool
	events []event
	shots  []event // pictures of the screen
}

// dayOf makes up the working day of the person that begins on date, a midnight in the company's zone. The same seed,
// person and date make the same day. It returns false if the person does not come.
func dayOf(seed int64, p person, date time.Time) (day, bool) {
	r := rand.New(rand.NewPCG(uint64(seed)<<20|uint64(p.number), uint64(date.Year()*10000+int(date.Month())*100+date.Day())))
	s := p.department.shift
	weekday := (int(date.Weekday())+6)%7 + 1
	if !slices.Contains(s.days, weekday) || p.linked && r.Float64() < 0.04 {
		return day{}, false
	}
	at := func(minute float64) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), 0, 0, int(minute*60), 0, date.Location())
	}
	d := day{come: at(float64(s.from) + lateness(r)), leave: at(float64(s.until) + between(r, -12, 35)), off: r.Float64() < 0.75}
	w := &writer{rand: r, person: p, day: &d, prefix: fmt.Sprint(seed, "/", p.number, "/", date.Format(time.DateOnly))}
	w.shot = d.come.Add(shotEvery / 3)
	w.session("login", d.come)
	lunch := at(float64(s.from+s.until)/2 + between(r, -25, 25))
	w.stint(d.come, lunch)
	d.lunch, d.back = lunch, lunch.Add(minutes(between(r, 35, 62)))
	w.away(d.lunch, d.back)
	w.stint(w.now, d.leave)
	w.end()
	return d, true
}

// lateness is in minutes: most people come a little early, some late, a few very late.
func lateness(r *rand.Rand) float64 {
	switch luck := r.Float64(); {
	case luck < 0.82:
		return between(r, -14, 4)
	case luck < 0.94:
		return between(r, 11, 28)
	}
	return between(r, 30, 95)
}

func between(r *rand.Rand, from, to float64) float64 { return from + r.Float64()*(to-from) }

func minutes(n float64) time.Duration {
	return time.Duration(n * float64(time.Minute)).Truncate(time.Second)
}

// writer writes a day from its beginning to its end.
type writer struct {
	rand   *rand.Rand
	person person
	day    *day
	prefix string // of the keys of events
	now    time.Time
	shot   time.Time // when the screen is pictured next
}

func (w *writer) add(e event) {
	e.ID = id.Derive(0, "demo", w.prefix, fmt.Sprint(len(w.day.events))).String()
	e.UserSID = w.person.sid
	e.At = e.At.UTC()
	w.day.events = append(w.day.events, e)
}

// shotEvery is about how often the screen is pictured while somebody works.
const shotEvery = 110 * time.Minute

// look pictures the screen when it is time, a moment after the window has come to the front.
func (w *writer) look(process, title string) {
	if w.now.Before(w.shot) {
		return
	}
	w.shot = w.now.Add(shotEvery)
	w.day.shots = append(w.day.shots, event{
		ID: id.Derive(0, "demo", w.prefix, "shot", fmt.Sprint(len(w.day.shots))).String(), Type: "screenshot", UserSID: w.person.sid,
		At: w.now.Add(time.Second).UTC(), Title: title, Process: process,
	})
}

func (w *writer) session(kind string, at time.Time) {
	w.add(event{Type: "user_session", At: at, Session: kind})
	w.now = at
}

// stint is work from one long pause to the next, with short ones in between and now and then a meeting.
func (w *writer) stint(from, until time.Time) {
	w.now = from
	meet := w.rand.Float64() < 0.35
	for w.now.Before(until) {
		rest := w.now.Add(minutes(between(w.rand, 50, 115)))
		if rest.After(until) {
			rest = until
		}
		w.work(rest)
		if until.Sub(rest) < 20*time.Minute {
			w.work(until)
			return
		}
		if meet && until.Sub(rest) > 80*time.Minute {
			meet = false
			w.meet(rest.Add(minutes(between(w.rand, 25, 60))))
			continue
		}
		w.away(rest, rest.Add(minutes(between(w.rand, 4, 14))))
	}
}

// work uses one application after the other until then.
func (w *writer) work(until time.Time) {
	for w.now.Before(until) {
		a := w.pick()
		long := minutes(min(8, 0.3+w.rand.ExpFloat64()*2.2))
		if left := until.Sub(w.now); long > left {
			long = left
		}
		if long < time.Second {
			return
		}
		seconds := int64(long / time.Second)
		if a.process == browser {
			p := a.pages[w.rand.IntN(len(a.pages))]
			w.look(browser, p.title)
			w.add(event{Type: "active_window", At: w.now, Duration: seconds, Process: browser, Title: p.title + " – Google Chrome"})
			w.add(event{Type: "visited_site", At: w.now, Duration: seconds, Process: browser, Title: p.title, URL: p.url})
		} else {
			title := a.titles[w.rand.IntN(len(a.titles))]
			w.look(a.process, title)
			w.add(event{Type: "active_window", At: w.now, Duration: seconds, Process: a.process, Title: title})
		}
		w.now = w.now.Add(long)
	}
}

// pick chooses an application, the heavier the more often.
func (w *writer) pick() application {
	all := w.person.department.work
	sum := 0
	for _, a := range all {
		sum += a.weight
	}
	n := w.rand.IntN(sum)
	for _, a := range all {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	return all[0]
}

// meet is a call at the computer, or a meeting elsewhere.
func (w *writer) meet(until time.Time) {
	if w.rand.Float64() < 0.5 {
		w.away(w.now, until)
		return
	}
	for title := calls[w.rand.IntN(len(calls))]; w.now.Before(until); {
		long := min(5*time.Minute, until.Sub(w.now))
		w.add(event{Type: "active_window", At: w.now, Duration: int64(long / time.Second), Process: "Zoom.exe", Title: title})
		w.now = w.now.Add(long)
	}
}

// away is a pause. Most people lock the screen; who forgets leaves a window in front and touches nothing.
func (w *writer) away(from, until time.Time) {
	if w.rand.Float64() < 0.75 {
		w.session("lock", from)
		w.session("unlock", until)
		return
	}
	a := w.pick()
	title := "Google Chrome"
	if len(a.titles) > 0 {
		title = a.titles[0]
	}
	for at := from; at.Before(until); at = at.Add(5 * time.Minute) {
		long := int64(min(5*time.Minute, until.Sub(at)) / time.Second)
		w.add(event{Type: "active_window", At: at, Duration: long, Process: a.process, Title: title})
		w.add(event{Type: "idle_period", At: at, Duration: long})
	}
	w.now = until
}

// end is how people leave: they shut down, lock, or forget to, and the computer is idle until it sleeps.
func (w *writer) end() {
	d := w.day
	switch {
	case d.off:
		w.session("logout", d.leave)
	case w.rand.Float64() < 0.6:
		w.session("lock", d.leave)
	default:
		w.add(event{Type: "idle_period", At: d.leave, Duration: 30 * 60})
	}
}
