package schedules

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of days in the calendar.
const (
	// holiday is a public holiday. Where it falls on somebody's day off, the next working day is off.
	holiday = "holiday"
	// dayOff is an additional day off.
	dayOff = "off"
	// workday is worked by those too who have that day of the week off, if they work five days a week or more.
	workday = "work"
	// usual takes a day of the product's calendar away: people work as on any such day of the week.
	usual = "usual"
)

var dayKinds = []string{holiday, dayOff, workday, usual}

//go:embed holidays.json
var holidaysJSON []byte

// names are what a day is called, by language.
type names struct {
	UZ string `json:"uz"`
	RU string `json:"ru"`
	EN string `json:"en"`
}

// publicDay is a day of the calendar that all organizations have.
type publicDay struct {
	Date   string `json:"date"` // of a fixed one without the year
	Kind   string `json:"kind"`
	Names  names  `json:"names"`
	Source string `json:"source"`
	// Expected is a feast whose date nobody has announced yet. It is shown, and counts for nothing until somebody enters it.
	Expected bool `json:"expected"`
}

// publicCalendar is what the law and decrees say of days in Uzbekistan.
type publicCalendar struct {
	Source string      `json:"source"`
	Fixed  []publicDay `json:"fixed"`
	Days   []publicDay `json:"days"`
}

// public reads the calendar that comes with the product; a test reads it too, so that it can be read.
var public = sync.OnceValue(func() (c publicCalendar) {
	if err := json.Unmarshal(holidaysJSON, &c); err != nil {
		panic(fmt.Sprintf("holidays.json: %v", err))
	}
	return c
})

// of returns the calendar's days of a year, in their order.
func (c publicCalendar) of(year int) (days []publicDay) {
	for _, d := range c.Fixed {
		d.Date, d.Kind, d.Source = fmt.Sprintf("%04d-%s", year, d.Date), holiday, c.Source
		days = append(days, d)
	}
	for _, d := range c.Days {
		if strings.HasPrefix(d.Date, fmt.Sprintf("%04d-", year)) {
			days = append(days, d)
		}
	}
	slices.SortStableFunc(days, func(a, b publicDay) int { return strings.Compare(a.Date, b.Date) })
	return days
}

// kinds are the kinds of the days that are unlike others, by date.
type kinds map[string]string

// decides is the first day that may decide about a date, a year before. Even who works one day a week works on more days
// of a year than there are holidays to be made good, so at some day since then none was, and from there on all are counted.
func decides(date time.Time) time.Time { return date.AddDate(-1, 0, 0) }

// kindsOf joins the public calendar with the organization's own days, for a date and all that decide about it.
func kindsOf(date time.Time, own []dayRow) kinds {
	days := kinds{}
	for year := decides(date).Year(); year <= date.Year(); year++ {
		for _, d := range public().of(year) {
			if !d.Expected {
				days[d.Date] = d.Kind
			}
		}
	}
	for _, d := range own {
		days[d.Day] = d.Kind
	}
	return days
}

// fiveDays is how many days a week those work whose days off are moved to and fro.
const fiveDays = 5

// works reports whether a shift of the schedule begins on the date. A holiday on a day off of the schedule is made good
// on the next day on which it would work, as the labour code has it (article 208).
func (w scheduleRow) works(date time.Time, days kinds) bool {
	if !w.KeepsHolidays {
		return w.worksOn(date)
	}
	owed, works := 0, false
	for d := decides(date); !d.After(date); d = d.AddDate(0, 0, 1) {
		weekday := w.worksOn(d)
		switch kind := days[d.Format(time.DateOnly)]; {
		case kind == holiday && !weekday:
			owed++
			works = false
		case kind == holiday, kind == dayOff:
			works = false
		case kind == workday && w.daysAWeek() >= fiveDays:
			works = true
		case weekday && owed > 0:
			owed--
			works = false
		default:
			works = weekday
		}
	}
	return works
}

func (w scheduleRow) daysAWeek() (n int) {
	for d := int64(1); d <= 7; d++ {
		if w.Days&dayBit(d) != 0 {
			n++
		}
	}
	return n
}
