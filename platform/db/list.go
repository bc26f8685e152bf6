package db

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

// Kind is what an Expr gives, and so how it is compared: alike on both databases.
type Kind string

// The kinds of an Expr.
const (
	Text   Kind = "text"   // without regard to the case of Latin letters
	Folded Kind = "folded" // text as fold.Name writes it, byte by byte
	Words  Kind = "words"  // what fold.Search wrote; only searched
	Enum   Kind = "enum"   // one of a few texts
	Bool   Kind = "bool"
	Number Kind = "number" // whole
	Time   Kind = "time"
	Date   Kind = "date" // a text, as in 2026-11-23
	ID     Kind = "id"
	UUID   Kind = "uuid"
)

// nothing is what stands for NULL in an order: less than all else of its kind.
var nothing = map[Kind]string{
	Text: "''", Folded: "''", Enum: "''", Date: "''", Bool: "FALSE", Number: "-9223372036854775807", ID: "0",
	Time: "'0001-01-01 00:00:00+00:00'", UUID: "'00000000-0000-0000-0000-000000000000'",
}

// Expr is SQL by which a list is sorted and filtered. It is written in the source: what a client says is in Args.
type Expr struct {
	SQL  string
	Args []any // of its placeholders; a slice is for several values
	Kind Kind
	Null bool // it may be NULL
}

// Op is how a Term compares.
type Op string

// The comparisons of a Term.
const (
	In       Op = "in"       // Value is a slice
	Contains Op = "contains" // Value is a string, of the kind's form
	From     Op = "from"     // at least Value
	Before   Op = "before"   // less than Value
)

// Term is one comparison. NULL is in no range and contains nothing.
type Term struct {
	Expr
	Op    Op
	Value any
}

// Order is one key by which a list is sorted.
type Order struct {
	Name string
	Expr
	Desc bool
}

// List is a page of the rows that a query finds, narrowed and sorted.
type List struct {
	// Columns are read with the model's own, each as SQL with its name: "… AS name".
	Columns []Expr
	// Where narrows: of each of its groups, one term holds. A group without a term never holds.
	Where [][]Term
	// Order sorts; the last of its keys is another for each row.
	Order []Order
	// After is the cursor after the page before; empty for the first.
	After string
	Limit int
	// Count asks how many rows there are on all pages.
	Count bool
	// Keys asks for the last keys of all rows, in order, and for no row: who reads everything sorts once, and then reads
	// some rows at a time by their keys.
	Keys bool
}

// Found says where a page stands.
type Found struct {
	Next  string // the cursor after it; empty if it is the last
	Total int    // of all pages, if it was asked for
	Keys  any    // []int64 or []id.UUID, if they were asked for
}

// Place is embedded by a model whose rows are read as a List; it holds the cursor after the row, and how many rows there
// are on all pages.
type Place struct {
	Place string `bun:"list_place,scanonly"`
	Total int    `bun:"list_total,scanonly"`
}

func (p Place) place() Place { return p }

// List reads a page into the model of q, a pointer to a slice of structs that embed Place. q says from where and what the
// actor may see, and has neither columns nor order nor limit.
func (tx Tx) List(ctx context.Context, q *bun.SelectQuery, l List) (found Found, err error) {
	for _, group := range l.Where {
		q = tx.holds(q, group)
	}
	all := q.Clone()
	keys := make([]Expr, len(l.Order))
	for i, o := range l.Order {
		keys[i] = tx.key(o.Expr)
		q = q.OrderExpr(keys[i].SQL+direction(o.Desc), keys[i].Args...)
	}
	if l.After != "" {
		values, err := l.place()
		if err != nil {
			return found, err
		}
		after := following(keys, l.Order, values)
		q = q.Where(after.SQL, after.Args...)
	}
	if l.Keys {
		found.Keys, err = allKeys(ctx, q, l.Order[len(keys)-1].Kind, keys[len(keys)-1])
		return found, err
	}
	columns := append(l.Columns[:len(l.Columns):len(l.Columns)], Expr{SQL: "?TableColumns"}, tx.place(l, keys))
	for _, c := range columns {
		q = q.ColumnExpr(c.SQL, c.Args...)
	}
	if l.Count {
		q = withTotal(q, all)
	}
	if err := q.Limit(int64(l.Limit + 1)).Scan(ctx); err != nil {
		return found, err
	}
	rows := reflect.ValueOf(q.GetModel().Value()).Elem()
	if l.Count {
		if found.Total, err = total(ctx, rows, all, l.After != ""); err != nil {
			return found, err
		}
	}
	found.Next = cut(rows, l.Limit)
	return found, nil
}

// Page reads into the model of q, which embeds Place, what page leaves of its rows, behind so many others, and returns how
// many there are in all. q has neither columns nor order.
func (tx Tx) Page(ctx context.Context, q *bun.SelectQuery, offset int64, page func(*bun.SelectQuery) *bun.SelectQuery) (int, error) {
	if err := withTotal(page(q.Clone()), q).Offset(offset).Scan(ctx); err != nil {
		return 0, err
	}
	return total(ctx, reflect.ValueOf(q.GetModel().Value()).Elem(), q, offset > 0)
}

// withTotal makes each row of page tell how many rows all has: a statement of its own costs as much again as the page.
func withTotal(page, all *bun.SelectQuery) *bun.SelectQuery {
	return page.ColumnExpr("(?) AS list_total", all.Clone().ColumnExpr("count(*)"))
}

// total is what the rows tell. A page without any tells nothing; there may be some before it.
func total(ctx context.Context, rows reflect.Value, all *bun.SelectQuery, before bool) (int, error) {
	switch {
	case rows.Len() > 0:
		return placeOf(rows, 0).Total, nil
	case before:
		n, err := all.Count(ctx)
		return int(n), err
	}
	return 0, nil
}

// cut leaves as many rows as a page has, and returns the cursor after the last if there were more.
func cut(rows reflect.Value, limit int) string {
	if rows.Len() <= limit {
		return ""
	}
	rows.SetLen(limit)
	return base64.RawURLEncoding.EncodeToString([]byte(placeOf(rows, limit-1).Place))
}

func placeOf(rows reflect.Value, i int) Place {
	return rows.Index(i).Interface().(interface{ place() Place }).place()
}

func allKeys(ctx context.Context, q *bun.SelectQuery, k Kind, key Expr) (any, error) {
	q = q.ColumnExpr(key.SQL, key.Args...)
	if k == UUID {
		var ids []id.UUID
		err := q.Scan(ctx, &ids)
		return ids, err
	}
	var ids []int64
	err := q.Scan(ctx, &ids)
	return ids, err
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

// holds narrows to rows for which one of the terms holds.
func (tx Tx) holds(q *bun.SelectQuery, group []Term) *bun.SelectQuery {
	if len(group) == 0 {
		return q.Where("1 = 0")
	}
	var sql []string
	var args []any
	for _, t := range group {
		one := tx.term(t)
		sql, args = append(sql, one.SQL), append(args, one.Args...)
	}
	return q.Where(strings.Join(sql, " OR "), args...)
}

func (tx Tx) term(t Term) Expr {
	sql, value := "("+t.SQL+")", t.Value
	switch t.Op {
	case In:
		sql += " IN (?)"
		if value = bun.List(value); reflect.ValueOf(t.Value).Len() == 0 {
			return Expr{SQL: "1 = 0"}
		}
	case Contains:
		text := value.(string)
		sql = tx.db.dialect.comparable(sql, t.Kind)
		if t.Kind == Folded {
			sql, text = tx.Loosely(sql), fold.Loose(text)
		}
		sql, value = sql+" LIKE ? ESCAPE '!'", pattern(text)
	case From:
		sql += " >= ?"
	case Before:
		sql += " < ?"
	default:
		panic("db: a term with the comparison " + string(t.Op))
	}
	return Expr{SQL: sql, Args: append(listed(t.Args), value)}
}

// Loosely is SQL for a column with folded names as fold.Loose writes them: what is searched for in it is written so, too.
func (tx Tx) Loosely(column string) string { return tx.db.dialect.loosely(column) }

// pattern matches texts that contain s.
func pattern(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
}

// listed are arguments of which slices stand for several values, as in IN (?).
func listed(args []any) []any {
	var all []any
	for _, a := range args {
		if reflect.TypeOf(a).Kind() == reflect.Slice {
			a = bun.List(a)
		}
		all = append(all, a)
	}
	return all
}

// key is an expression that is never NULL and sorts alike on both databases.
func (tx Tx) key(e Expr) Expr {
	e.SQL, e.Args = tx.db.dialect.comparable("("+e.SQL+")", e.Kind), listed(e.Args)
	if e.Null {
		e.SQL = "COALESCE(" + e.SQL + ", " + nothing[e.Kind] + ")"
	}
	return e
}

// place is a column with the row's place as JSON: by what the list is sorted, and the row's values of that. The database
// writes the values itself, so that they are those which it compares, to the last digit of a time.
func (tx Tx) place(l List, keys []Expr) Expr {
	sql, args := make([]string, len(keys)), []any{l.signature()}
	for i, k := range keys {
		sql[i], args = k.SQL, append(args, k.Args...)
	}
	return Expr{SQL: tx.db.dialect.jsonArray("CAST(? AS text), "+strings.Join(sql, ", ")) + " AS list_place", Args: args}
}

// signature names the order, so that a cursor of one is none of another.
func (l List) signature() string {
	names := make([]string, len(l.Order))
	for i, o := range l.Order {
		if names[i] = o.Name; o.Desc {
			names[i] = "-" + o.Name
		}
	}
	return strings.Join(names, ",")
}

// place returns the values of the cursor After, or ErrCursor.
func (l List) place() ([]any, error) {
	var signature string
	raw, keys := make([]json.RawMessage, len(l.Order)), []any{&signature}
	for i := range raw {
		keys = append(keys, &raw[i])
	}
	if err := ParseCursor(l.After, keys...); err != nil {
		return nil, err
	}
	if signature != l.signature() {
		return nil, ErrCursor
	}
	values := make([]any, len(raw))
	for i, o := range l.Order {
		v, err := o.Kind.value(raw[i])
		if err != nil {
			return nil, ErrCursor.Wrap(err)
		}
		values[i] = v
	}
	return values, nil
}

// value reads what the database wrote of a value of this kind.
func (k Kind) value(raw json.RawMessage) (any, error) {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
	}
	switch k {
	case Number, ID:
		return strconv.ParseInt(text, 10, 64)
	case Bool:
		return strconv.ParseBool(text)
	case UUID:
		return id.Parse(text)
	case Time:
		return text, checkTime(text)
	}
	if raw[0] != '"' || !KeepsText(text) {
		return nil, fmt.Errorf("no text: %s", raw)
	}
	return text, nil
}

// checkTime refuses what neither database writes as a time. The text itself is compared: SQLite keeps times as texts.
func checkTime(text string) (err error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05"} {
		var t time.Time
		if t, err = time.Parse(layout, text); err == nil && !KeepsTime(t) {
			return fmt.Errorf("year %d", t.Year())
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// following is the condition of the rows behind a place.
func following(keys []Expr, order []Order, values []any) Expr {
	for _, o := range order {
		if o.Desc != order[0].Desc {
			return followingMixed(keys, order, values)
		}
	}
	sql, places := make([]string, len(keys)), make([]string, len(keys))
	var args []any
	for i, k := range keys {
		sql[i], places[i], args = k.SQL, "?", append(args, k.Args...)
	}
	return Expr{
		SQL:  "(" + strings.Join(sql, ", ") + ")" + comparison(order[0].Desc) + "(" + strings.Join(places, ", ") + ")",
		Args: append(args, values...),
	}
}

func comparison(desc bool) string {
	if desc {
		return " < "
	}
	return " > "
}

// followingMixed is following where some keys rise and others fall, which a comparison of rows cannot say.
func followingMixed(keys []Expr, order []Order, values []any) Expr {
	first := keys[0]
	e := Expr{SQL: first.SQL + comparison(order[0].Desc) + "?", Args: append(first.Args[:len(first.Args):len(first.Args)], values[0])}
	if len(keys) == 1 {
		return e
	}
	rest := followingMixed(keys[1:], order[1:], values[1:])
	e.SQL = "(" + e.SQL + " OR (" + first.SQL + " = ? AND " + rest.SQL + "))"
	e.Args = append(append(append(e.Args, first.Args...), values[0]), rest.Args...)
	return e
}
