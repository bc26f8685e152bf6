package collector

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/js"
)

// routesV1 are v1's six routes of agents (v1-contract 4.1). Their rules are v1's: unknown fields are taken, data may be
// one object, and a batch is refused whole.
func (m *Module) routesV1(r httpx.Router) {
	limit := httpx.BodyLimit(int64(m.cfg.MaxBody))
	r.POST("/api/agent/register-computer", activity.Report, httpx.Handle(http.StatusOK, m.registerComputerV1), httpx.Doc("v1: tell of a computer."))
	r.POST("/api/agent/register-computer-user", activity.Report, httpx.Handle(http.StatusOK, m.registerUserV1), httpx.Doc("v1: tell of a Windows user."))
	for _, b := range []batchV1{
		{"active-windows", "active windows", "Active windows data received successfully", windowV1},
		{"visited-sites", "visited sites", "Visited sites data received successfully", siteV1},
		{"screenshots", "screenshots", "Screenshot data received successfully", screenshotV1},
		{"user-sessions", "user sessions", "User session data received successfully", sessionV1},
	} {
		r.POST("/api/agent/"+b.path, activity.Report, httpx.Handle(http.StatusOK, m.takeV1(b)), limit, httpx.Doc("v1: report "+b.name+"."))
	}
}

// batchV1 is one of v1's four kinds of batches.
type batchV1 struct {
	path, name, done string
	read             readV1
}

// batchRequestV1 is a batch of one Windows user. Timestamp is required and not stored.
type batchRequestV1 struct {
	ComputerUID textV1          `json:"computerUid"`
	UserSID     textV1          `json:"userSid"`
	Timestamp   textV1          `json:"timestamp"`
	Data        json.RawMessage `json:"data"`
}

// check says what v1 said was wrong first.
func (r batchRequestV1) check() error {
	switch _, ok := js.ParseTime(string(r.Timestamp)); {
	case strings.TrimSpace(string(r.ComputerUID)) == "":
		return errComputerUID
	case strings.TrimSpace(string(r.UserSID)) == "":
		return errUserSID
	case !ok:
		return errTimestamp
	}
	return nil
}

func (m *Module) takeV1(b batchV1) func(context.Context, batchRequestV1) (httpx.Said[*struct{}], error) {
	failed := errData.With("What", b.name)
	return func(ctx context.Context, in batchRequestV1) (out httpx.Said[*struct{}], err error) {
		if err := in.check(); err != nil {
			return out, err
		}
		items, err := itemsV1(in.Data)
		if err != nil {
			return out, failed.Wrap(err)
		}
		if len(items) > m.cfg.MaxBatch {
			return out, errBatchTooLarge.With("Max", m.cfg.MaxBatch)
		}
		events := make([]activity.Event, len(items))
		for i, item := range items {
			if events[i], err = b.read(item); err != nil {
				return out, failed.Wrap(err)
			}
			events[i].ComputerUID, events[i].UserSID = string(in.ComputerUID), string(in.UserSID)
		}
		addKeys(events)
		out.Message = b.done
		if events, err = m.service.takePicturesV1(ctx, events); err != nil {
			return out, err
		}
		return out, m.service.take(ctx, sourceV1, events)
	}
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
	e := m.service.registration(activity.ComputerUser, "", in.SID, userRequest(in).details())
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
