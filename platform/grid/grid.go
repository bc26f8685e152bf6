// Package grid is what all lists have alike: a module says once which columns its list has, and gets its search, filters,
// order, pages and exports.
package grid

import (
	"context"
	"iter"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// Kind is what a column holds; it decides how the column is filtered.
type Kind = db.Kind

// The kinds of columns. Text is found by any part of it, Folded by parts of the name in either script,
// Words, which is only searched, by either; of an Enum, ID or
// UUID one or several can be asked for; Number, Time and Date have ranges.
const (
	Text   = db.Text
	Folded = db.Folded
	Words  = db.Words
	Enum   = db.Enum
	Bool   = db.Bool
	Number = db.Number
	Time   = db.Time
	Date   = db.Date
	ID     = db.ID
	UUID   = db.UUID
)

// Column is one column of a list.
type Column struct {
	// Name is that of the item's field in JSON, and of the filter in the query. A column without a name is only searched.
	Name string
	Kind Kind
	// SQL is by what the column is sorted and filtered; without it, it is only shown. Folded wants what fold.Name wrote,
	// Words what fold.Search did.
	SQL string
	// Null says that SQL may be NULL: it sorts before all else, and is in no range.
	Null bool
	// Values are those of an Enum.
	Values []string
	// Title is the code of the heading; "column.<Name>" if empty.
	Title string
	// Search makes the parameter q look here.
	Search bool
	// Only narrows what the column is for: by default all that it can.
	Only Use
	// NotFor are the roles that do not see the column, and so cannot ask about it.
	NotFor actor.Role
	// FilterFor are those of them who may filter by it all the same.
	FilterFor actor.Role
	// Doc says what is not plain.
	Doc string
}

// Use is what a column is for.
type Use uint8

// The uses of a column.
const (
	Filter Use = 1 << iota
	Sort
	Show // in exports
)

func (c Column) is(u Use) bool {
	if c.Name == "" || u != Show && c.SQL == "" {
		return false
	}
	return c.Only == 0 || c.Only&u != 0
}

func (c Column) title() string {
	if c.Title != "" {
		return c.Title
	}
	return "column." + c.Name
}

func (c Column) expr() db.Expr { return db.Expr{SQL: c.SQL, Kind: c.Kind, Null: c.Null} }

// List is a list of items, as its module declares it.
type List[Item any] struct {
	// Name is that of exported files.
	Name string
	// Title is the code of the heading of exports.
	Title   string
	Columns []Column
	// Sort is the order of those who ask for none, as in "-at,name".
	Sort string
	// ID is the column that is another for each row.
	ID Column
	// Prepare, if it is there, makes of what was asked what is read: it widens filters and binds arguments.
	Prepare func(ctx context.Context, q Query) (Query, error)
	// Read reads the page that q asks for. What the actor may see is up to Read.
	Read func(ctx context.Context, q Query) ([]Item, db.Found, error)
	// DB, if it is there, is where Read reads more than once: a page is then one transaction.
	DB *db.DB
}

// Page is one page of a list. Next is the cursor of the page after it, empty on the last; Total counts all pages.
type Page[Item any] struct {
	Items []Item `json:"items"`
	Next  string `json:"next"`
	Total int    `json:"total"`
}

// Ask reads the page that the parameters of a request ask for.
func (l List[Item]) Ask(ctx context.Context, parameters url.Values) (page Page[Item], err error) {
	q, err := l.query(ctx, parameters, true)
	if err != nil {
		return page, err
	}
	ask := func(ctx context.Context, q Query) (page Page[Item], err error) {
		items, found, err := l.Read(ctx, q)
		if items == nil {
			items = []Item{}
		}
		return Page[Item]{items, found.Next, found.Total}, err
	}
	if l.DB != nil {
		ask = db.Together(l.DB, ask)
	}
	return ask(ctx, q)
}

// query is what the parameters ask for, prepared.
func (l List[Item]) query(ctx context.Context, parameters url.Values, paged bool) (Query, error) {
	a, _ := actor.From(ctx)
	q, err := l.parse(a.Role, parameters, paged)
	if err != nil || l.Prepare == nil {
		return q, err
	}
	return l.Prepare(ctx, q)
}

// all reads all items of q: first in which order they are, then some at a time. What changes meanwhile neither hides nor
// repeats another row, and no transaction waits for whoever takes the items.
func (l List[Item]) all(ctx context.Context, q Query) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var none Item
		q.keys, q.count = true, false
		_, found, err := l.Read(ctx, q)
		if err != nil {
			yield(none, err)
			return
		}
		for part := range parts(found.Keys) {
			items, _, err := l.Read(ctx, q.only(l.ID, part))
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// parts cuts keys into slices of one page.
func parts(keys any) iter.Seq[any] {
	return func(yield func(any) bool) {
		all := reflect.ValueOf(keys)
		for from := 0; from < all.Len(); from += db.MaxLimit {
			if !yield(all.Slice(from, min(from+db.MaxLimit, all.Len())).Interface()) {
				return
			}
		}
	}
}

// Items makes the items of a list from its rows.
func Items[Row, Item any](rows []Row, of func(Row) Item) []Item {
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = of(r)
	}
	return items
}

// Query is what somebody asks of a list.
type Query struct {
	filters []filter
	search  [][]filter // of each group, one holds
	words   string     // as they were searched for
	order   []db.Order
	bound   map[string][]any
	after   string
	limit   int
	count   bool
	keys    bool
}

// filter is one condition that the reader set.
type filter struct {
	column Column
	op     db.Op
	value  any
	shown  string
}

// IDs returns the ids that the column was filtered by, if it was.
func (q Query) IDs(column string) []int64 {
	for _, f := range q.filters {
		if ids, ok := f.value.([]int64); ok && f.column.Name == column {
			return ids
		}
	}
	return nil
}

// Widen puts other ids in place of those that the column was filtered by, and says in exports what they are called.
func (q Query) Widen(column string, ids []int64, called string) Query {
	q.filters = slices.Clone(q.filters)
	for i, f := range q.filters {
		if f.column.Name == column {
			q.filters[i].value, q.filters[i].shown = ids, called
		}
	}
	return q
}

// Bind gives the arguments of a column's SQL.
func (q Query) Bind(column string, args ...any) Query {
	bound := map[string][]any{column: args}
	for name, args := range q.bound {
		bound[name] = args
	}
	q.bound = bound
	return q
}

// SQL is the query for the store.
func (q Query) SQL() db.List {
	l := db.List{After: q.after, Limit: q.limit, Count: q.count, Keys: q.keys}
	for _, o := range q.order {
		o.Args = q.bound[o.Name]
		l.Order = append(l.Order, o)
	}
	for _, group := range q.search {
		var terms []db.Term
		for _, f := range group {
			terms = append(terms, q.term(f, f.value))
		}
		l.Where = append(l.Where, terms)
	}
	for _, f := range q.filters {
		if f.op != db.Contains {
			l.Where = append(l.Where, []db.Term{q.term(f, f.value)})
			continue
		}
		words := wordsOf(f.column.Kind, f.value.(string))
		for _, w := range words {
			l.Where = append(l.Where, []db.Term{q.term(f, w)})
		}
		if len(words) == 0 { // signs only: nothing has them
			l.Where = append(l.Where, nil)
		}
	}
	return l
}

// only is the query for the rows with these keys, in the same order.
func (q Query) only(key Column, keys any) Query {
	q.filters, q.search = []filter{{column: key, op: db.In, value: keys}}, nil
	q.keys, q.limit = false, db.MaxLimit
	return q
}

func (q Query) term(f filter, value any) db.Term {
	e := f.column.expr()
	e.Args = q.bound[f.column.Name]
	return db.Term{Expr: e, Op: f.op, Value: value}
}

// column returns the column of a name, if the role may use it so.
func (l List[Item]) column(role actor.Role, name string, u Use) (Column, bool) {
	for _, c := range l.Columns {
		if c.Name == name && c.is(u) && !c.hidden(role, u) {
			return c, true
		}
	}
	return Column{}, false
}

func (c Column) hidden(role actor.Role, u Use) bool {
	if u == Filter && c.FilterFor&role != 0 {
		return false
	}
	return c.NotFor&role != 0
}

// searches reports whether the list has columns in which q looks.
func (l List[Item]) searches() bool {
	return slices.ContainsFunc(l.Columns, func(c Column) bool { return c.Search })
}

// sortable lists the columns by which the role may sort.
func (l List[Item]) sortable(role actor.Role) string {
	var names []string
	for _, c := range l.Columns {
		if c.is(Sort) && !c.hidden(role, Sort) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}
