package employees

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/sheet"
)

// What an import makes of a row.
const (
	rowNew       = "new"
	rowChanged   = "changed"
	rowUnchanged = "unchanged"
	rowError     = "error"
)

// importPlan is what an import would do, decided from the file and the present rows.
type importPlan struct {
	table importTable
	rows  []plannedRow
}

// plannedRow is what becomes of one row of the file.
type plannedRow struct {
	number        int
	state         string
	name          string
	department    string
	before, after employeeRow
	give          []credentialRow
	changes       []importChange
	problems      []planProblem
}

// planProblem is something about a row, or about its cell in a column.
type planProblem struct {
	column, code string
	params       fault.Params
	value        string
	warning      bool
}

func (r *plannedRow) wrong(column, code, value string, p fault.Params) {
	r.problems = append(r.problems, planProblem{column: column, code: code, params: p, value: value})
	r.state = rowError
}

func (r *plannedRow) warn(column, code string, p fault.Params) {
	r.problems = append(r.problems, planProblem{column: column, code: code, params: p, warning: true})
}

// place is a name in a department, both as they are compared.
type place struct {
	department int64
	name       string
}

// thing is a card or a car.
type thing struct{ kind, code string }

// planner decides over rows, one after another.
type planner struct {
	table    importTable
	update   bool
	home     int64 // the organization
	now      time.Time
	branches branches
	people   map[int64]employeeRow
	personal map[string]int64
	places   map[place][]int64
	names    map[string][]int64
	things   map[thing]int64 // to whom

	// The rows of the file in which these stood first.
	seenPersonal map[string]int
	seenPeople   map[int64]int
	seenThings   map[thing]int
	seenPlaces   map[place]seenPlace
}

// seenPlace is the first row of a name in a department; nameless says that one of them had no personal number.
type seenPlace struct {
	row      int
	nameless bool
}

// plan decides what an import of the table does to an organization as tx sees it.
func (s *service) plan(ctx context.Context, tx db.Tx, table importTable, home int64, update bool) (importPlan, error) {
	p := planner{
		table: table, update: update, home: home, now: s.time(), people: map[int64]employeeRow{}, personal: map[string]int64{},
		places: map[place][]int64{}, names: map[string][]int64{}, things: map[thing]int64{},
		seenPersonal: map[string]int{}, seenPeople: map[int64]int{}, seenThings: map[thing]int{}, seenPlaces: map[place]seenPlace{},
	}
	known, err := s.store.branches(ctx, tx, home)
	if err != nil {
		return importPlan{}, err
	}
	everybody, err := s.store.everybody(ctx, tx, home)
	if err != nil {
		return importPlan{}, err
	}
	things, err := s.store.inForce(ctx, tx, home)
	if err != nil {
		return importPlan{}, err
	}
	p.branches = branchesOf(known)
	for _, e := range everybody {
		at := place{e.DepartmentID, e.NameSearch}
		p.people[e.ID], p.places[at], p.names[e.NameSearch] = e, append(p.places[at], e.ID), append(p.names[e.NameSearch], e.ID)
		if e.PersonalID != "" {
			p.personal[e.PersonalID] = e.ID
		}
	}
	for _, k := range things {
		p.things[thing{k.Type, k.Code}] = k.EmployeeID
	}
	plan := importPlan{table: table, rows: make([]plannedRow, 0, len(table.rows))}
	for _, r := range table.rows {
		row := p.row(r)
		slices.SortStableFunc(row.problems, func(a, b planProblem) int { return cmp.Compare(table.at(a.column), table.at(b.column)) })
		plan.rows = append(plan.rows, row)
	}
	return plan, nil
}

// row decides over one row.
func (p *planner) row(r sheet.Row) plannedRow {
	out := plannedRow{number: r.Number, name: p.table.name(r), department: p.table.cell(r, colDepartment)}
	in := p.input(r, &out)
	known := p.match(&out, in)
	if known != 0 {
		out.before = p.people[known]
		if !out.before.IsActive && in.IsActive == nil {
			out.warn(colActive, "employees.import_left", nil)
		}
		if !p.update && out.state != rowError {
			out.state, out.after = rowUnchanged, out.before
			return out
		}
	}
	out.after = out.before
	if known == 0 {
		out.after = employeeRow{Owned: db.Owned{OrganizationID: p.home}, IsActive: true, CreatedAt: p.now}
	}
	out.after.UpdatedAt = p.now
	p.refused(&out, in.apply(&out.after), r)
	p.equip(&out, r, known)
	if out.state == rowError {
		return out
	}
	out.changes = p.changes(out)
	switch {
	case known == 0:
		out.state = rowNew
	case len(out.changes) > 0:
		out.state = rowChanged
	default:
		out.state = rowUnchanged
	}
	return out
}

// input takes the cells that have something in them: what is empty stays as it is.
func (p *planner) input(r sheet.Row, out *plannedRow) employeeInput {
	text := func(column string) *string {
		if t := p.table.cell(r, column); t != "" {
			return &t
		}
		return nil
	}
	in := employeeInput{
		Position: text(colPosition), Phone: text(colPhone), Email: text(colEmail), Address: text(colAddress), AdditionalDetails: text(colNotes),
	}
	if out.name != "" {
		in.Name = &out.name
	}
	if t := text(colPersonal); t != nil {
		plain := strings.Join(strings.Fields(*t), "") // as people group its digits
		in.PersonalID = &plain
	}
	if t := text(colActive); t != nil {
		is := yes[wordKey(*t)]
		if !is && !no[wordKey(*t)] {
			out.wrong(colActive, "employees.import_yes_no", *t, nil)
		}
		in.IsActive = &is
	}
	if out.department == "" {
		return in
	}
	switch found := p.branches.find(out.department); len(found) {
	case 1:
		in.DepartmentID, out.department = &found[0], p.branches.path(found[0])
	case 0:
		out.wrong(colDepartment, "employees.import_department_unknown", out.department, nil)
	default:
		out.wrong(colDepartment, "employees.import_department_ambiguous", out.department, fault.Params{"Departments": p.branches.paths(found)})
	}
	return in
}

// match finds who the row is about: whom the personal number is of, else who of that name and without another number works in
// that department. Who is in the file twice is an error of the second row.
func (p *planner) match(out *plannedRow, in employeeInput) (known int64) {
	number := ""
	if in.PersonalID != nil {
		number = *in.PersonalID
		if first, twice := p.seenPersonal[number]; twice {
			out.wrong(colPersonal, "employees.import_twice", number, fault.Params{"Row": first})
			return 0
		}
		p.seenPersonal[number] = out.number
		known = p.personal[number]
	}
	if known == 0 && in.DepartmentID != nil && in.Name != nil {
		known = p.matchName(out, place{*in.DepartmentID, fold.Name(*in.Name)}, number)
	}
	if known == 0 {
		return 0
	}
	if first, twice := p.seenPeople[known]; twice {
		out.wrong(colName, "employees.import_twice", out.name, fault.Params{"Row": first})
	}
	p.seenPeople[known] = out.number
	return known
}

func (p *planner) matchName(out *plannedRow, at place, number string) int64 {
	var same []int64
	for _, id := range p.places[at] {
		if has := p.people[id].PersonalID; number == "" || has == "" {
			same = append(same, id)
		}
	}
	switch len(same) {
	case 1:
		out.warn(colName, "employees.import_by_name", nil)
		return same[0]
	case 0:
	default:
		out.wrong(colName, "employees.import_ambiguous", out.name, fault.Params{"Number": len(same)})
		return 0
	}
	first, twice := p.seenPlaces[at]
	if twice && (number == "" || first.nameless) {
		out.wrong(colName, "employees.import_twice", out.name, fault.Params{"Row": first.row})
		return 0
	}
	p.seenPlaces[at] = seenPlace{cmp.Or(first.row, out.number), first.nameless || number == ""}
	if number == "" {
		p.warnElsewhere(out, at)
	}
	return 0
}

// warnElsewhere tells of people of the same name in other departments: who moved there is not known by the name.
func (p *planner) warnElsewhere(out *plannedRow, at place) {
	var where []int64
	for _, id := range p.names[at.name] {
		if d := p.people[id].DepartmentID; d != at.department && !slices.Contains(where, d) {
			where = append(where, d)
		}
	}
	if len(where) > 0 {
		out.warn(colName, "employees.import_elsewhere", fault.Params{"Departments": p.branches.paths(where)})
	}
}

// columnOfField says which column a field of an employee is filled from.
var columnOfField = map[string]string{"departmentId": colDepartment}

// refused notes what the rules of single edits say against the row.
func (p *planner) refused(out *plannedRow, err error, r sheet.Row) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return
	}
	for _, d := range f.Details {
		column := cmp.Or(columnOfField[d.Field], d.Field)
		if column == colDepartment && out.department != "" {
			continue // it was named, and why it is none stands there already
		}
		out.wrong(column, d.Code, p.table.cell(r, column), d.Params)
	}
}

// equip plans the cards and cars of a row that the person does not have yet.
func (p *planner) equip(out *plannedRow, r sheet.Row, known int64) {
	for _, of := range []struct{ column, kind string }{{colCards, card}, {colCars, car}} {
		for _, code := range codesOf(p.table.cell(r, of.column)) {
			row, err := credentialInput{Type: of.kind, Code: code}.row()
			if f := (*fault.Error)(nil); errors.As(err, &f) {
				out.wrong(of.column, f.Details[0].Code, code, f.Details[0].Params)
				continue
			}
			t := thing{of.kind, row.Code}
			first, twice := p.seenThings[t]
			whose, taken := p.things[t]
			switch {
			case twice:
				out.wrong(of.column, "employees.import_twice", code, fault.Params{"Row": first})
			case taken && whose != known && (known != 0 || out.state != rowError): // else it is not known who the row is
				out.wrong(of.column, "employees.import_thing_taken", code, fault.Params{"Name": p.people[whose].Name})
			case !taken:
				out.give = append(out.give, row)
			}
			p.seenThings[t] = cmp.Or(first, out.number)
		}
	}
}

// changes compares a person before and after, by columns in the order of a template.
func (p *planner) changes(out plannedRow) (all []importChange) {
	before, after := p.values(out.before), p.values(out.after)
	for _, k := range out.give {
		column := map[string]string{card: colCards, car: colCars}[k.Type]
		after[column] = strings.TrimPrefix(after[column]+", "+k.Code, ", ")
	}
	for _, c := range importColumns {
		if before[c.name] != after[c.name] {
			all = append(all, importChange{Column: c.name, Before: before[c.name], After: after[c.name]})
		}
	}
	return all
}

// values are a person's fields as a file has them.
func (p *planner) values(e employeeRow) map[string]string {
	v := map[string]string{
		colName: e.Name, colPosition: e.Position, colPersonal: e.PersonalID, colPhone: e.Phone, colEmail: e.Email, colAddress: e.Address,
		colNotes: e.AdditionalDetails,
	}
	if e.DepartmentID != 0 {
		v[colDepartment] = p.branches.path(e.DepartmentID)
	}
	if e.ID != 0 || !e.IsActive && e.DepartmentID != 0 {
		v[colActive] = map[bool]string{true: "true", false: "false"}[e.IsActive]
	}
	return v
}
