package grid

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// maxText bounds what is searched for, in characters.
	maxText = 255
	// maxWords bounds the words that are searched for: each is looked for in every row.
	maxWords = 8
	// maxValues bounds the values of one filter.
	maxValues = 1000
)

// The parameters that every list has.
const (
	paramSearch    = "q"
	paramSearchOld = "search"
	paramSort      = "sort"
	paramAfter     = "after"
	paramLimit     = "limit"
)

// parser reads the parameters of one request and collects what is wrong with them.
type parser[Item any] struct {
	list   List[Item]
	role   actor.Role
	query  Query
	faults fault.Fields
}

// parse reads parameters. Those of a page have no meaning for an export, and are unknown to it.
func (l List[Item]) parse(role actor.Role, parameters url.Values, paged bool) (Query, error) {
	p := parser[Item]{list: l, role: role, query: Query{limit: db.DefaultLimit, count: true}}
	sort := l.Sort
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		text, ok := p.single(name, parameters[name])
		switch {
		case !ok:
		case (name == paramSearch || name == paramSearchOld) && l.searches():
			p.search(name, text)
		case name == paramSort:
			if text != "" {
				sort = text
			}
		case name == paramAfter && paged:
			p.query.after = text
		case name == paramLimit && paged:
			p.limit(text)
		default:
			p.filter(name, text)
		}
	}
	p.sort(sort)
	return p.query, p.faults.Err()
}

// single returns the one text of a parameter; the values of a filter may also be given one by one.
func (p *parser[Item]) single(name string, texts []string) (string, bool) {
	c, isFilter := p.list.column(p.role, name, Filter)
	several := isFilter && (c.Kind == Enum || c.Kind == ID || c.Kind == UUID)
	if len(texts) != 1 && !several {
		p.faults.Add(name, "repeated", nil)
		return "", false
	}
	text := strings.Join(texts, ",")
	if !db.KeepsText(text) {
		p.faults.Add(name, "not_text", nil)
		return "", false
	}
	return text, true
}

func (p *parser[Item]) limit(text string) {
	n := 0
	if text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			p.faults.Add(paramLimit, "not_a_number", nil)
			return
		}
	}
	p.query.limit = db.Limit(n)
}

// search finds every word of the text in some column.
func (p *parser[Item]) search(name, text string) {
	if p.tooLong(name, text) || strings.TrimSpace(text) == "" {
		return
	}
	words := different(strings.Fields(text))
	if len(words) > maxWords {
		p.faults.Add(name, "too_many_words", fault.Params{"Max": maxWords})
		return
	}
	p.query.words = strings.TrimSpace(text)
	found := false
	for _, word := range words {
		var group []filter
		signs := true // the word has nothing that a folded name keeps, and only such are searched
		for _, c := range p.list.Columns {
			if !c.Search || c.hidden(p.role, Show) {
				continue
			}
			for _, form := range formsOf(c.Kind, word) {
				signs = false
				group = append(group, filter{column: c, op: db.Contains, value: form})
			}
		}
		if !signs {
			found = true
			p.query.search = append(p.query.search, group)
		}
	}
	if !found {
		p.query.search = append(p.query.search, nil)
	}
}

// different are the words without those that were there before.
func different(words []string) (all []string) {
	for _, word := range words {
		if !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

// sort reads names of columns, each falling after a minus, and puts the id behind them.
func (p *parser[Item]) sort(text string) {
	for name := range strings.SplitSeq(text, ",") {
		o := db.Order{}
		o.Name, o.Desc = strings.CutPrefix(name, "-")
		c, ok := p.list.column(p.role, o.Name, Sort)
		if !ok {
			p.faults.Add(paramSort, "not_one_of", fault.Params{"Values": p.list.sortable(p.role)})
			return
		}
		if slices.ContainsFunc(p.query.order, func(there db.Order) bool { return there.Name == o.Name }) {
			p.faults.Add(paramSort, "repeated", nil)
			return
		}
		o.Expr = c.rank()
		p.query.order = append(p.query.order, o)
		if o.Name == p.list.ID.Name { // nothing is left to sort
			return
		}
	}
	last := p.query.order[len(p.query.order)-1]
	p.query.order = append(p.query.order, db.Order{Name: p.list.ID.Name, Expr: p.list.ID.expr(), Desc: last.Desc})
}

// rank is what the column is sorted by; the values of an Enum have the order in which they are declared.
func (c Column) rank() db.Expr {
	e := c.expr()
	if c.Kind != Enum {
		return e
	}
	var cases strings.Builder
	for i, v := range c.Values {
		fmt.Fprintf(&cases, " WHEN '%s' THEN %d", v, i)
	}
	return db.Expr{SQL: "CASE " + e.SQL + cases.String() + fmt.Sprintf(" ELSE %d END", len(c.Values)), Kind: Number}
}

// filter reads a parameter that is named as a column, or as an end of a column's range.
func (p *parser[Item]) filter(name, text string) {
	column, op := name, db.In
	if before, ok := strings.CutSuffix(name, ".from"); ok {
		column, op = before, db.From
	} else if before, ok := strings.CutSuffix(name, ".to"); ok {
		column, op = before, db.Before
	}
	c, ok := p.list.column(p.role, column, Filter)
	onlyRanged := c.Kind == Time || c.Kind == Date
	if ranged := onlyRanged || c.Kind == Number; !ok || op != db.In && !ranged || op == db.In && onlyRanged {
		p.faults.Add(name, "unknown_field", nil)
		return
	}
	if text == "" { // a form that was left empty
		return
	}
	f := filter{column: c, op: op, shown: text}
	var code string
	var params fault.Params
	switch {
	case c.Kind == Text || c.Kind == Folded:
		if p.tooLong(name, text) {
			return
		}
		f.op, f.value = db.Contains, text
	case op != db.In:
		f.value, code = end(c.Kind, text)
	default:
		f.value, code, params = values(c, strings.Split(text, ","))
	}
	if code != "" {
		p.faults.Add(name, code, params)
		return
	}
	p.query.filters = append(p.query.filters, f)
}

func (p *parser[Item]) tooLong(name, text string) bool {
	if utf8.RuneCountInString(text) <= maxText {
		return false
	}
	p.faults.Add(name, "too_long", fault.Params{"Max": maxText})
	return true
}

// end reads one end of a range.
func end(k Kind, text string) (value any, code string) {
	switch k {
	case Number:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, "not_a_number"
		}
		return n, ""
	case Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, "not_a_date"
		}
		return text, ""
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !db.KeepsTime(t) {
		return nil, "not_a_time"
	}
	// Rows have whole microseconds, so the range begins and ends at the next one.
	return t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond), ""
}

// values reads the values of which a row has to have one.
func values(c Column, texts []string) (value any, code string, params fault.Params) {
	if len(texts) > maxValues {
		return nil, "too_many_items", fault.Params{"Max": maxValues}
	}
	switch c.Kind {
	case Enum:
		for _, text := range texts {
			if !slices.Contains(c.Values, text) {
				return nil, "not_one_of", fault.Params{"Values": strings.Join(c.Values, ", ")}
			}
		}
		return texts, "", nil
	case Bool:
		if len(texts) != 1 || texts[0] != "true" && texts[0] != "false" {
			return nil, "not_a_boolean", nil
		}
		return []bool{texts[0] == "true"}, "", nil
	case UUID:
		return parsed(texts, id.Parse, "not_an_id")
	}
	return parsed(texts, func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }, "not_a_number")
}

func parsed[V any](texts []string, parse func(string) (V, error), refusal string) (any, string, fault.Params) {
	all := make([]V, len(texts))
	for i, text := range texts {
		v, err := parse(text)
		if err != nil {
			return nil, refusal, nil
		}
		all[i] = v
	}
	return all, "", nil
}

// wordsOf are the parts of a text that all have to be in a column, in the form in which the column is compared.
func wordsOf(k Kind, text string) []string {
	if k == Folded {
		return strings.Fields(fold.Name(text))
	}
	return strings.Fields(lower(text))
}

// formsOf are the forms of a word of which one has to be in a column.
func formsOf(k Kind, word string) []string {
	switch k {
	case Words:
		return fold.SearchFor(word)
	case Folded:
		if folded := fold.Name(word); folded != "" {
			return []string{folded}
		}
		return nil
	}
	return []string{lower(word)}
}

// lower makes Latin letters small, and no others: those the databases would not do alike.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Parameter is one parameter of a list's query.
type Parameter struct {
	Name string
	Kind Kind
	Doc  string
}

// Parameters describes the query of the list, and of its export.
func (l List[Item]) Parameters(paged bool) []Parameter {
	all := []Parameter{
		{paramSort, Text, "columns, each falling after a minus: " + l.sortable(0) + "; without it " + l.Sort},
	}
	if l.searches() {
		all = append(all, Parameter{paramSearch, Text, "words that are all in a row, in Latin or Cyrillic"}, Parameter{paramSearchOld, Text, "the same as q"})
	}
	if paged {
		all = append(all, Parameter{paramAfter, Text, "next of the page before"}, Parameter{paramLimit, Number, "rows of a page, 50 if not given, at most 1000"})
	}
	for _, c := range l.Columns {
		if !c.is(Filter) {
			continue
		}
		switch c.Kind {
		case Time, Date:
			all = append(all, Parameter{c.Name + ".from", c.Kind, c.Doc}, Parameter{c.Name + ".to", c.Kind, "not included"})
		case Number:
			all = append(all, Parameter{c.Name, ID, c.Doc}, Parameter{c.Name + ".from", Number, "included"}, Parameter{c.Name + ".to", Number, "not included"})
		case Enum:
			all = append(all, Parameter{c.Name, Enum, sentence(c.Doc, "one or several, parted by commas: "+strings.Join(c.Values, ", "))})
		case ID, UUID:
			all = append(all, Parameter{c.Name, c.Kind, sentence(c.Doc, "one or several, parted by commas")})
		default:
			all = append(all, Parameter{c.Name, c.Kind, c.Doc})
		}
	}
	slices.SortFunc(all, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func sentence(doc, more string) string {
	if doc == "" {
		return more
	}
	return doc + "; " + more
}
