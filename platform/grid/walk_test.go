package grid_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// thing is a row of a list that has a column of each kind.
type thing struct {
	db.Global  `bun:"-" json:"-"`
	db.Place   `json:"-"`
	ID         int64      `bun:"id,pk" json:"id"`
	UID        id.UUID    `bun:"uid,type:uuid" json:"uid"`
	Name       string     `bun:"name" json:"name"`
	NameSearch string     `bun:"name_search" json:"-"`
	Code       *string    `bun:"code" json:"code"`
	State      string     `bun:"state" json:"state"`
	Active     bool       `bun:"active" json:"active"`
	Size       *int64     `bun:"size" json:"size"`
	SeenAt     *time.Time `bun:"seen_at" json:"seenAt"`
	Day        string     `bun:"day" json:"day"`
	Parent     *int64     `bun:"parent" json:"parent"`
}

var (
	states  = []string{"new", "done", "broken"}
	columns = []grid.Column{
		{Name: "id", Kind: grid.ID, SQL: "thing.id"},
		{Name: "uid", Kind: grid.UUID, SQL: "thing.uid"},
		{Name: "name", Kind: grid.Folded, SQL: "thing.name_search", Search: true},
		{Name: "code", Kind: grid.Text, SQL: "thing.code", Null: true, Search: true},
		{Name: "state", Kind: grid.Enum, SQL: "thing.state", Values: states},
		{Name: "active", Kind: grid.Bool, SQL: "thing.active"},
		{Name: "size", Kind: grid.Number, SQL: "thing.size", Null: true},
		{Name: "seenAt", Kind: grid.Time, SQL: "thing.seen_at", Null: true},
		{Name: "day", Kind: grid.Date, SQL: "thing.day"},
		{Name: "parent", Kind: grid.ID, SQL: "thing.parent", Null: true, NotFor: actor.Guard},
	}
)

// things is the list of what is in the table of the transaction.
func things(tx db.Tx) grid.List[thing] {
	return grid.List[thing]{
		Name: "things", Title: "things.list", Columns: columns, Sort: "name", ID: columns[0],
		Read: func(ctx context.Context, q grid.Query) (rows []thing, found db.Found, err error) {
			found, err = tx.List(ctx, tx.Select(&rows), q.SQL())
			return rows, found, err
		},
	}
}

func admin() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
}

var errUndo = errors.New("undo")

// with runs a test on a table with these rows, which is gone afterwards.
func with(t testing.TB, d *db.DB, rows []thing, fn func(ctx context.Context, tx db.Tx)) {
	t.Helper()
	at, uid := "DATETIME", "TEXT"
	if d.Name() == "postgres" {
		at, uid = "timestamptz", "uuid"
	}
	err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`CREATE TEMP TABLE things (id bigint PRIMARY KEY, uid ` + uid + `, name text, name_search text, code text, state text,
			active boolean, size bigint, seen_at ` + at + `, day text, parent bigint)`).Exec(ctx) // unscoped: nobody's rows
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if _, err := tx.Insert(&rows).Exec(ctx); err != nil {
				return err
			}
		}
		fn(ctx, tx)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// maybe is one of the values, or nothing.
func maybe[T any](r *rand.Rand, from ...T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	v := pick(r, from...)
	return &v
}

// newThings makes rows full of ties, empty values, and what sorts or matches differently here and there.
func newThings(r *rand.Rand) []thing {
	rows := make([]thing, r.IntN(60))
	for i := range rows {
		name := pick(r, "", "a", "A", "b a", "a-b", "Аъло", "Oʻktam", "ўктам", "ß", "é", "z", "日本", "100%", "a_b")
		rows[i] = thing{
			ID: int64(i + 1), UID: id.Derive(1, strconv.FormatUint(r.Uint64(), 10)), Name: name, NameSearch: fold.Name(name),
			Code:  maybe(r, "", "PC-1", "pc-2", "PC_10", "Ж", "ж", "É", "é", "100%", "it's", `back\slash`, `"quoted"`, "tab\tbed", "~"),
			State: pick(r, states...), Active: r.IntN(2) == 0, Size: maybe(r, int64(-5), 0, 1, 1<<53+1, 1<<62),
			SeenAt: maybe(r, noon, noon.Add(time.Microsecond), noon.Add(500*time.Millisecond), noon.Add(510*time.Millisecond), noon.Add(-time.Hour), noon.Add(time.Second)),
			Day:    pick(r, "2025-12-31", "2026-11-22", "2026-11-23", "2026-11-30"),
			Parent: maybe(r, int64(1), 2, 3),
		}
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// asked is a random query with what it means.
type asked struct {
	query url.Values
	keep  []func(thing) bool
	less  []func(a, b thing) int
}

func newAsked(r *rand.Rand) asked {
	a := asked{query: url.Values{}}
	for _, add := range []func(*rand.Rand){a.search, a.name, a.code, a.state, a.active, a.size, a.seen, a.day, a.parent} {
		if r.IntN(5) == 0 {
			add(r)
		}
	}
	var sorts []string
	names := []string{"id", "uid", "name", "code", "state", "active", "size", "seenAt", "day", "parent"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	desc := false
	for _, name := range names[:r.IntN(5)] {
		less := orders[name]
		if desc = r.IntN(2) == 0; desc {
			sorts = append(sorts, "-"+name)
			a.less = append(a.less, func(x, y thing) int { return less(y, x) })
			continue
		}
		sorts = append(sorts, name)
		a.less = append(a.less, less)
	}
	if len(sorts) == 0 {
		a.less = append(a.less, orders["name"])
	} else {
		a.query.Set("sort", strings.Join(sorts, ","))
	}
	a.less = append(a.less, func(x, y thing) int {
		if desc {
			x, y = y, x
		}
		return cmp.Compare(x.ID, y.ID)
	})
	a.query.Set("limit", strconv.Itoa(1+r.IntN(9)))
	return a
}

// lower is the case that the databases agree on.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 {
			return []rune(strings.ToLower(string(r)))[0]
		}
		return r
	}, s)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return lower(*s)
}

// nilFirst compares where nothing comes before everything.
func nilFirst[T any](a, b *T, compare func(a, b T) int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return compare(*a, *b)
}

var orders = map[string]func(a, b thing) int{
	"id":    func(a, b thing) int { return cmp.Compare(a.ID, b.ID) },
	"uid":   func(a, b thing) int { return cmp.Compare(a.UID.String(), b.UID.String()) },
	"name":  func(a, b thing) int { return cmp.Compare(a.NameSearch, b.NameSearch) },
	"code":  func(a, b thing) int { return cmp.Compare(text(a.Code), text(b.Code)) },
	"state": func(a, b thing) int { return cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)) },
	"active": func(a, b thing) int {
		if a.Active == b.Active {
			return 0
		}
		return map[bool]int{true: 1, false: -1}[a.Active]
	},
	"size":   func(a, b thing) int { return nilFirst(a.Size, b.Size, cmp.Compare) },
	"seenAt": func(a, b thing) int { return nilFirst(a.SeenAt, b.SeenAt, time.Time.Compare) },
	"day":    func(a, b thing) int { return cmp.Compare(a.Day, b.Day) },
	"parent": func(a, b thing) int { return nilFirst(a.Parent, b.Parent, cmp.Compare) },
}

func (a *asked) search(r *rand.Rand) {
	word := pick(r, "a", "A", "ўктам", "pc", "100%", "it's", "é", "日", "-")
	a.query.Set(pick(r, "q", "search"), word)
	a.keep = append(a.keep, func(x thing) bool {
		folded := fold.Name(word)
		return folded != "" && strings.Contains(x.NameSearch, folded) || x.Code != nil && strings.Contains(text(x.Code), lower(word))
	})
}

func (a *asked) name(r *rand.Rand) {
	words := pick(r, "a", "b a", "o'ktam", "АЪЛО", "%", "a_b", "")
	a.query.Set("name", words)
	a.keep = append(a.keep, func(x thing) bool {
		all := strings.Fields(fold.Name(words))
		for _, w := range all {
			if !strings.Contains(x.NameSearch, w) {
				return false
			}
		}
		return words == "" || len(all) > 0
	})
}

func (a *asked) code(r *rand.Rand) {
	part := pick(r, "pc", "PC_", "%", "ж", `\`, `"`, "!")
	a.query.Set("code", part)
	a.keep = append(a.keep, func(x thing) bool { return x.Code != nil && strings.Contains(text(x.Code), lower(part)) })
}

func (a *asked) state(r *rand.Rand) {
	wanted := states[:1+r.IntN(len(states))]
	a.query["state"] = pick(r, []string{strings.Join(wanted, ",")}, slices.Clone(wanted))
	a.keep = append(a.keep, func(x thing) bool { return slices.Contains(wanted, x.State) })
}

func (a *asked) active(r *rand.Rand) {
	wanted := r.IntN(2) == 0
	a.query.Set("active", strconv.FormatBool(wanted))
	a.keep = append(a.keep, func(x thing) bool { return x.Active == wanted })
}

func (a *asked) size(r *rand.Rand) {
	end := pick(r, int64(-5), 0, 1<<53, 1<<62)
	switch r.IntN(3) {
	case 0:
		a.query.Set("size.from", fmt.Sprint(end))
		a.keep = append(a.keep, func(x thing) bool { return x.Size != nil && *x.Size >= end })
	case 1:
		a.query.Set("size.to", fmt.Sprint(end))
		a.keep = append(a.keep, func(x thing) bool { return x.Size != nil && *x.Size < end })
	default:
		a.query.Set("size", fmt.Sprint(end))
		a.keep = append(a.keep, func(x thing) bool { return x.Size != nil && *x.Size == end })
	}
}

func (a *asked) seen(r *rand.Rand) {
	from := pick(r, noon, noon.Add(time.Nanosecond), noon.Add(time.Microsecond), noon.Add(505*time.Millisecond))
	to := pick(r, noon, noon.Add(time.Nanosecond), noon.Add(time.Second), noon.AddDate(0, 0, 1))
	a.query.Set("seenAt.from", from.In(time.FixedZone("", 5*3600)).Format(time.RFC3339Nano))
	a.query.Set("seenAt.to", to.Format(time.RFC3339Nano))
	a.keep = append(a.keep, func(x thing) bool { return x.SeenAt != nil && !x.SeenAt.Before(from) && x.SeenAt.Before(to) })
}

func (a *asked) day(r *rand.Rand) {
	from, to := pick(r, "2025-12-31", "2026-11-23"), pick(r, "2026-01-01", "2026-11-23", "2026-11-24")
	a.query.Set("day.from", from)
	a.query.Set("day.to", to)
	a.keep = append(a.keep, func(x thing) bool { return x.Day >= from && x.Day < to })
}

func (a *asked) parent(r *rand.Rand) {
	a.query.Set("parent", pick(r, "1,3", "3,1,1"))
	a.keep = append(a.keep, func(x thing) bool { return x.Parent != nil && *x.Parent != 2 })
}

// want is what the query has to find, worked out without a database.
func (a asked) want(rows []thing) (ids []int64) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(x thing) bool {
		return slices.ContainsFunc(a.keep, func(keeps func(thing) bool) bool { return !keeps(x) })
	})
	slices.SortFunc(rows, func(x, y thing) int {
		for _, less := range a.less {
			if c := less(x, y); c != 0 {
				return c
			}
		}
		return 0
	})
	return idsOf(rows)
}

func idsOf(rows []thing) []int64 {
	return grid.Items(rows, func(x thing) int64 { return x.ID })
}

// Whatever the rows and whatever is asked, all pages together are what sorting and filtering in memory gives: no row twice,
// none missing, in this order.
func TestPagesAreWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(8) {
			r := rand.New(rand.NewPCG(seed, 2026))
			rows := newThings(r)
			with(t, d, rows, func(ctx context.Context, tx db.Tx) {
				for range 40 {
					a := newAsked(r)
					got, err := gridtest.Walk(ctx, things(tx), a.query.Encode())
					if err != nil {
						t.Fatalf("seed %d, %v: %v", seed, a.query, err)
					}
					if want := a.want(rows); !slices.Equal(idsOf(got), want) {
						t.Fatalf("seed %d, %v:\ngot  %v\nwant %v", seed, a.query, idsOf(got), want)
					}
				}
			})
		}
	})
}

func TestAListWithoutNumbersIsPagedByUUID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		rows := newThings(rand.New(rand.NewPCG(5, 5)))
		with(t, d, rows, func(ctx context.Context, tx db.Tx) {
			l := things(tx)
			l.ID = columns[1]
			for _, query := range []string{"sort=state&limit=1", "sort=-state,active&limit=2", "sort=uid&limit=1"} {
				got := idsOf(gridtest.All(t, ctx, l, query))
				slices.Sort(got)
				if len(got) != len(rows) || len(slices.Compact(got)) != len(rows) {
					t.Errorf("%s: %d of %d rows", query, len(got), len(rows))
				}
			}
		})
	})
}

// A row that appears or goes while somebody reads page after page neither repeats nor hides another.
func TestRowsThatComeAndGoDisturbNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var rows []thing
		for i := range 20 {
			rows = append(rows, thing{ID: int64(i * 10), UID: id.New(), NameSearch: "tie", State: "new"})
		}
		with(t, d, rows, func(ctx context.Context, tx db.Tx) {
			var seen []int64
			query := url.Values{"limit": {"3"}, "sort": {"name,-state"}}
			for n := int64(1); ; n++ {
				page, err := things(tx).Ask(ctx, query)
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, idsOf(page.Items)...)
				if page.Next == "" || len(seen) > len(rows) {
					break
				}
				query.Set("after", page.Next)
				last := page.Items[len(page.Items)-1].ID
				behind := thing{ID: last + n, UID: id.New(), NameSearch: "a", State: "new"}
				if _, err := tx.Insert(&behind).Exec(ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Delete((*thing)(nil)).Where("id = ?", last).Exec(ctx); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(seen)
			if want := idsOf(rows); !slices.Equal(seen, want) {
				t.Errorf("saw %v", seen)
			}
		})
	})
}
