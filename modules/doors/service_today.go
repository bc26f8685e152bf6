package doors

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	maxReason = 500
	// maxLate is how many days later somebody may write down a pass.
	maxLate = 7
)

// passInput is a pass that a person writes down.
type passInput struct {
	EmployeeID int64          `json:"employeeId"`
	Direction  pass.Direction `json:"direction" enum:"ENTER,EXIT"`
	Reason     string         `json:"reason" doc:"why no terminal saw it"`
	At         *time.Time     `json:"at,omitempty" doc:"now, if it is not there"`
}

// Validate wants a direction and a reason.
func (e *passInput) Validate() error {
	var f fault.Fields
	e.Reason = strings.TrimSpace(e.Reason)
	f.Text("reason", e.Reason, 1, maxReason)
	if !db.KeepsText(e.Reason) {
		f.Add("reason", "not_text", nil)
	}
	oneOf(&f, "direction", string(e.Direction), []string{string(pass.Enter), string(pass.Exit)})
	if e.EmployeeID <= 0 {
		f.Add("employeeId", "required", nil)
	}
	return f.Err()
}

// enter writes down a pass on behalf of a person. Written down twice within a second it is one.
func (s *service) enter(ctx context.Context, in passInput) (row passRow, err error) {
	e, err := s.person(ctx, in.EmployeeID)
	if err != nil {
		return row, err
	}
	who, _ := actor.From(ctx)
	ctx = actor.With(ctx, who.In(e.OrganizationID))
	if row, err = s.entered(in, e, who); err != nil {
		return row, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		before, known, err := s.store.passByKey(ctx, tx, row.EventKey)
		if err != nil || known {
			row = before
			return err
		}
		if err := s.store.addPass(ctx, tx, &row); err != nil {
			return err
		}
		if err := errors.Join(s.realign(ctx, tx, row), s.tell(ctx, tx, []taken{{told: row.told(deviceRow{}, e)}})); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: "pass.entered", Permission: pass.Write, Object: "pass:" + strconv.FormatInt(row.ID, 10), Reason: in.Reason,
			After: map[string]any{"employeeId": e.ID, "direction": row.EntryType, "at": row.At},
		})
	})
	return row, err
}

// person is an employee whose pass can be written down.
func (s *service) person(ctx context.Context, employeeID int64) (employee.Employee, error) {
	e, err := s.staff.ByID(ctx, employeeID)
	switch {
	case errors.Is(err, employee.ErrUnknown):
		var f fault.Fields
		f.Add("employeeId", "unknown_reference", nil)
		return e, f.Err()
	case err != nil:
		return e, err
	case !e.Active:
		return e, errInactive
	}
	return e, nil
}

// entered is the row of a pass that who writes down.
func (s *service) entered(in passInput, e employee.Employee, who actor.Actor) (passRow, error) {
	now := s.clock()
	at := now.Truncate(time.Second)
	if in.At != nil {
		at = in.At.UTC().Truncate(time.Second)
	}
	if at.After(now.Add(s.cfg.Ahead)) || at.Before(now.AddDate(0, 0, -maxLate)) {
		var f fault.Fields
		f.Add("at", "doors.time_out_of_range", fault.Params{"Days": maxLate})
		return passRow{}, f.Err()
	}
	payload, err := json.Marshal(in)
	key := id.Derive(e.OrganizationID, "doors", sourcePerson, strconv.FormatInt(e.ID, 10), string(in.Direction), at.Format(time.RFC3339)).String()
	return passRow{
		EventKey: key, At: at, EmployeeID: e.ID, VisitorType: "EMPLOYEE", EntryType: in.Direction, DirectionBy: byDevice, ActionType: "USER",
		ActionResult: "SUCCESS", ActionMode: "ONLINE", Granted: true, Payload: payload, Source: sourcePerson, ReceivedAt: now,
		Reason: in.Reason, EnteredBy: who.ID,
	}, err
}

// insider is somebody who is inside: came in, and has not been seen to leave.
type insider struct {
	employee.Employee
	since    time.Time
	deviceID int64
}

// insiders returns who is inside now, the last to come first. departments and organization narrow it unless they are 0.
func (s *service) insiders(ctx context.Context, organization, department int64) ([]insider, error) {
	now := s.clock()
	v, err := s.sightOf(ctx, department)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.movements(ctx, v, organization, now.Add(-s.cfg.ForgetAfter), now.Add(s.cfg.Ahead))
	if err != nil {
		return nil, err
	}
	last := lastOf(rows)
	staff, err := s.staff.ByIDs(ctx, keys(last))
	if err != nil {
		return nil, err
	}
	var list []insider
	for n, r := range last {
		if e, known := staff[n]; known && r.EntryType == pass.Enter {
			list = append(list, insider{e, r.At.UTC(), r.DeviceID})
		}
	}
	slices.SortFunc(list, func(a, b insider) int { return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// sightOf is what the actor sees, narrowed to one department unless that is 0.
func (s *service) sightOf(ctx context.Context, department int64) (sight, error) {
	if department == 0 {
		return s.sight(ctx)
	}
	people, err := s.staff.InDepartments(ctx, []int64{department})
	return sight{employees: people}, err
}

// lastOf is the last row that counts of each employee; rows are in the order of time.
func lastOf(rows []passRow) map[int64]passRow {
	last := map[int64]passRow{}
	for _, r := range rows {
		if r.EmployeeID != 0 && r.EntryType != "" {
			last[r.EmployeeID] = r
		}
	}
	return last
}

func keys(of map[int64]passRow) []int64 {
	ids := make([]int64, 0, len(of))
	for n := range of {
		ids = append(ids, n)
	}
	slices.Sort(ids)
	return ids
}

// today is what happened at the doors since midnight, where the organization is.
type today struct {
	zone                            *time.Location
	begin                           time.Time
	entries, exits, refused, nobody int
	rows                            []passRow // those that count, by time
	inside                          []insider
	people                          []employee.Employee // who work here and may be seen
}

func (s *service) today(ctx context.Context, organization, department int64) (t today, err error) {
	if t.zone, err = s.zone(ctx, organization); err != nil {
		return t, err
	}
	now := s.clock()
	y, m, d := now.In(t.zone).Date()
	t.begin = time.Date(y, m, d, 0, 0, 0, 0, t.zone)
	v, err := s.sightOf(ctx, department)
	if err != nil {
		return t, err
	}
	rows, err := s.store.movements(ctx, v, organization, t.begin, now.Add(s.cfg.Ahead))
	if err != nil {
		return t, err
	}
	t.count(rows)
	if t.inside, err = s.insiders(ctx, organization, department); err != nil {
		return t, err
	}
	t.people, err = s.peopleOf(ctx, organization, department)
	return t, err
}

func (t *today) count(rows []passRow) {
	for _, r := range rows {
		switch {
		case r.EntryType == pass.Enter:
			t.entries++
		case r.EntryType == pass.Exit:
			t.exits++
		case !r.Granted && !r.Problem.aside():
			t.refused++
		}
		if r.EntryType != "" {
			t.rows = append(t.rows, r)
		}
		if r.EmployeeID == 0 && r.VisitorID == 0 && r.Granted && !r.Problem.aside() {
			t.nobody++
		}
	}
}

// within puts a reader of all organizations into one of them, unless it is 0.
func within(ctx context.Context, organization int64) context.Context {
	who, _ := actor.From(ctx)
	if organization != 0 && who.CrossesOrganizations() {
		return actor.With(ctx, who.In(organization))
	}
	return ctx
}

// peopleOf are the active employees whom the actor sees.
func (s *service) peopleOf(ctx context.Context, organization, department int64) (list []employee.Employee, err error) {
	var departments []int64
	if department != 0 {
		departments = []int64{department}
	}
	list, err = s.roster.Active(within(ctx, organization), departments)
	if organization == 0 || err != nil {
		return list, err
	}
	return slices.DeleteFunc(list, func(e employee.Employee) bool { return e.OrganizationID != organization }), nil
}

// zone is that of the organization; of all of them together UTC.
func (s *service) zone(ctx context.Context, organization int64) (*time.Location, error) {
	who, _ := actor.From(ctx)
	if organization = cmp.Or(organization, who.OrganizationID); organization == 0 {
		return time.UTC, nil
	}
	o, err := s.tree.ByID(ctx, organization)
	if err != nil {
		return nil, err
	}
	return cmp.Or(o.Zone, time.UTC), nil
}
