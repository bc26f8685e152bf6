package collector

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (m *Module) routes(r httpx.Router) {
	limit := httpx.BodyLimit(int64(m.cfg.MaxBody))
	r.POST("/v2/agent/events", activity.Report, httpx.Raw(m.events), limit, httpx.Takes[eventsRequest](), httpx.Gives[acceptedResponse](http.StatusOK),
		httpx.Doc("Report what happened on a computer. Answered when it is durable."))
	r.POST("/v2/agent/screenshots", activity.Report, httpx.Raw(m.picture), httpx.BodyLimit(int64(m.cfg.MaxPicture)+maxMetadata),
		httpx.BodyTimeout(pictureTime), httpx.TakesFile[pictureRequest](), httpx.Gives[pictureResponse](http.StatusOK),
		httpx.Doc("Send a picture of a screen. Answered when it is durable."))
	r.POST("/v2/agent/heartbeat", activity.Report, httpx.Handle(http.StatusOK, m.heartbeat), httpx.Lenient(),
		httpx.Doc("Tell that an agent runs, or why it stops. Answered when it is durable."))
	r.POST("/v2/agent/register", activity.Report, httpx.Handle(http.StatusOK, m.register), httpx.Lenient(),
		httpx.Doc("Tell of a computer and its Windows users."))
}

// authenticate knows agents by their keys, in X-API-Key or as a bearer token.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	key := r.Header.Get("X-API-Key")
	if scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " "); key == "" && strings.EqualFold(scheme, "Bearer") {
		key = strings.TrimSpace(credential)
	}
	if key == "" {
		return actor.Actor{}, false, nil
	}
	a, err := m.service.authenticate(ctx, key, httpx.ClientIP(ctx))
	return a, err == nil, err
}

// eventsRequest describes a batch of one computer to readers of the API; decode reads it.
type eventsRequest struct {
	ComputerUID string         `json:"computerUid"`
	UserSID     string         `json:"userSid,omitempty" doc:"the user of events that name none"`
	Events      []eventRequest `json:"events"`
}

type eventRequest struct {
	ID              string    `json:"id,omitempty" doc:"a UUID: two reports with the same one are one event"`
	Type            string    `json:"type" enum:"active_window,visited_site,screenshot,user_session,idle_period"`
	UserSID         string    `json:"userSid,omitempty"`
	At              time.Time `json:"at"`
	End             time.Time `json:"end,omitzero"`
	DurationSeconds int64     `json:"durationSeconds,omitempty"`
	Title           string    `json:"title,omitempty"`
	ProcessName     string    `json:"processName,omitempty"`
	URL             string    `json:"url,omitempty"`
	SessionType     string    `json:"sessionType,omitempty" enum:"login,logout,lock,unlock"`
	FilePath        string    `json:"filePath,omitempty"`
	FileSize        int64     `json:"fileSize,omitempty"`
	Private         bool      `json:"private,omitempty" doc:"of a browser window in private mode"`
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

// events reads the body itself: the general way takes longer than the rows that it brings.
func (m *Module) events(c *echo.Context) error {
	ctx := c.Request().Context()
	body, err := httpx.ReadBody(ctx)
	if err != nil {
		return err
	}
	events, err := decode(string(body), m.cfg.MaxBatch)
	if err != nil {
		return err
	}
	if err := m.service.take(ctx, sourceAPI, events); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, acceptedResponse{true, len(events), m.service.now().UTC()})
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
