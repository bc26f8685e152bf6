package doors

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesLogsV1 are the two lists of passes that v1's specification promised (v1-contract 3.5) and v1 never served.
func (s *service) routesLogsV1(r httpx.Router) {
	for _, prefix := range []string{"/api", "/api/v1"} {
		r.GET(prefix+"/entry-logs", pass.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getLogsV1)), httpx.Enveloped(httpx.API), httpx.Doc("Passes, the latest first, as v1's specification has them"))
		r.GET(prefix+"/entry-logs/today", pass.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getTodayV1)), httpx.Enveloped(httpx.API), httpx.Doc("What has happened at the doors today, as v1's specification has it"))
	}
}

// logsRequestV1 is the query; dates are days where the organization is, or times.
type logsRequestV1 struct {
	StartDate      string `query:"start_date"`
	EndDate        string `query:"end_date" doc:"a day is included"`
	OrganizationID int64  `query:"organization_id"`
	DepartmentID   int64  `query:"department_id"`
	EmployeeID     int64  `query:"employee_id"`
	DeviceID       int64  `query:"device_id"`
	EntryType      string `query:"entry_type" enum:"enter,exit"`
	Page           int64  `query:"page" doc:"from 1"`
	Limit          int64  `query:"limit" doc:"1 to 100; 50 if it is not there"`
}

// limitV1 and mostV1 are the usual length of a page and the greatest; maxPageV1 keeps the place of a page a number.
const (
	limitV1, mostV1 = 50, 100
	maxPageV1       = 1_000_000
)

func (in *logsRequestV1) query(zone *time.Location) (q passQuery, err error) {
	var f fault.Fields
	in.Page, in.Limit = cmp.Or(in.Page, 1), cmp.Or(in.Limit, limitV1)
	if in.Page < 1 || in.Page > maxPageV1 {
		f.Add("page", "above_max", fault.Params{"Max": maxPageV1})
	}
	if in.Limit < 1 || in.Limit > mostV1 {
		f.Add("limit", "above_max", fault.Params{"Max": mostV1})
	}
	q = passQuery{
		employee: in.EmployeeID, device: in.DeviceID, organization: in.OrganizationID, limit: int(in.Limit),
		from: dayV1(&f, "start_date", in.StartDate, zone, 0), until: dayV1(&f, "end_date", in.EndDate, zone, 1),
	}
	if q.way = pass.Direction(strings.ToUpper(in.EntryType)); q.way != "" {
		oneOf(&f, "entry_type", string(q.way), []string{string(pass.Enter), string(pass.Exit)})
	}
	return q, f.Err()
}

// dayV1 reads a time, or the beginning of so many days after a day.
func dayV1(f *fault.Fields, field, text string, zone *time.Location, after int) time.Time {
	if text == "" {
		return time.Time{}
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t.AddDate(0, 0, after)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f.Add(field, "not_a_time", nil)
	}
	return t
}

type (
	logsResponseV1 struct {
		EntryLogs []logV1   `json:"entry_logs"`
		Page      int64     `json:"page"`
		Total     int64     `json:"total"`
		Limit     int64     `json:"limit"`
		Filters   filtersV1 `json:"filters"`
	}
	filtersV1 struct {
		Applied   appliedV1   `json:"applied"`
		Available availableV1 `json:"available"`
	}
	availableV1 struct {
		Organizations []namedV1 `json:"organizations"`
		Departments   []namedV1 `json:"departments"`
		Devices       []namedV1 `json:"devices"`
	}
	namedV1 struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	appliedV1 struct {
		StartDate *string `json:"start_date"`
		EndDate   *string `json:"end_date"`
	}
	logV1 struct {
		ID        int64       `json:"id"`
		Employee  logPersonV1 `json:"employee"`
		Action    logActionV1 `json:"action"`
		CreatedAt time.Time   `json:"created_at"`
	}
	logPersonV1 struct {
		ID            int64   `json:"id"`
		Name          string  `json:"name"`
		PersonalID    *string `json:"personal_id"`
		Photo         *string `json:"photo"`
		Department    string  `json:"department"`
		SubDepartment *string `json:"sub_department"`
		Organization  string  `json:"organization"`
	}
	logActionV1 struct {
		ID           int64        `json:"id"`
		DeviceID     *int64       `json:"device_id"`
		ActionTime   time.Time    `json:"action_time"`
		EntryType    string       `json:"entry_type" enum:"enter,exit"`
		ActionType   string       `json:"action_type"`
		ActionResult string       `json:"action_result"`
		Device       *logDeviceV1 `json:"device"`
	}
	logDeviceV1 struct {
		ID        int64  `json:"id"`
		Name      string `json:"name"`
		IPAddress string `json:"ip_address"`
		EntryType string `json:"entry_type"`
	}
)

func (s *service) getLogsV1(ctx context.Context, in logsRequestV1) (out logsResponseV1, err error) {
	zone, err := s.zone(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	q, err := in.query(zone)
	if err != nil {
		return out, err
	}
	if q.sight, err = s.sightOf(ctx, in.DepartmentID); err != nil {
		return out, err
	}
	rows, total, err := s.store.pageV1(ctx, q, (in.Page-1)*in.Limit)
	if err != nil {
		return out, err
	}
	out = logsResponseV1{EntryLogs: []logV1{}, Page: in.Page, Total: int64(total), Limit: in.Limit}
	out.Filters.Applied = appliedV1{orNull(in.StartDate), orNull(in.EndDate)}
	n, err := s.namesV1(ctx, rows)
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		out.EntryLogs = append(out.EntryLogs, n.log(r))
	}
	out.Filters.Available, err = s.availableV1(ctx, in.OrganizationID, n)
	return out, err
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// namesV1 is what rows refer to.
type namesV1 struct {
	people                     map[int64]employee.Employee
	devices                    map[int64]deviceRow
	departments, organizations map[int64]string
}

func (s *service) namesV1(ctx context.Context, rows []passRow) (n namesV1, err error) {
	people, devices := map[int64]bool{}, map[int64]bool{}
	for _, r := range rows {
		people[r.EmployeeID], devices[r.DeviceID] = true, true
	}
	n = namesV1{departments: map[int64]string{}, organizations: map[int64]string{}}
	if n.people, err = s.staff.ByIDs(ctx, slices.Collect(maps.Keys(people))); err != nil {
		return n, err
	}
	if n.devices, err = s.store.devicesByIDs(ctx, slices.Collect(maps.Keys(devices))); err != nil {
		return n, err
	}
	for _, e := range n.people {
		if err := s.place(ctx, n, e.DepartmentID); err != nil {
			return n, err
		}
	}
	return n, nil
}

// place finds out what a department and its organization are called.
func (s *service) place(ctx context.Context, n namesV1, department int64) error {
	if _, known := n.departments[department]; known {
		return nil
	}
	d, err := s.tree.Department(ctx, department)
	if errors.Is(err, organization.ErrDepartmentUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := s.tree.ByID(ctx, d.OrganizationID)
	n.departments[department], n.organizations[d.OrganizationID] = d.Name, o.Name
	return err
}

func (n namesV1) log(r passRow) logV1 {
	e := n.people[r.EmployeeID]
	a := logActionV1{
		ID: r.ID, ActionTime: r.At.UTC(), EntryType: strings.ToLower(string(r.EntryType)), ActionType: strings.ToLower(r.ActionType), ActionResult: strings.ToLower(r.ActionResult),
	}
	if r.CardNumber != "" {
		a.ActionResult = "card_" + r.CardNumber // as the specification's sample has it
	}
	if d, known := n.devices[r.DeviceID]; known {
		a.DeviceID, a.Device = &d.ID, &logDeviceV1{d.ID, d.Name, d.IPAddress, strings.ToLower(d.EntryType)}
	}
	return logV1{
		ID: r.ID, Action: a, CreatedAt: r.ReceivedAt.UTC(),
		Employee: logPersonV1{ID: r.EmployeeID, Name: e.Name, Department: n.departments[e.DepartmentID], Organization: n.organizations[e.OrganizationID]},
	}
}

// availableV1 is by what the caller can narrow the list.
func (s *service) availableV1(ctx context.Context, organizationID int64, n namesV1) (a availableV1, err error) {
	departments, err := s.roster.Departments(within(ctx, organizationID))
	if err != nil {
		return a, err
	}
	for _, d := range departments {
		if err := s.place(ctx, n, d); err != nil {
			return a, err
		}
	}
	rows, err := s.store.devices(ctx, organizationID, maxDoors, "id", "name")
	a = availableV1{listV1(n.organizations), listV1(n.departments), []namedV1{}}
	for _, d := range rows {
		a.Devices = append(a.Devices, namedV1{d.ID, d.Name})
	}
	return a, err
}

func listV1(of map[int64]string) []namedV1 {
	list := []namedV1{}
	for _, n := range slices.Sorted(maps.Keys(of)) {
		list = append(list, namedV1{n, of[n]})
	}
	return list
}
