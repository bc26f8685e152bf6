package schedules

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// allAbsences asks for all that the actor sees.
var allAbsences = db.List{Order: []db.Order{{Name: "id", Expr: db.Expr{SQL: "b.id", Kind: db.ID}}}, Limit: 9, Count: true}

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newService(t, d)
		yes := true
		in := of("Kunduzgi", "09:00", "18:00", 1)
		in.IsDefault = &yes
		mine := mustMake(t, o, 1, in)
		if err := o.assign(as(actor.HR, 1), 1, mine); err != nil {
			t.Fatal(err)
		}
		day, err := o.addDay(as(actor.HR, 1), dayInput{Date: "2026-11-27", Kind: dayOff, Name: "Kompaniya kuni"})
		if err != nil {
			t.Fatal(err)
		}
		away, err := o.addAbsence(as(actor.HR, 1), 1, absent("sick", "2026-11-23", "2026-11-27"))
		if err != nil {
			t.Fatal(err)
		}
		before := picture(t, o)
		s, theirs := o.store, as(actor.HR, 2)
		doing := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		row, err := o.get(as(actor.HR, 1), mine)
		if err != nil {
			t.Fatal(err)
		}
		nothing := func(n int, err error) error {
			if n != 0 {
				return fmt.Errorf("shows %d rows", n)
			}
			return err
		}
		dbtest.Tenants(t, map[string]func() error{
			"list": func() error {
				rows, err := s.list(theirs, listing{organization: 1, limit: 9})
				return nothing(len(rows), err)
			},
			"byID": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.byID(ctx, tx, mine); return err })
			},
			"hold": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.hold(ctx, tx, mine); return err })
			},
			"insert": func() error {
				return doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { w := row; w.ID = 0; return s.insert(ctx, tx, &w) })
			},
			"update": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { w := row; w.Name = "theirs"; return s.update(ctx, tx, &w) })
			},
			"remove": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.remove(ctx, tx, mine) })
			},
			"onlyDefault": func() error { // touches no row of theirs
				return doing(nil, func(ctx context.Context, tx db.Tx) error { w := row; w.ID = 0; return s.onlyDefault(ctx, tx, w) })
			},
			"assignments": func() error {
				rows, err := s.assignments(theirs, sight{all: true}, listing{limit: 9})
				return nothing(len(rows), err)
			},
			"assignment": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.assignment(ctx, tx, 1); return err })
			},
			"assign": func() error {
				if err := doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
					return s.assign(ctx, tx, &assignmentRow{Owned: db.Owned{OrganizationID: 1}, DepartmentID: 4, ScheduleID: mine, UpdatedAt: noon})
				}); err != nil {
					return err
				}
				return doing(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
					return s.assign(ctx, tx, &assignmentRow{DepartmentID: 5, ScheduleID: mine, UpdatedAt: noon})
				})
			},
			"release": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.release(ctx, tx, 1) })
			},
			"book": func() error {
				rows, assigned, days, err := s.book(theirs, "2026-01-01", "2026-12-31")
				return nothing(len(rows)+len(assigned)+len(days), err)
			},
			"days": func() error {
				return doing(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.days(ctx, tx, 1, "2026-01-01", "2026-12-31")
					return nothing(len(rows), err)
				})
			},
			"day": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.day(ctx, tx, day.ID); return err })
			},
			"addDay": func() error {
				return doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { r := day; r.ID = 0; return s.addDay(ctx, tx, &r) })
			},
			"dropDay": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.dropDay(ctx, tx, day.ID) })
			},
			"absences": func() error {
				rows, found, err := s.absences(theirs, sight{all: true}, allAbsences)
				return nothing(len(rows)+found.Total, err)
			},
			"absent": func() error {
				rows, err := s.absent(theirs, sight{all: true}, "2026-01-01", "2026-12-31")
				return nothing(len(rows), err)
			},
			"absence": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.absence(ctx, tx, away.ID); return err })
			},
			"overlapping": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					b := away
					b.ID = 0
					_, err := s.overlapping(ctx, tx, b)
					return err
				})
			},
			"addAbsence": func() error {
				if err := doing(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { b := away; b.ID = 0; return s.addAbsence(ctx, tx, &b) }); err != nil {
					return err
				}
				return doing(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
					b := away
					b.ID, b.OrganizationID = 0, 2
					return s.addAbsence(ctx, tx, &b)
				})
			},
			"changeAbsence": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					b := away
					b.Reason = "theirs"
					return s.changeAbsence(ctx, tx, &b)
				})
			},
			"dropAbsence": func() error {
				return doing(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.dropAbsence(ctx, tx, away.ID) })
			},
			"userNames": func() error {
				names, err := s.userNames(theirs, []int64{1, 2})
				return nothing(len(names), err)
			},
		})
		if after := picture(t, o); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

// picture is all that is stored of organization 1, as text.
func picture(t *testing.T, s *service) string {
	t.Helper()
	rows, assigned, days, err := s.store.book(as(actor.HR, 1), "2026-01-01", "2026-12-31")
	if err != nil || len(rows) != 1 || len(assigned) != 1 || len(days) != 1 {
		t.Fatalf("%+v, %+v, %+v, %v", rows, assigned, days, err)
	}
	away, found, err := s.store.absences(as(actor.HR, 1), sight{all: true}, allAbsences)
	if err != nil || found.Total != 1 {
		t.Fatalf("%+v, %v", away, err)
	}
	return fmt.Sprintf("%+v %+v %+v %+v", rows, assigned, days, away)
}
