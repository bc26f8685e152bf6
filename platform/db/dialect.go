package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/mattn/go-sqlite3"
	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

// dialect holds all that differs between the databases. A module that needs a new difference adds a
// method here, with a dbtest.Each test.
type dialect interface {
	name() string
	// readOnlyTx reports whether the driver has to be told that a transaction only reads.
	readOnlyTx() bool
	// enter is SQL by which a transaction that begins sees what the actor may see.
	enter(a actor.Actor) string
	serialize(ctx context.Context, tx bun.Tx, work string) error
	share(ctx context.Context, tx bun.Tx, work string) error
	hold(q *bun.SelectQuery) *bun.SelectQuery
	bulk(ctx context.Context, tx Tx, r Rows, n int) (int64, error)
	planned(ctx context.Context, tx Tx, dest any, query string, args []any) error
	// bucket is SQL for the start of the column's run of width, in UTC.
	bucket(column string, width time.Duration) string
	// epoch is SQL for the column's time in seconds of the Unix epoch, with their fraction.
	epoch(column string) string
	// moment is SQL for a parameter that is a time, where nothing beside it says so.
	moment() string
	// forEach is SQL that joins the rows of a table that meet the condition to each row of what is left of it.
	forEach(table, alias, index, where string) string
	// lateral reports whether a part of FROM can refer to the one before it.
	lateral() bool
	// jsonField is SQL for a field of a JSON column, as text.
	jsonField(column, field string) string
	// indexedBy is SQL behind a table's name that says which index to use, where the database would not find it.
	indexedBy(index string) string
	// tenantTables is SQL for the names of the tables that have a column organization_id.
	tenantTables() string
	// partitionedTables are those that have a partition for each day.
	partitionedTables(ctx context.Context, d *DB) ([]string, error)
	// references is SQL for the foreign keys between tables, as child and parent.
	references() string
	// comparable is SQL for an expression of a kind as lists compare it: texts byte by byte, Text with small Latin letters.
	comparable(expr string, k Kind) string
	// loosely is SQL for a folded text as fold.Loose writes it.
	loosely(expr string) string
	// jsonArray is SQL for a JSON array of expressions, as text.
	jsonArray(exprs string) string
	notify(ctx context.Context, tx Tx, n note) error
	listen(ctx context.Context, d *DB, channel string, fn func(payload string)) error
}

// Serialize makes transactions that name the same work wait for each other until they end; on SQLite all writes do.
func (tx Tx) Serialize(ctx context.Context, work string) error {
	return Translate(tx.db.dialect.serialize(ctx, tx.bun, work))
}

// Bucket is SQL for the start of the column's run of width (a divisor of a day), in UTC.
func (tx Tx) Bucket(column string, width time.Duration) string {
	return tx.db.dialect.bucket(column, width)
}

// Epoch is SQL for the column's time in seconds of the Unix epoch, with their fraction.
func (tx Tx) Epoch(column string) string { return tx.db.dialect.epoch(column) }

// Engine says what keeps the rows of the transaction.
func (tx Tx) Engine() Engine { return tx.db.Engine() }

// Moment is SQL for a parameter that is a time, where nothing beside it says so, as in VALUES.
func (tx Tx) Moment() string { return tx.db.dialect.moment() }

// ForEach is SQL behind a FROM's only table, and with no WHERE behind it: to each row of that it joins the rows of another
// that meet the condition, looking them up along the index. A mere join would not reach into the views of TimescaleDB.
func (tx Tx) ForEach(table, alias, index, where string) string {
	return tx.db.dialect.forEach(table, alias, index, where)
}

// Lateral reports whether the database knows LATERAL: a part of FROM that refers to the one before it.
func (tx Tx) Lateral() bool { return tx.db.dialect.lateral() }

// JSONField is SQL for a field of a JSON column, as text.
func (tx Tx) JSONField(column, field string) string { return tx.db.dialect.jsonField(column, field) }

// IndexedBy is SQL behind a table's name that makes SQLite use this index: it keeps no statistics, and would walk
// through a whole organization for one computer. PostgreSQL chooses by itself.
func (tx Tx) IndexedBy(index string) string { return tx.db.dialect.indexedBy(index) }

type sqlite struct{}

func (sqlite) name() string                                    { return "sqlite" }
func (sqlite) readOnlyTx() bool                                { return false } // its pool is query_only
func (sqlite) enter(actor.Actor) string                        { return "" }
func (sqlite) moment() string                                  { return "?" }
func (sqlite) indexedBy(index string) string                   { return " INDEXED BY " + index }
func (sqlite) serialize(context.Context, bun.Tx, string) error { return nil }
func (s sqlite) forEach(table, alias, index, where string) string {
	return " CROSS JOIN " + table + " AS " + alias + s.indexedBy(index) + " WHERE " + where
}
func (sqlite) lateral() bool { return false }
func (sqlite) jsonField(column, field string) string {
	return fmt.Sprintf("json_extract(%s, '$.%s')", column, field)
}

func (sqlite) tenantTables() string {
	return `SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND c.name = 'organization_id'`
}

func (sqlite) references() string {
	return `SELECT DISTINCT m.name AS child, f."table" AS parent FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f
		WHERE m.type = 'table'`
}

func (sqlite) comparable(expr string, k Kind) string {
	if k == Text {
		return "lower(" + expr + ")" // of Latin letters only
	}
	return expr
}

func (sqlite) loosely(expr string) string {
	for i := range fold.LooseFrom {
		expr = fmt.Sprintf("replace(%s, '%c', '%c')", expr, fold.LooseFrom[i], fold.LooseTo[i])
	}
	return expr
}

func (sqlite) jsonArray(exprs string) string { return "json_array(" + exprs + ")" }

func (sqlite) epoch(column string) string {
	return fmt.Sprintf("unixepoch(%s, 'subsec')", column)
}

func (sqlite) bucket(column string, width time.Duration) string {
	s := int64(width / time.Second)
	return fmt.Sprintf("datetime(unixepoch(%s) / %d * %d, 'unixepoch')", column, s, s)
}

// maxBulkRows bounds the rows of one SQLite statement: past it a longer statement gains nothing.
const maxBulkRows = 64

// bulk runs prepared statements on the driver's connection itself, which spares database/sql's work for each value.
func (sqlite) bulk(ctx context.Context, tx Tx, r Rows, n int) (inserted int64, err error) {
	width := len(r.Columns)
	if r.Owned {
		width++
	}
	args := make([]driver.NamedValue, 0, width*min(n, maxBulkRows))
	err = tx.conn.Raw(func(driverConn any) error {
		for at := 0; at < n; at += maxBulkRows {
			rows := min(n-at, maxBulkRows)
			stmt, err := tx.db.prepared.get(driverConn.(*sqlite3.SQLiteConn), insertValues(r, width, rows))
			if err != nil {
				return err
			}
			args = args[:0]
			for i := at; i < at+rows; i++ {
				if r.Owned {
					args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: tx.actor.OrganizationID})
				}
				for _, c := range r.Columns {
					args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: value(c.Values, i)})
				}
			}
			res, err := stmt.ExecContext(ctx, args)
			if err != nil {
				return err
			}
			touched, err := res.RowsAffected()
			if err != nil {
				return err
			}
			inserted += touched
		}
		return nil
	})
	return inserted, err
}

func insertValues(r Rows, width, rows int) string {
	row := "(" + strings.Repeat("?,", width-1) + "?)"
	q := insertInto(r) + " VALUES " + strings.Repeat(row+",", rows-1) + row
	if r.SkipKnown {
		q += " ON CONFLICT DO NOTHING"
	}
	return q
}

func insertInto(r Rows) string {
	names := make([]string, 0, len(r.Columns)+1)
	if r.Owned {
		names = append(names, "organization_id")
	}
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	return "INSERT INTO " + r.Table + " (" + strings.Join(names, ", ") + ")"
}

// value is the i-th value as the SQLite driver stores it.
func value(values any, i int) any {
	switch v := values.(type) {
	case []string:
		return v[i]
	case []int64:
		return v[i]
	case []int32:
		return int64(v[i])
	case []time.Time:
		return v[i].UTC()
	case []id.UUID:
		return v[i].String()
	}
	e := reflect.ValueOf(values).Index(i)
	if e.Kind() == reflect.Pointer {
		if e.IsNil() {
			return nil
		}
		e = e.Elem()
	}
	return e.Interface()
}

// statements are those that were prepared on SQLite's one writer connection.
type statements struct {
	conn *sqlite3.SQLiteConn
	all  map[string]*sqlite3.SQLiteStmt
}

// get returns the connection's statement for query, prepared once. Only the writer's transaction calls it,
// so it needs no lock.
func (s *statements) get(conn *sqlite3.SQLiteConn, query string) (*sqlite3.SQLiteStmt, error) {
	if s.conn != conn {
		s.conn, s.all = conn, map[string]*sqlite3.SQLiteStmt{}
	}
	if stmt, ok := s.all[query]; ok {
		return stmt, nil
	}
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	s.all[query] = stmt.(*sqlite3.SQLiteStmt)
	return s.all[query], nil
}

type postgres struct {
	series bool // of time series only
}

func (postgres) name() string            { return "postgres" }
func (postgres) readOnlyTx() bool        { return true }
func (postgres) moment() string          { return "?::timestamptz" }
func (postgres) indexedBy(string) string { return "" }
func (postgres) serialize(ctx context.Context, tx bun.Tx, work string) error {
	_, err := tx.Tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", work)
	return err
}
func (postgres) forEach(table, alias, _, where string) string {
	// OFFSET keeps the planner from making a join of it again.
	return " CROSS JOIN LATERAL (SELECT * FROM " + table + " AS " + alias + " WHERE " + where + " OFFSET 0) AS " + alias
}
func (postgres) lateral() bool { return true }
func (postgres) jsonField(column, field string) string {
	return fmt.Sprintf("%s->>'%s'", column, field)
}

func (p postgres) tenantTables() string {
	// Of tables with one name that which the name means: those of time series are in fallback or in monitoring. Behind
	// views they are in ts.
	which := "n.nspname IN ('public', 'fallback', 'monitoring') AND pg_table_is_visible(c.oid)"
	if p.series {
		which = "n.nspname IN ('public', 'ts', 'monitoring')"
	}
	return `SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ` + which
}

func (postgres) references() string {
	return `SELECT DISTINCT child.relname AS child, parent.relname AS parent FROM pg_constraint AS k
		JOIN pg_class AS child ON child.oid = k.conrelid JOIN pg_class AS parent ON parent.oid = k.confrelid WHERE k.contype = 'f'`
}

func (postgres) comparable(expr string, k Kind) string {
	switch k {
	case Text:
		return `lower(` + expr + ` COLLATE "C")` // of Latin letters only
	case Folded, Enum, Date:
		return `(` + expr + ` COLLATE "C")`
	}
	return expr
}

func (postgres) loosely(expr string) string {
	return "translate(" + expr + ", '" + fold.LooseFrom + "', '" + fold.LooseTo + "')"
}

func (postgres) jsonArray(exprs string) string { return "json_build_array(" + exprs + ")::text" }

func (postgres) epoch(column string) string {
	return fmt.Sprintf("extract(epoch FROM %s)::double precision", column)
}

func (postgres) bucket(column string, width time.Duration) string {
	return fmt.Sprintf("date_bin('%d seconds', %s, '2000-01-01 00:00:00+00')", int64(width/time.Second), column)
}

// enter names the organization, or becomes the role whose policies see all of them. Both end with the transaction. In a
// database of time series that role sees the tables behind the views.
func (p postgres) enter(a actor.Actor) string {
	organization, role := "", ""
	switch {
	case !a.CrossesOrganizations():
		organization = strconv.FormatInt(a.OrganizationID, 10)
	case p.series:
		role = "SET LOCAL search_path = public, ts, monitoring; SET LOCAL ROLE staff_system; "
	default:
		role = "SET LOCAL ROLE staff_system; "
	}
	return role + "SET LOCAL app.current_organization_id = '" + organization + "'; SET LOCAL app.\"current_role\" = '" + a.Role.String() + "'"
}

func (postgres) bulk(ctx context.Context, tx Tx, r Rows, _ int) (int64, error) {
	var from, names strings.Builder
	// Arrays go as parameters of a prepared statement: the other mode writes them into the SQL text.
	args := make([]any, 0, len(r.Columns)+2)
	args = append(args, pgx.QueryExecModeCacheStatement)
	for i, c := range r.Columns {
		if i > 0 {
			from.WriteString(", ")
			names.WriteString(", ")
		}
		fmt.Fprintf(&from, "$%d::%s", i+1, arrayType(c.Values))
		names.WriteString(c.Name)
		args = append(args, array(c.Values))
	}
	query := insertInto(r) + " SELECT "
	if r.Owned {
		query += fmt.Sprintf("$%d::bigint, ", len(r.Columns)+1)
		args = append(args, tx.actor.OrganizationID)
	}
	query += names.String() + " FROM unnest(" + from.String() + ") AS u(" + names.String() + ")"
	if r.SkipKnown {
		query += " ON CONFLICT DO NOTHING"
	}
	if err := tx.partitions(ctx, r); err != nil {
		return 0, err
	}
	res, err := tx.bun.Tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, tx.db.partitions.missed(r.Table, err)
	}
	return res.RowsAffected()
}

// partitions makes those that the rows need.
func (tx Tx) partitions(ctx context.Context, r Rows) error {
	for _, c := range r.Columns {
		if at, ok := c.Values.([]time.Time); ok && c.Name == partitionedBy {
			return tx.db.partitions.ensure(ctx, r.Table, at)
		}
	}
	return nil
}

// array is the column as the driver encodes it fastest: it writes an id.UUID as text and reads it again.
func array(values any) any {
	ids, ok := values.([]id.UUID)
	if !ok {
		return values
	}
	out := make(pgtype.FlatArray[pgtype.UUID], len(ids))
	for i, u := range ids {
		out[i] = pgtype.UUID{Bytes: u, Valid: true}
	}
	return out
}

func arrayType(values any) string {
	switch values.(type) {
	case []string, []*string:
		return "text[]"
	case []int64, []*int64:
		return "bigint[]"
	case []int32, []*int32:
		return "integer[]"
	case []time.Time, []*time.Time:
		return "timestamptz[]"
	case []id.UUID:
		return "uuid[]"
	case []bool:
		return "boolean[]"
	case []float64:
		return "double precision[]"
	}
	panic(fmt.Sprintf("db: a column of %T", values))
}
