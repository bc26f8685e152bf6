package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesV1 are v1's six routes of agents (v1-contract 4.1). Their rules are v1's: unknown fields are taken, data may be
// one object, and a batch is refused whole.
func (m *Module) routesV1(r httpx.Router) {
	limit := httpx.BodyLimit(int64(m.cfg.MaxBody))
	r.POST("/api/agent/register-computer", activity.Report, httpx.Handle(http.StatusOK, m.registerComputerV1), httpx.Doc("v1: tell of a computer."))
	r.POST("/api/agent/register-computer-user", activity.Report, httpx.Handle(http.StatusOK, m.registerUserV1), httpx.Doc("v1: tell of a Windows user."))
	for _, route := range []struct {
		path, done string
		read       func(json.RawMessage) (activity.Event, error)
	}{
		{"active-windows", "Active windows data received successfully", windowV1},
		{"visited-sites", "Visited sites data received successfully", siteV1},
		{"screenshots", "Screenshot data received successfully", screenshotV1},
		{"user-sessions", "User session data received successfully", sessionV1},
	} {
		r.POST("/api/agent/"+route.path, activity.Report, httpx.Handle(http.StatusOK, m.batchV1(route.done, route.read)), limit,
			httpx.Doc("v1: report "+strings.ReplaceAll(route.path, "-", " ")+"."))
	}
}

// batchRequestV1 is a batch of one Windows user. Timestamp is required and not stored.
type batchRequestV1 struct {
	ComputerUID string          `json:"computerUid"`
	UserSID     string          `json:"userSid"`
	Timestamp   any             `json:"timestamp"`
	Data        json.RawMessage `json:"data"`
}

func (m *Module) batchV1(done string, read func(json.RawMessage) (activity.Event, error)) func(context.Context, batchRequestV1) (httpx.Said[*struct{}], error) {
	return func(ctx context.Context, in batchRequestV1) (out httpx.Said[*struct{}], err error) {
		switch {
		case strings.TrimSpace(in.ComputerUID) == "":
			return out, errComputerUID
		case strings.TrimSpace(in.UserSID) == "":
			return out, errUserSID
		}
		if text, ok := in.Timestamp.(string); !ok || !isTimeV1(text) {
			return out, errTimestamp
		}
		items, err := itemsV1(in.Data)
		if err != nil {
			return out, errData.Wrap(err)
		}
		if len(items) > m.cfg.MaxBatch {
			return out, errBatchTooLarge.With("Max", m.cfg.MaxBatch)
		}
		events := make([]activity.Event, len(items))
		for i, item := range items {
			if events[i], err = read(item); err != nil {
				return out, errData.Wrap(err)
			}
			events[i].ComputerUID, events[i].UserSID = in.ComputerUID, in.UserSID
		}
		if err := addKeys(events); err != nil {
			return out, errData.Wrap(err)
		}
		out.Message = done
		return out, m.service.take(ctx, sourceV1, events)
	}
}

// itemsV1 reads data: a list, or one item.
func itemsV1(data json.RawMessage) (items []json.RawMessage, err error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return nil, errData
	}
	if data[0] != '[' {
		return []json.RawMessage{data}, nil
	}
	return items, json.Unmarshal(data, &items)
}

func windowV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1   `json:"datetime"`
		Title       *string  `json:"title"`
		ProcessName *string  `json:"processName"`
		ActiveTime  *float64 `json:"activeTime"` // whole seconds; v1 cut fractions off
	}
	if err = json.Unmarshal(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.Title == nil || in.ProcessName == nil || in.ActiveTime == nil {
		return e, errData
	}
	return activity.Event{
		Kind: activity.ActiveWindow, At: in.Datetime.Time, Title: *in.Title, Process: *in.ProcessName, Duration: int64(*in.ActiveTime),
	}, nil
}

func siteV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1   `json:"datetime"`
		Title       string   `json:"title"`
		URL         *string  `json:"url"`
		ProcessName *string  `json:"processName"`
		ActiveTime  *float64 `json:"activeTime"` // whole seconds; v1 cut fractions off
	}
	if err = json.Unmarshal(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.URL == nil || in.ProcessName == nil || in.ActiveTime == nil {
		return e, errData
	}
	return activity.Event{
		Kind: activity.VisitedSite, At: in.Datetime.Time, Title: in.Title, URL: *in.URL, Process: *in.ProcessName, Duration: int64(*in.ActiveTime),
	}, nil
}

func screenshotV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		Datetime    timeV1  `json:"datetime"`
		Title       string  `json:"title"`
		FilePath    *string `json:"filePath"`
		ProcessName *string `json:"processName"`
	}
	if err = json.Unmarshal(item, &in); err != nil {
		return e, err
	}
	if in.Datetime.IsZero() || in.FilePath == nil || in.ProcessName == nil {
		return e, errData
	}
	return activity.Event{
		Kind: activity.Screenshot, At: in.Datetime.Time, Title: in.Title, FilePath: *in.FilePath, Process: *in.ProcessName,
	}, nil
}

func sessionV1(item json.RawMessage) (e activity.Event, err error) {
	var in struct {
		StartTime   timeV1  `json:"startTime"`
		EndTime     *timeV1 `json:"endTime"`
		SessionType string  `json:"sessionType"`
	}
	if err = json.Unmarshal(item, &in); err != nil {
		return e, err
	}
	kind, ok := sessionType(in.SessionType)
	if in.StartTime.IsZero() || !ok {
		return e, errData
	}
	e = activity.Event{Kind: activity.UserSession, At: in.StartTime.Time, Session: kind}
	if in.EndTime != nil {
		e.End = in.EndTime.Time
	}
	return e, nil
}

// timeV1 is a time as JavaScript's Date reads it, which is how v1 read them.
type timeV1 struct{ time.Time }

// layoutsV1 are the forms that v1's clients use. Without a zone v1 took its server's, which ran in UTC.
var layoutsV1 = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly, "2006-01", "2006"}

// UnmarshalJSON reads a text, or milliseconds since 1970, of which null is none.
func (t *timeV1) UnmarshalJSON(b []byte) error {
	var text string
	if len(b) == 0 || b[0] != '"' {
		var ms float64
		if err := json.Unmarshal(b, &ms); err != nil {
			return err
		}
		t.Time = time.UnixMilli(int64(ms)).UTC()
		return nil
	}
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	at, ok := parseTimeV1(text)
	if !ok {
		return errTimestamp
	}
	t.Time = at
	return nil
}

func isTimeV1(text string) bool {
	_, ok := parseTimeV1(text)
	return ok
}

func parseTimeV1(text string) (time.Time, bool) {
	for _, layout := range layoutsV1 {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

type registerComputerRequestV1 struct {
	ComputerUID string `json:"computerUid"`
	OS          string `json:"os"`
	IPAddress   string `json:"ipAddress"`
	MACAddress  string `json:"macAddress"`
}

type computerResponseV1 struct {
	ID          int64   `json:"id"`
	ComputerUID string  `json:"computerUid"`
	OS          *string `json:"os"`
	IPAddress   *string `json:"ipAddress"`
	MACAddress  *string `json:"macAddress"`
	IsActive    bool    `json:"isActive"`
	CreatedAt   timeOut `json:"createdAt"`
	UpdatedAt   timeOut `json:"updatedAt"`
}

func (m *Module) registerComputerV1(ctx context.Context, in registerComputerRequestV1) (out httpx.Said[computerResponseV1], err error) {
	if strings.TrimSpace(in.ComputerUID) == "" {
		return out, errRegistration
	}
	e := m.service.registration(activity.Computer, in.ComputerUID, "", map[string]string{
		activity.DetailOS: in.OS, activity.DetailIPAddress: in.IPAddress, activity.DetailMACAddress: in.MACAddress,
	})
	if err := m.service.take(ctx, sourceV1, []activity.Event{e}); err != nil {
		return out, err
	}
	out.Message = "Computer registered successfully"
	out.Data = computerResponseV1{
		ID: numberV1(in.ComputerUID), ComputerUID: in.ComputerUID, OS: given(in.OS), IPAddress: given(in.IPAddress), MACAddress: given(in.MACAddress),
		IsActive: true, CreatedAt: timeOut(e.At), UpdatedAt: timeOut(e.At),
	}
	return out, nil
}

type registerUserRequestV1 struct {
	SID        string `json:"sid"`
	Name       string `json:"name"`
	Domain     string `json:"domain"`
	Username   string `json:"username"`
	IsAdmin    bool   `json:"isAdmin"`
	IsInDomain bool   `json:"isInDomain"`
}

type userResponseV1 struct {
	ID         int64   `json:"id"`
	EmployeeID *int64  `json:"employeeId"`
	SID        string  `json:"sid"`
	Name       string  `json:"name"`
	Domain     *string `json:"domain"`
	Username   string  `json:"username"`
	IsAdmin    bool    `json:"isAdmin"`
	IsInDomain bool    `json:"isInDomain"`
	IsActive   bool    `json:"isActive"`
	CreatedAt  timeOut `json:"createdAt"`
	UpdatedAt  timeOut `json:"updatedAt"`
}

func (m *Module) registerUserV1(ctx context.Context, in registerUserRequestV1) (out httpx.Said[userResponseV1], err error) {
	if strings.TrimSpace(in.SID) == "" || in.Username == "" {
		return out, errRegistration
	}
	u := userRequest{SID: in.SID, Name: in.Name, Domain: in.Domain, Username: in.Username, IsAdmin: in.IsAdmin, IsInDomain: in.IsInDomain}
	e := m.service.registration(activity.ComputerUser, "", in.SID, u.details())
	if err := m.service.take(ctx, sourceV1, []activity.Event{e}); err != nil {
		return out, err
	}
	out.Message = "Computer user registered successfully"
	out.Data = userResponseV1{
		ID: numberV1(in.SID), SID: in.SID, Name: in.Name, Domain: given(in.Domain), Username: in.Username, IsAdmin: in.IsAdmin, IsInDomain: in.IsInDomain,
		IsActive: true, CreatedAt: timeOut(e.At), UpdatedAt: timeOut(e.At),
	}
	return out, nil
}

// numberV1 stands for the row's id, which the server gives later: a positive number that is the same each time.
func numberV1(name string) int64 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int64(h.Sum32()>>1) + 1
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// timeOut is written as v1 wrote times: UTC with milliseconds.
type timeOut time.Time

// MarshalJSON writes the text.
func (t timeOut) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}
