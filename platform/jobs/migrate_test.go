package jobs_test

import (
	"context"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/jobs"
)

func TestServingNeedsTheTables(t *testing.T) {
	t.Parallel()
	d, err := db.Open(context.Background(), t.TempDir()+"/empty.db", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: quiet, Role: "dashboard"}); err == nil || !strings.Contains(err.Error(), "migrate") {
		t.Errorf("an empty database: %v", err)
	}
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	owner, err := db.OpenOwner(dbtest.PostgresURL(t, "staff_owner"))
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	both := make(chan error, 2)
	for range 2 {
		go func() { both <- jobs.Migrate(context.Background(), owner) }()
	}
	for range 2 {
		if err := receive(t, both); err != nil {
			t.Error(err)
		}
	}
	if err := jobs.Migrate(context.Background(), dbtest.SQLite(t)); err != nil {
		t.Error(err)
	}
}

func TestServingRoleDoesNotOwnTheTables(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	for _, ctx := range []context.Context{hr(1), system()} {
		for _, forbidden := range []string{"DROP TABLE river_job", "TRUNCATE river_job", "DELETE FROM river_migration"} {
			err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Raw(forbidden).Exec(ctx)
				return err
			})
			if err == nil {
				t.Errorf("%s succeeds", forbidden)
			}
		}
	}
}
