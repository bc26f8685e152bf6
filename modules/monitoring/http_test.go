package monitoring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
)

// office is two organizations with events. In the first, employee 1 (department 11, below 10) was S-1 on PC-1 until
// 10:00 and S-2 on PC-2 from then on; employee 2 (department 20) was S-1 on PC-1 from 10:00 on. Organization 2 has a PC-1
// of its own, where employee 3 is S-1.
type office struct {
	*service
	server *httpx.Server
}

func newOffice(t *testing.T, d *db.DB) office {
	t.Helper()
	s := newService(t, d)
	change := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s.staff = directory{
		1: {ID: 1, OrganizationID: 1, DepartmentID: 11}, 2: {ID: 2, OrganizationID: 1, DepartmentID: 20}, 3: {ID: 3, OrganizationID: 2, DepartmentID: 30},
	}
	s.computers = registry{links: map[int64][]computer.LinkPeriod{
		1: {
			{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-1", Until: change},
			{EmployeeID: 1, ComputerUID: "PC-2", UserSID: "S-2", From: change},
			{EmployeeID: 2, ComputerUID: "PC-1", UserSID: "S-1", From: change},
		},
		2: {{EmployeeID: 3, ComputerUID: "PC-1", UserSID: "S-1"}},
	}}
	for org := int64(1); org <= 2; org++ {
		var events []activity.Event
		for sid, uid := range map[string]string{"S-1": "PC-1", "S-2": "PC-2"} {
			for hour := 8; hour < 12; hour++ {
				e := newWindow(fmt.Sprint(uid, hour), uid, time.Date(2026, 11, 2, hour, 30, 0, 0, time.UTC))
				e.UserSID, e.Title = sid, fmt.Sprintf("%d %s %d", org, uid, hour)
				events = append(events, e)
			}
		}
		mustPut(t, s, agent(org), activity.Batch{Events: events})
	}
	catalog, err := i18n.New("uz", httpx.Messages, messages)
	if err != nil {
		t.Fatal(err)
	}
	o := office{s, httptestx.New(t, httpx.Options{Catalog: catalog})}
	s.routes(o.server.Router("monitoring", []string{prefix, statsPrefix}))
	o.server.Authenticate(func(_ context.Context, r *http.Request) (a actor.Actor, ok bool, err error) {
		return a, true, json.Unmarshal([]byte(r.Header.Get("As")), &a)
	})
	return o
}

// get asks on behalf of ctx's actor and returns the status; a 200 is read into out.
func (o office) get(t *testing.T, ctx context.Context, path string, out any) int {
	t.Helper()
	a, _ := actor.From(ctx)
	who, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, prefix+path, nil)
	r.Header.Set("As", string(who))
	w := httptest.NewRecorder()
	o.server.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
	}
	return w.Code
}

// titles asks for windows and returns their titles.
func (o office) titles(t *testing.T, ctx context.Context, query string) []string {
	t.Helper()
	var page httpx.Page[Item]
	if code := o.get(t, ctx, "/active-windows?"+query, &page); code != http.StatusOK {
		t.Fatalf("%s: status %d", query, code)
	}
	titles := []string{}
	for _, i := range page.Items {
		titles = append(titles, i.Title)
	}
	return titles
}

func TestListShowsWhatTheReaderMaySee(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		hr, admin := as(actor.HR, 1), as(actor.Admin, 0)
		mine := []string{"1 PC-2 11", "1 PC-2 10", "1 PC-1 9", "1 PC-1 8"} // employee 1's
		whole := []string{"1 PC-1 11", "1 PC-1 10", "1 PC-1 9", "1 PC-1 8", "1 PC-2 11", "1 PC-2 10", "1 PC-2 9", "1 PC-2 8"}
		for _, c := range []struct {
			who   context.Context
			query string
			want  []string
		}{
			{hr, "", whole},
			{hr, "organization=1", whole},
			{hr, "computer=PC-1", []string{"1 PC-1 11", "1 PC-1 10", "1 PC-1 9", "1 PC-1 8"}},
			{hr, "computer=PC-9", nil},
			{hr, "employee=1", mine},
			{hr, "employee=2", []string{"1 PC-1 11", "1 PC-1 10"}},
			{hr, "employee=1&computer=PC-2", []string{"1 PC-2 11", "1 PC-2 10"}},
			{hr, "employee=1&from=2026-11-02T09:00:00Z&to=2026-11-02T11:00:00Z", []string{"1 PC-2 10", "1 PC-1 9"}},
			{hr, "from=2026-11-02T11:30:00Z&computer=PC-2", []string{"1 PC-2 11"}},
			{hr, "to=2026-11-02T08:30:00Z", nil},
			{lead(10), "", mine},
			{lead(11), "computer=PC-1", []string{"1 PC-1 9", "1 PC-1 8"}},
			{lead(11), "employee=1", mine},
			{lead(20), "", []string{"1 PC-1 11", "1 PC-1 10"}},
			{lead(99), "", nil},
			{lead(), "", nil},
			{admin, "employee=3", []string{"2 PC-1 11", "2 PC-1 10", "2 PC-1 9", "2 PC-1 8"}},
			{admin, "organization=2&computer=PC-2&limit=1", []string{"2 PC-2 11"}},
			{admin, "computer=PC-2&from=2026-11-02T11:00:00Z", []string{"1 PC-2 11", "2 PC-2 11"}},
		} {
			got := o.titles(t, c.who, c.query)
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				a, _ := actor.From(c.who)
				t.Errorf("%s %v: %q\n got %v\nwant %v", a.Role, a.DepartmentIDs, c.query, got, c.want)
			}
		}
		if got := o.titles(t, admin, ""); len(got) != 16 {
			t.Errorf("the operator sees %v", got)
		}
	})
}

func TestWhoMayNotSeeIsNotFoundOrForbidden(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for _, c := range []struct {
		who  context.Context
		path string
		want int
	}{
		{as(actor.HR, 1), "/active-windows?employee=3", 404},
		{as(actor.HR, 1), "/active-windows?organization=2", 404},
		{as(actor.HR, 1), "/quarantine?organization=2", 404},
		{as(actor.HR, 1), "/day?date=2026-11-02&employee=3", 404},
		{as(actor.HR, 1), "/day?date=2026-11-02&computer=PC-1&organization=2", 404},
		{as(actor.Admin, 0), "/active-windows?organization=1&employee=3", 404},
		{lead(20), "/active-windows?employee=1", 404},
		{lead(20), "/day?date=2026-11-02&employee=1", 404},
		{lead(20), "/quarantine", 403},
		{as(actor.Guard, 1), "/active-windows", 403},
		{as(actor.Agent, 1), "/active-windows", 403},
		{as(actor.HR, 1), "/active-windows?from=yesterday", 400},
		{as(actor.HR, 1), "/active-windows?from=2026-11-02T09:00:00Z&to=2026-11-01T09:00:00Z", 400},
		{as(actor.HR, 1), "/active-windows?after=x", 400},
		{as(actor.HR, 1), "/quarantine?after=x", 400},
		{as(actor.HR, 1), "/week?from=2026-11-02&employee=3", 404},
		{as(actor.HR, 1), "/week?from=2026-11-02&computer=PC-1&organization=2", 404},
		{lead(20), "/week?from=2026-11-02&employee=1", 404},
		{as(actor.Guard, 1), "/week?from=2026-11-02&employee=1", 403},
		{as(actor.HR, 1), "/week?from=2026-11-02", 400},
		{as(actor.HR, 1), "/week?from=monday&employee=1", 400},
		{as(actor.HR, 1), "/day?date=2026-13-02&employee=1", 400},
		{as(actor.HR, 1), "/day?date=2026-11-02", 400},
		{as(actor.HR, 1), "/day?date=2026-11-02&employee=1&computer=PC-1", 400},
		{as(actor.Admin, 0), "/day?date=2026-11-02&computer=PC-1", 400}, // of which organization?
	} {
		if got := o.get(t, c.who, c.path, &struct{}{}); got != c.want {
			a, _ := actor.From(c.who)
			t.Errorf("%s %s: status %d, want %d", a.Role, c.path, got, c.want)
		}
	}
}

func TestPagesAreAllRowsOnceInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var events []activity.Event
		for i := range 60 { // many at the same moment, so that the id decides
			e := newWindow(fmt.Sprint("same", i), "PC-1", time.Date(2026, 11, 2, 9, 15+i/20, 0, 0, time.UTC))
			e.UserSID, e.Title = "S-1", fmt.Sprint(i)
			events = append(events, e)
		}
		for i, days := range []int{11, 12, 40, 41, 42, 150, 300} { // with gaps between them
			e := newWindow(fmt.Sprint("old", i), "PC-1", time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC).AddDate(0, 0, -days))
			e.UserSID = "S-1"
			events = append(events, e)
		}
		mustPut(t, o.service, agent(1), activity.Batch{Events: events})
		for query, want := range map[string]int{"": 75, "computer=PC-1": 71, "employee=1": 71} {
			var got []Item
			var page httpx.Page[Item]
			for next := ""; ; next = page.Next {
				page = httpx.Page[Item]{}
				if code := o.get(t, as(actor.HR, 1), "/active-windows?limit=7&"+query+"&after="+url.QueryEscape(next), &page); code != 200 {
					t.Fatalf("status %d", code)
				}
				got = append(got, page.Items...)
				if page.Next == "" || len(got) > 100 {
					break
				}
			}
			seen := map[string]bool{}
			for i, item := range got {
				seen[item.ID.String()] = true
				if i > 0 && item.Datetime.After(got[i-1].Datetime) {
					t.Errorf("%q: item %d is newer than the one before it", query, i)
				}
			}
			if len(got) != want || len(seen) != want {
				t.Errorf("%q: %d items, %d different, want %d", query, len(got), len(seen), want)
			}
		}
	})
}

func TestEveryKindIsListedWithItsFields(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		base := activity.Event{ComputerUID: "PC-1", UserSID: "S-1", At: time.Date(2026, 11, 2, 11, 45, 0, 0, time.UTC), Source: "api"}
		site, shot, session, idle := base, base, base, base
		site.Kind, site.Key, site.URL, site.Title, site.Process, site.Duration = activity.VisitedSite, "1", "https://kun.uz", "Kun", "chrome.exe", 5
		shot.Kind, shot.Key, shot.FilePath, shot.FileSize, shot.SHA256, shot.Width, shot.Height = activity.Screenshot, "2", "a.png", 9, "ab", 3, 4
		session.Kind, session.Key, session.Session, session.End = activity.UserSession, "3", activity.Login, base.At.Add(time.Minute)
		idle.Kind, idle.Key = activity.IdlePeriod, "4"
		mustPut(t, o.service, agent(1), activity.Batch{Events: []activity.Event{site, shot, session, idle}})
		for path, want := range map[string]string{
			"visited-sites": `"employeeId":2,"title":"Kun","processName":"chrome.exe","url":"https://kun.uz","durationSeconds":5}`,
			"screenshots":   `"employeeId":2,"filePath":"a.png","fileSize":9,"sha256":"ab","width":3,"height":4}`,
			"user-sessions": `"employeeId":2,"sessionType":"login","end":"2026-11-02T11:46:00Z","source":"api"}`,
			"idle-periods":  `"employeeId":2,"durationSeconds":0}`,
		} {
			var page httpx.Page[json.RawMessage]
			o.get(t, as(actor.HR, 1), "/"+path, &page)
			if len(page.Items) != 1 || !strings.HasSuffix(string(page.Items[0]), want) {
				t.Errorf("%s: %s, want …%s", path, page.Items, want)
			}
		}
	})
}

func TestDayIsReadInTheOrganizationsZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		midnight := time.Date(2026, 11, 1, 19, 0, 0, 0, time.UTC)
		early, long, brief := newWindow("a", "PC-1", midnight.Add(-5*time.Minute)), newWindow("b", "PC-1", midnight.Add(-time.Hour)), newWindow("c", "PC-1", midnight.Add(-30*time.Minute))
		early.Duration, long.Duration, brief.Duration = 600, 4200, 60
		for _, e := range []*activity.Event{&early, &long, &brief} {
			e.UserSID = "S-1"
		}
		mustPut(t, o.service, agent(1), activity.Batch{Events: []activity.Event{early, long, brief}})
		for path, want := range map[string]string{
			"employee=1":    "[10m0s 1m0s 1m0s 1m0s 1m0s] 840",
			"employee=2":    "[1m0s 1m0s] 120",
			"computer=PC-2": "[1m0s 1m0s 1m0s 1m0s] 240",
		} {
			var got Day
			if code := o.get(t, as(actor.HR, 1), "/day?date=2026-11-02&"+path, &got); code != 200 {
				t.Fatalf("%s: status %d", path, code)
			}
			var lengths []time.Duration
			for _, w := range got.Windows {
				lengths = append(lengths, w.To.Sub(w.From))
			}
			if text := fmt.Sprint(lengths, " ", got.Totals.ActiveSeconds); text != want {
				t.Errorf("%s: %s, want %s", path, text, want)
			}
			if got.Zone != "Asia/Tashkent" || !got.From.Equal(midnight) || !got.To.Equal(midnight.Add(day)) || got.Truncated {
				t.Errorf("%s: %s from %v to %v, truncated %v", path, got.Zone, got.From, got.To, got.Truncated)
			}
		}
		var got Day
		if code := o.get(t, as(actor.Admin, 0), "/day?date=2026-11-02&employee=3", &got); code != 200 || len(got.Windows) != 4 {
			t.Errorf("the operator's view: status %d, windows %v", code, got.Windows)
		}
		if code := o.get(t, as(actor.Admin, 0), "/day?date=2026-11-02&computer=PC-1&organization=2", &got); code != 200 || len(got.Windows) != 4 {
			t.Errorf("the operator's view of a computer: status %d, windows %v", code, got.Windows)
		}
		if code := o.get(t, lead(99), "/day?date=2026-11-02&computer=PC-1", &got); code != 200 || len(got.Windows) != 0 {
			t.Errorf("the view of a lead of other people: status %d, windows %v", code, got.Windows)
		}
	})
}

func TestOperatorOfOneOrganizationNeedNotNameIt(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	s.index = index{7}
	mustPut(t, s, agent(7), activity.Batch{Events: []activity.Event{newWindow("a", "PC-1", noon.Add(-time.Hour))}})
	d, err := s.day(as(actor.Admin, 0), dayRequest{Date: "2026-11-02", Computer: "PC-1"})
	if err != nil || len(d.Windows) != 1 {
		t.Errorf("%v, windows %v", err, d.Windows)
	}
}

func TestLongDayIsTruncated(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	var events []activity.Event
	for i := range maxDayRows + 5 {
		events = append(events, newWindow(fmt.Sprint(i), "PC-1", noon.Add(-time.Duration(i)*time.Second/2)))
	}
	mustPut(t, s, agent(1), activity.Batch{Events: events})
	d, err := s.day(as(actor.HR, 1), dayRequest{Date: "2026-11-02", Computer: "PC-1"})
	if err != nil || !d.Truncated {
		t.Errorf("%v, truncated %v", err, d.Truncated)
	}
}

func TestQuarantineIsListedWithReasons(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for org := int64(1); org <= 2; org++ {
			var bad []activity.Event
			for i := range 5 {
				bad = append(bad, newWindow(fmt.Sprint("bad", i), "PC-1", noon.Add(time.Hour)))
			}
			mustPut(t, o.service, agent(org), activity.Batch{Events: bad})
		}
		for _, c := range []struct {
			who   context.Context
			query string
			want  int
		}{{as(actor.HR, 1), "", 5}, {as(actor.Admin, 0), "", 10}, {as(actor.Admin, 0), "organization=2", 5}} {
			seen := map[string]bool{}
			var page httpx.Page[QuarantineItem]
			for next := ""; ; next = page.Next {
				page = httpx.Page[QuarantineItem]{}
				if code := o.get(t, c.who, "/quarantine?limit=2&"+c.query+"&after="+url.QueryEscape(next), &page); code != 200 {
					t.Fatalf("status %d", code)
				}
				for _, i := range page.Items {
					seen[i.ID.String()] = true
					if i.Reason != inFuture || i.Type != string(activity.ActiveWindow) || !strings.Contains(string(i.Event), "excel.exe") || !i.ReceivedAt.Equal(noon) {
						t.Errorf("item %+v", i)
					}
				}
				if page.Next == "" || len(seen) > 10 {
					break
				}
			}
			if len(seen) != c.want {
				t.Errorf("%q: %d items, want %d", c.query, len(seen), c.want)
			}
		}
	})
}

func TestOverlappingLinksShowNoEventTwice(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	hour := func(h int) time.Time { return time.Date(2026, 11, 2, h, 0, 0, 0, time.UTC) }
	o.computers = registry{links: map[int64][]computer.LinkPeriod{1: {
		{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-1", From: hour(8), Until: hour(10)},
		{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-1", From: hour(9), Until: hour(11)},
		{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-1", From: hour(9)},
		{EmployeeID: 1, ComputerUID: "PC-1", UserSID: "S-2", From: hour(8)},
	}}}
	if got := o.titles(t, as(actor.HR, 1), "employee=1"); len(got) != 4 {
		t.Errorf("got %v", got)
	}
}

func TestManyLinksAreReadInParts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var links []computer.LinkPeriod
		staff := directory{}
		for i := range 2*maxSights + 50 {
			links = append(links, computer.LinkPeriod{EmployeeID: int64(i + 1), ComputerUID: fmt.Sprint("PC-", i), UserSID: fmt.Sprint("S-", i)})
			staff[int64(i+1)] = employee.Employee{ID: int64(i + 1), OrganizationID: 1, DepartmentID: 10}
		}
		o.computers, o.staff = registry{links: map[int64][]computer.LinkPeriod{1: links}}, staff
		if got := o.titles(t, lead(10), "limit=5"); len(got) != 5 || !strings.HasSuffix(got[0], " 11") || !strings.HasSuffix(got[1], " 11") || !strings.HasSuffix(got[4], " 9") {
			t.Errorf("got %v", got)
		}
	})
}

// PostgreSQL's times end sooner than Go's.
func TestNoTimeOfAReaderBreaksTheServer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		hr, admin := as(actor.HR, 1), as(actor.Admin, 0)
		cursor := func(at string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`["` + at + `","0192f0aa-0000-7000-8000-000000000001"]`))
		}
		const early, late, first, last = "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:01Z", "9999-12-31T23:59:59Z"
		for path, want := range map[string]int{
			"/active-windows?from=" + early: 400, "/visited-sites?to=" + early: 400, "/screenshots?from=" + late: 400, "/user-sessions?to=" + late: 400,
			"/idle-periods?from=" + first: 200, "/active-windows?to=" + last: 200, "/active-windows?employee=1&from=" + first + "&to=" + last: 200,
			"/active-windows?to=" + first: 200, "/active-windows?from=" + last: 200,
			"/active-windows?after=" + cursor(early): 400, "/active-windows?after=" + cursor(first): 200, "/active-windows?after=" + cursor(last): 200,
			"/quarantine?after=" + cursor(early): 400, "/quarantine?after=" + cursor(late): 400, "/quarantine?after=" + cursor(last): 200,
			"/day?employee=1&date=0000-01-01": 400, "/day?employee=1&date=0001-01-01": 400, "/day?employee=1&date=9999-12-31": 400,
			"/day?employee=1&date=0001-01-03": 200, "/day?computer=PC-1&date=9999-12-29": 200, "/day?computer=PC-1&date=0001-01-03": 200,
			"/week?employee=1&from=0001-01-01": 400, "/week?employee=1&from=9999-12-28": 400, "/week?employee=1&from=9999-12-23": 200, "/week?computer=PC-1&from=0001-01-03": 200,
		} {
			for who, ctx := range map[string]context.Context{"HR": hr, "ADMIN": admin} {
				if who == "ADMIN" && (strings.HasPrefix(path, "/day") || strings.HasPrefix(path, "/week")) {
					path += "&organization=1"
				}
				if got := o.get(t, ctx, path, new(any)); got != want {
					t.Errorf("%s %s: status %d, want %d", who, path, got, want)
				}
			}
		}
	})
}
