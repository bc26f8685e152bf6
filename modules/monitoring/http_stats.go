package monitoring

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

const statsPrefix = "/api/v2/activity"

func (s *service) statsRoutes(r httpx.Router) {
	r.GET(statsPrefix+"/top-applications", activity.Read, httpx.Handle(200, s.topApplications),
		httpx.Doc("Applications that were used longest, with what they were in the period before."))
	r.GET(statsPrefix+"/top-sites", activity.Read, httpx.Handle(200, s.topSites),
		httpx.Doc("Sites that were used longest, with what they were in the period before."))
	r.GET(statsPrefix+"/timeline", activity.Read, httpx.Handle(200, s.timeline),
		httpx.Doc("How long applications or sites were used, quarter hour by quarter hour, hour by hour or day by day."))
	r.GET(statsPrefix+"/heatmap", activity.Read, httpx.Handle(200, s.heatmap),
		httpx.Doc("How long applications or sites were used in each hour of each day of the week."))
	r.GET(statsPrefix+"/comparison", activity.Read, httpx.Handle(200, s.comparison),
		httpx.Doc("How long people, departments or periods used applications or sites, side by side."))
}

// statsRequest says whose time, and of when: both days are inside.
type statsRequest struct {
	From         string `query:"from" doc:"the first day"`
	To           string `query:"to" doc:"the last day"`
	Organization int64  `query:"organization"`
	Department   int64  `query:"department" doc:"with the departments below it"`
	Employee     int64  `query:"employee"`
	Computer     string `query:"computer"`
}

// The most days that one answer is about, by how finely it shows them.
const (
	maxStatsDays   = 366
	maxHourDays    = 62
	maxQuarterDays = 7
)

func (r *statsRequest) check(f *fault.Fields, most int) {
	d, ok := r.read(f)
	if ok && d.days() > most {
		f.Add("to", codeRangeTooLong, fault.Params{"Most": most})
	}
}

// read reads the two days.
func (r *statsRequest) read(f *fault.Fields) (d dates, ok bool) {
	began := len(*f)
	read := func(field, text string) time.Time {
		t, err := time.Parse(time.DateOnly, text)
		// The year before is read too, and every zone's midnight must be a time.
		if err != nil || !db.KeepsTime(t.AddDate(-maxPeriods, 0, 0)) || !db.KeepsTime(t.AddDate(1, 0, 0)) {
			f.Add(field, codeNotADate, nil)
		}
		return t
	}
	d = dates{read("from", r.From), read("to", r.To)}
	if len(*f) == began && d.to.Before(d.from) {
		f.Add("to", codeBeforeFrom, nil)
	}
	return d, len(*f) == began
}

const (
	defaultTop = 20
	maxTopList = 100
)

type topRequest struct {
	statsRequest
	Limit int `query:"limit" doc:"1 to 100, 20 if left out"`
}

// Validate returns all that is wrong.
func (r *topRequest) Validate() error {
	var f fault.Fields
	r.check(&f, maxStatsDays)
	r.Limit = cmp.Or(r.Limit, defaultTop)
	between(&f, "limit", r.Limit, 1, maxTopList)
	return f.Err()
}

// between notes a number that is out of bounds.
func between(f *fault.Fields, field string, n, least, most int) {
	switch {
	case n < least:
		f.Add(field, "below_min", fault.Params{"Min": least})
	case n > most:
		f.Add(field, "above_max", fault.Params{"Max": most})
	}
}

// oneOf notes a choice that there is not.
func oneOf(f *fault.Fields, field, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		f.Add(field, "not_one_of", fault.Params{"Values": strings.Join(choices, ", ")})
	}
}

// kindRequest says what was used, and of which name if one is given.
type kindRequest struct {
	Kind string `query:"kind" enum:"applications,sites" doc:"applications if left out"`
	Name string `query:"name" doc:"one application or site"`
}

func (r *kindRequest) check(f *fault.Fields) {
	r.Kind = cmp.Or(r.Kind, kindApplications)
	oneOf(f, "kind", r.Kind, kindApplications, kindSites)
}

type timelineRequest struct {
	statsRequest
	kindRequest
	Step string `query:"step" enum:"quarter,hour,day" doc:"day if left out; an hour of at most 62 days, a quarter hour of at most 7"`
}

// Validate returns all that is wrong.
func (r *timelineRequest) Validate() error {
	var f fault.Fields
	most := maxStatsDays
	switch r.Step {
	case "":
		r.Step = stepDay
	case stepHour:
		most = maxHourDays
	case stepQuarter:
		most = maxQuarterDays
	}
	oneOf(&f, "step", r.Step, stepQuarter, stepHour, stepDay)
	r.statsRequest.check(&f, most)
	r.kindRequest.check(&f)
	return f.Err()
}

type heatmapRequest struct {
	statsRequest
	kindRequest
}

// Validate returns all that is wrong.
func (r *heatmapRequest) Validate() error {
	var f fault.Fields
	r.statsRequest.check(&f, maxStatsDays)
	r.kindRequest.check(&f)
	return f.Err()
}

const (
	defaultCompared = 50
	maxCompared     = 500
	minPeriods      = 2
	maxPeriods      = 12
)

type comparisonRequest struct {
	statsRequest
	kindRequest
	Of      string `query:"of" enum:"employees,departments,periods"`
	Limit   int    `query:"limit" doc:"of employees and departments; 1 to 500, 50 if left out"`
	Periods int    `query:"periods" doc:"how many of them; 2 to 12, 2 if left out"`
}

// Validate returns all that is wrong.
func (r *comparisonRequest) Validate() error {
	var f fault.Fields
	r.statsRequest.check(&f, maxStatsDays)
	r.kindRequest.check(&f)
	oneOf(&f, "of", r.Of, ofEmployees, ofDepartments, ofPeriods)
	r.Limit, r.Periods = cmp.Or(r.Limit, defaultCompared), cmp.Or(r.Periods, minPeriods)
	between(&f, "limit", r.Limit, 1, maxCompared)
	between(&f, "periods", r.Periods, minPeriods, maxPeriods)
	return f.Err()
}
