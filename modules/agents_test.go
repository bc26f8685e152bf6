package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// seat is a computer as the dashboard lists it.
type seat struct {
	ID                                                         int64
	ComputerUID, State, StateReason, AgentVersion, GatewayName string
	Users                                                      []struct {
		ID           int64
		SID          string
		EmployeeID   int64
		EmployeeName string
	}
}

func (s *site) seat(t *testing.T, uid string) (found seat) {
	t.Helper()
	var page struct{ Items []seat }
	s.get(t, "/api/v2/computers?search="+uid, &page)
	for _, c := range page.Items {
		if c.ComputerUID == uid {
			found = c
		}
	}
	return found
}

// An agent lives on a gateway: it starts, somebody whom nobody knows works, it stops; the dashboard knows all of it,
// and who the user was becomes known afterwards, for all that was reported before.
func TestAnAgentsWholeLife(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	beat := func(more map[string]any) int {
		body := map[string]any{"computerUid": "PC-17", "userSid": "S-17", "agentVersion": "2.1"}
		for name, value := range more {
			body[name] = value
		}
		status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/heartbeat", agent(key), body)
		return status
	}
	until(t, "the gateway takes the heartbeat", func() bool { return beat(nil) == http.StatusOK })
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	if status, answer := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-17", "S-NEW", window(at, "Ҳисобот"))); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	var c seat
	until(t, "the computer is online, with both of its users", func() bool {
		c = s.seat(t, "PC-17")
		return c.State == "online" && len(c.Users) == 2 && len(s.rows(t, "active-windows", "computer=PC-17")) == 1
	})
	if c.StateReason != "reporting" || c.AgentVersion != "2.1" || c.GatewayName == "" {
		t.Errorf("the computer is %+v", c)
	}
	employee := newEmployee(t, s)
	for _, u := range c.Users {
		if u.EmployeeID != 0 {
			t.Errorf("%s is somebody before anybody said so", u.SID)
		}
		if u.SID == "S-NEW" {
			s.post(t, fmt.Sprintf("/api/v2/computers/users/%d/link", u.ID), map[string]any{"employeeId": employee})
		}
	}
	if rows := s.rows(t, "active-windows", fmt.Sprint("employee=", employee)); len(rows) != 1 || rows[0].Title != "Ҳисобот" {
		t.Errorf("of the time before the link there is %+v", rows)
	}
	if status := beat(map[string]any{"state": "stopping", "reason": "shutdown", "detail": "Windows"}); status != http.StatusOK {
		t.Fatalf("goodbye: %d", status)
	}
	until(t, "the computer is offline", func() bool { c = s.seat(t, "PC-17"); return c.State == "offline" })
	if c.StateReason != "shutdown" {
		t.Errorf("the computer is %+v", c)
	}
	var history struct {
		Items []struct{ State, Reason, Detail, Version string }
	}
	s.get(t, fmt.Sprintf("/api/v2/computers/%d/states", c.ID), &history)
	if got := fmt.Sprint(history.Items); got != "[{offline shutdown Windows 2.1} {online reporting  2.1}]" {
		t.Errorf("the history is %s", got)
	}
}

// newEmployee makes an employee of organization 1 in a department of its own.
func newEmployee(t *testing.T, s *site) int64 {
	t.Helper()
	department := s.post(t, "/api/v2/departments", map[string]any{"fullName": "Bo‘lim", "shortName": "B", "organizationId": 1})
	return s.post(t, "/api/v2/employees", map[string]any{"name": "Aziza Karimova", "departmentId": department})
}

// post asks the dashboard for a change, and returns the id of what was made, if anything was.
func (s *site) post(t testing.TB, path string, body any) int64 {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+path, map[string]string{"Authorization": "Bearer " + s.token}, body)
	var made struct{ ID int64 }
	if status >= 300 || len(answer) > 0 && json.Unmarshal(answer, &made) != nil {
		t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return made.ID
}
