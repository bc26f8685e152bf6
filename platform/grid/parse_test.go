package grid_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
)

func TestEachWrongParameterIsNamed(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"salary=1":                               "salary unknown_field",
		"seenAt=2026-01-01T00:00:00Z":            "seenAt unknown_field",
		"name.from=a":                            "name.from unknown_field",
		"seenAt.from=today":                      "seenAt.from not_a_time",
		"seenAt.to=10000-01-01T00:00:00%2B00:00": "seenAt.to not_a_time",
		"day=2026-11-23":                         "day unknown_field",
		"day.from=2026-02-30":                    "day.from not_a_date",
		"day.to=2026-11":                         "day.to not_a_date",
		"size.from=x":                            "size.from not_a_number",
		"size=9223372036854775808":               "size not_a_number",
		"active=1":                               "active not_a_boolean",
		"active=true,false":                      "active not_a_boolean",
		"state=new,gone":                         "state not_one_of",
		"uid=7":                                  "uid not_an_id",
		"parent=1,":                              "parent not_a_number",
		"limit=many":                             "limit not_a_number",
		"sort=name,nothing":                      "sort not_one_of",
		"sort=name,-name":                        "sort repeated",
		"sort=":                                  "",
		"sort=,":                                 "sort not_one_of",
		"sort=--name":                            "sort not_one_of",
		"name=a&name=b":                          "name repeated",
		"sort=name&sort=id":                      "sort repeated",
		"state=new&state=done":                   "",
		"name=&size=&uid=&limit=&after=&q=&seenAt.from=": "",
		"q=%00":                                  "q not_text",
		"code=%ff":                               "code not_text",
		"q=" + strings.Repeat("x", 256):          "q too_long",
		"q=a+b+c+d+e+f+g+h+i":                    "q too_many_words",
		"search=a+b+c+d+e+f+g+h+i":               "search too_many_words",
		"q=a+b+c+d+e+f+g+h+a+b":                  "",
		"name=" + strings.Repeat("ў", 256):       "name too_long",
		"name=" + strings.Repeat("ў", 255):       "",
		"id=" + strings.Repeat("1,", 1000) + "1": "id too_many_items",
		"a=1&b=2&sort=x":                         "a unknown_field, b unknown_field, sort not_one_of",
		"format=csv":                             "format unknown_field",
	} {
		parameters, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		l := grid.List[thing]{Columns: columns, Sort: "name", ID: columns[0], Read: func(context.Context, grid.Query) ([]thing, db.Found, error) {
			return nil, db.Found{}, nil
		}}
		_, err = l.Ask(admin(), parameters)
		if got := details(err); got != want {
			t.Errorf("%.60s: %q, want %q", query, got, want)
		}
	}
}

func details(err error) string {
	if err == nil {
		return ""
	}
	var all []string
	for _, d := range fault.Of(err).Details {
		all = append(all, d.Field+" "+d.Code)
	}
	return strings.Join(all, ", ")
}

func TestWhatARoleDoesNotSeeItCannotAskAbout(t *testing.T) {
	t.Parallel()
	l := things(db.Tx{})
	l.Columns = append(l.Columns, grid.Column{Name: "hidden", Kind: grid.Text, SQL: "x", Search: true, NotFor: actor.Guard},
		grid.Column{Name: "narrow", Kind: grid.Bool, SQL: "x", NotFor: actor.Guard, FilterFor: actor.Guard})
	var asked db.List
	l.Read = func(_ context.Context, q grid.Query) ([]thing, db.Found, error) {
		asked = q.SQL()
		return nil, db.Found{}, nil
	}
	for query, want := range map[string]string{
		"hidden=a": "hidden unknown_field", "parent=1": "parent unknown_field", "sort=hidden": "sort not_one_of", "sort=narrow": "sort not_one_of", "narrow=true": "", "q=a": "",
	} {
		parameters, _ := url.ParseQuery(query)
		if _, err := l.Ask(as(actor.Guard), parameters); details(err) != want {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
		if _, err := l.Ask(as(actor.HR), parameters); err != nil {
			t.Errorf("%s of HR: %v", query, err)
		}
	}
	for role, fields := range map[actor.Role]int{actor.Guard: 2, actor.HR: 3} {
		if _, err := l.Ask(as(role), url.Values{"q": {"a"}}); err != nil || len(asked.Where[0]) != fields {
			t.Errorf("%v searches %d columns, %v", role, len(asked.Where[0]), err)
		}
	}
}

func TestARepeatedWordIsSearchedOnce(t *testing.T) {
	t.Parallel()
	l := things(db.Tx{})
	var asked db.List
	l.Read = func(_ context.Context, q grid.Query) ([]thing, db.Found, error) {
		asked = q.SQL()
		return nil, db.Found{}, nil
	}
	if _, err := l.Ask(admin(), url.Values{"q": {" ali  vali ali "}}); err != nil || len(asked.Where) != 2 {
		t.Errorf("%d conditions, %v; want 2", len(asked.Where), err)
	}
}

func TestPreparingWidensAndBinds(t *testing.T) {
	t.Parallel()
	l := things(db.Tx{})
	l.Prepare = func(_ context.Context, q grid.Query) (grid.Query, error) {
		if ids := q.IDs("parent"); fmt.Sprint(ids) != "[7]" || q.IDs("id") != nil {
			return q, fmt.Errorf("asked for %v", ids)
		}
		return q.Widen("parent", []int64{7, 8}, "Sex").Bind("size", 1).Bind("name", 2), nil
	}
	l.Read = func(_ context.Context, q grid.Query) ([]thing, db.Found, error) {
		s := q.SQL()
		if got := fmt.Sprint(s.Where[0][0].Value, s.Order[0].Args, s.Order[1].Args); got != "[7 8] [1] [2]" {
			t.Errorf("read %s", got)
		}
		return nil, db.Found{}, nil
	}
	if _, err := l.Ask(admin(), url.Values{"parent": {"7"}, "sort": {"size,name"}}); err != nil {
		t.Error(err)
	}
	if _, err := l.Ask(admin(), url.Values{}); err == nil {
		t.Error("a refusal of the preparation is lost")
	}
}

func TestParametersAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range things(db.Tx{}).Parameters(true) {
		names = append(names, p.Name)
	}
	want := "active after code day.from day.to id limit name parent q search seenAt.from seenAt.to size size.from size.to sort state uid"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	l := things(db.Tx{})
	l.Columns = l.Columns[4:5]
	l.Sort = "state"
	if ps := l.Parameters(false); len(ps) != 2 {
		t.Errorf("a list without search has %v", ps)
	}
	if _, err := l.Ask(admin(), url.Values{"q": {"x"}}); details(err) != "q unknown_field" {
		t.Errorf("search where nothing is searched: %v", err)
	}
}

func TestForgedCursorsAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		with(t, d, nil, func(ctx context.Context, tx db.Tx) {
			for sort, cursors := range map[string][][]any{
				"name":   {{"name,id"}, {"name,id", "a"}, {"name,id", 1, 1}, {"name,id", "a", "x"}, {"name,id", nil, 1}, {"name", "a", 1}, {"-name,id", "a", 1}, {"name,id", []int{1}, 1}, {"name,id", "a", 1, 2}, {"name,id", "a", 1.5}},
				"seenAt": {{"seenAt,id", "noon", 1}, {"seenAt,id", "0000-01-01T00:00:00Z", 1}, {"seenAt,id", "' OR 1=1", 1}, {"seenAt,id", 5, 1}},
				"uid":    {{"uid,id", "x", 1}},
				"active": {{"active,id", "maybe", 1}, {"active,id", 7, 1}},
				"size":   {{"size,id", 1e30, 1}},
			} {
				for _, keys := range cursors {
					_, err := things(tx).Ask(ctx, url.Values{"sort": {sort}, "after": {db.Cursor(keys...)}})
					if !errors.Is(err, db.ErrCursor) {
						t.Errorf("sort %s after %v: %v", sort, keys, err)
					}
				}
			}
			for _, cursor := range []string{"x", "%", "bnVsbA", "e30"} {
				if _, err := things(tx).Ask(ctx, url.Values{"after": {cursor}}); !errors.Is(err, db.ErrCursor) {
					t.Errorf("after %s: %v", cursor, err)
				}
			}
		})
	})
}

// Whatever a client sends is answered by a page or by a fault of the client, never by one of the database.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "q=a b&sort=-name,seenAt&limit=3", "after=WyJuYW1lLGlkIiwiYSIsMV0", "state=new,done&active=true&size.from=-1", "seenAt.from=2026-11-23T12:00:00Z",
		"name=%25_!%27%22%5c&code=%3f0%3fTableAlias", "uid=0190f1a8-0000-7000-8000-000000000001&parent=1,2", "sort=state,-active,uid,size,code,parent,id",
	} {
		f.Add(seed)
	}
	d := dbtest.SQLite(f)
	rows := newThings(rand.New(rand.NewPCG(3, 3)))
	f.Fuzz(func(t *testing.T, query string) {
		parameters, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		with(t, d, rows, func(ctx context.Context, tx db.Tx) {
			page, err := things(tx).Ask(ctx, parameters)
			var refusal *fault.Error
			if err != nil && (!errors.As(err, &refusal) || refusal.Kind != fault.Invalid) {
				t.Fatalf("%q: %v", query, err)
			}
			if len(page.Items) > page.Total {
				t.Fatalf("%q: %d of %d", query, len(page.Items), page.Total)
			}
		})
	})
}
