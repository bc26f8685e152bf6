package doors

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routesToday(r httpx.Router) {
	r.POST("/api/v2/passes", pass.Write, httpx.Handle(http.StatusCreated, s.postPass), httpx.Doc("Write down a pass that no terminal saw, and why."))
	r.GET("/api/v2/passes/inside", pass.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getInside)), httpx.Doc("Who is inside now, the last to come first."))
	r.GET("/api/v2/passes/today", pass.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getToday)), httpx.Doc("What has happened at the doors since midnight."))
}

func (s *service) postPass(ctx context.Context, in passInput) (passResponse, error) {
	row, err := s.enter(ctx, in)
	if err != nil {
		return passResponse{}, err
	}
	names, err := s.namesOf(ctx, []passRow{row})
	return names.pass(row), err
}

type todayRequest struct {
	Organization int64 `query:"organization"`
	Department   int64 `query:"department"`
}

type insideResponse struct {
	EmployeeID     int64     `json:"employeeId"`
	EmployeeName   string    `json:"employeeName"`
	OrganizationID int64     `json:"organizationId"`
	DepartmentID   int64     `json:"departmentId"`
	Since          time.Time `json:"since"`
	DeviceID       int64     `json:"deviceId,omitempty"`
	DeviceName     string    `json:"deviceName,omitempty"`
	PhotoVersion   string    `json:"photoVersion,omitempty" doc:"of the employee's photo; absent where none was uploaded"`
}

func (s *service) getInside(ctx context.Context, in todayRequest) (page httpx.Page[insideResponse], err error) {
	list, err := s.insiders(ctx, in.Organization, in.Department)
	if err != nil {
		return page, err
	}
	devices := make([]int64, len(list))
	for i, p := range list {
		devices[i] = p.deviceID
	}
	names, err := s.store.deviceNames(ctx, devices)
	for _, p := range list {
		page.Items = append(page.Items, insideResponse{p.ID, p.Name, p.OrganizationID, p.DepartmentID, p.since, p.deviceID, names[p.deviceID], p.PhotoVersion})
	}
	return page, err
}

// recent is how many passes a view of today shows.
const recent = 20

type todayResponse struct {
	Date        string               `json:"date"`
	Zone        string               `json:"zone"`
	Entries     int                  `json:"entries"`
	Exits       int                  `json:"exits"`
	Inside      int                  `json:"inside" doc:"people who came in and have not been seen to leave"`
	Refused     int                  `json:"refused"`
	Unknown     int                  `json:"unknown" doc:"passes of nobody who is known"`
	Departments []departmentResponse `json:"departments"`
	Devices     []doorResponse       `json:"devices"`
	Recent      []passResponse       `json:"recent"`
}

type departmentResponse struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	People  int    `json:"people"`
	Present int    `json:"present" doc:"who came today or is inside"`
	Inside  int    `json:"inside"`
}

// doorResponse is a terminal as of today.
type doorResponse struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Status     string     `json:"status,omitempty" doc:"what the terminal last said of itself"`
	LastSeenAt *time.Time `json:"lastSeenAt,omitempty"`
	Passes     int        `json:"passes"`
}

func (s *service) getToday(ctx context.Context, in todayRequest) (out todayResponse, err error) {
	t, err := s.today(ctx, in.Organization, in.Department)
	if err != nil {
		return out, err
	}
	out = todayResponse{
		Date: t.begin.Format(time.DateOnly), Zone: t.zone.String(), Entries: t.entries, Exits: t.exits, Inside: len(t.inside),
		Refused: t.refused, Unknown: t.nobody, Recent: []passResponse{},
	}
	var failed [3]error
	out.Departments, failed[0] = s.departments(ctx, t)
	out.Devices, failed[1] = s.doors(ctx, in.Organization, t)
	last := t.last()
	names, err := s.namesOf(ctx, last)
	failed[2] = err
	for _, r := range last {
		out.Recent = append(out.Recent, names.pass(r))
	}
	return out, errors.Join(failed[:]...)
}

// last are the latest passes, the last one first.
func (t today) last() []passRow {
	rows := slices.Clone(t.rows[max(len(t.rows)-recent, 0):])
	slices.Reverse(rows)
	return rows
}

// departments sums up the people by department, by id.
func (s *service) departments(ctx context.Context, t today) ([]departmentResponse, error) {
	by := map[int64]*departmentResponse{}
	of := func(n int64) *departmentResponse {
		if by[n] == nil {
			by[n] = &departmentResponse{ID: n}
		}
		return by[n]
	}
	came := map[int64]bool{}
	for _, r := range t.rows {
		came[r.EmployeeID] = came[r.EmployeeID] || r.EntryType == pass.Enter
	}
	for _, p := range t.inside {
		came[p.ID] = true
		of(p.DepartmentID).Inside++
	}
	for _, e := range t.people {
		d := of(e.DepartmentID)
		d.People++
		if came[e.ID] {
			d.Present++
		}
	}
	list := make([]departmentResponse, 0, len(by))
	for n, d := range by {
		department, err := s.tree.Department(ctx, n)
		if err != nil && !errors.Is(err, organization.ErrDepartmentUnknown) {
			return nil, err
		}
		d.Name = department.Name
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b departmentResponse) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// maxDoors bounds the terminals of a view of today.
const maxDoors = 200

// doors are the active terminals, by id.
func (s *service) doors(ctx context.Context, organization int64, t today) ([]doorResponse, error) {
	rows, err := s.store.devices(ctx, organization, maxDoors, shownOfDevices...)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, d := range rows {
		ids[i] = d.ID
	}
	statuses, err := s.store.statusesOf(ctx, ids)
	passed := map[int64]int{}
	for _, r := range t.rows {
		passed[r.DeviceID]++
	}
	list := []doorResponse{}
	for _, d := range rows {
		if d.IsActive {
			list = append(list, doorResponse{d.ID, d.Name, statuses[d.ID].Status, d.LastSeenAt, passed[d.ID]})
		}
	}
	return list, err
}
