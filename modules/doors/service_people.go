package doors

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/fold"
)

// named returns the employees whom the reports name by id.
func (s *service) named(ctx context.Context, reports []report) (map[int64]employee.Employee, error) {
	var ids []int64
	for _, r := range reports {
		if n, err := strconv.ParseInt(r.person().employee, 10, 64); err == nil && !slices.Contains(ids, n) {
			ids = append(ids, n)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.staff.ByIDs(ctx, ids)
}

// match finds the employee whom a report names: by the id, whole and nothing else, and not if the name is another's.
// v1 took whoever's name held the given one. Nobody is known by a card yet; its number is kept with the pass.
func match(p person, staff map[int64]employee.Employee) (int64, problem) {
	if p.employee == "" {
		if p.card == "" && p.name == "" && p.id == "" {
			return 0, personNotNamed
		}
		return 0, personUnknown
	}
	n, err := strconv.ParseInt(p.employee, 10, 64)
	if err != nil {
		return 0, personWrong
	}
	switch e, known := staff[n]; {
	case !known:
		return 0, personUnknown
	case !e.Active:
		return 0, personInactive
	case !agree(e.Name, p.name):
		return 0, personDifferent
	}
	return n, ""
}

// agree reports whether two writings of a name can be one person's: some word of one begins a word of the other.
// Terminals cut names, and write them in either script, and few tell h from x. No name agrees with any.
func agree(ours, theirs string) bool {
	words := func(name string) []string { return strings.Fields(strings.ReplaceAll(fold.Name(name), "x", "h")) }
	a, b := words(ours), words(theirs)
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if strings.HasPrefix(x, y) || strings.HasPrefix(y, x) {
				return true
			}
		}
	}
	return false
}
