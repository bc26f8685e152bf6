package screenshots

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// gallery lists screenshots with the people and the computers on them.
func (s *service) gallery(ctx context.Context, in galleryRequest) (g Gallery, err error) {
	a, _ := actor.From(ctx)
	g.CanOpen = a.Can(shot.Open)
	rows, next, err := s.shots.Screenshots(ctx, activity.ScreenshotQuery{
		Organization: in.Organization, Employee: in.Employee, Computer: in.Computer,
		Date: in.Date, From: in.From, Until: in.To, After: in.After, Limit: in.Limit,
	})
	if err != nil {
		return g, err
	}
	g.Next = next
	if g.Policy, err = s.policy(ctx, a, in); err != nil {
		return g, err
	}
	people, err := s.peopleIn(ctx, rows)
	if err != nil {
		return g, err
	}
	computers, err := s.computersIn(ctx, a, rows)
	if err != nil {
		return g, err
	}
	for _, r := range rows {
		i := itemOf(r)
		if i.HasPicture, err = s.shown(actor.With(ctx, a.In(r.OrganizationID)), r); err != nil {
			return g, err
		}
		i.EmployeeName, i.ComputerName = people[r.EmployeeID], computers[seat{r.OrganizationID, r.ComputerUID}]
		g.Items = append(g.Items, i)
	}
	return g, nil
}

// policy is that of the organization that is asked for, as it is for who has no other; nil where that is not one.
func (s *service) policy(ctx context.Context, a actor.Actor, in galleryRequest) (*Policy, error) {
	organization := cmp.Or(in.Organization, a.OrganizationID)
	if organization == 0 && in.Employee != 0 {
		e, err := s.staff.ByID(ctx, in.Employee)
		if err != nil {
			return nil, err
		}
		organization = e.OrganizationID
	}
	if organization == 0 {
		return nil, nil
	}
	r, err := s.rules.Of(actor.With(ctx, a.In(organization)), "", "")
	if err != nil {
		return nil, err
	}
	p := r.Released().Content
	return &Policy{Enabled: p.Screenshots, Grayscale: p.ScreenshotGrayscale, IntervalSeconds: p.ScreenshotSeconds}, nil
}

func (s *service) peopleIn(ctx context.Context, rows []activity.ScreenshotRow) (map[int64]string, error) {
	var ids []int64
	names := map[int64]string{}
	for _, r := range rows {
		if _, asked := names[r.EmployeeID]; r.EmployeeID != 0 && !asked {
			names[r.EmployeeID] = ""
			ids = append(ids, r.EmployeeID)
		}
	}
	if len(ids) == 0 {
		return names, nil
	}
	found, err := s.staff.ByIDs(ctx, ids)
	for _, id := range ids {
		names[id] = found[id].Name
	}
	return names, err
}

// seat is a computer of an organization.
type seat struct {
	organization int64
	uid          string
}

func (s *service) computersIn(ctx context.Context, a actor.Actor, rows []activity.ScreenshotRow) (map[seat]string, error) {
	uids, names := map[int64][]string{}, map[seat]string{}
	for _, r := range rows {
		at := seat{r.OrganizationID, r.ComputerUID}
		if _, asked := names[at]; !asked {
			names[at] = ""
			uids[at.organization] = append(uids[at.organization], at.uid)
		}
	}
	for organization, of := range uids {
		found, err := s.names.NamesOf(actor.With(ctx, a.In(organization)), of)
		if err != nil {
			return nil, err
		}
		for uid, name := range found {
			names[seat{organization, uid}] = name
		}
	}
	return names, nil
}

// shown reports whether there is a picture. A row that names its own has one; of others the files are asked.
func (s *service) shown(ctx context.Context, r activity.ScreenshotRow) (bool, error) {
	if strings.HasPrefix(r.FilePath, r.Files()+".") {
		return true, nil
	}
	_, err := s.files.Stat(ctx, r.Files()+extBlurred)
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		return false, nil
	}
	return err == nil, storing(ctx, err)
}

// find returns a screenshot and the context of its organization.
func (s *service) find(ctx context.Context, i activity.ScreenshotID, action string) (context.Context, activity.ScreenshotRow, error) {
	a, _ := actor.From(ctx)
	row, err := s.shots.Screenshot(ctx, i)
	if errors.Is(err, activity.ErrScreenshotUnknown) && a.OrganizationID != 0 && a.OrganizationID != i.OrganizationID {
		s.audit.Violation(ctx, "screenshot", action, "tenant") // nobody was given such an id here
	}
	if err != nil {
		return ctx, row, err
	}
	return actor.With(ctx, a.In(i.OrganizationID)), row, nil
}

// open writes down who wants to see a picture, and why; then it may be seen for a while.
func (s *service) open(ctx context.Context, in openRequest) (Opened, error) {
	ctx, row, err := s.find(ctx, in.ID, actionOpen)
	if err != nil {
		return Opened{}, err
	}
	f, err := s.full(ctx, row.ScreenshotID)
	if err != nil {
		return Opened{}, err
	}
	entry := opening(in.ID)
	entry.Reason = in.Reason
	entry.After = map[string]any{"computerUid": row.ComputerUID, "employeeId": row.EmployeeID, "datetime": row.At}
	until := s.now().UTC().Truncate(time.Second).Add(s.cfg.OpenFor)
	if err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.audit.Write(ctx, tx, entry) }); err != nil {
		return Opened{}, err
	}
	s.metrics.opened.Inc()
	return Opened{
		URL: prefix + "/" + in.ID.String() + "/picture", ExpiresAt: until, ContentType: f.ContentType,
		Width: row.Width, Height: row.Height, Size: f.Size,
	}, nil
}

const actionOpen = "screenshot.open"

// opening is what the audit says of a picture that was opened, without who and why.
func opening(i activity.ScreenshotID) audit.Entry {
	return audit.Entry{Action: actionOpen, Permission: shot.Open, Object: "screenshot:" + i.String(), OrganizationID: i.OrganizationID}
}

// printed is one of the files of a screenshot, to be read and closed.
type printed struct {
	io.ReadCloser
	file.File
}

// blurred is the blurred picture.
func (s *service) blurred(ctx context.Context, i activity.ScreenshotID) (printed, error) {
	ctx, row, err := s.find(ctx, i, "screenshot.blurred")
	if err != nil {
		return printed{}, err
	}
	return s.read(ctx, row.Files()+extBlurred)
}

// sharp is the picture itself, or its thumbnail, for who gave a reason to see it a short time ago. The audit is what
// remembers that: so it holds on every replica, and for nobody else who comes by the address.
func (s *service) sharp(ctx context.Context, i activity.ScreenshotID, thumbnail bool) (printed, error) {
	ctx, row, err := s.find(ctx, i, actionOpen)
	if err != nil {
		return printed{}, err
	}
	var opened bool
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		opened, err = s.audit.Done(ctx, tx, opening(i), s.now().Add(-s.cfg.OpenFor))
		return err
	})
	if err != nil {
		return printed{}, err
	}
	if !opened {
		return printed{}, errNoReason
	}
	if thumbnail {
		return s.read(ctx, row.Files()+extThumbnail)
	}
	f, err := s.full(ctx, row.ScreenshotID)
	if err != nil {
		return printed{}, err
	}
	return s.read(ctx, f.Path)
}

func (s *service) read(ctx context.Context, path string) (printed, error) {
	body, f, err := s.files.Open(ctx, path)
	if err != nil {
		return printed{}, gone(ctx, err)
	}
	return printed{body, f}, nil
}

// gone is storing, for a file that should be there.
func gone(ctx context.Context, err error) error {
	if fault.Of(err).Kind == fault.NotFound {
		return errNoPicture.Wrap(err)
	}
	return storing(ctx, err)
}

func itemOf(r activity.ScreenshotRow) Item {
	return Item{
		ID: r.ScreenshotID.String(), OrganizationID: r.OrganizationID, Datetime: r.At, ComputerUID: r.ComputerUID, UserSID: r.UserSID,
		EmployeeID: r.EmployeeID, Title: r.Title, ProcessName: r.Process,
		Width: r.Width, Height: r.Height, Size: r.FileSize,
	}
}
