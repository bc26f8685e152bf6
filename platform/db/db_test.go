package db_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 123456000, time.UTC)

func system() context.Context {
	return actor.With(context.Background(), actor.System("test"))
}

func hr(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "user:1", OrganizationID: organization})
}

// newOrganizations makes n organizations and returns their ids.
func newOrganizations(t *testing.T, d *db.DB, n int) []int64 {
	t.Helper()
	rows := make([]organization, n)
	for i := range rows {
		rows[i] = organization{FullName: "O", ShortName: string(rune('a' + i)), CreatedAt: noon, UpdatedAt: noon}
	}
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&rows).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, n)
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}

func newPolicy(t *testing.T, d *db.DB, organization int64, title string) int64 {
	t.Helper()
	p := policy{Title: title, CreatedAt: noon, UpdatedAt: noon}
	err := d.Write(hr(organization), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&p).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.OrganizationID != organization {
		t.Fatalf("row stamped with organization %d, want %d", p.OrganizationID, organization)
	}
	return p.ID
}

func TestTenantsDoNotMeet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 2)
		mine := newPolicy(t, d, orgs[0], "mine")
		theirs := newPolicy(t, d, orgs[1], "theirs")

		var seen []policy
		read(t, d, hr(orgs[0]), func(ctx context.Context, tx db.Tx) error { return tx.Select(&seen).Scan(ctx) })
		if len(seen) != 1 || seen[0].ID != mine || !seen[0].CreatedAt.Equal(noon) {
			t.Errorf("organization 1 sees %+v", seen)
		}
		err := d.Write(hr(orgs[0]), func(ctx context.Context, tx db.Tx) error {
			p := policy{ID: theirs, Title: "stolen"}
			return db.One(tx.Update(&p).Column("title").WherePK().Exec(ctx))
		})
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("update of another tenant's row: %v", err)
		}
		err = d.Write(hr(orgs[0]), func(ctx context.Context, tx db.Tx) error {
			return db.One(tx.Delete(&policy{ID: theirs}).WherePK().Exec(ctx))
		})
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("delete of another tenant's row: %v", err)
		}
		err = d.Write(hr(orgs[0]), func(ctx context.Context, tx db.Tx) error {
			p := policy{Owned: db.Owned{OrganizationID: orgs[1]}, Title: "planted", CreatedAt: noon, UpdatedAt: noon}
			_, err := tx.Insert(&p).Exec(ctx)
			return err
		})
		if !errors.Is(err, db.ErrForeign) {
			t.Errorf("insert for another tenant: %v", err)
		}
		var own []organization
		read(t, d, hr(orgs[1]), func(ctx context.Context, tx db.Tx) error { return tx.Select(&own).Scan(ctx) })
		if len(own) != 1 || own[0].ID != orgs[1] {
			t.Errorf("organization 2 sees organizations %+v", own)
		}
		var all []policy
		read(t, d, system(), func(ctx context.Context, tx db.Tx) error { return tx.Select(&all).Scan(ctx) })
		if len(all) != 2 {
			t.Errorf("the system sees %d policies, want 2", len(all))
		}
	})
}

func TestUpdateKeepsTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 2)
		pid := newPolicy(t, d, orgs[0], "mine")
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			p := policy{Owned: db.Owned{OrganizationID: orgs[1]}, ID: pid, Title: "moved", CreatedAt: noon, UpdatedAt: noon}
			return db.One(tx.Update(&p).WherePK().Exec(ctx))
		})
		if err != nil {
			t.Fatal(err)
		}
		var p policy
		read(t, d, hr(orgs[0]), func(ctx context.Context, tx db.Tx) error {
			return tx.Select(&p).Where("id = ?", pid).Scan(ctx)
		})
		if p.Title != "moved" || p.OrganizationID != orgs[0] {
			t.Errorf("got %+v", p)
		}
	})
}

func TestTransactionsNeedAnActorWithAnOrganization(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	nothing := func(context.Context, db.Tx) error { t.Error("ran"); return nil }
	if err := d.Read(context.Background(), nothing); !errors.Is(err, db.ErrNoActor) {
		t.Errorf("no actor: %v", err)
	}
	if err := d.Write(hr(0), nothing); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("no organization: %v", err)
	}
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error { return d.Write(ctx, nothing) })
	if !errors.Is(err, db.ErrNested) {
		t.Errorf("write inside a write: %v", err)
	}
	err = d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(&policy{Title: "nobody's"}).Exec(ctx)
		return err
	})
	if !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("system insert without organization: %v", err)
	}
}

// A read inside another one of the same organization is a part of it; others, writes, and what goes on after it are not.
func TestReadsInsideAReadArePartsOfIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seen := func(ctx context.Context) (n int64) {
			t.Helper()
			err := d.Read(ctx, func(ctx context.Context, tx db.Tx) error {
				return tx.Raw("SELECT count(*) FROM organizations").Scan(ctx, &n)
			})
			if err != nil {
				t.Error(err)
			}
			return n
		}
		name := func(ctx context.Context) (id string) {
			t.Helper()
			err := d.Read(ctx, func(_ context.Context, tx db.Tx) error { id = tx.Actor().ID; return nil })
			if err != nil {
				t.Error(err)
			}
			return id
		}
		var left context.Context
		read(t, d, system(), func(ctx context.Context, _ db.Tx) error {
			before := seen(ctx)
			err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Insert(&organization{FullName: "x", ShortName: "x", CreatedAt: noon, UpdatedAt: noon}).Exec(ctx)
				return err
			})
			if err != nil {
				return err
			}
			if d.Name() == "sqlite" && seen(ctx) != before { // PostgreSQL shows each statement what is committed
				t.Error("the inner read is another transaction")
			}
			if n := seen(hr(1)); n > 1 {
				t.Errorf("an organization sees %d", n)
			}
			if got := name(actor.With(ctx, actor.Actor{Role: actor.HR, ID: "user:9", OrganizationID: 1})); got != "user:9" {
				t.Errorf("the inner reader is %s", got)
			}
			err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				if seen(ctx) != before+1 {
					t.Error("a read in a write sees what was before the write")
				}
				return nil
			})
			left = ctx
			return err
		})
		if seen(left) < 1 {
			t.Error("nothing is there after the read")
		}
	})
	d := dbtest.SQLite(t)
	err := d.Read(hr(1), func(ctx context.Context, tx db.Tx) error {
		return d.Read(actor.With(ctx, actor.Actor{Role: actor.HR, ID: "user:8", OrganizationID: 1}), func(_ context.Context, inner db.Tx) error {
			if inner.Actor().ID != "user:8" {
				t.Errorf("the inner reader is %s", inner.Actor().ID)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	out, err := db.Together(d, func(ctx context.Context, n int) (int, error) { return n + 1, nil })(hr(1), 1)
	if err != nil || out != 2 {
		t.Errorf("together %d, %v", out, err)
	}
}

func TestReadTransactionsDoNotWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Insert(&organization{FullName: "x", ShortName: "x", CreatedAt: noon, UpdatedAt: noon}).Exec(ctx)
			return err
		})
		if err == nil {
			t.Error("an insert in a read succeeded")
		}
	})
}

func TestDriverErrorsGetTheirMeaning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 1)
		insert := func(ctx context.Context, model any) error {
			return d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Insert(model).Exec(ctx)
				return err
			})
		}
		if err := insert(system(), &organization{FullName: "x", ShortName: "a", CreatedAt: noon, UpdatedAt: noon}); !errors.Is(err, db.ErrConflict) {
			t.Errorf("same short name: %v", err)
		}
		missing := &policy{Owned: db.Owned{OrganizationID: 99}, Title: "x", CreatedAt: noon, UpdatedAt: noon}
		if err := insert(system(), missing); !errors.Is(err, db.ErrMissingReference) {
			t.Errorf("unknown organization: %v", err)
		}
		err := d.Read(hr(orgs[0]), func(ctx context.Context, tx db.Tx) error {
			return tx.Select(&policy{}).Where("id = 5").Scan(ctx)
		})
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("no row: %v", err)
		}
	})
}

func TestBulkInsertsAndSkipsTheKnown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		const n = 150 // more than one SQLite statement holds
		rows := db.Rows{Table: "idle_periods", Owned: true, SkipKnown: true}
		var at []time.Time
		var ids, agents []id.UUID
		var uids, sids []string
		var seconds []int64
		for i := range n {
			at = append(at, noon.Add(time.Duration(i)*time.Second))
			ids = append(ids, id.Derive(org, "idle", string(rune(i))))
			agents = append(agents, id.Nil)
			uids, sids, seconds = append(uids, "PC-1"), append(sids, "S-1"), append(seconds, int64(i))
		}
		rows.Columns = []db.Column{{"datetime", at}, {"id", ids}, {"agent_id", agents}, {"computer_uid", uids}, {"user_sid", sids}, {"duration_seconds", seconds}}
		for _, want := range []int64{n, 0} {
			err := d.Write(hr(org), func(ctx context.Context, tx db.Tx) error {
				got, err := tx.Bulk(ctx, rows)
				if got != want {
					t.Errorf("inserted %d, want %d", got, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error {
			var sum int64
			err := tx.Raw("SELECT sum(duration_seconds) FROM idle_periods WHERE organization_id = ?", org).Scan(ctx, &sum)
			if sum != n*(n-1)/2 {
				t.Errorf("sum of durations is %d", sum)
			}
			return err
		})
	})
}

func TestBucketAndJSONFieldReadAlike(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		newPolicy(t, d, org, "x")
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error {
			var at time.Time
			// Scoped by hand: the test has one organization.
			if err := tx.Raw("SELECT "+tx.Bucket("created_at", 15*time.Minute)+" FROM policies").Scan(ctx, &at); err != nil {
				return err
			}
			if !at.Equal(noon.Truncate(15 * time.Minute)) {
				t.Errorf("bucket starts at %v", at)
			}
			var seconds float64
			if err := tx.Raw("SELECT "+tx.Epoch("created_at")+" FROM policies").Scan(ctx, &seconds); err != nil {
				return err
			}
			if want := float64(noon.UnixMilli()) / 1000; math.Abs(seconds-want) > 0.002 {
				t.Errorf("epoch is %v, want %v", seconds, want)
			}
			return nil
		})
	})
}

// To each of some values the rows that match it are joined, in one statement and along the index.
func TestForEachLooksUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		const n = 4
		at := make([]time.Time, n)
		for i := range at {
			at[i] = noon.Add(time.Duration(i) * time.Minute)
		}
		err := d.Write(hr(org), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Bulk(ctx, db.Rows{Table: "idle_periods", Owned: true, Columns: []db.Column{
				{Name: "agent_id", Values: make([]id.UUID, n)}, {Name: "computer_uid", Values: []string{"PC-1", "PC-2", "PC-1", "PC-3"}},
				{Name: "user_sid", Values: make([]string, n)}, {Name: "id", Values: make([]id.UUID, n)},
				{Name: "datetime", Values: at}, {Name: "duration_seconds", Values: make([]int32, n)},
			}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error {
			var got []string
			// Scoped by the organization that it names.
			err := tx.Raw("WITH s (uid, since) AS (VALUES ('PC-1', "+tx.Moment()+"), ('PC-3', "+tx.Moment()+"), ('PC-9', "+tx.Moment()+")) SELECT s.uid FROM s"+
				tx.ForEach("idle_periods", "i", "idx_idle_periods_computer", "i.organization_id = ? AND i.computer_uid = s.uid AND i.datetime >= s.since")+
				" ORDER BY s.uid", noon.Add(time.Minute), noon, noon, org).Scan(ctx, &got)
			if want := []string{"PC-1", "PC-3"}; !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			return err
		})
	})
}

func TestNamedIndexIsUsed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error {
			var n int
			from := "idle_periods" + tx.IndexedBy("idx_idle_periods_computer")
			return tx.Raw("SELECT count(*) FROM "+from+" WHERE organization_id = ? AND computer_uid = 'PC-1'", org).Scan(ctx, &n)
		})
		if d.Name() != "sqlite" {
			return
		}
		err := d.Read(hr(org), func(ctx context.Context, tx db.Tx) error {
			var n int
			return tx.Raw("SELECT count(*) FROM idle_periods"+tx.IndexedBy("no_such_index")).Scan(ctx, &n)
		})
		if err == nil {
			t.Error("an index that is not there was used")
		}
	})
}

func TestReopenedFileKeepsRowsAndBacksUpBeforeMigrating(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dir", "staff.db")
	ctx := context.Background()
	for range 2 {
		d, err := db.Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.CheckSchema(ctx, migrations.For("sqlite")); err != nil && !contains(err, "run staff-control migrate") {
			t.Error(err)
		}
		if err := d.Migrate(ctx, migrations.For("sqlite"), noon); err != nil {
			t.Fatal(err)
		}
		if err := d.CheckSchema(ctx, migrations.For("sqlite")); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "staff.db")
	ctx := context.Background()
	done := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			d, err := db.Open(ctx, path, nil)
			if err == nil {
				err = errors.Join(d.Migrate(ctx, migrations.For("sqlite"), noon), d.CheckSchema(ctx, migrations.For("sqlite")), d.Close())
			}
			done <- err
		}()
	}
	for range processes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestProcessesThatBeginTogetherOpenOneNewFile(t *testing.T) {
	t.Parallel()
	for range 200 { // of which a few meet at the moment that matters
		path := filepath.Join(t.TempDir(), "new.db")
		failed := make(chan error)
		for range 8 {
			go func() {
				d, err := db.OpenFile(context.Background(), path, db.FileOptions{})
				if err == nil {
					d.Close()
				}
				failed <- err
			}()
		}
		for range 8 {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestFullFileRefusesAndKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d, err := db.OpenFile(ctx, filepath.Join(t.TempDir(), "small.db"), db.FileOptions{MaxBytes: 2 << 20, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(ctx, migrations.For("sqlite"), noon); err != nil {
		t.Fatal(err)
	}
	fill := func() error {
		return d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES (hex(zeroblob(4000)), hex(randomblob(16)), 0, 0)").Exec(ctx)
			return err
		})
	}
	written := 0
	for ; written < 1000; written++ {
		if err = fill(); err != nil {
			break
		}
	}
	if !errors.Is(err, db.ErrFull) || written == 0 {
		t.Fatalf("after %d rows: %v, want ErrFull", written, err)
	}
	var n int
	read(t, d, system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT count(*) FROM organizations").Scan(ctx, &n)
	})
	if n != written {
		t.Errorf("%d rows, want %d", n, written)
	}
}
