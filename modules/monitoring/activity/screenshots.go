package activity

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// ErrScreenshotUnknown says that there is no such screenshot, or none that the actor may see.
var ErrScreenshotUnknown = fault.New(fault.NotFound, "monitoring.unknown_screenshot")

// ScreenshotID is the whole key of a screenshot's row: by its id alone it would be looked for in every day.
type ScreenshotID struct {
	OrganizationID int64
	At             time.Time
	ID             id.UUID
}

// ScreenshotIDOf is the key of the row that a screenshot gets, or has already.
func ScreenshotIDOf(organizationID int64, e *Event) ScreenshotID {
	return ScreenshotID{
		OrganizationID: organizationID, At: e.At.UTC().Truncate(time.Microsecond), ID: id.Derive(organizationID, string(Screenshot), e.Key),
	}
}

var errNoScreenshotID = errors.New("not a screenshot's id")

// String returns the id as it stands in addresses: 1.1795413432000000.0f1e2d3c-….
func (i ScreenshotID) String() string {
	return strconv.FormatInt(i.OrganizationID, 10) + "." + strconv.FormatInt(i.At.UnixMicro(), 10) + "." + i.ID.String()
}

// Files is what the paths of its files begin with, up to a dot. It is the whole key, so that no two rows share a file.
func (i ScreenshotID) Files() string {
	at := i.At.UTC()
	return "screenshots/" + at.Format("2006/01/02/") + i.ID.String() + "-" + strconv.FormatInt(at.UnixMicro(), 10)
}

// MarshalText is String.
func (i ScreenshotID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what String returned.
func (i *ScreenshotID) UnmarshalText(text []byte) error {
	organization, rest, _ := strings.Cut(string(text), ".")
	at, row, _ := strings.Cut(rest, ".")
	o, err := strconv.ParseInt(organization, 10, 64)
	if err != nil || o < 1 {
		return errNoScreenshotID
	}
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return errNoScreenshotID
	}
	uid, err := id.Parse(row)
	if err != nil {
		return errNoScreenshotID
	}
	read := ScreenshotID{OrganizationID: o, At: time.UnixMicro(micros).UTC(), ID: uid}
	if read.String() != string(text) { // one way to write each, since what people opened is found again by it
		return errNoScreenshotID
	}
	*i = read
	return nil
}

// ScreenshotRow is what is known of one screenshot.
type ScreenshotRow struct {
	ScreenshotID
	ComputerUID, UserSID string
	// EmployeeID is who the Windows user was at the time; 0 if nobody is known.
	EmployeeID       int64
	Title, Process   string
	FilePath, SHA256 string
	FileSize         int64
	Width, Height    int32
}

// ScreenshotQuery asks for screenshots; what is zero narrows nothing.
type ScreenshotQuery struct {
	Organization, Employee int64
	Computer               string
	// Date is a day of the organization, as in 2026-11-23. Else From is inside and Until outside.
	Date        string
	From, Until time.Time
	After       string // cursor
	Limit       int
}

// Screenshots finds screenshots among those that the actor may see: of its organization, and a department lead of
// the people of its departments.
type Screenshots interface {
	// Screenshots returns a page, newest first, and the cursor of the next, empty at the end.
	Screenshots(ctx context.Context, q ScreenshotQuery) (page []ScreenshotRow, next string, err error)
	// Screenshot returns one, or ErrScreenshotUnknown; Unavailable where it may be in a database that is away.
	Screenshot(ctx context.Context, i ScreenshotID) (ScreenshotRow, error)
	// Aside says why Sink would set the event aside now; empty if it would not.
	Aside(e Event) string
}
