package demo

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"
)

// staff enters the company's departments, shifts and people by the dashboard's interface, has their computers report by
// the gateway's, and says who uses which. What an earlier maker entered before it was cut off is taken as it is.
func (m *maker) staff(ctx context.Context) error {
	departments, err := m.enterDepartments(ctx)
	if err != nil {
		return err
	}
	known, err := m.known(ctx, "/api/v2/employees")
	if err != nil {
		return err
	}
	employees := map[string]int64{} // by sid
	for _, p := range m.people {
		if p.linked {
			in := map[string]any{"departmentId": departments[p.department.short], "name": p.name}
			if employees[p.sid], err = m.enter(ctx, "/api/v2/employees", known[p.name], in); err != nil {
				return err
			}
		}
		if err := m.register(ctx, p); err != nil {
			return err
		}
	}
	return m.link(ctx, employees)
}

// thing is an item of a list, by what it is called there.
type thing struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	ShortName  string `json:"shortName"`
	SID        string `json:"sid"`
	EmployeeID int64  `json:"employeeId"`
}

// enter posts something new, unless it is there, and returns its id.
func (m *maker) enter(ctx context.Context, path string, there thing, in any) (int64, error) {
	if there.ID != 0 {
		return there.ID, nil
	}
	var made thing
	err := m.dashboard.call(ctx, "POST", path, in, &made)
	return made.ID, err
}

// known returns the items of a list by their short names, names or sids.
func (m *maker) known(ctx context.Context, path string) (map[string]thing, error) {
	found := map[string]thing{}
	for after := ""; ; {
		var page struct {
			Items []thing `json:"items"`
			Next  string  `json:"next"`
		}
		if err := m.dashboard.call(ctx, "GET", path+"?limit=1000&after="+url.QueryEscape(after), nil, &page); err != nil {
			return nil, err
		}
		for _, t := range page.Items {
			found[cmp.Or(t.SID, t.ShortName, t.Name)] = t
		}
		if after = page.Next; after == "" {
			return found, nil
		}
	}
}

func (m *maker) enterDepartments(ctx context.Context) (map[string]int64, error) {
	ids, shiftIDs := map[string]int64{}, map[string]int64{}
	organization := m.row.OrganizationID
	knownShifts, err := m.known(ctx, "/api/v2/schedules")
	if err != nil {
		return nil, err
	}
	known, err := m.known(ctx, "/api/v2/departments")
	if err != nil {
		return nil, err
	}
	for _, s := range shifts {
		in := map[string]any{
			"organizationId": organization, "name": s.name, "days": s.days, "start": clock(s.from), "end": clock(s.until), "graceMinutes": 10, "isDefault": s.byDefault,
		}
		if shiftIDs[s.name], err = m.enter(ctx, "/api/v2/schedules", knownShifts[s.name], in); err != nil {
			return nil, err
		}
	}
	for _, d := range departments {
		in := map[string]any{"organizationId": organization, "fullName": d.name, "shortName": d.short}
		if d.under != "" {
			in["parentId"] = ids[d.under]
		}
		if ids[d.short], err = m.enter(ctx, "/api/v2/departments", known[d.short], in); err != nil {
			return nil, err
		}
		if d.shift.byDefault {
			continue
		}
		in = map[string]any{"departmentId": ids[d.short], "scheduleId": shiftIDs[d.shift.name]}
		if err := m.dashboard.call(ctx, "PUT", "/api/v2/schedules/assignments", in, nil); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }

// reimaged is the number of the person whose computer got a new system, and so a new identity, lately.
const reimaged = 9

// register tells the gateway of the person's computer and Windows user.
func (m *maker) register(ctx context.Context, p person) error {
	computer := map[string]any{
		"computerUid": p.uid, "name": p.computer, "os": "Windows 11 Pro", "ipAddress": fmt.Sprintf("192.168.%d.%d", 10+p.number/200, 10+p.number%200),
		"macAddress": p.mac, "agentVersion": agentVersion,
	}
	user := map[string]any{"sid": p.sid, "name": p.name, "username": p.username, "domain": "NAMUNA", "isInDomain": true}
	if p.number == reimaged {
		before := map[string]any{"computerUid": p.uid + "-OLD", "name": p.computer, "os": "Windows 10 Pro", "macAddress": p.mac, "agentVersion": "1.9.2"}
		if err := m.agents.call(ctx, "POST", "/v2/agent/register", map[string]any{"computer": before}, nil); err != nil {
			return err
		}
		gone := map[string]any{"computerUid": before["computerUid"], "agentVersion": before["agentVersion"], "state": "stopping", "reason": "uninstall"}
		if err := m.agents.call(ctx, "POST", "/v2/agent/heartbeat", gone, nil); err != nil {
			return err
		}
	}
	return m.agents.call(ctx, "POST", "/v2/agent/register", map[string]any{"computer": computer, "users": []any{user}}, nil)
}

// agentVersion is that of the agents that there are not.
const agentVersion = "2.0.0"

// link says who the Windows users are, once the server knows them all.
func (m *maker) link(ctx context.Context, employees map[string]int64) error {
	for {
		known, err := m.known(ctx, "/api/v2/computers/users")
		if err != nil {
			return err
		}
		ready := true
		for sid := range employees {
			_, is := known[sid]
			ready = ready && is
		}
		if ready {
			return m.linkTo(ctx, known, employees)
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

func (m *maker) linkTo(ctx context.Context, users map[string]thing, employees map[string]int64) error {
	for sid, employee := range employees {
		if users[sid].EmployeeID != 0 {
			continue
		}
		path := fmt.Sprintf("/api/v2/computers/users/%d/link", users[sid].ID)
		if err := m.dashboard.call(ctx, "POST", path, map[string]any{"employeeId": employee}, nil); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
