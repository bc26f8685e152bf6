package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		l := connect(g)
		ended := o.order(t, g, func(o *command.Order) { o.Type = command.CollectDiagnostics })
		o.next(t, l)
		if _, err := o.keepBundle(hr(1), o.row(t, ended), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		o.ack(t, g, command.Ack{CommandID: ended, Status: command.Completed})
		sent := o.order(t, g, nil)
		o.next(t, l)
		waits := o.order(t, g, func(o *command.Order) { o.Replaces = "r" })
		before := picture(t, d)
		s, theirs, far := o.store, hr(2), noon.AddDate(1, 0, 0)
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		shows := func(n int, err error) error {
			if err == nil && n > 0 {
				return fmt.Errorf("shows %d rows", n)
			}
			return err
		}
		row := o.row(t, sent)
		dbtest.Tenants(t, map[string]func() error{
			"add": func() error {
				again := row
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.add(ctx, tx, &again) })
			},
			"waiting": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error { return shows(s.waiting(ctx, tx, g, 10)) })
			},
			"replace": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.replace(ctx, tx, g, "r", far)
					return shows(len(rows), err)
				})
			},
			"end": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					changed := row
					changed.Status = command.Completed
					if done, err := s.end(ctx, tx, &changed, unfinished...); done || err != nil {
						return fmt.Errorf("ended: %v, %w", done, err)
					}
					return nil
				})
			},
			"claim": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					changed := row
					changed.Deliveries++
					if done, err := s.claim(ctx, tx, &changed); done || err != nil {
						return fmt.Errorf("claimed: %v, %w", done, err)
					}
					return nil
				})
			},
			"heads": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.heads(ctx, tx, []id.UUID{g})
					return shows(len(rows), err)
				})
			},
			"lock": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.lock(ctx, tx, sent); return err })
			},
			"byID": func() error {
				if _, err := s.byID(theirs, waits); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("finds it: %w", err)
				}
				return nil
			},
			"list": func() error {
				all, err := gridtest.Walk(theirs, o.commands(), "sort=-sentAt,type")
				return shows(len(all), err)
			},
			"expire": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.expire(ctx, tx, far, 10)
					return shows(len(rows), err)
				})
			},
			"forget":  func() error { return s.forget(theirs, far) },
			"bundles": func() error { rows, err := s.bundles(theirs, far, 10); return shows(len(rows), err) },
			"setBundle": func() error {
				if done, err := s.setBundle(theirs, sent, "theirs"); done || err != nil {
					return fmt.Errorf("set: %v, %w", done, err)
				}
				return nil
			},
			"clearBundle": func() error {
				if err := s.clearBundle(theirs, ended); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("error %w", err)
				}
				return nil
			},
			"hold": func() error {
				taken := []socketRow{{GatewayID: g, ID: id.New(), ProcessID: id.New(), Since: far}}
				err := d.Write(theirs, func(ctx context.Context, tx db.Tx) error { return s.hold(ctx, tx, taken) })
				if err != nil && !errors.Is(err, db.ErrForeign) && !errors.Is(err, db.ErrMissingReference) {
					return err
				}
				return nil // the picture shows that nothing has changed
			},
			"holders": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.holders(ctx, tx, []id.UUID{g})
					return shows(len(rows), err)
				})
			},
			"heldBy": func() error { rows, err := s.heldBy(theirs, process); return shows(len(rows), err) },
			"due":    func() error { rows, err := s.due(theirs, process, far); return shows(len(rows), err) },
		})
		if after := picture(t, d); after != before {
			t.Errorf("changed:\n%s\nwas\n%s", after, before)
		}
	})
}

// picture is all that there is.
func picture(t testing.TB, d *db.DB) string {
	t.Helper()
	var all struct {
		Commands []commandRow
		Sockets  []socketRow
	}
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select(&all.Commands).Order("c.id").Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&all.Sockets).Scan(ctx)
	})
	if err != nil || len(all.Commands) != 3 || len(all.Sockets) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDueIsWhatCanGoNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o := newOffice(t, d)
		l := connect(gateways[0])
		o.next(t, l)
		o.order(t, gateways[1], nil) // not connected
		due := func(want int, when string) {
			t.Helper()
			found, err := o.store.due(system(), process, o.service.clock())
			if err != nil || len(found) != want {
				t.Errorf("%s: %v, %v, want %d", when, found, err, want)
			}
		}
		due(0, "nothing ordered")
		o.order(t, gateways[0], nil)
		o.order(t, gateways[0], nil)
		due(1, "ordered")
		o.next(t, l)
		due(0, "under way, with another behind it")
		o.clock.pass(o.cfg.Lease)
		due(1, "not answered")
		o.next(t, l)
		due(0, "asked again")
		again := []holding{{gatewayID: gateways[0], socketID: id.New(), organizationID: 1, since: noon}}
		if err := o.hold(context.Background(), process, again); err != nil {
			t.Fatal(err)
		}
		due(1, "by another socket")
	})
}
