package demo

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// newService has a database with organizations 1 and 2.
func newService(t *testing.T, d *db.DB) *service {
	t.Helper()
	for _, name := range []string{"one", "two"} {
		insert(t, d, &organizationRow{FullName: name, ShortName: name, CreatedAt: noon, UpdatedAt: noon})
	}
	logger := slog.New(slog.DiscardHandler)
	return &service{store: store{d}, audit: audit.New(audit.Options{DB: d, Log: logger}), log: logger, now: func() time.Time { return noon }}
}

func insert(t *testing.T, d *db.DB, row any) {
	t.Helper()
	err := d.Write(operator(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(row).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func newPolicy(organizationID int64) *policyRow {
	return &policyRow{Owned: db.Owned{OrganizationID: organizationID}, Title: "p", CreatedAt: noon, UpdatedAt: noon}
}

func operator() context.Context {
	return actor.With(context.Background(), actor.System("test"))
}

func asked(organizationID int64) Config {
	c := defaults()
	c.Employees, c.Organization = 20, organizationID
	return c
}

// policies counts what stands for all that a company has.
func policies(t *testing.T, d *db.DB, organizationID int64) (n int64) {
	t.Helper()
	err := d.Read(operator(), func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.RowsIn(ctx, "policies", organizationID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNoCompanyIsMadeWhereRealDataIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		insert(t, d, newPolicy(2))
		_, _, err := s.claim(context.Background(), asked(1))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "demo.real_data" || f.Params["Tables"] != "policies" {
			t.Errorf("beside another organization's data: %v", err)
		}
		if rows, err := s.store.companies(operator()); len(rows) != 0 || err != nil {
			t.Errorf("and yet there are %+v, %v", rows, err)
		}
	})
}

func TestNoCompanyIsMadeOfAnUnknownOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, _, err := newService(t, d).claim(context.Background(), asked(77)); err == nil {
			t.Error("organization 77 is claimed")
		}
	})
}

// A company that was cut off while it was made goes on, and nothing is deleted for it: by now people may work there.
func TestAnInterruptedCompanyGoesOnAndDeletesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		first, token, err := s.claim(context.Background(), asked(1))
		if err != nil {
			t.Fatal(err)
		}
		insert(t, d, newPolicy(1))
		again := asked(1)
		again.Employees = 99
		row, next, err := s.claim(context.Background(), again)
		if err != nil || policies(t, d, 1) != 1 || row.Employees != first.Employees {
			t.Fatalf("the company has %d policies, and goes on as %+v, %v", policies(t, d, 1), row, err)
		}
		if allowed(t, s, token) || !allowed(t, s, next) {
			t.Error("the maker before may go on, or the one now may not")
		}
	})
}

func TestWhatIsNotMadeUpIsNotRemovedUnasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		if _, _, err := s.claim(context.Background(), asked(1)); err != nil {
			t.Fatal(err)
		}
		insert(t, d, newDevice(1))
		var f *fault.Error
		if _, _, err := s.remove(context.Background(), false); !errors.As(err, &f) || f.Code != "demo.more" || f.Params["Tables"] != "devices: 1" {
			t.Errorf("a door of theirs: %v", err)
		}
		if _, erased, err := s.remove(context.Background(), true); err != nil || erased != 1 {
			t.Errorf("all is to go: %d rows, %v", erased, err)
		}
	})
}

func allowed(t *testing.T, s *service, token string) bool {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(tokenHeader, token)
	a, ok, err := s.authenticate(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if ok && (a.OrganizationID != 1 || a.CrossesOrganizations()) {
		t.Errorf("the maker is %+v", a)
	}
	return ok
}

func TestARemovedCompanyIsGoneWholeAndStaysAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		if _, _, err := s.remove(context.Background(), false); !errors.Is(err, errNone) {
			t.Errorf("removing nothing: %v", err)
		}
		_, token, err := s.claim(context.Background(), asked(1))
		if err != nil {
			t.Fatal(err)
		}
		insert(t, d, newPolicy(1))
		insert(t, d, newPolicy(2))
		organizations, erased, err := s.remove(context.Background(), false)
		if err != nil || !slices.Equal(organizations, []int64{1}) || erased != 1 {
			t.Errorf("removed %v, %d rows, %v", organizations, erased, err)
		}
		if mine, theirs := policies(t, d, 1), policies(t, d, 2); mine != 0 || theirs != 1 {
			t.Errorf("%d policies are left, and %d of the other organization", mine, theirs)
		}
		if allowed(t, s, token) {
			t.Error("the maker may go on")
		}
		if err := s.keepUp(context.Background(), asked(1)); err != nil {
			t.Error(err)
		}
		if page, err := s.getCompanies(operator(), struct{}{}); len(page.Items) != 0 || err != nil {
			t.Errorf("it is back: %+v, %v", page.Items, err)
		}
	})
}
