package presence

import (
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/api/v2/presence"

// read is the right to see who is at work; a guard sees no more than that, and of today only.
var read = actor.Permission{Name: "presence.read", Roles: actor.People}

func (s *service) routes(r httpx.Router) {
	r.GET(prefix+"/today", read, httpx.Handle(200, s.today),
		httpx.Doc("Who is here, who is missing and why, and what needs attention: now, or at the end of a past day."))
}

type request struct {
	Date         string `query:"date" doc:"today if left out"`
	DepartmentID int64  `query:"departmentId" doc:"with the departments below it"`
	Organization int64  `query:"organization"`
}

// Validate returns all that is wrong.
func (r *request) Validate() error {
	var f fault.Fields
	if r.Date != "" {
		if date, err := time.Parse(time.DateOnly, r.Date); err != nil || !db.KeepsTime(date.AddDate(0, 0, -3)) || !db.KeepsTime(date.AddDate(0, 0, 3)) {
			f.Add("date", codeNotADate, nil)
		}
	}
	return f.Err()
}

// Today is who is at work at a time.
type Today struct {
	Date      string      `json:"date"`
	Zone      string      `json:"zone"`
	At        time.Time   `json:"at"`
	Counts    Counts      `json:"counts"`
	People    []Person    `json:"people"`
	Attention []Attention `json:"attention"`
}

// Counts are of people. Expected and Late are parts of the others, which add up to all.
type Counts struct {
	Expected int `json:"expected"`
	Present  int `json:"present"`
	Away     int `json:"away"`
	Left     int `json:"left"`
	Late     int `json:"late"`
	Absent   int `json:"absent"`
	Later    int `json:"later"`
	Excused  int `json:"excused"`
	DayOff   int `json:"dayOff"`
}

// Person is one employee. All but who and the state is left out where nobody knows, and for those who may not.
type Person struct {
	EmployeeID     int64  `json:"employeeId"`
	OrganizationID int64  `json:"organizationId"`
	Name           string `json:"name"`
	DepartmentID   int64  `json:"departmentId"`
	Department     string `json:"department"`
	State          string `json:"state" enum:"present,away,left,absent,later,excused,dayOff" doc:"excused: not seen, and absent for a reason that is known"`
	details
}

type details struct {
	Absence        *Absence   `json:"absence,omitempty" doc:"for which the person is not expected, here or not"`
	LateMinutes    int        `json:"lateMinutes,omitempty"`
	ShiftName      string     `json:"shiftName,omitempty"`
	ExpectedFrom   *time.Time `json:"expectedFrom,omitempty"`
	ExpectedUntil  *time.Time `json:"expectedUntil,omitempty"`
	FirstAt        *time.Time `json:"firstAt,omitempty"`
	LastAt         *time.Time `json:"lastAt,omitempty"`
	Activity       string     `json:"activity,omitempty" enum:"active,idle,locked,off"`
	Inside         *bool      `json:"inside,omitempty" doc:"as the doors saw it"`
	Computer       string     `json:"computer,omitempty"`
	ComputerID     int64      `json:"computerId,omitempty"`
	ComputerUID    string     `json:"computerUid,omitempty"`
	ComputerState  string     `json:"computerState,omitempty" enum:"online,offline,unknown"`
	ComputerReason string     `json:"computerReason,omitempty"`
	ComputerDetail string     `json:"computerDetail,omitempty"`
	ComputerSince  *time.Time `json:"computerSince,omitempty"`
}

// Absence is why a person need not come. Both days are part of it.
type Absence struct {
	Kind     string `json:"kind" enum:"vacation,sick,trip,unpaid,study,maternity,other"`
	FirstDay string `json:"firstDay"`
	LastDay  string `json:"lastDay"`
}

// Attention is something that somebody has to look at.
type Attention struct {
	Kind         string     `json:"kind" enum:"gateway,agent,alert"`
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	State        string     `json:"state" enum:"online,offline,open"`
	Reason       string     `json:"reason"`
	Detail       string     `json:"detail,omitempty"`
	Severity     string     `json:"severity,omitempty" enum:"info,warning,critical"`
	Since        *time.Time `json:"since,omitempty"`
	EmployeeID   int64      `json:"employeeId,omitempty"`
	EmployeeName string     `json:"employeeName,omitempty"`
}
