package monitoring

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

// departments are those of tree, by organization.
type departments struct{ tree }

func (departments) Department(ctx context.Context, id int64) (organization.Department, error) {
	a, _ := actor.From(ctx)
	of := map[int64]int64{10: 1, 11: 1, 20: 1, 30: 2}[id]
	if of == 0 || a.OrganizationID != 0 && a.OrganizationID != of {
		return organization.Department{}, organization.ErrDepartmentUnknown
	}
	return organization.Department{ID: id, OrganizationID: of, Name: fmt.Sprint("Bo‘lim ", id)}, nil
}

// roster are the active ones of a directory.
type roster struct{ directory }

func (r roster) Departments(ctx context.Context) (ids []int64, err error) {
	people, err := r.Active(ctx, nil)
	for _, e := range people {
		ids = append(ids, e.DepartmentID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

func (r roster) Active(ctx context.Context, _ []int64) (list []employee.Employee, err error) {
	a, _ := actor.From(ctx)
	for _, e := range r.directory {
		if e.Active && e.OrganizationID == a.OrganizationID {
			list = append(list, e)
		}
	}
	return list, nil
}

// newBureau makes the office with more to compare: Anna (1) and Bek (2) work there, Zoya (4) does nothing in department 20,
// Gone (5) has left it and did nothing. On the day before, Anna visited sites and used another application.
func newBureau(t *testing.T, d *db.DB) office {
	t.Helper()
	o := newOffice(t, d)
	staff := directory{
		1: {ID: 1, OrganizationID: 1, DepartmentID: 11, Name: "Anna", Active: true}, 2: {ID: 2, OrganizationID: 1, DepartmentID: 20, Name: "Bek", Active: true},
		3: {ID: 3, OrganizationID: 2, DepartmentID: 30, Name: "Other", Active: true},
		4: {ID: 4, OrganizationID: 1, DepartmentID: 20, Name: "Zoya", Active: true}, 5: {ID: 5, OrganizationID: 1, DepartmentID: 20, Name: "Gone"},
	}
	o.staff, o.roster, o.tree = staff, roster{staff}, departments{}
	eve := noon.Add(-day)
	word := newWindow("word", "PC-1", eve)
	word.UserSID, word.Process, word.Duration = "S-1", "word.exe", 1000
	again := newWindow("again", "PC-1", eve.Add(time.Hour))
	again.UserSID = "S-1"
	site := newWindow("site", "PC-1", eve.Add(time.Minute))
	site.UserSID, site.Kind, site.URL, site.Duration = "S-1", activity.VisitedSite, "https://www.kun.uz/a", 30
	mustPut(t, o.service, agent(1), activity.Batch{Events: []activity.Event{word, again, site}})
	return o
}

// ask returns the status and the answer, or fault, as JSON.
func (o office) ask(t *testing.T, ctx context.Context, path string) (int, string) {
	t.Helper()
	a, _ := actor.From(ctx)
	who, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, statsPrefix+path, nil)
	r.Header.Set("As", string(who))
	w := httptest.NewRecorder()
	o.server.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

const (
	onTheDay  = "from=2026-11-02&to=2026-11-02"
	bothDays  = "from=2026-11-01&to=2026-11-02"
	dayBefore = "from=2026-11-01&to=2026-11-01"
)

// eachState checks with all sums to be made, and with all made.
func eachState(t *testing.T, o office, check func(t *testing.T)) {
	t.Helper()
	t.Run("fresh", check)
	rollUpLater(t, o.service)
	t.Run("summed", check)
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newBureau(t, d)
		eachState(t, o, func(t *testing.T) {
			for _, c := range statsCases() {
				if code, got := o.ask(t, c.who, c.path); code != cmp.Or(c.code, http.StatusOK) || !c.in(got) {
					t.Errorf("%s\n%d %s\nwants %d %s", c.path, code, got, cmp.Or(c.code, 200), c.want)
				}
			}
		})
	})
}

type statsCase struct {
	who  context.Context
	path string
	code int
	want []string
}

func (c statsCase) in(body string) bool {
	for _, part := range c.want {
		if !strings.Contains(body, part) {
			return false
		}
	}
	return true
}

func statsCases() []statsCase {
	hr, admin := as(actor.HR, 1), as(actor.Admin, 0)
	nothing := `"totalSeconds":0,"totalEvents":0`
	return []statsCase{
		{hr, "/top-applications?" + onTheDay, 0, []string{
			`{"from":"2026-11-02","to":"2026-11-02","totalSeconds":480,"totalEvents":8,"zone":"Asia/Tashkent","kind":"applications","names":1,"otherSeconds":0,` +
				`"previous":{"from":"2026-11-01","to":"2026-11-01","totalSeconds":1060,"totalEvents":2},` +
				`"items":[{"name":"excel.exe","seconds":480,"events":8,"share":1,"previousSeconds":60}]}`,
		}},
		{hr, "/top-applications?" + bothDays + "&limit=1", 0, []string{`"totalSeconds":1540`, `"names":2,"otherSeconds":540`, `"items":[{"name":"word.exe","seconds":1000,"events":1,"share":0.6494,"previousSeconds":0}]`}},
		{hr, "/top-sites?" + dayBefore, 0, []string{`"kind":"sites"`, `"items":[{"name":"kun.uz","seconds":30,"events":1,"share":1,"previousSeconds":0}]`}},
		{hr, "/top-sites?" + onTheDay, 0, []string{nothing, `"items":[]`, `"totalSeconds":30`}},
		// Whom the reader asks for.
		{hr, "/top-applications?" + onTheDay + "&employee=1", 0, []string{`"totalSeconds":240,"totalEvents":4`}},
		{hr, "/top-applications?" + onTheDay + "&employee=1&computer=PC-1", 0, []string{`"totalSeconds":120,"totalEvents":2`}},
		{hr, "/top-applications?" + onTheDay + "&computer=PC-1", 0, []string{`"totalSeconds":240,"totalEvents":4`}},
		{hr, "/top-applications?" + onTheDay + "&computer=PC-9", 0, []string{nothing}},
		{hr, "/top-applications?" + onTheDay + "&department=10", 0, []string{`"totalSeconds":240,`}},
		{hr, "/top-applications?" + onTheDay + "&department=20", 0, []string{`"totalSeconds":120,`}},
		{hr, "/top-applications?" + onTheDay + "&department=20&employee=1", 0, []string{nothing}},
		{hr, "/top-applications?" + onTheDay + "&department=10&employee=1", 0, []string{`"totalSeconds":240,`}},
		{hr, "/top-applications?" + onTheDay + "&organization=2", http.StatusNotFound, []string{"organizations.unknown"}},
		{hr, "/top-applications?" + onTheDay + "&department=30", http.StatusNotFound, []string{"organizations.department_unknown"}},
		{hr, "/top-applications?" + onTheDay + "&employee=3", http.StatusNotFound, []string{"employees.unknown"}},
		// A lead sees its departments and those below them.
		{lead(10), "/top-applications?" + onTheDay, 0, []string{`"totalSeconds":240,`}},
		{lead(20), "/top-applications?" + onTheDay, 0, []string{`"totalSeconds":120,`}},
		{lead(20), "/top-applications?" + onTheDay + "&computer=PC-2", 0, []string{nothing}},
		{lead(), "/top-applications?" + onTheDay, 0, []string{nothing, `"items":[]`}},
		{lead(10), "/top-applications?" + onTheDay + "&department=11", 0, []string{`"totalSeconds":240,`}},
		{lead(11), "/top-applications?" + onTheDay + "&department=10", http.StatusNotFound, []string{"organizations.department_unknown"}},
		{lead(20), "/top-applications?" + onTheDay + "&employee=1", http.StatusNotFound, []string{"employees.unknown"}},
		{lead(20), "/comparison?of=employees&" + onTheDay, 0, []string{`"count":2,`, `"id":2,`}},
		{as(actor.Guard, 1), "/top-applications?" + onTheDay, http.StatusForbidden, nil},
		// Who sees all names the organization, if nothing else does.
		{admin, "/top-applications?" + onTheDay, http.StatusBadRequest, []string{`"field":"organization","code":"monitoring.choose_organization"`}},
		{admin, "/comparison?of=employees&" + onTheDay + "&organization=2", 0, []string{`"totalSeconds":480,`}},
		{admin, "/top-applications?" + onTheDay + "&organization=2", 0, []string{`"totalSeconds":480,`}},
		{admin, "/top-applications?" + onTheDay + "&department=30", 0, []string{`"totalSeconds":240,`}},
		{admin, "/top-applications?" + onTheDay + "&employee=2", 0, []string{`"totalSeconds":120,`}},
		{admin, "/top-applications?" + onTheDay + "&organization=2&employee=1", http.StatusNotFound, []string{"employees.unknown"}},
		{admin, "/top-applications?" + onTheDay + "&organization=2&department=10", http.StatusNotFound, []string{"organizations.department_unknown"}},
		// Timelines: the windows began at 13:30, 14:30, 15:30 and 16:30 of Tashkent.
		{hr, "/timeline?" + bothDays, 0, []string{`"step":"day","name":"","points":[{"at":"2026-10-31T19:00:00Z","seconds":1060,"events":2},{"at":"2026-11-01T19:00:00Z","seconds":480,"events":8}]`}},
		{hr, "/timeline?step=hour&" + onTheDay, 0, []string{`{"at":"2026-11-02T07:00:00Z","seconds":0,"events":0},{"at":"2026-11-02T08:00:00Z","seconds":120,"events":2},`}},
		{hr, "/timeline?step=quarter&employee=2&" + onTheDay, 0, []string{`{"at":"2026-11-02T10:15:00Z","seconds":0,"events":0},{"at":"2026-11-02T10:30:00Z","seconds":60,"events":1},`}},
		{hr, "/timeline?name=word.exe&" + bothDays, 0, []string{`"totalSeconds":1000,"totalEvents":1`, `"name":"word.exe"`, `"seconds":1000`}},
		{hr, "/timeline?kind=sites&" + dayBefore, 0, []string{`"kind":"sites"`, `"points":[{"at":"2026-10-31T19:00:00Z","seconds":30,"events":1}]`}},
		// The 2nd is a Monday.
		{hr, "/heatmap?" + bothDays, 0, []string{
			`"rows":[{"weekday":1,"days":1,"hours":[0,0,0,0,0,0,0,0,0,0,0,0,0,120,120,120,120,0,0,0,0,0,0,0]},{"weekday":2,"days":0,`,
			`{"weekday":7,"days":1,"hours":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1000,60,0,0,0,0,0]}]`,
		}},
		// Comparisons: Anna used 240 seconds, Bek 120, Zoya none, and Gone does not show. Nobody is known to have used 120.
		{hr, "/comparison?of=employees&" + onTheDay, 0, []string{
			`"totalSeconds":480,"totalEvents":8`, `"of":"employees","name":"","previous":{"from":"2026-11-01","to":"2026-11-01","totalSeconds":1060,"totalEvents":2},"unlinkedSeconds":120,"count":3,`,
			`"items":[{"id":1,"name":"Anna","departmentId":11,"seconds":240,"events":4,"share":0.5,"previousSeconds":1060,"top":[{"name":"excel.exe","seconds":240}]},` +
				`{"id":2,"name":"Bek","departmentId":20,"seconds":120,"events":2,"share":0.25,"previousSeconds":0,"top":[{"name":"excel.exe","seconds":120}]},` +
				`{"id":4,"name":"Zoya","departmentId":20,"seconds":0,"events":0,"share":0,"previousSeconds":0,"top":[]}]}`,
		}},
		{hr, "/comparison?of=employees&limit=1&" + onTheDay, 0, []string{`"totalSeconds":480`, `"unlinkedSeconds":120,"count":3,`, `"top":[{"name":"excel.exe","seconds":240}]}]}`}},
		{hr, "/comparison?of=departments&" + onTheDay, 0, []string{
			`"totalSeconds":480,`, `"unlinkedSeconds":120,"count":2,"items":[{"id":11,"name":"Bo‘lim 11","employees":1,"secondsPerEmployee":240,"seconds":240,`,
			`{"id":20,"name":"Bo‘lim 20","employees":2,"secondsPerEmployee":60,"seconds":120,`,
		}},
		{hr, "/comparison?of=employees&department=20&" + onTheDay, 0, []string{`"totalSeconds":120,"totalEvents":2`, `"unlinkedSeconds":0,"count":2,`}},
		{hr, "/comparison?of=employees&computer=PC-1&" + onTheDay, 0, []string{`"totalSeconds":240,"totalEvents":4`}},
		{hr, "/comparison?of=periods&periods=3&employee=1&" + onTheDay, 0, []string{
			`"totalSeconds":240,`, `"count":3,"items":[{"from":"2026-11-02","to":"2026-11-02","seconds":240,"events":4,"share":0.1846,`,
			`{"from":"2026-11-01","to":"2026-11-01","seconds":1060,"events":2,"share":0.8154,"top":[{"name":"word.exe","seconds":1000},{"name":"excel.exe","seconds":60}]},`,
			`{"from":"2026-10-31","to":"2026-10-31","seconds":0,"events":0,"share":0,"top":[]}]}`,
		}},
		// What cannot be answered.
		{hr, "/top-sites?from=2026-11-03&to=2026-11-02", http.StatusBadRequest, []string{`"field":"to","code":"monitoring.before_from"`}},
		{hr, "/top-sites?from=2026-13-03", http.StatusBadRequest, []string{`"field":"from","code":"monitoring.not_a_date"`, `"field":"to","code":"monitoring.not_a_date"`}},
		{hr, "/top-sites?from=0003-01-01&to=0003-01-01", http.StatusBadRequest, []string{`"field":"from","code":"monitoring.not_a_date"`}},
		{hr, "/top-sites?from=2025-11-01&to=2026-11-02", http.StatusBadRequest, []string{`"field":"to","code":"monitoring.range_too_long"`, "366"}},
		{hr, "/top-sites?from=2025-11-01&to=2026-11-01", 0, nil},
		{hr, "/top-sites?limit=101&" + onTheDay, http.StatusBadRequest, []string{`"field":"limit","code":"above_max"`}},
		{hr, "/top-sites?limit=-1&" + onTheDay, http.StatusBadRequest, []string{`"field":"limit","code":"below_min"`}},
		{hr, "/timeline?step=quarter&from=2026-11-01&to=2026-11-08", http.StatusBadRequest, []string{`"code":"monitoring.range_too_long"`, "7"}},
		{hr, "/timeline?step=hour&from=2026-09-01&to=2026-11-02", http.StatusBadRequest, []string{`"code":"monitoring.range_too_long"`, "62"}},
		{hr, "/timeline?step=week&kind=games&" + onTheDay, http.StatusBadRequest, []string{`"field":"step","code":"not_one_of"`, `"field":"kind","code":"not_one_of"`}},
		{hr, "/heatmap?kind=x&" + onTheDay, http.StatusBadRequest, []string{`"field":"kind"`}},
		{hr, "/comparison?" + onTheDay, http.StatusBadRequest, []string{`"field":"of","code":"not_one_of"`}},
		{hr, "/comparison?of=periods&periods=13&limit=501&" + onTheDay, http.StatusBadRequest, []string{`"field":"periods","code":"above_max"`, `"field":"limit","code":"above_max"`}},
	}
}

// Whoever a computer was is asked in the middle of a quarter hour, and in the middle of a day.
func TestLinksThatChangeWithinAQuarterHour(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newBureau(t, d)
		change := time.Date(2026, 11, 2, 9, 35, 0, 0, time.UTC)
		o.computers = registry{links: map[int64][]computer.LinkPeriod{1: {
			{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-1", Until: change}, {EmployeeID: 2, ComputerUID: "PC-1", UserSID: "S-1", From: change},
		}}}
		late := newWindow("late", "PC-1", change)
		late.UserSID = "S-1"
		mustPut(t, o.service, agent(1), activity.Batch{Events: []activity.Event{late}})
		eachState(t, o, func(t *testing.T) {
			for employee, want := range map[int]string{1: `"totalSeconds":1180,"totalEvents":4`, 2: `"totalSeconds":180,"totalEvents":3`} {
				path := fmt.Sprint("/top-applications?from=2026-10-20&to=2026-11-05&employee=", employee)
				if _, got := o.ask(t, as(actor.HR, 1), path); !strings.Contains(got, want) {
					t.Errorf("employee %d: %s, want %s", employee, got, want)
				}
			}
		})
	})
}

func TestDatesBefore(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"2026-11-02", "2026-11-02", "2026-11-01", "2026-11-01"}, {"2026-11-02", "2026-11-08", "2026-10-26", "2026-11-01"},
		{"2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28"}, {"2026-01-01", "2026-03-31", "2025-10-01", "2025-12-31"},
		{"2024-02-01", "2024-02-29", "2024-01-01", "2024-01-31"}, {"2026-01-01", "2026-12-31", "2025-01-01", "2025-12-31"},
		{"2026-03-01", "2026-03-30", "2026-01-30", "2026-02-28"},
	} {
		q := statsRequest{From: c[0], To: c[1]}
		d, ok := q.read(new(fault.Fields))
		if got := d.before().period(); !ok || got.From != c[2] || got.To != c[3] {
			t.Errorf("before %s to %s is %+v, want %s to %s", c[0], c[1], got, c[2], c[3])
		}
	}
}

// A day is as long as the clocks say: one of 25 hours has 25 points, and its days begin at midnight.
func TestPointsFollowTheClocks(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := dates{time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)}
	for step, want := range map[string]int{stepDay: 2, stepHour: 49, stepQuarter: 196} {
		if got := points(d.in(berlin), step, berlin); len(got) != want {
			t.Errorf("%d points of %s, want %d", len(got), step, want)
		}
	}
	days := points(d.in(berlin), stepDay, berlin)
	if got := days[1].At.In(berlin).Format(time.DateTime); got != "2026-10-26 00:00:00" {
		t.Errorf("the second day begins at %s", got)
	}
	tl := Timeline{Points: days}
	tl.fill([]used{{At: days[1].At.Unix() - 1, Seconds: 1}, {At: days[1].At.Unix(), Seconds: 2}, {At: days[0].At.Unix() - 100, Seconds: 4}})
	if tl.Points[0].Seconds != 5 || tl.Points[1].Seconds != 2 || tl.TotalSeconds != 7 {
		t.Errorf("%+v", tl)
	}
}

// Long lists of people are asked in parts, and nobody is left out between two of them.
func TestManySights(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newBureau(t, d)
		var links []computer.LinkPeriod
		var events []activity.Event
		staff := directory{}
		for i := int64(1); i <= maxParts+30; i++ {
			uid := fmt.Sprint("M-", i)
			staff[i] = employee.Employee{ID: i, OrganizationID: 1, DepartmentID: 20, Name: uid, Active: true}
			links = append(links, computer.LinkPeriod{EmployeeID: i, ComputerUID: uid, UserSID: "S-1-5-21-7"})
			events = append(events, newWindow(uid, uid, noon.Add(-time.Hour)))
		}
		o.staff, o.roster, o.computers = staff, roster{staff}, registry{links: map[int64][]computer.LinkPeriod{1: links}}
		mustPut(t, o.service, agent(1), activity.Batch{Events: events})
		eachState(t, o, func(t *testing.T) {
			c, err := o.comparison(as(actor.HR, 1), comparisonRequest{
				statsRequest: statsRequest{From: "2026-10-20", To: "2026-11-02"}, Of: ofEmployees, Limit: maxCompared,
			})
			slow := slices.ContainsFunc(c.Items, func(i ComparedItem) bool { return i.Seconds != 60 })
			if err != nil || c.TotalSeconds-c.UnlinkedSeconds != int64(len(events)*60) || c.Count != len(events) || slow {
				t.Errorf("%d seconds of %d people, %v", c.TotalSeconds, c.Count, err)
			}
		})
	})
}
