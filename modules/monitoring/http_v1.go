package monitoring

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

// prefixesV1 are where v1's specification promised what v1 never served, and the same under its last prefix.
var prefixesV1 = []string{"/api/monitoring", "/api/v1/monitoring"}

// routesV1 are the six routes of v1's specification. It gave no shapes: lists are as its others (v1-contract 3.3).
func (s *service) routesV1(r httpx.Router) {
	for _, path := range prefixesV1 {
		api := httpx.Enveloped(httpx.API)
		r.GET(path+"/active-windows", activity.Read, httpx.Handle(200, s.getWindowsV1), api, httpx.Doc("Windows that were in front, newest first, as v1's specification has lists"))
		r.GET(path+"/visited-sites", activity.Read, httpx.Handle(200, s.getSitesV1), api, httpx.Doc("Pages that were visited, newest first, as v1's specification has lists"))
		r.GET(path+"/screenshots", activity.Read, httpx.Handle(200, s.getScreenshotsV1), api, httpx.Doc("Screenshots, newest first, as v1's specification has lists"))
		r.GET(path+"/user-sessions", activity.Read, httpx.Handle(200, s.getSessionsV1), api, httpx.Doc("Logins, logouts, locks and unlocks, newest first, as v1's specification has lists"))
		r.GET(path+"/employee/:employee_id/activity", activity.Read, httpx.Handle(200, s.getEmployeeV1), api, httpx.Doc("What an employee did, newest first, with totals"))
		r.GET(path+"/computer-user/:computer_user_id/activity", activity.Read, httpx.Handle(200, s.getUserV1), api, httpx.Doc("What a Windows user did, newest first, with totals"))
	}
}

// kindsV1 are the kinds that v1 knew, by its names of one of them.
var kindsV1 = map[activity.Kind]string{
	activity.ActiveWindow: "active_window", activity.VisitedSite: "visited_site", activity.Screenshot: "screenshot", activity.UserSession: "user_session",
}

// sessionsOfV1 are v1's words for kinds of sessions.
var sessionsOfV1 = map[string]string{activity.Login: "LOGIN", activity.Logout: "LOGOUT", activity.Lock: "LOCKED", activity.Unlock: "UNLOCKED"}

// The bounds of v1's lists: the usual length of a page and the greatest, how far one may turn pages, and the days that
// are shown at once, and if none are asked for.
const (
	limitV1     = 50
	mostV1      = 100
	deepestV1   = 10_000
	longestV1   = 92
	usualDaysV1 = 7
)

// askV1 is a page of a period; dates are days where the organization is, or times.
type askV1 struct {
	StartDate string `query:"start_date" doc:"seven days before the end if it is not there"`
	EndDate   string `query:"end_date" doc:"a day is included; now if it is not there"`
	Page      int64  `query:"page" doc:"from 1; the first 10 000 rows can be turned to"`
	Limit     int64  `query:"limit" doc:"1 to 100; 50 if it is not there"`
}

// read returns the period, and fills in what is usual.
func (in *askV1) read(now time.Time, zone *time.Location) (from, until time.Time, err error) {
	var f fault.Fields
	in.Page, in.Limit = cmp.Or(in.Page, 1), cmp.Or(in.Limit, limitV1)
	if in.Limit < 1 || in.Limit > mostV1 {
		f.Add("limit", "above_max", fault.Params{"Max": mostV1})
	} else if most := deepestV1 / in.Limit; in.Page < 1 || in.Page > most {
		f.Add("page", "above_max", fault.Params{"Max": most})
	}
	until, from = dayV1(&f, "end_date", in.EndDate, zone, 1), dayV1(&f, "start_date", in.StartDate, zone, 0)
	if in.EndDate == "" {
		until = now
	}
	if in.StartDate == "" {
		from = until.AddDate(0, 0, -usualDaysV1)
	}
	switch {
	case len(f) > 0:
	case until.Before(from):
		f.Add("end_date", codeBeforeFrom, nil)
	case until.After(from.AddDate(0, 0, longestV1)):
		f.Add("end_date", codeRangeTooLong, fault.Params{"Most": longestV1})
	}
	return from, until, f.Err()
}

// dayV1 reads a time, or the beginning of so many days after a day.
func dayV1(f *fault.Fields, field, text string, zone *time.Location, after int) (at time.Time) {
	if text == "" {
		return at
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err == nil {
		at = at.AddDate(0, 0, after)
	} else if at, err = time.Parse(time.RFC3339, text); err != nil {
		f.Add(field, "not_a_time", nil)
		return at
	}
	if !db.KeepsTime(at.AddDate(0, 0, -longestV1)) || !db.KeepsTime(at.AddDate(0, 0, longestV1)) {
		f.Add(field, "not_a_time", nil)
	}
	return at
}

// listRequestV1 says whose events, and of when.
type listRequestV1 struct {
	askV1
	OrganizationID  int64 `query:"organization_id"`
	DepartmentID    int64 `query:"department_id" doc:"and those below it"`
	SubDepartmentID int64 `query:"sub_department_id" doc:"in place of department_id"`
	EmployeeID      int64 `query:"employee_id"`
}

type (
	// eventV1 is one event. Only the fields of its kind are there.
	eventV1 struct {
		ID          id.UUID       `json:"id"`
		Type        string        `json:"type" enum:"active_window,visited_site,screenshot,user_session"`
		Datetime    httpx.TimeV1  `json:"datetime"`
		ComputerUID string        `json:"computer_uid"`
		UserSID     string        `json:"user_sid"`
		Employee    *namedV1      `json:"employee"`
		Title       string        `json:"title,omitempty"`
		ProcessName string        `json:"process_name,omitempty"`
		URL         string        `json:"url,omitempty"`
		ActiveTime  *int64        `json:"active_time,omitempty" doc:"seconds"`
		SessionType string        `json:"session_type,omitempty" enum:"UNLOCKED,LOCKED,LOGIN,LOGOUT"`
		EndTime     *httpx.TimeV1 `json:"end_time,omitempty"`
		FilePath    string        `json:"file_path,omitempty"`
	}
	namedV1 struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	placeV1 struct {
		Page  int64 `json:"page"`
		Total int64 `json:"total"`
		Limit int64 `json:"limit"`
	}
	windowsV1 struct {
		ActiveWindows []eventV1 `json:"active_windows"`
		placeV1
	}
	sitesV1 struct {
		VisitedSites []eventV1 `json:"visited_sites"`
		placeV1
	}
	screenshotsV1 struct {
		Screenshots []eventV1 `json:"screenshots"`
		placeV1
	}
	sessionsV1 struct {
		UserSessions []eventV1 `json:"user_sessions"`
		placeV1
	}
)

func (s *service) getWindowsV1(ctx context.Context, in listRequestV1) (out windowsV1, err error) {
	out.ActiveWindows, out.placeV1, err = s.listV1(ctx, activity.ActiveWindow, in)
	return out, err
}

func (s *service) getSitesV1(ctx context.Context, in listRequestV1) (out sitesV1, err error) {
	out.VisitedSites, out.placeV1, err = s.listV1(ctx, activity.VisitedSite, in)
	return out, err
}

func (s *service) getScreenshotsV1(ctx context.Context, in listRequestV1) (out screenshotsV1, err error) {
	out.Screenshots, out.placeV1, err = s.listV1(ctx, activity.Screenshot, in)
	return out, err
}

func (s *service) getSessionsV1(ctx context.Context, in listRequestV1) (out sessionsV1, err error) {
	out.UserSessions, out.placeV1, err = s.listV1(ctx, activity.UserSession, in)
	return out, err
}

func (s *service) listV1(ctx context.Context, k activity.Kind, in listRequestV1) (events []eventV1, p placeV1, err error) {
	department := cmp.Or(in.SubDepartmentID, in.DepartmentID)
	ctx, zone, err := s.homeV1(ctx, in.OrganizationID, department, in.EmployeeID)
	if err != nil {
		return nil, p, err
	}
	from, until, err := in.read(s.now().UTC(), zone)
	if err != nil {
		return nil, p, err
	}
	ctx, v, err := s.viewV1(ctx, k, department, asked{employee: in.EmployeeID, from: from, until: until})
	if err != nil {
		return nil, p, reading(err)
	}
	sum, err := s.store.count(ctx, k, v.sights)
	if err != nil {
		return nil, p, reading(err)
	}
	events, err = s.pageV1(ctx, in.askV1, map[activity.Kind]view{k: v})
	return events, placeV1{in.Page, sum.Events, in.Limit}, err
}

// homeV1 puts the reader into the organization of whom it asks for, whose days count; of several they are UTC's.
func (s *service) homeV1(ctx context.Context, organizationID, departmentID, employeeID int64) (context.Context, *time.Location, error) {
	ctx, a, err := narrow(ctx, organizationID)
	if err == nil && departmentID != 0 {
		d, unknown := s.tree.Department(ctx, departmentID)
		if unknown != nil {
			return ctx, nil, unknown
		}
		ctx, a, err = narrow(ctx, d.OrganizationID)
	}
	if err == nil && employeeID != 0 {
		e, unknown := s.staff.ByID(ctx, employeeID)
		if unknown != nil {
			return ctx, nil, unknown
		}
		ctx, a, err = narrow(ctx, e.OrganizationID)
	}
	if err != nil || a.OrganizationID == 0 {
		return ctx, time.UTC, err
	}
	o, err := s.tree.ByID(ctx, a.OrganizationID)
	return ctx, cmp.Or(o.Zone, time.UTC), err
}

// viewV1 is view, which a department can narrow further.
func (s *service) viewV1(ctx context.Context, k activity.Kind, departmentID int64, q asked) (context.Context, view, error) {
	if departmentID == 0 {
		return s.view(ctx, k, q)
	}
	a, _ := actor.From(ctx)
	departments, err := s.tree.Below(ctx, []int64{departmentID})
	if err != nil {
		return ctx, view{}, err
	}
	people, err := s.staff.InDepartments(ctx, departments)
	if err == nil && a.Role == actor.DepartmentLead {
		var led []int64
		led, err = s.led(ctx, a)
		people = slices.DeleteFunc(people, func(e int64) bool { return !slices.Contains(led, e) })
	}
	if err != nil {
		return ctx, view{}, err
	}
	if q.employee != 0 {
		people = slices.DeleteFunc(people, func(e int64) bool { return e != q.employee })
	}
	v, err := s.viewOf(ctx, a, people, q)
	return ctx, v, err
}

// pageV1 reads a page of what the views show, newest first.
func (s *service) pageV1(ctx context.Context, in askV1, views map[activity.Kind]view) ([]eventV1, error) {
	var all []eventV1
	last := int(in.Page * in.Limit)
	for k, v := range views {
		if len(v.sights) == 0 {
			continue
		}
		rows, err := s.newest(ctx, k, v.sights, window{limit: last})
		if err != nil || len(rows) == 0 {
			if err != nil {
				return nil, reading(err)
			}
			continue
		}
		people, err := s.whoIs(ctx, v, rows)
		if err != nil {
			return nil, reading(err)
		}
		for _, r := range rows {
			all = append(all, asEventV1(k, r, people.of(r)))
		}
	}
	slices.SortFunc(all, func(a, b eventV1) int {
		return cmp.Or(time.Time(b.Datetime).Compare(time.Time(a.Datetime)), cmp.Compare(b.ID.String(), a.ID.String()))
	})
	first := min(last-int(in.Limit), len(all))
	page := slices.Clip(all[first:min(last, len(all))])
	if page == nil {
		page = []eventV1{}
	}
	return page, s.nameV1(ctx, page)
}

func asEventV1(k activity.Kind, r row, employee int64) eventV1 {
	e := eventV1{
		ID: r.ID, Type: kindsV1[k], Datetime: httpx.TimeV1(r.Datetime), ComputerUID: r.ComputerUID, UserSID: r.UserSID,
		Title: r.Title, ProcessName: r.ProcessName, URL: r.URL, SessionType: sessionsOfV1[r.SessionType], FilePath: r.FilePath,
	}
	if employee != 0 {
		e.Employee = &namedV1{ID: employee}
	}
	if tables[k].timed {
		e.ActiveTime = &r.DurationSeconds
	}
	if !r.EndTime.IsZero() {
		end := httpx.TimeV1(r.EndTime)
		e.EndTime = &end
	}
	return e
}

// nameV1 adds the names of the employees.
func (s *service) nameV1(ctx context.Context, events []eventV1) error {
	var ids []int64
	for _, e := range events {
		if e.Employee != nil && !slices.Contains(ids, e.Employee.ID) {
			ids = append(ids, e.Employee.ID)
		}
	}
	people, err := s.staff.ByIDs(ctx, ids)
	for _, e := range events {
		if e.Employee != nil {
			e.Employee.Name = people[e.Employee.ID].Name
		}
	}
	return err
}

type (
	summaryV1 struct {
		TotalActiveTime int64 `json:"total_active_time" doc:"seconds in which windows were in front"`
		ActiveWindows   int64 `json:"active_windows"`
		VisitedSites    int64 `json:"visited_sites"`
		Screenshots     int64 `json:"screenshots"`
		UserSessions    int64 `json:"user_sessions"`
	}
	periodV1 struct {
		StartDate httpx.TimeV1 `json:"start_date"`
		EndDate   httpx.TimeV1 `json:"end_date" doc:"is outside"`
	}
	activityV1 struct {
		Period     periodV1  `json:"period"`
		Summary    summaryV1 `json:"summary"`
		Activities []eventV1 `json:"activities"`
		placeV1
	}
	employeeActivityV1 struct {
		Employee namedV1 `json:"employee"`
		activityV1
	}
	userActivityV1 struct {
		ComputerUser userV1 `json:"computer_user"`
		activityV1
	}
	userV1 struct {
		ID       int64    `json:"id"`
		SID      string   `json:"sid"`
		Name     string   `json:"name"`
		Domain   *string  `json:"domain"`
		Username string   `json:"username"`
		Employee *namedV1 `json:"employee"`
	}
)

type employeeRequestV1 struct {
	EmployeeID int64 `path:"employee_id" json:"-"`
	askV1
}

func (s *service) getEmployeeV1(ctx context.Context, in employeeRequestV1) (out employeeActivityV1, err error) {
	e, err := s.staff.ByID(ctx, in.EmployeeID)
	if err != nil {
		return out, err
	}
	ctx, zone, err := s.homeV1(ctx, e.OrganizationID, 0, 0)
	if err != nil {
		return out, err
	}
	out.Employee = namedV1{e.ID, e.Name}
	out.activityV1, err = s.activityV1(ctx, in.askV1, zone, func(ctx context.Context, k activity.Kind, q asked) (context.Context, view, error) {
		q.employee = e.ID
		return s.view(ctx, k, q)
	})
	return out, err
}

type userRequestV1 struct {
	ComputerUserID int64 `path:"computer_user_id" json:"-"`
	askV1
}

func (s *service) getUserV1(ctx context.Context, in userRequestV1) (out userActivityV1, err error) {
	u, err := s.users.UserByID(ctx, in.ComputerUserID)
	if err != nil {
		return out, err
	}
	ctx, zone, err := s.homeV1(ctx, u.OrganizationID, 0, 0)
	if err != nil {
		return out, err
	}
	out.ComputerUser = userV1{ID: u.ID, SID: u.SID, Name: u.Name, Domain: httpx.NullV1(u.Domain), Username: u.Username}
	if u.EmployeeID != 0 {
		people, err := s.staff.ByIDs(ctx, []int64{u.EmployeeID})
		if err != nil {
			return out, err
		}
		out.ComputerUser.Employee = &namedV1{u.EmployeeID, people[u.EmployeeID].Name}
	}
	out.activityV1, err = s.activityV1(ctx, in.askV1, zone, func(ctx context.Context, k activity.Kind, q asked) (context.Context, view, error) {
		return s.viewOfUser(ctx, k, u, q)
	})
	return out, err
}

// viewOfUser is what the reader may see of a Windows user: a lead what the user did while being one of its people.
func (s *service) viewOfUser(ctx context.Context, k activity.Kind, u computer.User, q asked) (context.Context, view, error) {
	ctx, v, err := s.view(ctx, k, q)
	if v.links != nil {
		v.sights = slices.DeleteFunc(v.sights, func(one sight) bool { return one.user != u.SID })
	} else {
		for i := range v.sights {
			v.sights[i].user, v.sights[i].someUser = u.SID, true
		}
	}
	return ctx, v, err
}

// activityV1 reads all kinds of events of one person.
func (s *service) activityV1(ctx context.Context, in askV1, zone *time.Location, of func(context.Context, activity.Kind, asked) (context.Context, view, error)) (out activityV1, err error) {
	from, until, err := in.read(s.now().UTC(), zone)
	if err != nil {
		return out, err
	}
	out.Period = periodV1{httpx.TimeV1(from), httpx.TimeV1(until)}
	views := map[activity.Kind]view{}
	for k := range kindsV1 {
		_, v, err := of(ctx, k, asked{from: from, until: until})
		if err != nil {
			return out, reading(err)
		}
		sum, err := s.store.count(ctx, k, v.sights)
		if err != nil {
			return out, reading(err)
		}
		views[k] = v
		out.Total += sum.Events
		switch k {
		case activity.ActiveWindow:
			out.Summary.ActiveWindows, out.Summary.TotalActiveTime = sum.Events, sum.Seconds
		case activity.VisitedSite:
			out.Summary.VisitedSites = sum.Events
		case activity.Screenshot:
			out.Summary.Screenshots = sum.Events
		case activity.UserSession:
			out.Summary.UserSessions = sum.Events
		}
	}
	out.Page, out.Limit = in.Page, in.Limit
	out.Activities, err = s.pageV1(ctx, in, views)
	return out, err
}
