package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// connections bounds the pool of one process.
const connections = 20

func openPostgres(ctx context.Context, url string, log *slog.Logger) (*DB, error) {
	pool, err := postgresPool(url, ownPath)
	if err != nil {
		return nil, err
	}
	d := &DB{dialect: postgres{}, write: pool, read: pool, log: log, turns: newTurns(), partitions: newPartitions(url, ownPath)}
	if err := d.checkRole(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// onePath is where names are looked up, and how long to wait for a connection; 0 is for as long as the caller does.
type onePath struct {
	schemas string
	timeout time.Duration
	role    string // that the connections take; empty for none
}

// ownPath is that of the server's database. Tables of time series have moved to fallback where TimescaleDB took their
// place, and are in monitoring elsewhere.
var ownPath = onePath{schemas: "public, fallback, monitoring"}

func postgresPool(url string, path onePath) (*bun.DB, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	// bun writes arguments into the SQL text, so a statement cache would only churn.
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c.RuntimeParams["search_path"] = path.schemas
	if path.timeout > 0 {
		c.ConnectTimeout = path.timeout
	}
	if path.role != "" {
		c.RuntimeParams["role"] = path.role
	}
	c.RuntimeParams["timezone"] = "UTC"
	// Our statements are short. PostgreSQL would compile one whose cost it overestimates, which takes the better part of
	// a second where the statement takes 20 ms.
	c.RuntimeParams["jit"] = "off"
	pool := sql.OpenDB(connector{stdlib.GetConnector(*c)})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// checkRole refuses roles to which row level security would not apply, or would say too much.
func (d *DB) checkRole(ctx context.Context) error {
	var role string
	var super, bypass, owner, inherits bool
	var callable sql.NullString
	d.engine.Name = PostgreSQL
	err := d.read.QueryRowContext(ctx, `
		SELECT rolname, rolsuper, rolbypassrls,
		       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		               WHERE n.nspname IN ('public', 'monitoring', 'fallback', 'ts') AND c.relkind IN ('r', 'p') AND c.relowner = r.oid),
		       COALESCE(pg_has_role(current_user, to_regrole('staff_system'), 'USAGE'), false),
		       split_part(current_setting('server_version'), ' ', 1), COALESCE((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), ''),
		       (SELECT min(p.oid::regproc::text) FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		        JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
		        WHERE e.extname = 'timescaledb' AND p.provolatile = 'v' AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))
		FROM pg_roles r WHERE rolname = current_user`).Scan(&role, &super, &bypass, &owner, &inherits, &d.engine.Version, &d.timescale, &callable)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("the database knows no role %s", role)
	}
	if err != nil {
		return Translate(fmt.Errorf("connect: %w", err))
	}
	for _, fault := range []struct {
		is   bool
		what string
	}{{super, "is a superuser"}, {bypass, "has BYPASSRLS"}, {owner, "owns the tables"}, {inherits, "inherits staff_system"}} {
		if fault.is {
			return fmt.Errorf("database role %s %s, so row level security would not hold: serve as staff_app (configs/postgres-roles.sql)", role, fault.what)
		}
	}
	if callable.Valid {
		return fmt.Errorf("database role %s may call %s, and TimescaleDB does not always ask whose a table is: run configs/postgres-timescale.sql there as a superuser", role, callable.String)
	}
	return nil
}
