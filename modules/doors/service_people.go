package doors

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
)

// staff are the employees whom reports name, by id and by card.
type staff struct {
	ids   map[int64]employee.Employee
	cards map[string]employee.Employee
}

// named returns the employees whom the reports name.
func (s *service) named(ctx context.Context, reports []report) (all staff, err error) {
	var ids []int64
	var cards []string
	for _, r := range reports {
		p := r.person()
		if n, err := strconv.ParseInt(p.employee, 10, 64); err == nil && !slices.Contains(ids, n) {
			ids = append(ids, n)
		}
		if p.employee == "" && p.card != "" && !slices.Contains(cards, p.card) {
			cards = append(cards, p.card)
		}
	}
	if len(ids) > 0 {
		if all.ids, err = s.staff.ByIDs(ctx, ids); err != nil {
			return all, err
		}
	}
	if len(cards) > 0 {
		all.cards, err = s.cards.ByCards(ctx, cards)
	}
	return all, err
}

// match finds the employee whom a report names: by the id, whole and nothing else, else by the card in force; and not if the
// name is another's. v1 took whoever's name held the given one.
func match(p person, all staff) (employee.Employee, problem) {
	var e employee.Employee
	var known bool
	switch {
	case p.employee != "":
		n, err := strconv.ParseInt(p.employee, 10, 64)
		if err != nil {
			return e, personWrong
		}
		e, known = all.ids[n]
	case p.card != "":
		e, known = all.cards[p.card]
	case p.name == "" && p.id == "":
		return e, personNotNamed
	}
	switch {
	case !known:
		return e, personUnknown
	case !e.Active:
		return employee.Employee{}, personInactive
	case !agree(e.Name, p.name):
		return employee.Employee{}, personDifferent
	}
	return e, ""
}

// refusals are what a pass by a code is called that should not have been.
var refusals = []struct {
	fault   error
	problem problem
}{
	{visitor.ErrInactive, visitorInactive}, {visitor.ErrCodeEarly, codeEarly}, {visitor.ErrCodeExpired, codeExpired}, {visitor.ErrCodeUsed, codeUsed},
	{visitor.ErrCodeWithdrawn, codeWithdrawn},
}

// admit lets in, or out, the visitor whose code was shown, where no employee was. The terminal has opened already: a code
// that should not have opened it is a problem of the pass.
func (s *service) admit(ctx context.Context, tx db.Tx, row *passRow, r report) error {
	code := r.shown()
	if code == "" || !row.Granted || row.Problem != personUnknown && row.Problem != personNotNamed {
		return nil
	}
	a, err := s.gate.Pass(ctx, tx, visitor.Passage{Code: code, At: row.At, Exit: row.EntryType == pass.Exit, Turns: row.EntryType == ""})
	if errors.Is(err, visitor.ErrCodeUnknown) {
		return nil
	}
	for _, refused := range refusals {
		if errors.Is(err, refused.fault) {
			row.Problem = refused.problem
			return nil
		}
	}
	if err != nil {
		return err
	}
	row.VisitorID, row.VisitorType, row.Problem, row.visitorName = a.VisitorID, "VISITOR", "", a.Name
	if row.EntryType == "" {
		row.EntryType, row.DirectionBy = pass.Enter, byAlternation
		if a.Exit {
			row.EntryType = pass.Exit
		}
	}
	return nil
}

// agree reports whether two writings of a name can be one person's: some word of one begins a word of the other.
// Terminals cut names, and write them in either script, and few tell h from x. No name agrees with any.
func agree(ours, theirs string) bool {
	words := func(name string) []string { return strings.Fields(fold.Loose(fold.Name(name))) }
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
