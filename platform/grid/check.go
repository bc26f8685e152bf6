package grid

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/staff-control/staff-control/platform/db"
)

// Check says what is wrong with the declaration, so that a bug in it is found when the routes are made.
// known reports whether a code has texts.
func (l List[Item]) Check(known func(code string) bool) error {
	var faults []error
	refuse := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("list "+l.Name+": "+format, args...))
	}
	fields, names := cellsOf(reflect.TypeFor[Item]()), map[string]bool{}
	for _, c := range l.Columns {
		if names[c.Name] && c.Name != "" {
			refuse("has the column %s twice", c.Name)
		}
		names[c.Name] = true
		if slices.Contains([]string{paramSearch, paramSearchOld, paramSort, paramAfter, paramLimit, paramFormat}, c.Name) {
			refuse("has a column called %s, which is a parameter", c.Name)
		}
		if c.Search && c.Kind != Text && c.Kind != Folded && c.Kind != Words || c.Kind == Enum && c.is(Filter) && c.Values == nil {
			refuse("column %s of the kind %s cannot do that", c.Name, c.Kind)
		}
		if c.is(Show) && fields[c.Name] == nil {
			refuse("column %s is no field of the items", c.Name)
		}
		if (c.is(Show) || c.is(Filter)) && !known(c.title()) {
			refuse("heading %s has no text", c.title())
		}
	}
	if !known(l.Title) {
		refuse("title %s has no text", l.Title)
	}
	p := parser[Item]{list: l}
	if p.sort(l.Sort); len(p.faults) > 0 {
		refuse("cannot be sorted by %s", l.Sort)
	}
	if l.ID.SQL == "" || l.ID.Null || l.ID.Kind != db.ID && l.ID.Kind != db.UUID {
		refuse("needs an id")
	}
	return errors.Join(faults...)
}
