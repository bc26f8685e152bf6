package organizations

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newService(d *db.DB) (*service, *clock) {
	c := &clock{noon}
	log := slog.New(slog.DiscardHandler)
	return &service{store: store{d}, audit: audit.New(audit.Options{DB: d, Log: log}), log: log, now: c.now}, c
}

func admin() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
}

func as(role actor.Role, organization int64, departments ...int64) context.Context {
	a := actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization, DepartmentIDs: departments}
	return actor.With(context.Background(), a)
}

func newOrganization(t *testing.T, s *service, name string) int64 {
	t.Helper()
	row, err := s.create(admin(), organizationInput{FullName: &name, ShortName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

func newDepartment(t *testing.T, s *service, organization, parent int64, name string) int64 {
	t.Helper()
	in := departmentInput{OrganizationID: &organization, ParentID: &parent, FullName: &name, ShortName: &name}
	row, err := s.createDepartment(admin(), in)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

// counted returns the one number that the query gives, over all organizations.
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
