package httpx

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The bounds of v1's pages.
const (
	defaultLimitV1 = 10
	maxLimitV1     = 100
)

// QueryV1 is what v1's lists took. Its route is Lenient: List refuses other names in v1's words.
type QueryV1 struct {
	Page     []string `query:"page" doc:"from 1"`
	Limit    []string `query:"limit" doc:"1 to 100; 10 if it is not there"`
	Search   []string `query:"search"`
	IsActive []string `query:"isActive" enum:"true,false"`
	Sort     []string `query:"sort"`
	Order    []string `query:"order" enum:"asc,desc"`
	// These were taken and did nothing.
	StartDate []string `query:"startDate" doc:"not used"`
	EndDate   []string `query:"endDate" doc:"not used"`
	Filters   []string `query:"filters" doc:"not used"`
}

// ListV1 is a page of a list as v1's clients ask for it.
type ListV1 struct {
	Page, Limit int
	Search      string
	IsActive    *bool
	// Sort is one of the names that the list sorts by, empty for its usual order.
	Sort string
	Desc bool
}

// Offset is how many rows are on the pages before.
func (l ListV1) Offset() int64 { return int64(l.Page-1) * int64(l.Limit) }

// OrderBy is SQL for the order, by the names that List let pass as columns of the table with this alias, and the usual one
// without a name. Rows that are alike are in the order of their ids, so that pages do not overlap.
func (l ListV1) OrderBy(alias, usual string) string {
	if l.Sort == "" {
		return alias + "." + usual
	}
	var column strings.Builder
	for _, r := range l.Sort {
		if r >= 'A' && r <= 'Z' {
			column.WriteByte('_')
		}
		column.WriteRune(unicode.ToLower(r))
	}
	direction := ""
	if l.Desc {
		direction = " DESC"
	}
	return alias + "." + column.String() + direction + ", " + alias + ".id" + direction
}

// PageV1 is v1's answer.
type PageV1[T any] struct {
	Data  []T   `json:"data"`
	Total int64 `json:"total"`
	Page  int   `json:"page"`
	Limit int   `json:"limit"`
}

func (p *PageV1[T]) complete() {
	if p.Data == nil {
		p.Data = []T{}
	}
}

// List reads the query by v1's rules, of a list that sorts by these names.
func (q QueryV1) List(ctx context.Context, sorts ...string) (l ListV1, err error) {
	var f fault.Fields
	unknownV1(Request(ctx).URL.Query(), &f)
	l.Page = q.number(&f, "page", q.Page, 1, math.MaxInt32)
	l.Limit = q.number(&f, "limit", q.Limit, defaultLimitV1, maxLimitV1)
	if l.Search = strings.Join(q.Search, ","); !db.KeepsText(l.Search) {
		f.Add("search", "not_text", nil)
	}
	if q.IsActive != nil {
		active := q.IsActive[0] == "true"
		if l.IsActive = &active; len(q.IsActive) > 1 || !active && q.IsActive[0] != "false" {
			f.Add("isActive", "old_boolean", fault.Params{"Name": "isActive"})
		}
	}
	if l.Sort = strings.Join(q.Sort, ","); l.Sort != "" && !slices.Contains(sorts, l.Sort) {
		f.Add("sort", "not_one_of", fault.Params{"Values": strings.Join(sorts, ", ")})
	}
	switch order := strings.Join(q.Order, ","); order {
	case "":
	case "asc", "desc":
		l.Desc = order == "desc"
	default:
		f.Add("order", "not_one_of", fault.Params{"Values": "asc, desc"})
	}
	return l, f.Err()
}

func unknownV1(query url.Values, f *fault.Fields) {
	known := []string{"page", "limit", "search", "isActive", "sort", "order", "startDate", "endDate", "filters"}
	var names []string
	for name := range query {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		f.Add(name, "old_unknown", fault.Params{"Name": shorten(name)})
	}
}

// number reads a whole number as JavaScript's parseInt does: of "1.9" it is 1. Its complaints stand in v1's order.
func (QueryV1) number(f *fault.Fields, name string, texts []string, usual, most int) int {
	if texts == nil {
		return usual
	}
	text := strings.TrimSpace(texts[0])
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[0] == '-' || text[0] == '+')) {
		end++
	}
	n, err := strconv.Atoi(text[:end])
	if n > most || err != nil && most == maxLimitV1 {
		f.Add(name, "old_max", fault.Params{"Name": name, "Max": most})
	}
	if err != nil || n < 1 {
		f.Add(name, "old_min", fault.Params{"Name": name, "Min": 1})
	}
	if err != nil {
		f.Add(name, "old_integer", fault.Params{"Name": name})
	}
	return n
}
