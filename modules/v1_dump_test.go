package modules_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// v1Data is v1's dump with what v1 kept nowhere: whose the rows are.
type v1Data struct {
	tables map[string][]v1test.Row
	homes  map[string]map[string]string // table and id → organization
}

func newV1Data(tables map[string][]v1test.Row) *v1Data {
	d := &v1Data{tables: tables, homes: map[string]map[string]string{}}
	for _, table := range []string{"users", "departments", "employees", "policies"} {
		d.settle(table, func(r v1test.Row) string { return r["organization_id"] })
	}
	for table, owner := range map[string]string{"computer_users": "employee", "credentials": "employee"} {
		d.settle(table, func(r v1test.Row) string { return d.homes[owner+"s"][r[owner+"_id"]] })
	}
	users := map[string]string{}
	for _, pair := range tables["users_on_computers"] {
		users[pair["computer_id"]] = pair["computer_user_id"]
	}
	d.settle("computers", func(r v1test.Row) string {
		if home := d.homes["computer_users"][users[r["id"]]]; home != "" {
			return home
		}
		return "1"
	})
	d.settle("devices", func(v1test.Row) string { return sharedBy })
	d.settle("visitors", func(r v1test.Row) string { return d.homes["users"][r["creator_id"]] })
	return d
}

func (d *v1Data) settle(table string, home func(v1test.Row) string) {
	d.homes[table] = map[string]string{}
	for _, r := range d.tables[table] {
		d.homes[table][r["id"]] = home(r)
	}
}

// target is how the rows of one of v1's tables become ours: it fills in what v1 had not, and says no to rows that
// cannot be here.
type target struct {
	from, to string
	fill     func(d *v1Data, r v1test.Row) bool
}

// own gives a row the organization of the table that knows it by this column.
func own(table, column string) func(*v1Data, v1test.Row) bool {
	return func(d *v1Data, r v1test.Row) bool {
		r["organization_id"] = d.homes[table][r[column]]
		return r["organization_id"] != ""
	}
}

// ownOrNone is own for tables whose rows may be nobody's.
func ownOrNone(table, column string) func(*v1Data, v1test.Row) bool {
	return func(d *v1Data, r v1test.Row) bool {
		if !own(table, column)(d, r) {
			delete(r, "organization_id")
		}
		return true
	}
}

// targets are in the order in which their rows refer to each other.
var targets = []target{
	{"organizations", "organizations", folded("full_name", "short_name")},
	{"departments", "departments", folded("full_name", "short_name")},
	{"policies", "policies", folded("title")},
	{"users", "users", folded("name")},
	{"department_users", "department_users", own("departments", "department_id")},
	{"employees", "employees", folded("name")},
	{"credentials", "credentials", func(d *v1Data, r v1test.Row) bool {
		return r["organization_id"] != "" || own("employees", "employee_id")(d, r)
	}},
	{"gates", "gates", shared},
	{"devices", "devices", func(d *v1Data, r v1test.Row) bool {
		delete(r, "password") // it is sealed here
		return own("devices", "id")(d, r)
	}},
	{"computers", "computers", func(d *v1Data, r v1test.Row) bool {
		r["search"] = fold.Search(r["computer_uid"])
		return own("computers", "id")(d, r)
	}},
	{"computer_users", "computer_users", func(d *v1Data, r v1test.Row) bool {
		r["search"] = fold.Search(r["sid"], r["domain"], r["username"], r["name"])
		delete(r, "employee_id") // it is a link
		return own("computer_users", "id")(d, r)
	}},
	{"computer_users", "computer_user_links", func(d *v1Data, r v1test.Row) bool {
		for column := range r {
			if !slices.Contains([]string{"id", "employee_id", "created_at"}, column) {
				delete(r, column)
			}
		}
		r["computer_user_id"] = r["id"]
		return own("employees", "employee_id")(d, r)
	}},
	{"users_on_computers", "users_on_computers", func(d *v1Data, r v1test.Row) bool {
		own("computers", "computer_id")(d, r)
		return r["organization_id"] == d.homes["computer_users"][r["computer_user_id"]]
	}},
	{"actions", "passes", passOf},
	{"visitors", "visitors", func(d *v1Data, r v1test.Row) bool {
		r["name_search"], r["updated_at"] = fold.Name(r["last_name"]+" "+r["first_name"]+" "+r["middle_name"]), r["created_at"]
		return ownOrNone("visitors", "id")(d, r) // whom v1's administrator wrote down is nobody's
	}},
	{"onetime_codes", "onetime_codes", func(d *v1Data, r v1test.Row) bool {
		if r["code_type"] == "ONETIME" {
			r["max_uses"] = "1"
		}
		return ownOrNone("visitors", "visitor_id")(d, r)
	}},
	{"groups", "groups", func(_ *v1Data, r v1test.Row) bool {
		r["organization_id"] = sharedBy
		return folded("name")(nil, r)
	}},
	{"resources", "resources", shared},
	{"resource_groups", "resource_groups", shared},
	{"policy_group_rules", "policy_group_rules", func(d *v1Data, r v1test.Row) bool {
		return own("policies", "policy_id")(d, r) && r["organization_id"] == sharedBy
	}},
}

// sharedBy is the organization that gets what v1 kept for all.
const sharedBy = "1"

func shared(_ *v1Data, r v1test.Row) bool {
	r["organization_id"] = sharedBy
	return true
}

func folded(columns ...string) func(*v1Data, v1test.Row) bool {
	return func(_ *v1Data, r v1test.Row) bool {
		for _, column := range columns {
			r[column+"_search"] = fold.Name(r[column])
		}
		return true
	}
}

// passOf makes a pass of one of v1's actions.
func passOf(d *v1Data, r v1test.Row) bool {
	for _, name := range []string{"visitor", "entry", "action"} {
		r[name+"_type"] = r[name+"Type"]
		delete(r, name+"Type")
	}
	r["action_mode"] = r["actionMode"]
	delete(r, "actionMode")
	r["organization_id"] = d.homes["employees"][r["employee_id"]]
	if r["visitor_id"] != "" {
		r["organization_id"] = d.homes["visitors"][r["visitor_id"]]
	}
	if r["organization_id"] == "" {
		return false
	}
	r["granted"], r["direction_by"], r["received_at"] = "t", "device", r["action_time"]
	if r["action_result"] != "SUCCESS" {
		r["granted"], r["action_result"] = "f", "DENIED"
		delete(r, "entry_type")
		delete(r, "direction_by")
	}
	if r["organization_id"] != d.homes["devices"][r["device_id"]] {
		delete(r, "device_id")
		delete(r, "gate_id")
	}
	r["event_key"], r["payload"], r["source"] = "v1:"+r["id"], "{}", "v1"
	return true
}

// loadV1 puts rows of v1's into the site's database, over the organization and the user that every database begins with.
func loadV1(t testing.TB, s *site, tables map[string][]v1test.Row) {
	t.Helper()
	data := newV1Data(v1test.Tables(t))
	ctx := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
	d := s.database(t)
	err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, to := range targets {
			for _, r := range tables[to.from] {
				r := maps.Clone(r)
				if !to.fill(data, r) {
					continue
				}
				if err := insertV1(ctx, tx, to.to, r); err != nil {
					return fmt.Errorf("%s %v: %w", to.to, r, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.moveSequences(t)
}

// insertV1 writes one row, whether or not there is one with its id.
func insertV1(ctx context.Context, tx db.Tx, table string, r v1test.Row) error {
	var columns []string
	for column := range r {
		columns = append(columns, column)
	}
	slices.Sort(columns)
	var names, marks, sets []string
	var args []any
	for _, column := range columns {
		names, marks = append(names, column), append(marks, "?")
		args = append(args, valueV1(column, r[column]))
		if column != "id" {
			sets = append(sets, column+" = EXCLUDED."+column)
		}
	}
	conflict := "DO NOTHING"
	if r["id"] != "" {
		conflict = "(id) DO UPDATE SET " + strings.Join(sets, ", ")
	}
	// Unscoped: each row names its organization.
	_, err := tx.Raw("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+") ON CONFLICT "+conflict, args...).Exec(ctx)
	return err
}

// valueV1 is the value of a column as both databases keep it; v1 wrote its times in UTC.
func valueV1(column, text string) any {
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return at
		}
	}
	if (text == "t" || text == "f") && column != "name" && !strings.HasSuffix(column, "_search") {
		return text == "t"
	}
	return text
}

// database opens the site's database beside the site.
func (s *site) database(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), s.address(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (s *site) address() string {
	for _, e := range s.env {
		if url, isURL := strings.CutPrefix(e, "DATABASE_URL="); isURL {
			return url
		}
	}
	return filepath.Join(s.data, "staff-control.db")
}

// moveSequences lets PostgreSQL go on after the ids that were given; SQLite does so by itself.
func (s *site) moveSequences(t testing.TB) {
	t.Helper()
	if !strings.HasPrefix(s.address(), "postgres") {
		return
	}
	d, err := db.OpenOwner(dbtest.As(t, s.address(), "postgres", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, to := range targets {
		if to.to == "department_users" {
			continue
		}
		if _, err := d.SQL().Exec(fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), max(id)) FROM %[1]s", to.to)); err != nil {
			t.Fatalf("%s: %v", to.to, err)
		}
	}
}
