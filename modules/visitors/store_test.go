package visitors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newService(t, d)
		v := newVisitor(t, o, hr(), "Anvar", "Mehmonov", 1)
		code := newCodeOf(t, o, hr(), v.ID, oneTime)
		visit, err := o.arrives(guard(), arrival{VisitorID: v.ID, Badge: "7"})
		if err != nil {
			t.Fatal(err)
		}
		newCodeOf(t, o, hr(), v.ID, multiple)
		write(t, d, `INSERT INTO devices (organization_id, name, created_at, updated_at) VALUES (1, 'D', ?0, ?0)`, noon)
		write(t, d, `INSERT INTO passes (organization_id, event_key, action_time, visitor_id, device_id, visitor_type, action_type, action_result, action_mode, granted, payload, source, received_at)
			VALUES (1, 'k', ?0, ?1, 1, 'VISITOR', 'QR', 'SUCCESS', 'ONLINE', TRUE, '{}', 't', ?0)`, noon, v.ID)
		s, all, one := store{d}, sight{all: true}, int64(1)
		before := picture(t, d)
		read := func(do func(ctx context.Context, tx db.Tx) error) error { return d.Read(other(), do) }
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(other(), do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		nothing := func(n int, err error) error {
			if err == nil && n != 0 {
				return fmt.Errorf("shows %d", n)
			}
			return err
		}
		page := httpx.ListV1{Page: 1, Limit: 100}
		dbtest.Tenants(t, map[string]func() error{
			"list":   func() error { return nothing(len(gridtest.All(t, other(), o.visitors(), "")), nil) },
			"codes":  func() error { return nothing(len(gridtest.All(t, other(), o.codes(), "")), nil) },
			"visits": func() error { return nothing(len(gridtest.All(t, other(), o.visits(), "")), nil) },
			"byID": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.byID(ctx, tx, all, v.ID); return err })
			},
			"byIDs": func() error { rows, err := s.byIDs(other(), []int64{v.ID}); return nothing(len(rows), err) },
			"insert": func() error {
				row := visitorRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, FirstName: "x", LastName: "y", CreatedAt: noon, UpdatedAt: noon}
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.insert(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID, row.HostID = nil, 1 // theirs, with a host who is not
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.insert(ctx, tx, &row) })
			},
			"update": func() error {
				row := visitorRow{ID: v.ID, FirstName: "thief", UpdatedAt: noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.update(ctx, tx, &row) })
			},
			"hasBeen": func() error {
				return read(func(ctx context.Context, tx db.Tx) error {
					been, err := s.hasBeen(ctx, tx, v.ID)
					if been {
						return errors.New("tells who has been there")
					}
					return err
				})
			},
			"remove": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.remove(ctx, tx, v.ID) })
			},
			"counts": func() error {
				c, err := s.counts(other(), all, noon, noon.Add(-time.Hour), noon.Add(time.Hour))
				if c != (counts{}) {
					return fmt.Errorf("counts %+v", c)
				}
				return err
			},
			"codeByID": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.codeByID(ctx, tx, code.ID); return err })
			},
			"codeByText": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.codeByText(ctx, tx, code.Code); return err })
			},
			"withdrawn": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					if withdrawn, err := s.withdrawn(ctx, tx, code.Code); err != nil || withdrawn {
						return fmt.Errorf("tells what was withdrawn: %w", err)
					}
					return nil
				})
			},
			"nextCodes": func() error {
				next, err := s.nextCodes(other(), []int64{v.ID}, noon)
				if len(next) > 0 {
					return fmt.Errorf("tells of %v", next)
				}
				return err
			},
			"usableNow": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.usableNow(ctx, tx, v.ID, noon); return err })
			},
			"codeTaken": func() error {
				return read(func(ctx context.Context, tx db.Tx) error {
					taken, err := s.codeTaken(ctx, tx, codeRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, Code: code.Code})
					if taken {
						return errors.New("tells which codes there are")
					}
					return err
				})
			},
			"insertCode": func() error {
				row := codeRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, VisitorID: v.ID, CodeType: oneTime, Code: "x", StartDate: noon, EndDate: noon, CreatedAt: noon}
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.insertCode(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID = nil // theirs, of a visitor who is not
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.insertCode(ctx, tx, &row) })
			},
			"updateCode": func() error {
				row := codeRow{ID: code.ID, CodeType: oneTime, Code: "thief", StartDate: noon, EndDate: noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.updateCode(ctx, tx, &row) })
			},
			"use": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.use(ctx, tx, code.ID+1, noon) })
			},
			"removeCode": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeCode(ctx, tx, code.ID) })
			},
			"codesOf": func() error { rows, err := s.codesOf(other(), []int64{v.ID}); return nothing(len(rows), err) },
			"visitByID": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.visitByID(ctx, tx, visit.ID); return err })
			},
			"inside": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.inside(ctx, tx, v.ID); return err })
			},
			"badgeTaken": func() error {
				return read(func(ctx context.Context, tx db.Tx) error {
					taken, err := s.badgeTaken(ctx, tx, visitRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, Badge: "7"})
					if taken {
						return errors.New("tells which badges are out")
					}
					return err
				})
			},
			"open": func() error {
				row := visitRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, VisitorID: v.ID, CheckedInAt: noon, ExpectedUntil: noon}
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.open(ctx, tx, &row) })
			},
			"close": func() error {
				row := visitRow{ID: visit.ID, CheckedOutAt: &noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.close(ctx, tx, &row) })
			},
			"listV1": func() error { _, n, err := s.listV1(other(), all, page); return nothing(int(n), err) },
			"createdV1": func() error {
				rows, err := s.createdV1(other(), all, noon.Add(-time.Hour), noon.Add(time.Hour))
				return nothing(len(rows), err)
			},
			"codesV1": func() error {
				_, n, err := s.codesV1(other(), httpx.ListV1{Page: 1, Limit: 9, Search: "mehmonov"})
				return nothing(int(n), err)
			},
			"standingV1": func() error {
				for _, inForce := range []bool{true, false} {
					rows, err := s.standingV1(other(), all, inForce, noon)
					if err := nothing(len(rows), err); err != nil {
						return err
					}
				}
				return nil
			},
			"users": func() error { rows, err := s.users(other(), []int64{1, 2, 3, 4}); return nothing(len(rows), err) },
			"placesV1": func() error {
				o, members, err := s.placesV1(other(), userRow{ID: 3, MaybeOwned: db.MaybeOwned{OrganizationID: &one}})
				if errors.Is(err, db.ErrNotFound) {
					err = nil
				}
				return nothing(len(members)+int(o.ID), err)
			},
			"passesV1": func() error { _, n, err := s.passesV1(other(), v.ID, page); return nothing(int(n), err) },
			"devicesV1": func() error {
				rows, err := s.devicesV1(other(), []passRow{{DeviceID: &one}})
				return nothing(len(rows), err)
			},
			"gatesV1": func() error {
				rows, err := s.gatesV1(other(), []passRow{{GateID: &one}}, map[int64]deviceRow{1: {GateID: &one}})
				return nothing(len(rows), err)
			},
		})
		if after := picture(t, d); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

// picture is all that is stored of organization 1, as text.
func picture(t *testing.T, d *db.DB) (out string) {
	t.Helper()
	err := d.Read(hr(), func(ctx context.Context, tx db.Tx) error {
		var visitors []visitorRow
		var codes []codeRow
		var visits []visitRow
		for _, rows := range []any{&visitors, &codes, &visits} {
			if err := tx.Select(rows).OrderExpr("?TableAlias.id").Scan(ctx); err != nil {
				return err
			}
		}
		for i := range visitors {
			visitors[i].MaybeOwned = db.MaybeOwned{} // an address; there are no others
		}
		for _, c := range codes {
			out += fmt.Sprintf("%d %s %d %v %v\n", c.ID, c.Code, c.Uses, c.LastUsedAt != nil, c.IsActive)
		}
		out += fmt.Sprintf("%+v\n%d %v", visitors, len(visits), visits[0].CheckedOutAt)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
