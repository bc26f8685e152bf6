package db_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// secret stands in every row of organization 2.
const secret = "secret-of-two"

// noon1 is in a day that TimescaleDB has compressed, noon2 in one that it has not.
var noon1, noon2 = noon.AddDate(0, 0, -30), noon.AddDate(0, 0, -1)

// place is a PostgreSQL database with time series of two organizations, of all ages.
type place struct {
	address string // as the superuser
	series  *db.DB
}

// eachPlace runs fn on plain PostgreSQL and on every version of TimescaleDB, in the server's database and in a second one.
func eachPlace(t *testing.T, fn func(t *testing.T, p place)) {
	t.Helper()
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		address := dbtest.PostgresURL(t, "postgres")
		series, err := db.OpenSeries(dbtest.As(t, address, "staff_app", ""), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { series.Close() })
		fn(t, place{address, series})
	})
	t.Run("timescaledb", func(t *testing.T) {
		t.Parallel()
		for _, version := range dbtest.TimescaleVersions(t) {
			for name, made := range map[string]func(testing.TB, string) string{"first": dbtest.TimescaleURL, "second": dbtest.SecondURL} {
				t.Run(version+" "+name, func(t *testing.T) {
					t.Parallel()
					address := made(t, version)
					p := place{address, dbtest.OpenSeries(t, address)}
					if err := p.series.Ping(context.Background()); err != nil {
						t.Fatal(err)
					}
					if got := p.series.Engine(); got != (db.Engine{Name: db.TimescaleDB, Version: version}) {
						t.Errorf("the engine is %v", got)
					}
					fn(t, p)
				})
			}
		}
	})
}

// as is a pool of the place for a role, as psql would have it.
func (p place) as(t *testing.T, role string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dbtest.As(t, p.address, role, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// fill gives both organizations rows in every table of time series, and lets TimescaleDB sum, keep and compress them.
func (p place) fill(t *testing.T) {
	t.Helper()
	for organization, name := range map[int64]string{1: "mine", 2: secret} {
		for _, at := range []time.Time{noon1, noon2} {
			put(t, p.series, organization, rowsOfAll(name, at)...)
		}
	}
	super := p.as(t, "postgres")
	if p.series.Engine().Name == db.TimescaleDB {
		dbtest.Refresh(t, p.series)
		must(t, super, `SELECT compress_chunk(c) FROM (SELECT show_chunks(format('ts.%I', h.table_name)::regclass, older_than => '`+noon2.Format(time.DateOnly)+`'::timestamptz)
			FROM _timescaledb_catalog.hypertable AS h WHERE h.schema_name = 'ts') AS s (c)`)
		must(t, super, "SET ROLE staff_system; SELECT keep_usage(o, k, '"+noon2.AddDate(0, 0, -10).Format(time.DateOnly)+
			"') FROM generate_series(1, 2) AS o, unnest(ARRAY['application', 'site']) AS k; RESET ROLE")
	}
	must(t, super, "ANALYZE")
}

// rowsOfAll are a row for each table of time series.
func rowsOfAll(name string, at time.Time) []db.Rows {
	text := func(column string) db.Column { return db.Column{Name: column, Values: []string{name}} }
	row := func(table string, more ...db.Column) db.Rows {
		r := windows(at)
		r.Table, r.Columns = table, append(r.Columns[:3:3], append(more, text("computer_uid"), text("user_sid"))...)
		return r
	}
	seconds := db.Column{Name: "duration_seconds", Values: []int32{60}}
	counts := []int32{1}
	return []db.Rows{
		row("active_windows", text("process_name"), seconds),
		row("visited_sites", text("url"), text("site"), seconds),
		row("screenshots", text("file_path")),
		row("user_sessions", text("source"), db.Column{Name: "session_type", Values: []string{"login"}}),
		row("idle_periods", seconds),
		{Table: "batch_tokens", Owned: true, SkipKnown: true, Columns: []db.Column{
			text("token"), {Name: "stored_at", Values: []time.Time{at}},
			{Name: "stored", Values: counts}, {Name: "known", Values: counts}, {Name: "quarantined", Values: counts}}},
	}
}

func put(t *testing.T, d *db.DB, organization int64, all ...db.Rows) {
	t.Helper()
	for _, r := range all {
		err := d.Write(of(organization), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Bulk(ctx, r)
			return err
		})
		if err != nil {
			t.Fatalf("put into %s: %v", r.Table, err)
		}
	}
}

func must(t *testing.T, pool *sql.DB, query string) {
	t.Helper()
	if _, err := pool.Exec(query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Whoever has staff_app's connection, and no code of ours, is kept to its organization by the database alone.
func TestTheDatabaseAloneKeepsTimeSeriesApart(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, p place) {
		p.fill(t)
		nothingShows(t, p)
		nobodyReaches(t, p)
		everyTableIsGuarded(t, p)
		ownersJobsRun(t, p)
	})
}

// What staff_app may not call, TimescaleDB's jobs may: they are the owner's.
func ownersJobsRun(t *testing.T, p place) {
	t.Helper()
	if p.series.Engine().Name != db.TimescaleDB {
		return
	}
	owner := p.as(t, "staff_owner")
	rows, err := owner.Query("SELECT job_id, 'CALL run_job(' || job_id || ')' FROM timescaledb_information.jobs WHERE owner = 'staff_owner'::regrole")
	calls := pairs(t, rows, err)
	for _, c := range calls {
		must(t, owner, c[1])
	}
	if len(calls) != 9 { // five tables become columns, four are summed
		t.Errorf("the owner has the jobs %v", calls)
	}
}

// In psql, as staff_app in the name of organization 1 or of none, nothing that there is in the database shows anything of
// organization 2: no table, view, partition, chunk, compressed chunk, sum or statistic.
func nothingShows(t *testing.T, p place) {
	t.Helper()
	super, app := p.as(t, "postgres"), p.as(t, "staff_app")
	secretive := 0
	for _, relation := range relations(t, super) {
		if n, err := secretsIn(super, "", relation); err != nil && !unreadable(err) {
			t.Fatalf("%s: %v", relation, err)
		} else if n > 0 {
			secretive++
		}
		for _, organization := range []string{"", "1"} {
			n, err := secretsIn(app, organization, relation)
			if err != nil && !denied(err) && !unreadable(err) {
				t.Errorf("%s: %v", relation, err)
			}
			if n > 0 {
				t.Errorf("%s shows %d rows of organization 2 to %q", relation, n, organization)
			}
		}
	}
	// Five tables and their parts, tokens, sums; and what is known of their values.
	if secretive < 15 {
		t.Errorf("%d relations hold the secret: the test looks at the wrong ones", secretive)
	}
	if n, err := secretsIn(app, "2", "monitoring.active_windows"); n != 2 || err != nil {
		t.Errorf("organization 2 sees %d of its 2 rows, %v", n, err)
	}
}

// relations are all of the database, with the statistics of columns.
func relations(t *testing.T, super *sql.DB) (names []string) {
	t.Helper()
	rows, err := super.Query(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		  AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'timescaledb_experimental'
		UNION ALL VALUES ('pg_catalog.pg_stats'), ('pg_catalog.pg_statistic'), ('pg_catalog.pg_stats_ext_exprs')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// secretsIn counts the rows in which the secret stands anywhere.
func secretsIn(pool *sql.DB, organization, relation string) (n int, err error) {
	tx, err := pool.Begin()
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT set_config('app.current_organization_id', $1, true)", organization); err != nil {
		return 0, err
	}
	err = tx.QueryRow("SELECT count(*) FROM " + relation + " AS r WHERE CAST(r AS text) LIKE '%" + secret + "%'").Scan(&n)
	return n, err
}

func denied(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "44000")
}

// unreadable reports whether nobody can read the relation: TimescaleDB keeps some as frames of others.
func unreadable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "XX001"
}

// What staff_app tries in the name of organization 1 changes nothing of organization 2, and shows nothing on the way.
func nobodyReaches(t *testing.T, p place) {
	t.Helper()
	super, app := p.as(t, "postgres"), p.as(t, "staff_app")
	timescale := p.series.Engine().Name == db.TimescaleDB
	oid := "(SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'ts' AND c.relname = 'active_windows')::regclass"
	row := "(organization_id, datetime, id, agent_id, computer_uid, user_sid) VALUES (2, '" + noon2.Format(time.RFC3339) + "', gen_random_uuid(), gen_random_uuid(), 'x', 'x')"
	tries := []string{
		"INSERT INTO monitoring.active_windows " + row,
		"INSERT INTO monitoring.active_windows " + row + " ON CONFLICT DO NOTHING",
		"INSERT INTO monitoring.active_windows " + row + " ON CONFLICT (organization_id, datetime, id) DO NOTHING",
		"INSERT INTO monitoring.batch_tokens VALUES (2, 'x', now(), 0, 0, 0, 0)",
		"SET ROLE staff_owner", "SET ROLE postgres", "SET SESSION AUTHORIZATION staff_owner",
		"ALTER TABLE monitoring.batch_tokens NO FORCE ROW LEVEL SECURITY",
		"CREATE TABLE monitoring.mine (a int)",
	}
	if !timescale || strings.Contains(t.Name(), "first") {
		tries = append(tries, "SELECT make_partition('active_windows', '1900-01-01')",
			"UPDATE timescale_state SET active = true, reason = 'x'", "UPDATE timescale_state SET waiting = false", "UPDATE retention_state SET holder = 'x'")
	}
	if timescale {
		tries = append(tries,
			"SELECT keep_usage(2, 'application', now())", "SELECT drop_chunks_before('active_windows', now(), '{2}')", "SELECT set_compress_after('1 hour')",
			"SELECT drop_chunks("+oid+", now())", "SELECT add_retention_policy("+oid+", INTERVAL '1 day')", "SELECT compress_chunk(c) FROM show_chunks("+oid+") AS c",
			"SELECT set_chunk_time_interval("+oid+", INTERVAL '1 hour')", "SELECT gate_table('active_windows', 'SELECT')",
			"UPDATE monitoring.active_windows SET organization_id = 2", "COPY ts.active_windows TO STDOUT", "TRUNCATE monitoring.batch_tokens",
			"INSERT INTO ts.active_windows "+row, "SELECT * FROM ts.application_usage_15m",
		)
		chunk := "(SELECT inhrelid FROM pg_inherits WHERE inhparent = " + oid + " ORDER BY inhrelid DESC LIMIT 1)::regclass"
		for _, f := range []string{"freeze_chunk", "unfreeze_chunk", "recompress_chunk_segmentwise", "show_chunk", "drop_chunk"} {
			tries = append(tries, "SELECT _timescaledb_internal."+f+"("+chunk+")", "SELECT _timescaledb_functions."+f+"("+chunk+")")
		}
		tries = append(tries, "SELECT compress_chunk("+chunk+")", "SELECT add_job('pg_catalog.pg_sleep', '1 hour')", "CALL run_job(1)")
	} else {
		tries = append(tries, "SELECT drop_partition('active_windows', '"+noon1.Format(time.DateOnly)+"')",
			"SELECT * FROM partitions.active_windows_"+noon1.Format("20060102"), "COPY monitoring.active_windows FROM STDIN")
	}
	for _, try := range tries {
		if err := attempt(app, try); !denied(err) && !refused(err) {
			t.Errorf("%s: %v, want a refusal", try, err)
		}
	}
	for _, table := range []string{"active_windows", "visited_sites", "batch_tokens"} {
		if err := attempt(app, "DELETE FROM monitoring."+table+" WHERE organization_id = 2 OR true"); err != nil {
			t.Errorf("delete from %s: %v", table, err)
		}
	}
	// A function that costs nothing and tells of every row it is given is given no row of another.
	if err := attempt(app, `CREATE FUNCTION pg_temp.tell(text) RETURNS boolean COST 0.000001 LANGUAGE plpgsql AS
		$$ BEGIN IF $1 LIKE '%`+secret+`%' THEN RAISE 'told'; END IF; RETURN true; END $$;
		SELECT * FROM monitoring.active_windows WHERE pg_temp.tell(computer_uid) AND pg_temp.tell(process_name)`); err != nil {
		t.Error(err)
	}
	for _, table := range []string{"active_windows", "visited_sites", "screenshots", "user_sessions", "idle_periods"} {
		where := "monitoring."
		if timescale {
			where = "ts."
		}
		if n, err := secretsIn(super, "", where+table); n != 2 || err != nil {
			t.Errorf("organization 2 has %d of its 2 rows in %s, %v", n, table, err)
		}
	}
}

// attempt runs statements in the name of organization 1, in a transaction that commits.
func attempt(pool *sql.DB, statements string) error {
	tx, err := pool.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT set_config('app.current_organization_id', '1', true)"); err != nil {
		return err
	}
	for statement := range strings.SplitSeq(statements, ";\n") {
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// refused reports whether the error says that there is nothing to ask for, or that it is not to be asked so.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains([]string{"42501", "44000", "0A000", "55000"}, pg.Code)
}

// Every table with an organization either has forced row level security, or is out of staff_app's reach behind a view of
// its name that is a barrier and names the session's organization.
func everyTableIsGuarded(t *testing.T, p place) {
	t.Helper()
	faults, err := unguarded(p.as(t, "postgres"))
	if err != nil || len(faults) > 0 {
		t.Errorf("%s; %v", strings.Join(faults, "; "), err)
	}
	owner := p.as(t, "staff_owner")
	forget := []string{"CREATE TABLE public.forgotten (organization_id bigint)"}
	if p.series.Engine().Name == db.TimescaleDB {
		forget = append(forget, "CREATE TABLE ts.forgotten (organization_id bigint)", "GRANT SELECT ON ts.active_windows TO staff_app",
			"CREATE OR REPLACE VIEW monitoring.idle_periods AS SELECT * FROM ts.idle_periods")
	}
	for _, f := range forget {
		must(t, owner, f)
	}
	if faults, err = unguarded(p.as(t, "postgres")); err != nil || len(faults) < len(forget) {
		t.Errorf("of %d faults it finds %v, %v", len(forget), faults, err)
	}
}

func unguarded(super *sql.DB) (faults []string, err error) {
	rows, err := super.Query(`
		WITH tables AS (
			SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity AND c.relforcerowsecurity AS forced,
			       (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname IN ('tenant', 'system')) AS policies,
			       has_table_privilege('staff_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
			       OR has_any_column_privilege('staff_app', c.oid, 'SELECT, INSERT, UPDATE') AS reached
			FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE c.relkind IN ('r', 'p', 'v', 'm') AND EXISTS (
			      SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
		SELECT nspname || '.' || relname || ' has no row level security' FROM tables
		WHERE relkind IN ('r', 'p') AND nspname <> 'ts' AND nspname NOT LIKE '\_timescaledb%' AND (NOT forced OR policies <> 2)
		UNION ALL
		SELECT nspname || '.' || relname || ' is within reach of staff_app' FROM tables
		WHERE (nspname IN ('ts', 'partitions') OR nspname LIKE '\_timescaledb%') AND reached
		UNION ALL
		SELECT 'ts.' || relname || ' has no view that guards it' FROM tables WHERE nspname = 'ts' AND relname NOT LIKE '%\_live' AND NOT EXISTS (
			SELECT FROM pg_class AS v JOIN pg_namespace AS n ON n.oid = v.relnamespace
			WHERE n.nspname = 'monitoring' AND v.relname = tables.relname AND v.relkind = 'v' AND 'security_barrier=true' = ANY (v.reloptions)
			  AND pg_get_viewdef(v.oid) LIKE '%WHERE (%organization_id = organization_of_session())%')
		UNION ALL
		SELECT 'staff_app may call ' || p.oid::regprocedure FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'timescaledb' AND p.provolatile = 'v' AND has_function_privilege('staff_app', p.oid, 'EXECUTE')
		UNION ALL
		SELECT 'staff_app may use schema ' || nspname FROM pg_namespace
		WHERE nspname IN ('ts', 'partitions') AND has_schema_privilege('staff_app', oid, 'USAGE, CREATE')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f string
		if err := rows.Scan(&f); err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, rows.Err()
}
