package doors

import (
	"context"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
)

// todayRequestV1 is the query; its last three change nothing: there is one grouping, and visitors are no employees.
type todayRequestV1 struct {
	OrganizationID  int64  `query:"organization_id"`
	DepartmentID    int64  `query:"department_id"`
	LiveUpdate      bool   `query:"live_update" doc:"not used: /api/v2/events tells of passes as they happen"`
	IncludeVisitors bool   `query:"include_visitors" doc:"not used"`
	GroupBy         string `query:"group_by" enum:"department"`
}

type (
	todayResponseV1 struct {
		Date                string           `json:"date"`
		Summary             summaryV1        `json:"summary"`
		RecentActivities    []activityV1     `json:"recent_activities"`
		DepartmentBreakdown []breakdownV1    `json:"department_breakdown"`
		DeviceStatus        []deviceStatusV1 `json:"device_status"`
	}
	// summaryV1 has no lateness: that is attendance's to judge.
	summaryV1 struct {
		TotalEntries     int     `json:"total_entries"`
		TotalExits       int     `json:"total_exits"`
		CurrentOccupancy int     `json:"current_occupancy"`
		LateArrivals     *int    `json:"late_arrivals"`
		EarlyDepartures  *int    `json:"early_departures"`
		AvgArrivalTime   *string `json:"avg_arrival_time" doc:"HH:MM, where the organization is"`
		AvgDepartureTime *string `json:"avg_departure_time" doc:"likewise, of those who are out"`
	}
	activityV1 struct {
		ID       int64            `json:"id"`
		Employee activityPersonV1 `json:"employee"`
		Action   activityActionV1 `json:"action"`
	}
	activityPersonV1 struct {
		ID         int64   `json:"id"`
		Name       string  `json:"name"`
		Photo      *string `json:"photo"`
		Department string  `json:"department"`
	}
	activityActionV1 struct {
		ActionTime time.Time         `json:"action_time"`
		EntryType  string            `json:"entry_type" enum:"enter,exit"`
		Device     *activityDeviceV1 `json:"device"`
	}
	activityDeviceV1 struct {
		Name string `json:"name"`
	}
	breakdownV1 struct {
		Department     string `json:"department"`
		TotalEmployees int    `json:"total_employees"`
		Present        int    `json:"present"`
		Absent         int    `json:"absent"`
		Late           *int   `json:"late"`
	}
	deviceStatusV1 struct {
		DeviceName   string     `json:"device_name"`
		Status       string     `json:"status" doc:"unknown until the terminal has told one"`
		LastActivity *time.Time `json:"last_activity"`
		TodayEvents  int        `json:"today_events"`
	}
)

func (s *service) getTodayV1(ctx context.Context, in todayRequestV1) (out todayResponseV1, err error) {
	t, err := s.today(ctx, in.OrganizationID, in.DepartmentID)
	if err != nil {
		return out, err
	}
	out = todayResponseV1{
		Date:             t.begin.Format(time.DateOnly),
		Summary:          summaryV1{TotalEntries: t.entries, TotalExits: t.exits, CurrentOccupancy: len(t.inside)},
		RecentActivities: []activityV1{}, DepartmentBreakdown: []breakdownV1{}, DeviceStatus: []deviceStatusV1{},
	}
	out.Summary.AvgArrivalTime, out.Summary.AvgDepartureTime = t.averages()
	departments, err := s.departments(ctx, t)
	if err != nil {
		return out, err
	}
	for _, d := range departments {
		out.DepartmentBreakdown = append(out.DepartmentBreakdown, breakdownV1{Department: d.Name, TotalEmployees: d.People, Present: d.Present, Absent: d.People - d.Present})
	}
	doors, err := s.doors(ctx, in.OrganizationID, t)
	if err != nil {
		return out, err
	}
	for _, d := range doors {
		status := strings.ToLower(d.Status)
		if status == "" {
			status = "unknown"
		}
		out.DeviceStatus = append(out.DeviceStatus, deviceStatusV1{d.Name, status, d.LastSeenAt, d.Passes})
	}
	out.RecentActivities, err = s.activitiesV1(ctx, t.last())
	return out, err
}

func (s *service) activitiesV1(ctx context.Context, rows []passRow) ([]activityV1, error) {
	n, err := s.namesV1(ctx, rows)
	list := []activityV1{}
	for _, r := range rows {
		e := n.people[r.EmployeeID]
		a := activityV1{ID: r.ID, Employee: activityPersonV1{ID: e.ID, Name: e.Name, Department: n.departments[e.DepartmentID]}}
		a.Action = activityActionV1{ActionTime: r.At.UTC(), EntryType: strings.ToLower(string(r.EntryType))}
		if d, known := n.devices[r.DeviceID]; known {
			a.Action.Device = &activityDeviceV1{d.Name}
		}
		list = append(list, a)
	}
	return list, err
}

// averages are the mean of the first arrivals of today and of the last departures of those who are out; nil of nobody.
func (t today) averages() (arrival, departure *string) {
	first, last := map[int64]time.Duration{}, map[int64]time.Duration{}
	for _, r := range t.rows {
		if r.EmployeeID == 0 {
			continue
		}
		at := r.At.Sub(t.begin)
		if _, came := first[r.EmployeeID]; !came && r.EntryType == pass.Enter {
			first[r.EmployeeID] = at
		}
		if delete(last, r.EmployeeID); r.EntryType == pass.Exit {
			last[r.EmployeeID] = at
		}
	}
	return t.mean(first), t.mean(last)
}

func (t today) mean(of map[int64]time.Duration) *string {
	if len(of) == 0 {
		return nil
	}
	var sum time.Duration
	for _, d := range of {
		sum += d
	}
	text := t.begin.Add(sum / time.Duration(len(of))).In(t.zone).Format("15:04")
	return &text
}
