package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/staff-control/staff-control/platform/db"
)

// grants let the serving roles use the tables. Jobs are of no organization, so these have no row level security.
const grants = `
	GRANT SELECT, INSERT, UPDATE, DELETE ON river_job, river_leader, river_queue, river_notification TO staff_app, staff_system;
	GRANT SELECT ON river_migration TO staff_app, staff_system;
	GRANT USAGE, SELECT ON SEQUENCE river_job_id_seq, river_notification_id_seq TO staff_app, staff_system`

// migrationLock keeps two that migrate PostgreSQL at once apart.
const migrationLock = 7734

// Migrate brings River's tables to this binary's version, on PostgreSQL as their owner. It is a db.Step.
func Migrate(ctx context.Context, d *db.DB) error {
	q, err := open(ctx, d, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("migrate the jobs: %w", err)
	}
	defer q.close()
	migrate := q.migrate
	if d.Name() == "postgres" {
		migrate = func(ctx context.Context) error { return migratePostgres(ctx, d, q) }
	}
	if err := migrate(ctx); err != nil {
		return fmt.Errorf("migrate the jobs: %w", err)
	}
	return nil
}

func migratePostgres(ctx context.Context, d *db.DB, q queue) error {
	conn, err := d.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return err
	}
	if err = q.migrate(ctx); err == nil {
		_, err = conn.ExecContext(ctx, grants)
	}
	_, unlock := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
	return errors.Join(err, unlock)
}

// SchemaID changes whenever Migrate would make other tables.
func SchemaID() (string, error) {
	h := sha256.New()
	h.Write([]byte(grants))
	files := riverpgxv5.New(nil).GetMigrationFS(riverdriver.MigrationLineMain)
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}
