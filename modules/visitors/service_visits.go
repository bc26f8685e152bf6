package visitors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// arrival is what a desk says of somebody who comes in.
type arrival struct {
	Code      string     `json:"code,omitempty" doc:"as read: the code, or what its picture says"`
	VisitorID int64      `json:"visitorId,omitempty" doc:"who it is, where no code is shown"`
	HostID    *int64     `json:"hostId,omitempty" doc:"the visitor's own host if left out; 0 for nobody"`
	Badge     string     `json:"badge,omitempty" doc:"what is handed out"`
	Until     *time.Time `json:"until,omitempty" doc:"when the visitor is expected to leave; if left out, at the end of the day or of the code"`
	Note      string     `json:"note,omitempty"`
}

const (
	maxBadge = 50
	// maxVisit is for how long a door expects somebody to stay whose code says nothing less.
	maxVisit = 12 * time.Hour
)

func (in arrival) check(now time.Time) error {
	var f fault.Fields
	if in.VisitorID == 0 {
		f.Text("code", in.Code, 1, maxNote)
	}
	f.Text("badge", in.Badge, 0, maxBadge)
	f.Text("note", in.Note, 0, maxNote)
	if in.Until != nil && !in.Until.After(now) {
		f.Add("until", codePast, nil)
	}
	return f.Err()
}

// arrives checks a visitor in: by a code, which is used up, or by name, which uses up the code that the visitor has for now.
func (s *service) arrives(ctx context.Context, in arrival) (visit visitRow, err error) {
	now := s.time()
	setText(&in.Badge, &in.Badge)
	setText(&in.Note, &in.Note)
	if err := in.check(now); err != nil {
		return visit, err
	}
	if in.HostID != nil && *in.HostID != 0 {
		if _, err := s.host(ctx, *in.HostID); err != nil {
			return visit, err
		}
	}
	days, err := s.days(ctx)
	if err != nil {
		return visit, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		v, code, err := s.admitted(ctx, tx, in, now)
		if err != nil {
			return err
		}
		visit = visitRow{
			MaybeOwned: db.MaybeOwned{OrganizationID: v.OrganizationID}, VisitorID: v.ID, HostID: v.HostID, Badge: in.Badge,
			Note: in.Note, CheckedInAt: now, CheckedInBy: tx.Actor().UserID, ExpectedUntil: days.end(v, now),
		}
		if in.HostID != nil {
			visit.HostID = *in.HostID
		}
		visit.with(code)
		setTime(&visit.ExpectedUntil, in.Until)
		if err := s.free(ctx, tx, visit); err != nil {
			return err
		}
		if code.ID != 0 {
			if err := s.use(ctx, tx, code, now); err != nil {
				return err
			}
		}
		return s.open(ctx, tx, &visit)
	})
	return visit, visitFault(err)
}

// with notes the code by which somebody came: nobody is expected to stay longer than it.
func (visit *visitRow) with(code codeRow) {
	visit.CodeID = code.ID
	if code.ID != 0 && code.EndDate.Before(visit.ExpectedUntil) {
		visit.ExpectedUntil = code.EndDate
	}
}

// admitted is who stands at the desk, with the code that is to be used up; none if the visitor has none.
func (s *service) admitted(ctx context.Context, tx db.Tx, in arrival, now time.Time) (v visitorRow, code codeRow, err error) {
	if shown := scanned(in.Code); in.Code != "" {
		if code, err = s.shownBy(ctx, tx, shown); err != nil {
			return v, code, err
		}
		if in.VisitorID != 0 && in.VisitorID != code.VisitorID {
			return v, code, visitor.ErrCodeUnknown
		}
		if v, err = s.store.byID(ctx, tx, sight{all: true}, code.VisitorID); err != nil {
			return v, code, err
		}
		return v, code, usable(code, v, now)
	}
	if v, err = s.store.byID(ctx, tx, sight{all: true}, in.VisitorID); err != nil {
		return v, code, err
	}
	if !v.IsActive {
		return v, code, visitor.ErrInactive
	}
	code, err = s.store.usableNow(ctx, tx, v.ID, now)
	if errors.Is(err, db.ErrNotFound) {
		return v, codeRow{}, nil
	}
	return v, code, err
}

// free says what stands in the way of the visit. Of two at once the database decides, see visitFault.
func (s *service) free(ctx context.Context, tx db.Tx, visit visitRow) error {
	_, err := s.store.inside(ctx, tx, visit.VisitorID)
	if err == nil {
		return errInside
	}
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	taken, err := s.store.badgeTaken(ctx, tx, visit)
	if err == nil && taken {
		return errBadgeTaken
	}
	return err
}

// open writes the visit down.
func (s *service) open(ctx context.Context, tx db.Tx, visit *visitRow) error {
	if err := s.store.open(ctx, tx, visit); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, visitEntry("visitor.checked_in", *visit))
}

// leaves checks a visitor out.
func (s *service) leaves(ctx context.Context, id int64) (visit visitRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if visit, err = s.store.visitByID(ctx, tx, id); err != nil {
			return err
		}
		return s.close(ctx, tx, &visit, s.time())
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*visitRow)(nil), id, "visit", "visitor.check_out")
		err = errVisitUnknown.Wrap(err)
	}
	return visit, err
}

func (s *service) close(ctx context.Context, tx db.Tx, visit *visitRow, at time.Time) error {
	if at.Before(visit.CheckedInAt) {
		at = visit.CheckedInAt
	}
	visit.CheckedOutAt, visit.CheckedOutBy = &at, tx.Actor().UserID
	err := s.store.close(ctx, tx, visit)
	if errors.Is(err, db.ErrNotFound) { // somebody else was quicker
		return errLeft
	}
	if err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, visitEntry("visitor.checked_out", *visit))
}

// Pass lets a visitor through a door. What it finds wrong leaves the transaction as it was, so that the caller can go on
// with it.
func (s *service) Pass(ctx context.Context, tx db.Tx, p visitor.Passage) (a visitor.Admission, err error) {
	at := p.At.UTC().Truncate(time.Microsecond)
	code, err := s.shownBy(ctx, tx, scanned(p.Code))
	if err != nil {
		return a, err
	}
	v, err := s.store.byID(ctx, tx, sight{all: true}, code.VisitorID)
	if err != nil {
		return a, err
	}
	visit, err := s.store.inside(ctx, tx, v.ID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return a, err
	}
	a = visitor.Admission{VisitorID: v.ID, Name: nameOf(v), Exit: p.Exit || p.Turns && err == nil}
	switch {
	case !a.Exit:
		a.VisitID, err = s.enters(ctx, tx, code, v, at)
		return a, err
	case err != nil:
		return a, nil
	}
	if err = s.close(ctx, tx, &visit, at); errors.Is(err, errLeft) {
		return a, nil
	}
	a.VisitID = visit.ID
	return a, err
}

// enters uses the code up first: whoever comes by it at another door waits for that, and then finds the visit.
func (s *service) enters(ctx context.Context, tx db.Tx, code codeRow, v visitorRow, at time.Time) (visitID int64, err error) {
	if err := usable(code, v, at); err != nil {
		return 0, err
	}
	if err := s.use(ctx, tx, code, at); err != nil {
		return 0, err
	}
	visit, err := s.store.inside(ctx, tx, v.ID)
	if !errors.Is(err, db.ErrNotFound) { // comes in by a second door, or went out by a way that nobody watches
		return visit.ID, err
	}
	visit = visitRow{
		MaybeOwned: db.MaybeOwned{OrganizationID: v.OrganizationID}, VisitorID: v.ID, HostID: v.HostID,
		CheckedInAt: at, ExpectedUntil: at.Add(maxVisit),
	}
	visit.with(code)
	err = s.open(ctx, tx, &visit)
	return visit.ID, err
}

func visitEntry(action string, visit visitRow) audit.Entry {
	return audit.Entry{
		Action: action, Permission: visitor.Admit, Object: fmt.Sprintf("visit:%d", visit.ID),
		OrganizationID: number(visit.OrganizationID), After: map[string]any{"visitorId": visit.VisitorID, "codeId": visit.CodeID, "badge": visit.Badge},
	}
}

// visitFault says what an error of a check-in means to the desk.
func visitFault(err error) error {
	switch {
	case errors.Is(err, db.ErrConflict): // between the look and the write somebody else was quicker
		return errInside.Wrap(err)
	case errors.Is(err, db.ErrMissingReference):
		return refuse("hostId", "unknown_reference")
	case errors.Is(err, db.ErrNotFound):
		return visitor.ErrUnknown.Wrap(err)
	}
	return err
}

// days knows when the days of the organizations end that the actor sees.
type days map[int64]*time.Location

func (s *service) days(ctx context.Context) (days, error) {
	all := days{}
	a, _ := actor.From(ctx)
	if a.OrganizationID != 0 {
		home, err := s.tree.ByID(ctx, a.OrganizationID)
		all[home.ID] = home.Zone
		return all, err
	}
	homes, err := s.index.All(ctx)
	for _, home := range homes {
		all[home.ID] = home.Zone
	}
	return all, err
}

// zone is where the visitor's organization is; UTC where that is not known.
func (d days) zone(organization *int64) *time.Location {
	if zone := d[number(organization)]; zone != nil {
		return zone
	}
	return time.UTC
}

// end is when the day of now ends for the visitor's hosts.
func (d days) end(v visitorRow, now time.Time) time.Time {
	_, end := day(now, d.zone(v.OrganizationID))
	return end
}

// day returns the bounds of the day of now in the zone.
func day(now time.Time, zone *time.Location) (from, until time.Time) {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).UTC(), time.Date(y, m, d+1, 0, 0, 0, 0, zone).UTC()
}
