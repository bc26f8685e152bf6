package demo

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// newService has a database with organizations 1 and 2.
func newService(t *testing.T, d *db.DB) *service { return newServiceOf(t, d, d) }

func newServiceOf(t *testing.T, d, series *db.DB) *service {
	t.Helper()
	for _, name := range []string{"one", "two"} {
		insert(t, d, &organizationRow{FullName: name, ShortName: name, CreatedAt: noon, UpdatedAt: noon})
	}
	logger := slog.New(slog.DiscardHandler)
	return &service{store: store{d, series}, files: &shelf{}, audit: audit.New(audit.Options{DB: d, Log: logger}), log: logger, now: func() time.Time { return noon }}
}

// shelf has files by their paths.
type shelf struct {
	file.Store
	kinds  map[string]file.Kind
	broken error
}

func (s *shelf) Usage(ctx context.Context) (u file.Usage, err error) {
	if a, _ := actor.From(ctx); a.OrganizationID != 1 {
		return u, db.ErrNoOrganization
	}
	for _, k := range s.kinds {
		u.ByKind = append(u.ByKind, file.KindUsage{Kind: k, Files: 1})
	}
	return u, nil
}

func (s *shelf) List(_ context.Context, q file.Query) (files []file.File, next string, err error) {
	for _, path := range slices.Sorted(maps.Keys(s.kinds)) {
		if path > q.After {
			return []file.File{{Path: path}}, path, s.broken
		}
	}
	return nil, "", s.broken
}

func (s *shelf) Delete(_ context.Context, paths ...string) error {
	for _, path := range paths {
		delete(s.kinds, path)
	}
	return nil
}

// The files of a company go with it: its pictures unasked, what people have put there only when they say so.
func TestFilesGoWithTheCompany(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := newService(t, d)
	files := &shelf{kinds: map[string]file.Kind{"a.jpg": file.Screenshot, "b.csv": file.Archive, "c.jpg": file.Profile}}
	s.files = files
	if _, _, err := s.claim(context.Background(), asked(1)); err != nil {
		t.Fatal(err)
	}
	var f *fault.Error
	if _, _, err := s.remove(context.Background(), false); !errors.As(err, &f) || f.Code != "demo.more" || f.Params["Tables"] != "stored_files: 1" || len(files.kinds) != 3 {
		t.Errorf("beside somebody's photo: %v, %v are left", err, files.kinds)
	}
	delete(files.kinds, "c.jpg")
	if _, _, err := s.remove(context.Background(), false); err != nil || len(files.kinds) != 0 {
		t.Errorf("removed: %v, %v are left", err, files.kinds)
	}
}

// A storage that is away keeps no company alive.
func TestACompanyGoesWithoutItsStorage(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	s.files = &shelf{broken: errors.New("away")}
	if _, _, err := s.claim(context.Background(), asked(1)); err != nil {
		t.Fatal(err)
	}
	if organizations, _, err := s.remove(context.Background(), false); err != nil || len(organizations) != 1 {
		t.Errorf("removed %v, %v", organizations, err)
	}
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

func newDepartment(organizationID int64) *departmentRow {
	return &departmentRow{Owned: db.Owned{OrganizationID: organizationID}, FullName: "d", ShortName: "d", CreatedAt: noon, UpdatedAt: noon}
}

func operator() context.Context {
	return actor.With(context.Background(), actor.System("test"))
}

func asked(organizationID int64) Config {
	c := defaults()
	c.Employees, c.Organization = 20, organizationID
	return c
}

// teams counts what stands for all that a company has.
func teams(t *testing.T, d *db.DB, organizationID int64) (n int64) {
	t.Helper()
	err := d.Read(operator(), func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.RowsIn(ctx, "departments", organizationID)
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
		insert(t, d, newDepartment(2))
		_, _, err := s.claim(context.Background(), asked(1))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "demo.real_data" || f.Params["Tables"] != "departments" {
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
		insert(t, d, newDepartment(1))
		again := asked(1)
		again.Employees = 99
		row, next, err := s.claim(context.Background(), again)
		if err != nil || teams(t, d, 1) != 1 || row.Employees != first.Employees {
			t.Fatalf("the company has %d departments, and goes on as %+v, %v", teams(t, d, 1), row, err)
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
		for range len(terminals) + 1 {
			insert(t, d, newDevice(1))
		}
		var f *fault.Error
		if _, _, err := s.remove(context.Background(), false); !errors.As(err, &f) || f.Code != "demo.more" || f.Params["Tables"] != "devices: 1" {
			t.Errorf("a door of theirs: %v", err)
		}
		if _, erased, err := s.remove(context.Background(), true); err != nil || erased != int64(len(terminals))+1 {
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
		insert(t, d, newDepartment(1))
		insert(t, d, newDepartment(2))
		organizations, erased, err := s.remove(context.Background(), false)
		if err != nil || !slices.Equal(organizations, []int64{1}) || erased != 1 {
			t.Errorf("removed %v, %d rows, %v", organizations, erased, err)
		}
		if mine, theirs := teams(t, d, 1), teams(t, d, 2); mine != 0 || theirs != 1 {
			t.Errorf("%d departments are left, and %d of the other organization", mine, theirs)
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

// What a made-up company reported goes with it, wherever time series are.
func TestARemovedCompanyLeavesNoTimeSeries(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, d, series *db.DB) {
		s := newServiceOf(t, d, series)
		if _, _, err := s.claim(context.Background(), asked(1)); err != nil {
			t.Fatal(err)
		}
		for organization := range int64(2) {
			report(t, series, organization+1)
		}
		if _, erased, err := s.remove(context.Background(), true); err != nil || erased != 2 {
			t.Errorf("%d rows are erased, %v", erased, err)
		}
		for organization, want := range map[int64]int64{1: 0, 2: 1} {
			for _, table := range []string{"idle_periods", "batch_tokens"} {
				if n := rowsIn(t, series, table, organization); n != want {
					t.Errorf("organization %d has %d %s, want %d", organization, n, table, want)
				}
			}
		}
	})
}

// report stores one batch of one time without input.
func report(t *testing.T, series *db.DB, organization int64) {
	t.Helper()
	hr := actor.With(context.Background(), actor.Actor{Role: actor.HR, OrganizationID: organization})
	err := series.Write(hr, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Bulk(ctx, db.Rows{Table: "idle_periods", Owned: true, Columns: []db.Column{
			{Name: "datetime", Values: []time.Time{noon}}, {Name: "id", Values: []id.UUID{id.New()}}, {Name: "agent_id", Values: []id.UUID{id.New()}},
			{Name: "computer_uid", Values: []string{"pc"}}, {Name: "user_sid", Values: []string{"s"}}, {Name: "duration_seconds", Values: []int32{60}},
		}})
		if err != nil {
			return err
		}
		counts := []int32{1}
		_, err = tx.Bulk(ctx, db.Rows{Table: "batch_tokens", Owned: true, Columns: []db.Column{
			{Name: "token", Values: []string{"t"}}, {Name: "stored_at", Values: []time.Time{noon}}, {Name: "stored", Values: counts},
			{Name: "known", Values: counts}, {Name: "quarantined", Values: counts},
		}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rowsIn(t *testing.T, d *db.DB, table string, organization int64) (n int64) {
	t.Helper()
	err := d.Read(operator(), func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.RowsIn(ctx, table, organization)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
