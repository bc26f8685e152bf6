package screenshots

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/api/v2/screenshots"

func (s *service) routes(r httpx.Router) {
	r.GET(prefix, activity.Read, httpx.Handle(http.StatusOK, s.gallery),
		httpx.Doc("Screenshots with the people on them, newest first."))
	r.GET(prefix+"/:id/blurred", activity.Read, httpx.Raw(s.serveBlurred), httpx.GivesFile("image/jpeg"),
		httpx.Doc("A screenshot on which nothing can be read, as JPEG."))
	r.POST(prefix+"/:id/open", shot.Open, httpx.Handle(http.StatusOK, s.open),
		httpx.Doc("States the reason to see a screenshot, which is written down, and gives the address at which it may be seen for a while."))
	r.GET(prefix+"/:id/picture", shot.Open, httpx.Raw(s.serveSharp(false)), httpx.GivesFile("image/*"),
		httpx.Doc("The screenshot, for who has just stated a reason."))
	r.GET(prefix+"/:id/thumbnail", shot.Open, httpx.Raw(s.serveSharp(true)), httpx.GivesFile("image/jpeg"),
		httpx.Doc("The screenshot in small, as JPEG, for who has just stated a reason."))
}

// galleryRequest says whose screenshots, and of when: a day of the organization; or from, inside, to to, outside.
type galleryRequest struct {
	Employee     int64     `query:"employee"`
	Computer     string    `query:"computer"`
	Organization int64     `query:"organization"`
	Date         string    `query:"date"`
	From         time.Time `query:"from"`
	To           time.Time `query:"to"`
	Limit        int       `query:"limit"`
	After        string    `query:"after"`
}

// Validate returns all that is wrong.
func (r *galleryRequest) Validate() error {
	var f fault.Fields
	if r.Date != "" {
		date, err := time.Parse(time.DateOnly, r.Date)
		// Every zone's midnights around it must be times.
		if err != nil || !db.KeepsTime(date.AddDate(0, 0, -2)) || !db.KeepsTime(date.AddDate(0, 0, 2)) {
			f.Add("date", codeNotADate, nil)
		}
		if !r.From.IsZero() || !r.To.IsZero() {
			f.Add("date", codeDateAlone, nil)
		}
	}
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		f.Add("to", codeBefore, nil)
	}
	return f.Err()
}

// Gallery is a page of screenshots.
type Gallery struct {
	httpx.Page[Item]
	CanOpen bool    `json:"canOpen" doc:"whether the reader may open them"`
	Policy  *Policy `json:"policy,omitempty" doc:"of the organization; left out where several are shown"`
}

// Policy is what an organization has decided about screenshots.
type Policy struct {
	Enabled         bool  `json:"enabled"`
	Grayscale       bool  `json:"grayscale"`
	IntervalSeconds int64 `json:"intervalSeconds" doc:"0: not decided"`
}

// Item is one screenshot.
type Item struct {
	ID             string    `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Datetime       time.Time `json:"datetime"`
	ComputerUID    string    `json:"computerUid"`
	ComputerName   string    `json:"computerName,omitempty"`
	UserSID        string    `json:"userSid"`
	EmployeeID     int64     `json:"employeeId,omitempty"`
	EmployeeName   string    `json:"employeeName,omitempty"`
	Title          string    `json:"title,omitempty"`
	ProcessName    string    `json:"processName,omitempty"`
	Width          int32     `json:"width,omitempty"`
	Height         int32     `json:"height,omitempty"`
	Size           int64     `json:"size,omitempty"`
	HasPicture     bool      `json:"hasPicture" doc:"false where an old agent told of a picture that it never sent"`
}

type openRequest struct {
	ID     activity.ScreenshotID `path:"id"`
	Reason string                `json:"reason"`
}

// The characters of a reason.
const (
	minReason = 5
	maxReason = 500
)

// Validate returns all that is wrong.
func (r *openRequest) Validate() error {
	r.Reason = strings.TrimSpace(r.Reason)
	var f fault.Fields
	f.Text("reason", r.Reason, minReason, maxReason)
	if len(f) == 0 && words(r.Reason) < minReason {
		f.Add("reason", codeNoWords, fault.Params{"Min": minReason})
	}
	return f.Err()
}

// words counts the letters and digits, of any script.
func words(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// Opened is where a screenshot may be seen, and until when.
type Opened struct {
	URL         string    `json:"url"`
	ExpiresAt   time.Time `json:"expiresAt"`
	ContentType string    `json:"contentType"`
	Width       int32     `json:"width,omitempty"`
	Height      int32     `json:"height,omitempty"`
	Size        int64     `json:"size"`
}

func (s *service) serveBlurred(c *echo.Context) error {
	return serve(c, "private, max-age=3600", s.blurred)
}

func (s *service) serveSharp(thumbnail bool) func(*echo.Context) error {
	return func(c *echo.Context) error {
		return serve(c, "no-store", func(ctx context.Context, i activity.ScreenshotID) (printed, error) {
			return s.sharp(ctx, i, thumbnail)
		})
	}
}

// serve answers with one of the files of the screenshot that the path names.
func serve(c *echo.Context, caching string, find func(context.Context, activity.ScreenshotID) (printed, error)) error {
	var i activity.ScreenshotID
	if err := i.UnmarshalText([]byte(c.Param("id"))); err != nil {
		return activity.ErrScreenshotUnknown.Wrap(err)
	}
	p, err := find(c.Request().Context(), i)
	if err != nil {
		return err
	}
	defer p.Close()
	h := c.Response().Header()
	h.Set("Cache-Control", caching)
	h.Set("Content-Type", p.ContentType)
	h.Set("Content-Length", strconv.FormatInt(p.Size, 10))
	c.Response().WriteHeader(http.StatusOK)
	_, err = httpx.Send(c, p)
	return err
}
