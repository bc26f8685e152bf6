package monitoring

import (
	"context"
	"encoding/json"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

const prefix = "/api/v2/monitoring"

func (s *service) routes(r httpx.Router) {
	for _, l := range []struct {
		name, doc string
		kind      activity.Kind
	}{
		{"active-windows", "Windows that were in front, newest first.", activity.ActiveWindow},
		{"visited-sites", "Pages that were visited, newest first.", activity.VisitedSite},
		{"screenshots", "Screenshots, newest first.", activity.Screenshot},
		{"user-sessions", "Logins, logouts, locks and unlocks, newest first.", activity.UserSession},
		{"idle-periods", "Times without input, newest first.", activity.IdlePeriod},
	} {
		r.GET(prefix+"/"+l.name, activity.Read, httpx.Handle(200, func(ctx context.Context, in listRequest) (httpx.Page[Item], error) {
			return s.list(ctx, l.kind, in)
		}), httpx.Doc(l.doc))
	}
	r.GET(prefix+"/day", activity.Read, httpx.Handle(200, s.day),
		httpx.Doc("One day of one person, or of one computer, as lanes with totals and tops."))
	r.GET(prefix+"/week", activity.Read, httpx.Handle(200, s.week),
		httpx.Doc("Seven days of one person, or of one computer, from the date on: totals, tops and coarse lanes."))
	r.GET(prefix+"/quarantine", activity.ReadQuarantine, httpx.Handle(200, s.quarantine),
		httpx.Doc("Events that cannot have happened, with the reason, newest first."))
	s.statsRoutes(r)
}

// listRequest says whose events of one kind, and of when: from is inside, to outside.
type listRequest struct {
	From         time.Time `query:"from"`
	To           time.Time `query:"to"`
	Computer     string    `query:"computer"`
	Employee     int64     `query:"employee"`
	Organization int64     `query:"organization"`
	Limit        int       `query:"limit"`
	After        string    `query:"after"`
}

// Validate returns all that is wrong.
func (r *listRequest) Validate() error {
	var f fault.Fields
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		f.Add("to", codeBeforeFrom, nil)
	}
	return f.Err()
}

// Item is one event. Only the fields of its kind are there.
type Item struct {
	ID              id.UUID   `json:"id"`
	OrganizationID  int64     `json:"organizationId"`
	Datetime        time.Time `json:"datetime"`
	ComputerUID     string    `json:"computerUid"`
	UserSID         string    `json:"userSid"`
	EmployeeID      int64     `json:"employeeId,omitempty"`
	Title           string    `json:"title,omitempty"`
	ProcessName     string    `json:"processName,omitempty"`
	URL             string    `json:"url,omitempty"`
	DurationSeconds *int64    `json:"durationSeconds,omitempty"`
	SessionType     string    `json:"sessionType,omitempty"`
	End             time.Time `json:"end,omitzero"`
	Source          string    `json:"source,omitempty"`
	FilePath        string    `json:"filePath,omitempty"`
	FileSize        int64     `json:"fileSize,omitempty"`
	SHA256          string    `json:"sha256,omitempty"`
	Width           int32     `json:"width,omitempty"`
	Height          int32     `json:"height,omitempty"`
}

func item(k activity.Kind, r row, employee int64) Item {
	i := Item{
		ID: r.ID, OrganizationID: r.OrganizationID, Datetime: r.Datetime.UTC(), ComputerUID: r.ComputerUID, UserSID: r.UserSID,
		EmployeeID: employee, Title: r.Title, ProcessName: r.ProcessName, URL: r.URL, SessionType: r.SessionType,
		Source: r.Source, FilePath: r.FilePath, FileSize: r.FileSize, SHA256: r.SHA256, Width: r.Width, Height: r.Height,
	}
	if tables[k].timed {
		i.DurationSeconds = &r.DurationSeconds
	}
	if !r.EndTime.IsZero() {
		i.End = r.EndTime.UTC()
	}
	return i
}

// dayRequest says whose day: of an employee or of a computer.
type dayRequest struct {
	Date         string `query:"date"`
	Employee     int64  `query:"employee"`
	Computer     string `query:"computer"`
	Organization int64  `query:"organization"`
}

// Validate returns all that is wrong.
func (r *dayRequest) Validate() error { return checkDays("date", r.Date, 1, r.Employee, r.Computer) }

// weekRequest says whose days, and the first of them.
type weekRequest struct {
	From         string `query:"from"`
	Employee     int64  `query:"employee"`
	Computer     string `query:"computer"`
	Organization int64  `query:"organization"`
}

// Validate returns all that is wrong.
func (r *weekRequest) Validate() error {
	return checkDays("from", r.From, daysOfWeek, r.Employee, r.Computer)
}

// checkDays checks the first of the days that are asked for, and whose they are.
func checkDays(field, first string, days int, employee int64, computer string) error {
	var f fault.Fields
	date, err := time.Parse(time.DateOnly, first)
	// The days around them are read too, and every zone's midnight must be a time.
	if err != nil || !db.KeepsTime(date.AddDate(0, 0, -2)) || !db.KeepsTime(date.AddDate(0, 0, days+1)) {
		f.Add(field, codeNotADate, nil)
	}
	if (employee == 0) == (computer == "") {
		f.Add("employee", codeOneOf, nil)
	}
	return f.Err()
}

// quarantineRequest asks for a page of what was set aside.
type quarantineRequest struct {
	Organization int64  `query:"organization"`
	Limit        int    `query:"limit"`
	After        string `query:"after"`
}

// QuarantineItem is an event that was set aside.
type QuarantineItem struct {
	ID             id.UUID         `json:"id"`
	OrganizationID int64           `json:"organizationId"`
	ReceivedAt     time.Time       `json:"receivedAt"`
	Type           string          `json:"type"`
	Reason         string          `json:"reason"`
	Event          json.RawMessage `json:"event"`
}
