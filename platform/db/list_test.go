package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

type listedPolicy struct {
	bun.BaseModel `bun:"table:policies,alias:p"`
	db.Owned
	db.Place
	ID    int64  `bun:"id,pk,autoincrement"`
	Title string `bun:"title"`
}

var (
	byTitle = db.Order{Name: "title", Expr: db.Expr{SQL: "p.title", Kind: db.Text}}
	byOwner = db.Order{Name: "owner", Expr: db.Expr{SQL: "NULLIF(p.organization_id, ?)", Args: []any{-1}, Kind: db.ID, Null: true}, Desc: true}
	byID    = db.Order{Name: "id", Expr: db.Expr{SQL: "p.id", Kind: db.ID}}
)

// titles walks through a list and returns what is on all its pages.
func titles(t *testing.T, d *db.DB, ctx context.Context, l db.List) (all []string) {
	t.Helper()
	for l.Limit, l.Count = 2, true; ; {
		var rows []listedPolicy
		var found db.Found
		read(t, d, ctx, func(ctx context.Context, tx db.Tx) (err error) {
			found, err = tx.List(ctx, tx.Select(&rows), l)
			return err
		})
		for _, r := range rows {
			all = append(all, r.Title)
		}
		if l.After = found.Next; l.After == "" {
			if found.Total != len(all) {
				t.Errorf("%d in all, and the pages have %d", found.Total, len(all))
			}
			return all
		}
	}
}

// A list has the rows that its query sees, and no others: the tenant's condition holds for its pages and its count.
func TestAListStaysInTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 2)
		for i, title := range []string{"b", "A", "a", "c", "B", "Ж"} {
			newPolicy(t, d, orgs[i%2], title)
		}
		within := db.Term{Expr: db.Expr{SQL: "p.organization_id", Kind: db.ID}, Op: db.In, Value: orgs}
		named := db.Term{Expr: byTitle.Expr, Op: db.Contains, Value: "b"}
		both := db.Term{Expr: db.Expr{SQL: "CASE WHEN p.id IN (?) THEN 1 ELSE 0 END", Args: []any{[]int64{1, 2, 3}}, Kind: db.Number}, Op: db.From, Value: 1}
		few := db.Term{Expr: byID.Expr, Op: db.Before, Value: 3}
		for i, c := range []struct {
			ctx  context.Context
			list db.List
			want string
		}{
			{system(), db.List{Order: []db.Order{byTitle, byID}}, "[A a b B c Ж]"},
			{system(), db.List{Order: []db.Order{byOwner, byTitle, byID}}, "[A c Ж a b B]"},
			{hr(orgs[0]), db.List{Order: []db.Order{byTitle, byID}}, "[a b B]"},
			{hr(orgs[1]), db.List{Order: []db.Order{byOwner, byID}, Where: [][]db.Term{{within}}}, "[A c Ж]"},
			{system(), db.List{Order: []db.Order{byID}, Where: [][]db.Term{{named, few}, {both}}}, "[b A]"},
			{hr(orgs[0]), db.List{Order: []db.Order{byID}, Where: [][]db.Term{{named, within}}}, "[b a B]"},
			{system(), db.List{Order: []db.Order{byID}, Where: [][]db.Term{{}}}, "[]"},
			{system(), db.List{Order: []db.Order{byID}, Where: [][]db.Term{{{Expr: byID.Expr, Op: db.In, Value: []int64{}}}}}, "[]"},
		} {
			if got := fmt.Sprint(titles(t, d, c.ctx, c.list)); got != c.want {
				t.Errorf("list %d is %s, want %s", i, got, c.want)
			}
		}
	})
}

// A page behind whose cursor there is nothing any more says how many rows there are on the others.
func TestAPageWithoutRowsCountsTheOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		newPolicy(t, d, org, "a")
		newPolicy(t, d, org, "b")
		var rows []listedPolicy
		var found db.Found
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) (err error) {
			found, err = tx.List(ctx, tx.Select(&rows), db.List{Order: []db.Order{byTitle, byID}, Limit: 1, Count: true, After: db.Cursor("title,id", "b", 1000)})
			return err
		})
		if len(rows) != 0 || found.Total != 2 || found.Next != "" {
			t.Errorf("%d rows, %+v; want none of 2", len(rows), found)
		}
	})
}

func TestACursorIsOfItsOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		down := byTitle
		down.Desc = true
		for _, order := range [][]db.Order{{byID}, {down, byID}, {byOwner, byTitle, byID}} {
			l := db.List{Order: order, Limit: 1, After: db.Cursor("title,id", "a", 1)}
			err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
				var rows []listedPolicy
				_, err := tx.List(ctx, tx.Select(&rows), l)
				return err
			})
			if !errors.Is(err, db.ErrCursor) {
				t.Errorf("order of %d keys by %s first: %v", len(order), order[0].Name, err)
			}
		}
	})
}
