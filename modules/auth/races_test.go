package auth

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/secret"
)

// overtake starts act while a transaction of the user's own is open in which ahead ran, waits until act is stopped by
// it or over, lets it commit, and returns what act returned.
func overtake(t *testing.T, s *service, userID int64, ahead func(context.Context, db.Tx) error, act func() error) (result error) {
	t.Helper()
	done := make(chan error, 1)
	err := s.store.db.Write(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.userAlone(ctx, tx, userID); err != nil {
			return err
		}
		if err := ahead(ctx, tx); err != nil {
			return err
		}
		go func() { done <- act() }()
		return stopped(ctx, tx, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	return <-done
}

// stopped returns when another transaction waits for a lock, or when done has something.
func stopped(ctx context.Context, tx db.Tx, done chan error) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for len(done) == 0 {
		var waiting bool
		// Unscoped: it asks for locks, not rows.
		err := tx.Raw("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' AND transactionid = pg_current_xact_id()::xid)").Scan(ctx, &waiting)
		if err != nil || waiting {
			return err
		}
		<-tick.C
	}
	return nil
}

// alive counts what still opens the user's account.
func alive(t *testing.T, d *db.DB, userID int64) int {
	t.Helper()
	return counted(t, d, "SELECT count(*) FROM refresh_tokens WHERE user_id = ? AND revoked_at IS NULL", userID)
}

// PostgreSQL runs transactions beside each other: a refresh that waits for a sign-out must see it.
func TestARefreshThatWaitsForTheEndOfItsSignInFails(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.Postgres(t))
	u := newUser(t, s, 1, "HR", "hr1")
	for name, end := range map[string]func(g grant) func(context.Context, db.Tx) error{
		"the sign-in": func(g grant) func(context.Context, db.Tx) error {
			return func(ctx context.Context, tx db.Tx) error {
				row, err := s.store.refreshByHash(ctx, tx, secret.Hash(g.refresh))
				if err != nil {
					return err
				}
				return s.store.endFamily(ctx, tx, row.Family, clock.Time)
			}
		},
		"all": func(grant) func(context.Context, db.Tx) error {
			return func(ctx context.Context, tx db.Tx) error { return s.store.endAll(ctx, tx, u.ID, clock.Time) }
		},
	} {
		g := signIn(t, s, "hr1")
		err := overtake(t, s, u.ID, end(g), func() error {
			_, err := renew(s, g.refresh)
			return err
		})
		if n := alive(t, s.store.db, u.ID); !errors.Is(err, errRefresh) || n != 0 {
			t.Errorf("%s ended: %v, %d tokens live", name, err, n)
		}
	}
}

func TestASignInEndsWithTheTokenThatIsJustMade(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.Postgres(t))
	u := newUser(t, s, 1, "HR", "hr1")
	ends := map[string]func(g grant) error{
		"sign-out":        func(g grant) error { return s.signOut(context.Background(), g.access, g.refresh) },
		"change of state": func(grant) error { return s.deactivateUser(admin(), u.ID) },
	}
	for name, end := range ends {
		if _, err := s.updateUser(admin(), u.ID, userInput{IsActive: new(true)}); err != nil {
			t.Fatal(err)
		}
		g := signIn(t, s, "hr1")
		err := overtake(t, s, u.ID, func(ctx context.Context, tx db.Tx) error {
			row, err := s.store.refreshByHash(ctx, tx, secret.Hash(g.refresh))
			if err != nil {
				return err
			}
			if err := s.store.useRefresh(ctx, tx, row.Hash, clock.Time); err != nil {
				return err
			}
			_, err = s.issue(ctx, tx, u, sessionRow{ID: row.Family, Method: byPassword})
			return err
		}, func() error { return end(g) })
		if n := alive(t, s.store.db, u.ID); err != nil || n != 0 {
			t.Errorf("%s: %v, %d tokens live", name, err, n)
		}
	}
}

func TestARefreshThatWaitsForTheThiefsIsNotTakenForATab(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.Postgres(t))
	u := newUser(t, s, 1, "HR", "hr1")
	g := signIn(t, s, "hr1")
	if _, err := renew(s, g.refresh); err != nil {
		t.Fatal(err)
	}
	clock.pass(refreshGrace + time.Second)
	reuse := func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.refreshByHash(ctx, tx, secret.Hash(g.refresh))
		if err != nil {
			return err
		}
		return s.reused(ctx, tx, row, u, clock.Time)
	}
	err := overtake(t, s, u.ID, reuse, func() error {
		_, err := renew(s, g.refresh)
		return err
	})
	if n := counted(t, s.store.db, "SELECT count(*) FROM audit_log WHERE action = 'user.refresh_reused'"); !errors.Is(err, errRefresh) || n != 1 {
		t.Errorf("%v, %d uses of a used token written down, want 1", err, n)
	}
}

// Whoever knows the old password only must not get in while it is being changed.
func TestASignInThatWaitsForAChangeOfPasswordFails(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.Postgres(t))
	u := newUser(t, s, 1, "HR", "hr1")
	change := func(ctx context.Context, tx db.Tx) error {
		changed := u
		changed.Password = "another hash"
		return s.store.updateUser(ctx, tx, &changed)
	}
	if err := overtake(t, s, u.ID, change, func() error { return attempt(s, "hr1", password) }); !errors.Is(err, errCredentials) {
		t.Errorf("with the old password: %v", err)
	}
}

func TestAnEndedTokenIsNotUsed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		g := signIn(t, s, "hr1")
		err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
			if err := s.store.endAll(ctx, tx, u.ID, clock.Time); err != nil {
				return err
			}
			return s.store.useRefresh(ctx, tx, secret.Hash(g.refresh), clock.Time)
		})
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("use of an ended token: %v", err)
		}
	})
}
