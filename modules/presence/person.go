package presence

import (
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
)

// The states of a person.
const (
	present = "present"
	away    = "away"
	left    = "left"
	absent  = "absent"  // and nobody knows why
	excused = "excused" // absent, and it is known why
	later   = "later"
	dayOff  = "dayOff"
)

const (
	// recent is how long ago somebody may have been seen and still counts as here.
	recent = 10 * time.Minute
	// longestStay is how long doors that saw nobody leave are believed, where no shift says when it ends.
	longestStay = 12 * time.Hour
)

// traces are all that is known of one person in a period.
type traces struct {
	period
	passes  pass.EmployeeBounds
	seats   []activity.SeenUser
	absence *schedule.Absence // on the day of the shift, which is then not the person's
	usual   []string          // the computers that are the person's at the end of the period, by UID
}

// at returns the first and the last moment at which anybody or anything saw the person; zero if nobody did.
func (t *traces) at() (first, last time.Time) {
	note := func(from, to time.Time) {
		if !from.IsZero() && (first.IsZero() || from.Before(first)) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	for _, s := range t.seats {
		note(s.FirstAt, s.LastAt)
	}
	note(t.passes.FirstEnter, t.passes.LastAt)
	if first.IsZero() { // only seen going out
		first = last
	}
	return first, last
}

// newest is the seat of which something was known last.
func (t *traces) newest() (s activity.SeenUser, found bool) {
	for _, seat := range t.seats {
		if !found || seat.LastAt.After(s.LastAt) || seat.LastAt.Equal(s.LastAt) && seat.KnownAt.After(s.KnownAt) {
			s, found = seat, true
		}
	}
	return s, found
}

// lastActive is when the person was last active at a computer.
func (t *traces) lastActive() (last time.Time) {
	for _, s := range t.seats {
		last = latest(last, s.LastAt)
	}
	return last
}

// onShift reports whether the period ends within the shift.
func (t *traces) onShift() bool {
	return t.works && !t.until.Before(t.shift.From) && t.until.Before(t.shift.Until)
}

// over reports whether the shift has ended.
func (t *traces) over() bool { return t.works && !t.until.Before(t.shift.Until) }

// state decides what the person is at the end of the period. The standings are those of that time; nil where nobody
// knows them any more.
func (t *traces) state(standings map[string]computer.Standing) string {
	now := t.until
	_, last := t.at()
	switch {
	case last.IsZero() && t.absence != nil:
		return excused
	case last.IsZero() && !t.works:
		return dayOff
	case last.IsZero() && now.Before(t.shift.From.Add(t.shift.Grace)):
		return later
	case last.IsZero():
		return absent
	case t.sits(now, standings), t.inside(now):
		return present
	}
	seat, seated := t.newest()
	if t.over() || !t.works || t.wentOut() || seated && t.leftSeat(seat, standings) {
		return left
	}
	return away
}

// sits reports whether the person was active just now at a computer and has not left it since.
func (t *traces) sits(now time.Time, standings map[string]computer.Standing) bool {
	return slices.ContainsFunc(t.seats, func(s activity.SeenUser) bool {
		return now.Sub(s.LastAt) <= recent && !t.leftSeat(s, standings)
	})
}

// leftSeat reports whether the person will not come back to the seat today: signed out, or switched the computer off
// when there is no more work to come back to. An agent that has said so was not heard of again.
func (t *traces) leftSeat(s activity.SeenUser, standings map[string]computer.Standing) bool {
	c := standings[s.ComputerUID]
	switch {
	case s.State == activity.StateOff:
		return true
	case c.State != "offline":
		return false
	case c.Reason == "shutdown" || c.Reason == "suspend":
		return t.over() || !t.works
	}
	return c.Reason == "logout"
}

// inside reports whether the doors say that the person is here. After the shift they are not believed for long: who
// forgets to check out is not at work all night.
func (t *traces) inside(now time.Time) bool {
	if !t.passes.Inside {
		return false
	}
	if t.works {
		return !t.over() || now.Sub(t.passes.LastAt) <= recent
	}
	return now.Sub(t.passes.LastAt) <= longestStay
}

// wentOut reports whether the last that was seen of the person was a pass out.
func (t *traces) wentOut() bool {
	return !t.passes.LastExit.IsZero() && !t.passes.Inside && !t.passes.LastExit.Before(t.lastActive())
}

// lateMinutes is how late the person came, if that was later than is allowed.
func (t *traces) lateMinutes() int {
	first, _ := t.at()
	if !t.works || first.IsZero() || !first.After(t.shift.From.Add(t.shift.Grace)) {
		return 0
	}
	return int(first.Sub(t.shift.From) / time.Minute)
}

// details shows the traces. How the computer is, is known of now alone.
func (t *traces) details(standings map[string]computer.Standing, today bool) details {
	var d details
	first, last := t.at()
	d.FirstAt, d.LastAt = known(first), known(last)
	if a := t.absence; a != nil {
		d.Absence = &Absence{a.Kind, a.FirstDay, a.LastDay}
	}
	if t.works {
		d.ShiftName, d.ExpectedFrom, d.ExpectedUntil = t.shift.Name, known(t.shift.From), known(t.shift.Until)
		d.LateMinutes = t.lateMinutes()
	}
	if !t.passes.LastAt.IsZero() {
		d.Inside = &t.passes.Inside
	}
	if s, ok := t.newest(); ok {
		d.Activity = string(s.State)
	}
	if c, ok := t.computer(standings); ok {
		d.Computer, d.ComputerID, d.ComputerUID = nameOf(c), c.ID, c.UID
		if !today {
			return d
		}
		d.ComputerState, d.ComputerReason, d.ComputerDetail, d.ComputerSince = c.State, c.Reason, c.Detail, known(c.Since)
	}
	return d
}

// computer is the one that the person used last, else of those that are the person's the one that was last heard of.
func (t *traces) computer(standings map[string]computer.Standing) (c computer.Standing, found bool) {
	if s, ok := t.newest(); ok {
		c, found = standings[s.ComputerUID]
		return c, found
	}
	for _, uid := range t.usual {
		if other, ok := standings[uid]; ok && (!found || other.Since.After(c.Since)) {
			c, found = other, true
		}
	}
	return c, found
}

func nameOf(c computer.Standing) string {
	if c.Name == "" {
		return c.UID
	}
	return c.Name
}

// known is a time, or nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
