package collector

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

func (m *Module) routes(r httpx.Router) {
	limit := httpx.BodyLimit(int64(m.cfg.MaxBody))
	r.POST("/v2/agent/events", activity.Report, httpx.Handle(http.StatusOK, m.events), limit, httpx.Lenient(),
		httpx.Doc("Report what happened on a computer. Answered when it is durable."))
	r.POST("/v2/agent/register", activity.Report, httpx.Handle(http.StatusOK, m.register), httpx.Lenient(),
		httpx.Doc("Tell of a computer and its Windows users."))
}

// authenticate knows agents by their keys, in X-API-Key or as a bearer token.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	key := r.Header.Get("X-API-Key")
	if key == "" {
		key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if key == "" {
		return actor.Actor{}, false, nil
	}
	a, err := m.service.authenticate(ctx, key)
	return a, err == nil, err
}

// eventsRequest is a batch of one computer.
type eventsRequest struct {
	ComputerUID string `json:"computerUid"`
	// UserSID is the user of events that name none.
	UserSID string         `json:"userSid,omitempty"`
	Events  []eventRequest `json:"events"`
}

// eventRequest is one event. ID, a UUID, says that two reports are the same event; an event without it is always new.
type eventRequest struct {
	ID              string        `json:"id,omitempty"`
	Type            activity.Kind `json:"type"`
	UserSID         string        `json:"userSid,omitempty"`
	At              time.Time     `json:"at"`
	End             time.Time     `json:"end,omitzero"`
	DurationSeconds int64         `json:"durationSeconds,omitempty"`
	Title           string        `json:"title,omitempty"`
	ProcessName     string        `json:"processName,omitempty"`
	URL             string        `json:"url,omitempty"`
	SessionType     string        `json:"sessionType,omitempty"`
	FilePath        string        `json:"filePath,omitempty"`
	FileSize        int64         `json:"fileSize,omitempty"`
}

// Validate collects the faults of all events, each under its place in the list.
func (r *eventsRequest) Validate() error {
	var f fault.Fields
	require(&f, "computerUid", r.ComputerUID, activity.MaxUID)
	if len(r.Events) == 0 {
		f.Add("events", "required", nil)
	}
	for i := range r.Events {
		if f = r.Events[i].check(f, i, r.UserSID); len(f) > maxDetails {
			break
		}
	}
	return f.Err()
}

// maxDetails bounds what a refusal lists.
const maxDetails = 50

func (e *eventRequest) check(f fault.Fields, i int, sid string) fault.Fields {
	field := func(name string) string { return fmt.Sprintf("events[%d].%s", i, name) }
	if e.UserSID == "" {
		e.UserSID = sid
	}
	if e.UserSID == "" || len(e.UserSID) > activity.MaxUID {
		f.Add(field("userSid"), "required", nil)
	}
	if e.At.IsZero() {
		f.Add(field("at"), "required", nil)
	}
	if e.ID != "" {
		if _, err := id.Parse(e.ID); err != nil {
			f.Add(field("id"), "collector.not_a_uuid", nil)
		}
	}
	switch e.Type {
	case activity.ActiveWindow, activity.IdlePeriod:
	case activity.VisitedSite:
		if e.URL == "" {
			f.Add(field("url"), "required", nil)
		}
	case activity.Screenshot:
		if e.FilePath == "" {
			f.Add(field("filePath"), "required", nil)
		}
	case activity.UserSession:
		kind, ok := sessionType(e.SessionType)
		if !ok {
			f.Add(field("sessionType"), "collector.session_type_unknown", nil)
		}
		e.SessionType = kind
	default:
		f.Add(field("type"), "collector.type_unknown", nil)
	}
	return f
}

func require(f *fault.Fields, field, text string, maximum int) {
	switch {
	case strings.TrimSpace(text) == "":
		f.Add(field, "required", nil)
	case len(text) > maximum:
		f.Add(field, "too_long", fault.Params{"Max": maximum})
	}
}

type acceptedResponse struct {
	Success    bool      `json:"success"`
	Accepted   int       `json:"accepted"`
	ServerTime time.Time `json:"serverTime"`
}

func (m *Module) events(ctx context.Context, in eventsRequest) (out acceptedResponse, err error) {
	if len(in.Events) > m.cfg.MaxBatch {
		return out, errBatchTooLarge.With("Max", m.cfg.MaxBatch)
	}
	events := make([]activity.Event, len(in.Events))
	for i, e := range in.Events {
		if e.ID == "" {
			e.ID = id.New().String()
		}
		events[i] = activity.Event{
			Kind: e.Type, Key: e.ID, ComputerUID: in.ComputerUID, UserSID: e.UserSID, At: e.At.UTC(), End: e.End, Duration: e.DurationSeconds,
			Title: e.Title, Process: e.ProcessName, URL: e.URL, Session: e.SessionType, FilePath: e.FilePath, FileSize: e.FileSize,
		}
	}
	err = m.service.take(ctx, sourceAPI, events)
	return acceptedResponse{err == nil, len(events), m.service.now().UTC()}, err
}

type registerRequest struct {
	Computer computerRequest `json:"computer"`
	Users    []userRequest   `json:"users,omitempty"`
}

type computerRequest struct {
	ComputerUID  string `json:"computerUid"`
	Name         string `json:"name,omitempty"`
	OS           string `json:"os,omitempty"`
	IPAddress    string `json:"ipAddress,omitempty"`
	MACAddress   string `json:"macAddress,omitempty"`
	AgentVersion string `json:"agentVersion,omitempty"`
}

type userRequest struct {
	SID        string `json:"sid"`
	Name       string `json:"name,omitempty"`
	Domain     string `json:"domain,omitempty"`
	Username   string `json:"username,omitempty"`
	IsAdmin    bool   `json:"isAdmin,omitempty"`
	IsInDomain bool   `json:"isInDomain,omitempty"`
}

// Validate wants names for all.
func (r *registerRequest) Validate() error {
	var f fault.Fields
	require(&f, "computer.computerUid", r.Computer.ComputerUID, activity.MaxUID)
	for i, u := range r.Users {
		require(&f, fmt.Sprintf("users[%d].sid", i), u.SID, activity.MaxUID)
	}
	return f.Err()
}

func (m *Module) register(ctx context.Context, in registerRequest) (acceptedResponse, error) {
	events := []activity.Event{m.service.registration(activity.Computer, in.Computer.ComputerUID, "", in.Computer.details())}
	for _, u := range in.Users {
		events = append(events, m.service.registration(activity.ComputerUser, in.Computer.ComputerUID, u.SID, u.details()))
	}
	err := m.service.take(ctx, sourceAPI, events)
	return acceptedResponse{err == nil, len(events), m.service.now().UTC()}, err
}

func (c computerRequest) details() map[string]string {
	return map[string]string{
		activity.DetailName: c.Name, activity.DetailOS: c.OS, activity.DetailIPAddress: c.IPAddress,
		activity.DetailMACAddress: c.MACAddress, activity.DetailAgentVersion: c.AgentVersion,
	}
}

func (u userRequest) details() map[string]string {
	return map[string]string{
		activity.DetailName: u.Name, activity.DetailDomain: u.Domain, activity.DetailUsername: u.Username,
		activity.DetailAdmin: strconv.FormatBool(u.IsAdmin), activity.DetailInDomain: strconv.FormatBool(u.IsInDomain),
	}
}
