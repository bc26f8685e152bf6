package db_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// guarded is a table with rows of organizations 1 and 2, and how to add one.
type guarded struct {
	name, organization string // and the column of it
	columns            []string
	values             []string // %[1]d is the organization, %[2]d differs
}

// In psql, as staff_app in the name of each role of organization 1, every table that there is shows, changes, loses and
// takes rows of that organization only; in nobody's name it shows nothing and takes nothing.
func TestEveryRoleKeepsToItsOrganizationInPsql(t *testing.T) {
	t.Parallel()
	address := dbtest.PostgresURL(t, "postgres")
	super, app := openAs(t, address, "postgres"), openAs(t, address, "staff_app")
	tables := fillEveryTable(t, super)
	for _, table := range tables {
		for _, role := range []string{"HR", "DEPARTMENT_LEAD", "GUARD"} {
			named := session("1", role)
			table.sees(t, app, named, 1)
			table.keepsOut(t, app, named)
		}
		for _, nobody := range []string{
			"SELECT 1", session("", ""), session("", "ADMIN"), session("987654321", "ADMIN"),
		} {
			table.sees(t, app, nobody, 0)
			table.keepsOut(t, app, nobody)
		}
		table.sees(t, app, "SET LOCAL ROLE staff_system", 2)
		table.sees(t, super, "SELECT 1", 2) // nothing of what was tried has been done
	}
	if len(tables) < 40 {
		t.Errorf("only %d tables were tried", len(tables))
	}
}

// session names an organization and a role, as the server does for each transaction.
func session(organization, role string) string {
	return "SELECT set_config('app.current_organization_id', '" + organization + "', true), set_config('app.current_role', '" + role + "', true)"
}

// sees checks how many rows a session sees.
func (g guarded) sees(t *testing.T, pool *sql.DB, before string, want int) {
	t.Helper()
	tx, err := pool.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var n int
	what := "*"
	if want == 2 { // who sees all sees rows of no organization too
		what = g.organization
	}
	if _, err := tx.Exec(before); err != nil {
		t.Fatalf("%s: %v", before, err)
	}
	if err := tx.QueryRow("SELECT count(" + what + ") FROM " + g.name).Scan(&n); err != nil || n != want {
		t.Errorf("after %q, %s has %d rows, want %d: %v", before, g.name, n, want, err)
	}
}

// keepsOut tries to reach organization 2.
func (g guarded) keepsOut(t *testing.T, pool *sql.DB, before string) {
	t.Helper()
	for _, try := range []string{
		g.insert(2, 9),
		fmt.Sprintf("UPDATE %s SET %s = 2 WHERE %[2]s = 1", g.name, g.organization),
		fmt.Sprintf("UPDATE %s SET %s = 1 WHERE %[2]s = 2", g.name, g.organization),
		fmt.Sprintf("DELETE FROM %s WHERE %s = 2", g.name, g.organization),
	} {
		tx, err := pool.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(before); err != nil {
			t.Fatalf("%s: %v", before, err)
		}
		res, err := tx.Exec(try)
		switch {
		case err == nil:
			if n, err := res.RowsAffected(); err != nil || n != 0 {
				t.Errorf("after %q, %s: %d rows, %v", before, try, n, err)
			}
			if strings.HasPrefix(try, "INSERT") {
				t.Errorf("after %q, %s was done", before, try)
			}
			err = tx.Commit()
		case denied(err):
			err = tx.Rollback()
		}
		if err != nil {
			t.Errorf("after %q, %s: %v", before, try, err)
		}
	}
}

func (g guarded) insert(organization, n int) string {
	values := fmt.Sprintf(strings.Join(g.values, ", "), organization, n)
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", g.name, strings.Join(g.columns, ", "), values)
}

// fillEveryTable gives both organizations a row in every table that the catalogue has with organizations, without the
// rules that rows keep between each other: only whose they are is of interest.
func fillEveryTable(t *testing.T, super *sql.DB) (tables []guarded) {
	t.Helper()
	must(t, super, "SELECT make_partition(c.relname, current_date) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'p' AND n.nspname = 'monitoring'")
	rows, err := super.Query(`
		SELECT t.oid::regclass::text, CASE WHEN t.relname = 'organizations' THEN 'id' ELSE 'organization_id' END,
		       string_agg(quote_ident(a.attname), E'\t' ORDER BY a.attnum),
		       string_agg(CASE WHEN a.attname = CASE WHEN t.relname = 'organizations' THEN 'id' ELSE 'organization_id' END THEN '%[1]d'
		           WHEN y.typtype = 'e' THEN (SELECT quote_literal(min(enumlabel)) FROM pg_enum WHERE enumtypid = y.oid)
		           WHEN y.typcategory = 'N' THEN '%[1]d * 100 + %[2]d'
		           WHEN y.typname = 'uuid' THEN 'gen_random_uuid()'
		           WHEN y.typname IN ('timestamptz', 'date') THEN 'now()'
		           WHEN y.typname = 'time' THEN '''09:00'''
		           WHEN y.typcategory = 'A' THEN '''{}'''
		           WHEN y.typname IN ('json', 'jsonb') THEN '''{}'''
		           WHEN y.typcategory = 'B' THEN 'false'
		           WHEN y.typname = 'inet' THEN '''10.0.0.1'''
		           ELSE '''x%[1]d-%[2]d''' END, E'\t' ORDER BY a.attnum)
		FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		     AND (a.attname = 'organization_id' OR a.attnotnull AND (NOT a.atthasdef OR a.attname = 'id') AND a.attgenerated = '')
		JOIN pg_type AS y ON y.oid = a.atttypid
		WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		  AND (t.relname = 'organizations' OR EXISTS (
		      SELECT FROM pg_attribute AS o WHERE o.attrelid = t.oid AND o.attname = 'organization_id' AND NOT o.attisdropped))
		GROUP BY 1, 2 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var g guarded
		var columns, values string
		if err := rows.Scan(&g.name, &g.organization, &columns, &values); err != nil {
			t.Fatal(err)
		}
		g.columns, g.values = strings.Split(columns, "\t"), strings.Split(values, "\t")
		tables = append(tables, g)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	drops := pairsOf(t, super, `SELECT 'ALTER TABLE ' || c.conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(c.conname) || ' CASCADE', ''
		FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid WHERE c.contype IN ('c', 'f') AND NOT t.relispartition AND c.conparentid = 0 AND c.coninhcount = 0
		     AND t.relname NOT LIKE 'river%' ORDER BY c.contype DESC`)
	for _, d := range drops {
		must(t, super, d[0])
	}
	for _, g := range tables {
		for organization := range 2 {
			must(t, super, g.insert(organization+1, 1))
		}
	}
	return tables
}

// Who serves is nobody that row level security does not hold.
func TestTheRolesOfTheServerHaveNoPower(t *testing.T) {
	t.Parallel()
	super := superuser(t)
	for _, r := range pairsOf(t, super, `SELECT rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolbypassrls THEN 'bypassrls' END,
			CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolinherit AND rolname = 'staff_app' THEN 'inherit' END,
			CASE WHEN rolcanlogin AND rolname = 'staff_system' THEN 'login' END,
			(SELECT 'owner of ' || string_agg(relname, ', ') FROM pg_class WHERE relowner = r.oid))
		FROM pg_roles AS r WHERE rolname IN ('staff_app', 'staff_system') ORDER BY 1`) {
		if r[1] != "" {
			t.Errorf("%s is %s", r[0], r[1])
		}
	}
}

func openAs(t *testing.T, address, role string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dbtest.As(t, address, role, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func pairsOf(t *testing.T, pool *sql.DB, query string) [][2]string {
	t.Helper()
	rows, err := pool.Query(query)
	return pairs(t, rows, err)
}
