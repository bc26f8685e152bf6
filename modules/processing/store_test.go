package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustSubmit(t, o, agent(1), window("done"))
		o.rounds(t)
		mustSubmit(t, o, agent(1), window("waits"))
		var mine []jobRow
		picture := func() string {
			var rows []jobRow
			if err := d.Read(agent(1), func(ctx context.Context, tx db.Tx) error { return tx.Select(&rows).Order("id").Scan(ctx) }); err != nil {
				t.Fatal(err)
			}
			mine = rows
			text, err := json.Marshal(rows)
			if err != nil || len(rows) != 2 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			return string(text)
		}
		before := picture()
		s, theirs := store{d}, agent(2)
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		nothing := func(n int, err error) error {
			if n > 0 {
				return fmt.Errorf("shows %d", n)
			}
			return err
		}
		dbtest.Tenants(t, map[string]func() error{
			"known": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					known, err := s.known(ctx, tx, []string{"done", "waits"})
					return nothing(len(known), err)
				})
			},
			"add": func() error {
				row := mine[0]
				row.ID, row.JobID = 0, "theirs"
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.add(ctx, tx, []jobRow{row}) })
			},
			"waiting": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					w, err := s.waiting(ctx, tx)
					return nothing(w.Jobs+w.Ready+int(w.Bytes), err)
				})
			},
			"due": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.due(ctx, tx, noon.Add(time.Hour), 10)
					return nothing(len(rows), err)
				})
			},
			"settle": func() error {
				row := mine[1]
				row.Status = failed
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.settle(ctx, tx, row) })
			},
			"request": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.request(ctx, tx, mine[1].ID)
					return err
				})
			},
			"job": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.job(ctx, tx, "done", "")
					return err
				})
			},
			"batch": func() error {
				rows, err := s.batch(theirs, "batch", "", 10)
				return nothing(len(rows), err)
			},
			"sums": func() error {
				all, err := s.sums(theirs)
				return nothing(len(all), err)
			},
			"finished": func() error {
				rows, err := s.finished(theirs, noon.Add(-time.Hour), noon.Add(time.Hour), 10)
				return nothing(len(rows), err)
			},
			"forget": func() error { return s.forget(theirs, noon.Add(time.Hour)) },
			"forgetCompleted": func() error {
				n, err := s.forgetCompleted(theirs, "")
				return nothing(int(n), err)
			},
			"bound": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.bound(ctx, tx, 0) })
			},
			"leftBehind": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					left, err := s.leftBehind(ctx, tx, noon.Add(time.Hour))
					return nothing(len(left), err)
				})
			},
		})
		if after := picture(); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}
