package auth

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const password = "Password123!"

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time       { return c.Time }
func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

// fakeTree has department 2 below 1, and 3; all of organization 1. The days of organizations are those of the west.
type fakeTree struct{ organization.Tree }

var west = time.FixedZone("Etc/GMT+12", -12*60*60)

func (fakeTree) ByID(_ context.Context, id int64) (organization.Organization, error) {
	return organization.Organization{ID: id, Zone: west}, nil
}

func (fakeTree) Below(_ context.Context, ids []int64) ([]int64, error) {
	if len(ids) > 0 && ids[0] == 1 {
		return []int64{1, 2}, nil
	}
	return ids, nil
}

// newService stands on two organizations, the first with three departments.
func newService(t *testing.T, d *db.DB) (*service, *clock) {
	t.Helper()
	fill(t, d)
	return another(t, d, &clock{noon})
}

// another is the service of one more process on the same database.
func another(t *testing.T, d *db.DB, c *clock) (*service, *clock) {
	t.Helper()
	log, cfg := slog.New(slog.DiscardHandler), defaults()
	return &service{
		store: store{d}, tree: fakeTree{}, audit: audit.New(audit.Options{DB: d, Log: log}), cfg: &cfg, log: log, now: c.now,
		tokens: &tokens{key: []byte("0123456789abcdef0123456789abcdef"), life: cfg.AccessLife, now: c.now}, passwords: newPasswords(bcrypt.MinCost),
		sealKey:  func() ([]byte, error) { return []byte("0123456789abcdef0123456789abcdef"), nil },
		attempts: newAttempts(), sessions: newSessions(), guard: newGuard(store{d}, &cfg, log, c.now), count: func(string) {},
	}, c
}

func fill(t *testing.T, d *db.DB) {
	t.Helper()
	write(t, d, `INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, noon)
	write(t, d, `INSERT INTO departments (organization_id, full_name, short_name, created_at, updated_at) VALUES (1, 'D', 'D', ?0, ?0), (1, 'E', 'E', ?0, ?0), (1, 'F', 'F', ?0, ?0), (2, 'G', 'G', ?0, ?0)`, noon)
}

// write runs a statement that names its organization itself.
func write(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func counted(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func admin() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:99", UserID: 99})
}

// keyOfOrganization is an actor who may all within one organization.
func keyOfOrganization(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "key:7", OrganizationID: organization})
}

func text(s string) *string { return &s }

func newUser(t *testing.T, s *service, organization int64, role, username string) userRow {
	t.Helper()
	in := userInput{Name: text("Name of " + username), Username: &username, Password: text(password), Role: &role}
	if organization != 0 {
		in.OrganizationID = &organization
	}
	u, err := s.createUser(admin(), in)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func signIn(t *testing.T, s *service, username string) grant {
	t.Helper()
	g, err := s.signIn(context.Background(), visit{username: username, password: password, ip: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// good reports whether the access token still opens anything.
func good(t *testing.T, s *service, access string) bool {
	t.Helper()
	_, err := s.byToken(context.Background(), access)
	return err == nil
}

// shown returns the actor of a key that a client without an address shows.
func shown(s *service, key string) (actor.Actor, error) {
	p, err := s.guard.admit(context.Background(), showing{key: key})
	return p.actor, err
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
