package db_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// What is said to be kept comes back from both databases as it was.
func TestValuesThatAreKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), noon, time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)} {
			if !db.KeepsTime(at) {
				t.Errorf("%v is not kept", at)
			}
			p := policy{Title: "O‘zbekiston \uFFFD", CreatedAt: at, UpdatedAt: at}
			if !db.KeepsText(p.Title) {
				t.Errorf("%q is not kept", p.Title)
			}
			err := d.Write(hr(org), func(ctx context.Context, tx db.Tx) error {
				if _, err := tx.Insert(&p).Exec(ctx); err != nil {
					return err
				}
				var got policy
				err := tx.Select(&got).Where("?TableAlias.id = ?", p.ID).Scan(ctx)
				if !got.CreatedAt.Equal(at) || got.Title != p.Title {
					t.Errorf("%v and %q came back as %v and %q", at, p.Title, got.CreatedAt, got.Title)
				}
				return err
			})
			if err != nil {
				t.Errorf("%v: %v", at, err)
			}
		}
	})
}

// A query for the rows of a list finds none of an empty one.
func TestAnEmptyListNamesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		newOrganizations(t, d, 1)
		for _, ids := range [][]int64{nil, {}} {
			read(t, d, system(), func(ctx context.Context, tx db.Tx) error {
				n, err := tx.Select((*organization)(nil)).Where("?TableAlias.id IN (?)", bun.List(ids)).Count(ctx)
				if n != 0 {
					t.Errorf("%d rows", n)
				}
				return err
			})
		}
	})
}

func TestValuesThatAreNotKept(t *testing.T) {
	t.Parallel()
	east, west := time.FixedZone("", 5*3600), time.FixedZone("", -5*3600)
	for _, at := range []time.Time{
		time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, east), time.Date(9999, 12, 31, 23, 0, 0, 0, west), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if db.KeepsTime(at) {
			t.Errorf("%v is kept", at)
		}
		var got time.Time
		if text, err := at.MarshalJSON(); err == nil {
			if err := db.ParseCursor(base64.RawURLEncoding.EncodeToString([]byte("["+string(text)+"]")), &got); !errors.Is(err, db.ErrCursor) {
				t.Errorf("a cursor at %v: %v", at, err)
			}
		}
	}
	for _, text := range []string{"a\x00", "\xff", "\xc3"} {
		if db.KeepsText(text) {
			t.Errorf("%q is kept", text)
		}
	}
}

func TestDataThatPostgreSQLRefusesIsInvalid(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	for _, query := range []string{
		"SELECT 'x'::integer", "SELECT 32768::smallint", "SELECT timestamptz '0000-01-01'", `SELECT '"\u0000"'::jsonb->>0`, "SELECT 'abc'::varchar(3)::json",
	} {
		err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw(query).Exec(ctx) // no rows
			return err
		})
		if !errors.Is(err, db.ErrInvalid) {
			t.Errorf("%s: %v", query, err)
		}
	}
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("SELECT no_such_column").Exec(ctx)
		return err
	})
	if err == nil || errors.Is(err, db.ErrInvalid) {
		t.Errorf("a broken statement: %v", err)
	}
}
