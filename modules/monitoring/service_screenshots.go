package monitoring

import (
	"context"
	"errors"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Screenshots is activity.Screenshots.
func (s *service) Screenshots(ctx context.Context, q activity.ScreenshotQuery) (page []activity.ScreenshotRow, next string, err error) {
	w := window{limit: db.Limit(q.Limit) + 1}
	if w.after, err = placeOf(q.After); err != nil {
		return nil, "", err
	}
	ask := asked{organization: q.Organization, employee: q.Employee, computer: q.Computer, from: q.From, until: q.Until}
	if q.Date != "" {
		if ask, err = s.ofDay(ctx, ask, q.Date); err != nil {
			return nil, "", reading(err)
		}
	}
	ctx, v, err := s.view(ctx, activity.Screenshot, ask)
	if err != nil || len(v.sights) == 0 {
		return nil, "", reading(err)
	}
	rows, err := s.newest(ctx, activity.Screenshot, v.sights, w)
	if err != nil {
		return nil, "", reading(err)
	}
	rows, next = db.NextPage(rows, w.limit-1, func(r row) []any { return []any{r.Datetime, r.ID} })
	people, err := s.whoIs(ctx, v, rows)
	if err != nil {
		return nil, "", reading(err)
	}
	page = make([]activity.ScreenshotRow, len(rows))
	for i, r := range rows {
		page[i] = screenshotOf(r, people.of(r))
	}
	return page, next, nil
}

// ofDay asks for the day in the zone of the organization that is asked for.
func (s *service) ofDay(ctx context.Context, q asked, date string) (asked, error) {
	_, home, err := s.home(ctx, dayRequest{Organization: q.organization, Employee: q.employee, Computer: q.computer})
	if err != nil {
		return q, err
	}
	first, err := time.ParseInLocation(time.DateOnly, date, home.Zone)
	if err != nil {
		return q, err
	}
	q.organization, q.from, q.until = home.ID, first.UTC(), first.AddDate(0, 0, 1).UTC()
	return q, nil
}

// Screenshot is activity.Screenshots.
func (s *service) Screenshot(ctx context.Context, i activity.ScreenshotID) (activity.ScreenshotRow, error) {
	if !db.KeepsTime(i.At) {
		return activity.ScreenshotRow{}, activity.ErrScreenshotUnknown
	}
	ctx, a, err := narrow(ctx, i.OrganizationID)
	if err != nil {
		return activity.ScreenshotRow{}, activity.ErrScreenshotUnknown
	}
	// The newest row up to this one is this one, or there is none.
	w := window{limit: 1, after: &place{i.At, next(i.ID)}}
	rows, err := s.store.newest(ctx, activity.Screenshot, []sight{{organization: a.OrganizationID, from: i.At}}, w)
	if err != nil {
		return activity.ScreenshotRow{}, reading(err)
	}
	if len(rows) == 0 || rows[0].ID != i.ID {
		if f := s.store.fallback; f != nil && !f.legible() {
			return activity.ScreenshotRow{}, errReading
		}
		return activity.ScreenshotRow{}, activity.ErrScreenshotUnknown
	}
	people, err := s.whoIs(ctx, view{actor: a}, rows)
	if err != nil {
		return activity.ScreenshotRow{}, reading(err)
	}
	if err := s.mayKnow(ctx, a, people, rows[0]); err != nil {
		return activity.ScreenshotRow{}, reading(err)
	}
	return screenshotOf(rows[0], people.of(rows[0])), nil
}

// mayKnow refuses a department lead what is not of its people.
func (s *service) mayKnow(ctx context.Context, a actor.Actor, people faces, r row) error {
	if a.Role != actor.DepartmentLead {
		return nil
	}
	who := people.of(r)
	if who == 0 {
		return activity.ErrScreenshotUnknown
	}
	_, err := s.staff.ByID(ctx, who)
	if errors.Is(err, employee.ErrUnknown) {
		return activity.ErrScreenshotUnknown
	}
	return err
}

// next is the id that comes after this one in the order of the databases.
func next(of id.UUID) id.UUID {
	for i := len(of) - 1; i >= 0; i-- {
		of[i]++
		if of[i] != 0 {
			break
		}
	}
	return of
}

// Aside is activity.Screenshots.
func (s *service) Aside(e activity.Event) string {
	normalise(&e)
	return s.aside(&e, s.now())
}

func screenshotID(r row) activity.ScreenshotID {
	return activity.ScreenshotID{OrganizationID: r.OrganizationID, At: r.Datetime.UTC(), ID: r.ID}
}

func screenshotOf(r row, employeeID int64) activity.ScreenshotRow {
	return activity.ScreenshotRow{
		ScreenshotID: screenshotID(r),
		ComputerUID:  r.ComputerUID, UserSID: r.UserSID, EmployeeID: employeeID, Title: r.Title, Process: r.ProcessName,
		FilePath: r.FilePath, SHA256: r.SHA256, FileSize: r.FileSize, Width: r.Width, Height: r.Height,
	}
}
