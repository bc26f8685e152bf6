package storage

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustPut(t, o, hr(1), photo("a.jpg"), "ours")
		row, err := o.store.byPath(hr(1), "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprintf("%+v", row)
		s, theirs := o.store, hr(2)
		is := func(err, want error) error {
			if !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		nothing := func(n int, err error) error {
			if n != 0 {
				return fmt.Errorf("shows %d rows", n)
			}
			return err
		}
		dbtest.Tenants(t, map[string]func() error{
			"byPath": func() error { _, err := s.byPath(theirs, "a.jpg"); return is(err, db.ErrNotFound) },
			"byID":   func() error { _, err := s.byID(theirs, row.ID); return is(err, db.ErrNotFound) },
			"insert": func() error {
				w := row
				w.ID, w.Path, w.Blob = id.New(), "b.jpg", "org-1/b.jpg"
				_, err := s.insert(theirs, w)
				return is(err, db.ErrForeign)
			},
			"move": func() error {
				w := row
				w.Blob = "org-2/stolen"
				return is(s.move(theirs, w, row.Blob), db.ErrNotFound)
			},
			"remove": func() error {
				return d.Write(theirs, func(ctx context.Context, tx db.Tx) error {
					gone, err := s.remove(ctx, tx, []string{"a.jpg"})
					return nothing(len(gone), err)
				})
			},
			"list":  func() error { rows, err := s.list(theirs, file.Query{Limit: 9}); return nothing(len(rows), err) },
			"usage": func() error { kinds, err := s.usage(theirs); return nothing(len(kinds), err) },
			"after": func() error { rows, err := s.after(theirs, "", 9); return nothing(len(rows), err) },
			"at": func() error {
				named, err := s.at(theirs, row.Blob)
				if named {
					return errors.New("knows the place")
				}
				return err
			},
		})
		if row, err = o.store.byPath(hr(1), "a.jpg"); err != nil || fmt.Sprintf("%+v", row) != before {
			t.Errorf("organization 1 has %+v, %v, had %s", row, err, before)
		}
	})
}
