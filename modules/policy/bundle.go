package policy

import (
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
)

// Where somebody's policy comes from.
const (
	fromEmployee   = "employee"
	fromDepartment = "department"
	fromDefault    = "default"
	fromNobody     = "nobody"
)

// ladder finds whose policy somebody has: one's own, else that of the nearest department upwards, else the default.
type ladder struct {
	counts      map[int64]bool  // policies that somebody can have
	departments map[int64]int64 // those of departments themselves
	standard    int64           // the default; 0: everything
	parent      func(departmentID int64) (int64, error)
	climbed     map[int64]int64 // departments that were looked up
}

func newLadder(policies []policyRow, departments []departmentRow, parent func(int64) (int64, error)) *ladder {
	l := &ladder{counts: map[int64]bool{}, departments: map[int64]int64{}, parent: parent, climbed: map[int64]int64{}}
	for _, p := range policies { // by id: of several defaults the oldest counts
		l.counts[p.ID] = p.counts()
		if p.counts() && p.IsDefault && l.standard == 0 {
			l.standard = p.ID
		}
	}
	for _, d := range departments {
		if l.counts[d.PolicyID] {
			l.departments[d.DepartmentID] = d.PolicyID
		}
	}
	return l
}

// of returns the policy of an employee, where it comes from, and for a department which.
func (l *ladder) of(own, departmentID int64) (policyID int64, from string, at int64, err error) {
	if l.counts[own] {
		return own, fromEmployee, 0, nil
	}
	if at, err = l.climb(departmentID); err != nil || at != 0 {
		return l.departments[at], fromDepartment, at, err
	}
	if l.standard != 0 {
		return l.standard, fromDefault, 0, nil
	}
	return 0, fromNobody, 0, nil
}

// deepest bounds how far up is looked: there is no such tree, but for a circle.
const deepest = 100

// climb returns the nearest department upwards that has a policy of its own; 0 if none has.
func (l *ladder) climb(departmentID int64) (int64, error) {
	if at, known := l.climbed[departmentID]; known {
		return at, nil
	}
	var found int64
	for at, n := departmentID, 0; at != 0 && n < deepest; n++ {
		if l.departments[at] != 0 {
			found = at
			break
		}
		var err error
		if at, err = l.parent(at); err != nil {
			return 0, err
		}
	}
	l.climbed[departmentID] = found
	return found, nil
}

// assigned is who has which policy.
type assigned struct {
	DefaultID int64            `json:"defaultId"`
	Users     map[string]int64 `json:"users"`
	Computers map[string]int64 `json:"computers"`
}

// special reports whether anybody has another policy than the default.
func (a assigned) special() bool { return len(a.Users) > 0 }

// mixed is what a computer has whose users have several policies.
const mixed = -1

// assign finds the policies of all Windows users and computers. It names all users as soon as one has another policy than
// the default: on a computer that counts as somebody else's, each must have their own. all has the policies of all computers
// that are known.
func assign(l *ladder, given []employee.Given, seats []computer.Seat) (a assigned, all map[string]int64, err error) {
	a, all = assigned{DefaultID: l.standard, Users: map[string]int64{}, Computers: map[string]int64{}}, map[string]int64{}
	has := make(map[int64]int64, len(given))
	for _, g := range given {
		if has[g.EmployeeID], _, _, err = l.of(g.PolicyID, g.DepartmentID); err != nil {
			return a, nil, err
		}
	}
	special, seated := false, map[string]bool{}
	for _, s := range seats {
		policy, known := has[s.EmployeeID]
		if _, noted := all[s.ComputerUID]; !noted && s.ComputerUID != "" {
			all[s.ComputerUID] = l.standard
		}
		if !known || s.EmployeeID == 0 {
			continue
		}
		a.Users[s.UserSID] = policy
		special = special || policy != l.standard
		switch {
		case s.ComputerUID == "":
		case !seated[s.ComputerUID]:
			all[s.ComputerUID], seated[s.ComputerUID] = policy, true
		case all[s.ComputerUID] != policy:
			all[s.ComputerUID] = mixed
		}
	}
	if !special {
		a.Users = map[string]int64{}
	}
	for uid, policy := range all {
		if policy != l.standard && policy != mixed {
			a.Computers[uid] = policy
		}
	}
	return a, all, nil
}
