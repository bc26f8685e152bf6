package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

// service decides what terminals' reports mean.
type service struct {
	cfg    Config
	store  store
	staff  employee.Directory
	cards  employee.Cards
	gate   visitor.Gate
	guests visitor.Directory
	roster employee.Roster
	tree   organization.Tree
	index  organization.Index
	secret identity.Secret
	alerts alert.Log
	audit  *audit.Log
	events *event.Bus // may be nil
	orders kernel.Orders
	now    func() time.Time
	count  func(kind, result string)
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// The ways by which reports come.
const (
	sourceHikvision = "hikvision"
	sourceJob       = "job"
	sourcePerson    = "person"
)

// problem is why a report counts for nobody, or for nothing at all.
type problem string

// The first four keep a report aside: it was not understood. With the others the pass is recorded as nobody's.
const (
	deviceUnknown   problem = "device_unknown"
	timeUnreadable  problem = "time_unreadable"
	timeAhead       problem = "time_ahead"
	personWrong     problem = "person_unreadable"
	personNotNamed  problem = "person_not_named"
	personUnknown   problem = "person_unknown"
	personInactive  problem = "person_inactive"
	personDifferent problem = "person_has_another_name"
	visitorInactive problem = "visitor_inactive"
	codeEarly       problem = "code_early"
	codeExpired     problem = "code_expired"
	codeUsed        problem = "code_used"
	codeWithdrawn   problem = "code_withdrawn"
)

// aside reports whether the report counts for nothing.
func (p problem) aside() bool {
	switch p {
	case deviceUnknown, timeUnreadable, timeAhead, personWrong:
		return true
	}
	return false
}

// passes reports whether the problem may be over when the report is judged again: its device has become known, or its time
// has come.
func (p problem) passes() bool { return p == deviceUnknown || p == timeAhead }

// text is what a terminal's client is told of a report that is kept aside, in v1's language and, of a device, its words.
func (p problem) text(r report) string {
	switch p {
	case deviceUnknown:
		return "Device not found for IP: " + r.deviceIP
	case timeUnreadable:
		return "Processing error: timestamp is not a time"
	case timeAhead:
		return "Processing error: timestamp is in the future"
	case personWrong:
		return "Processing error: employeeId is not a number"
	}
	return ""
}

// lock makes the reports of an organization wait for each other: what one means depends on those before it.
func (s *service) lock(ctx context.Context, tx db.Tx) error {
	return tx.Serialize(ctx, fmt.Sprintf("doors %d", tx.Actor().OrganizationID))
}

// taken is what became of an action.
type taken struct {
	row       passRow
	duplicate bool
	told      *pass.Pass // nil where it counts for nothing, or was stored before
}

// Action takes one pass that a job brings.
func (s *service) Action(ctx context.Context, raw json.RawMessage) (pass.Outcome, error) {
	r, err := decode(raw)
	if err != nil {
		return pass.Outcome{}, err
	}
	all, err := s.takeActions(ctx, sourceJob, []report{r})
	if err != nil {
		return pass.Outcome{}, err
	}
	row := all[0].row
	return pass.Outcome{ID: row.ID, EmployeeID: row.EmployeeID, Duplicate: all[0].duplicate, Problem: row.Problem.text(r)}, nil
}

// takeActions stores passes and refused tries at them, each of them once. When it returns nil they are durable.
func (s *service) takeActions(ctx context.Context, source string, reports []report) ([]taken, error) {
	people, err := s.named(ctx, reports)
	if err != nil {
		return nil, err
	}
	all := make([]taken, len(reports))
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		for i, r := range reports {
			if all[i], err = s.takeAction(ctx, tx, source, r, people); err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, all)
	})
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		s.tally("action", t.duplicate, t.row.Problem)
	}
	return all, nil
}

func (s *service) takeAction(ctx context.Context, tx db.Tx, source string, r report, all staff) (t taken, err error) {
	key := id.Derive(tx.Actor().OrganizationID, r.identity("action")...).String()
	if t.row, t.duplicate, err = s.store.passByKey(ctx, tx, key); err != nil || t.duplicate && !t.row.Problem.passes() {
		return t, err
	}
	device, known, err := s.seen(ctx, tx, r)
	if err != nil {
		return t, err
	}
	if !t.duplicate {
		t.row = s.newPass(r, source, key)
	}
	t.told, err = s.judge(ctx, tx, &t.row, r, device, known, all)
	return t, err
}

// tell tells others of the passes that count from now on.
func (s *service) tell(ctx context.Context, tx db.Tx, all []taken) error {
	e := pass.Recorded{OrganizationID: tx.Actor().OrganizationID}
	for _, t := range all {
		if t.told != nil {
			e.Passes = append(e.Passes, *t.told)
		}
	}
	if len(e.Passes) == 0 || s.events == nil {
		return nil
	}
	return s.events.Publish(ctx, tx, e)
}

// judge finds out what a report means, and stores it so: as a new pass, or as what became of one that was set aside. It
// returns what others are told of it, nil if it counts for nothing.
func (s *service) judge(ctx context.Context, tx db.Tx, row *passRow, r report, device deviceRow, known bool, all staff) (*pass.Pass, error) {
	var whose employee.Employee
	row.DeviceID, row.GateID, row.Problem = device.ID, device.GateID, s.doubt(r, known)
	if row.Problem == "" {
		whose, row.Problem = match(r.person(), all)
	}
	if row.EmployeeID = whose.ID; whose.ID != 0 {
		row.VisitorType = "EMPLOYEE"
	}
	if row.Granted && !row.Problem.aside() {
		if err := s.direct(ctx, tx, row, device); err != nil {
			return nil, err
		}
	}
	if err := s.admit(ctx, tx, row, r); err != nil {
		return nil, err
	}
	put := s.store.addPass
	if row.ID != 0 {
		put = s.store.judgePass
	}
	if err := put(ctx, tx, row); err != nil || row.Problem.aside() {
		return nil, err
	}
	return row.told(device, whose), s.realign(ctx, tx, *row)
}

func (s *service) newPass(r report, source, key string) passRow {
	p, now := r.person(), s.clock()
	row := passRow{
		EventKey: key, At: r.at, Granted: r.members.True("accessGranted"), ActionType: actionType(r.text("actionType")),
		ActionResult: "DENIED", ActionMode: "ONLINE", DeviceIP: r.address, DeviceSerial: r.deviceSerial,
		PersonName: p.name, CardNumber: p.card, Payload: r.payload, Source: source, ReceivedAt: now,
	}
	if row.Granted {
		row.ActionResult = "SUCCESS"
	}
	if row.At.IsZero() {
		row.At = now
	}
	return row
}

// doubt is why a report cannot be understood at all.
func (s *service) doubt(r report, known bool) problem {
	switch {
	case !known:
		return deviceUnknown
	case r.at.IsZero():
		return timeUnreadable
	case r.at.After(s.clock().Add(s.cfg.Ahead)):
		return timeAhead
	}
	return ""
}

// seen returns the device that reports, and notes that it lives.
func (s *service) seen(ctx context.Context, tx db.Tx, r report) (deviceRow, bool, error) {
	d, known, err := s.store.deviceAt(ctx, tx, r.address, r.deviceSerial)
	if err != nil || !known {
		return d, known, err
	}
	return d, true, s.store.touch(ctx, tx, d.ID, s.clock(), freshness)
}

// freshness is how old the stored time of a device's last report may get.
const freshness = 30 * time.Second

// direct gives a pass its direction: the device's, or where that has none, the other than the person's last.
func (s *service) direct(ctx context.Context, tx db.Tx, row *passRow, d deviceRow) error {
	if way := pass.Direction(d.EntryType); way == pass.Enter || way == pass.Exit {
		row.EntryType, row.DirectionBy = way, byDevice
		return nil
	}
	if row.EmployeeID == 0 {
		return nil
	}
	before, err := s.store.passBefore(ctx, tx, row.EmployeeID, row.At)
	if err != nil {
		return err
	}
	row.EntryType, row.DirectionBy = s.turn(before, row.At), byAlternation
	return nil
}

// turn is the direction of a pass at a time, by the one before. An entry too long ago had an exit that nobody saw.
func (s *service) turn(before passRow, at time.Time) pass.Direction {
	if before.EntryType == pass.Enter && at.Sub(before.At) <= s.cfg.ForgetAfter {
		return pass.Exit
	}
	return pass.Enter
}

// realign turns the passes after one that came late, for as long as their direction followed from the one before.
func (s *service) realign(ctx context.Context, tx db.Tx, last passRow) error {
	for last.EmployeeID != 0 && last.EntryType != "" {
		next, found, err := s.store.passAfter(ctx, tx, last)
		if err != nil || !found || next.DirectionBy != byAlternation {
			return err
		}
		way := s.turn(last, next.At)
		if way == next.EntryType {
			return nil
		}
		next.EntryType = way
		if err := s.store.turnPass(ctx, tx, next); err != nil {
			return err
		}
		last = next
	}
	return nil
}

func (s *service) tally(kind string, duplicate bool, p problem) {
	switch {
	case duplicate:
		s.count(kind, "known")
	case p.aside():
		s.count(kind, "aside")
	default:
		s.count(kind, "stored")
	}
}

// forget deletes what is older than it is kept.
func (s *service) forget(ctx context.Context) error {
	return s.store.forget(ctx, s.clock().Add(-time.Duration(s.cfg.KeepDays)*day))
}
