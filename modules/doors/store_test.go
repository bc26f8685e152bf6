package doors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mine := mustTake(t, o, terminal(1), action(3, "09:00:00", true, named(11)))[0].row
		mustTake(t, o, terminal(1), action(88, "09:00:00", true, named(11)))
		if _, err := o.takeEvents(terminal(1), sourceHikvision, reports(t, doorEvent(1, "ALARM_TRIGGERED", "09:00:00"))); err != nil {
			t.Fatal(err)
		}
		if _, err := o.takeStatuses(terminal(1), reports(t, status("10.0.0.3", "ONLINE", "09:00:00"), status("10.0.0.77", "ONLINE", "09:00:00"))); err != nil {
			t.Fatal(err)
		}
		gate, err := o.createGate(as(actor.HR, 1), 0, gateInput{Name: orNull("North")})
		if err != nil {
			t.Fatal(err)
		}
		var noted eventRow
		var told statusRow
		inside(t, d, terminal(1), func(ctx context.Context, tx db.Tx) error {
			return errors.Join(tx.Select(&noted).Scan(ctx), tx.Select(&told).Where("device_id = 3").Scan(ctx))
		})
		s, theirs, all := store{d}, as(actor.HR, 2), sight{all: true}
		before := picture(t, d)
		in := func(want error, do func(ctx context.Context, tx db.Tx) error) error {
			if err := d.Write(theirs, do); !errors.Is(err, want) {
				return fmt.Errorf("error %v, want %v", err, want)
			}
			return nil
		}
		nothing := func(known bool, err error) error {
			if known {
				return errors.New("shows a row")
			}
			return err
		}
		dbtest.Tenants(t, map[string]func() error{
			"deviceAt": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					_, known, err := s.deviceAt(ctx, tx, "10.0.0.3", "SN3")
					return nothing(known, err)
				})
			},
			"logOf": func() error {
				rows, total, err := s.logOf(theirs, all, 11, httpx.ListV1{Page: 1, Limit: 10})
				return nothing(len(rows) > 0 || total > 0, err)
			},
			"touch": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.touch(ctx, tx, 1, noon.Add(time.Hour), freshness) })
			},
			"passByKey": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					_, known, err := s.passByKey(ctx, tx, mine.EventKey)
					return nothing(known, err)
				})
			},
			"addPass": func() error {
				row := mine
				row.ID, row.EventKey = 0, "theirs"
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addPass(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID = 0 // theirs, through a door that is not
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.addPass(ctx, tx, &row) })
			},
			"judgePass": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.judgePass(ctx, tx, &passRow{ID: mine.ID}) })
			},
			"unknowns": func() error {
				rows, err := s.unknowns(theirs, again{OrganizationID: 1, Address: "10.0.0.88"}, 10)
				return nothing(len(rows) > 0, err)
			},
			"passBefore": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					row, err := s.passBefore(ctx, tx, 11, noon)
					return nothing(row.ID != 0, err)
				})
			},
			"passAfter": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					_, known, err := s.passAfter(ctx, tx, passRow{EmployeeID: 11})
					return nothing(known, err)
				})
			},
			"turnPass": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					return s.turnPass(ctx, tx, passRow{ID: mine.ID, EntryType: "EXIT"})
				})
			},
			"eventByKey": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					_, known, err := s.eventByKey(ctx, tx, noted.EventKey)
					return nothing(known, err)
				})
			},
			"addEvent": func() error {
				row := noted
				row.ID, row.EventKey = 0, "theirs"
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addEvent(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID = 0
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.addEvent(ctx, tx, &row) })
			},
			"lastStatus": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					_, byID, err := s.lastStatus(ctx, tx, 3, "10.0.0.3")
					_, byAddress, also := s.lastStatus(ctx, tx, 0, "10.0.0.77")
					return nothing(byID || byAddress, errors.Join(err, also))
				})
			},
			"addStatus": func() error {
				row := told
				row.ID = 0
				if err := in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addStatus(ctx, tx, &row) }); err != nil {
					return err
				}
				row.OrganizationID = 0
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { return s.addStatus(ctx, tx, &row) })
			},
			"lengthenStatus": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					return s.lengthenStatus(ctx, tx, statusRow{ID: told.ID, LastAt: noon, ReceivedAt: noon, Payload: []byte("{}")})
				})
			},
			"boundStatuses": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					return errors.Join(s.boundStatuses(ctx, tx, 3, 0), s.boundStatuses(ctx, tx, 0, 0))
				})
			},
			"forget": func() error { return s.forget(theirs, noon.Add(time.Hour)) },
			"ways": func() error {
				rows, err := s.ways(theirs, all, noon.Add(-day), noon.Add(day))
				return nothing(len(rows) > 0, err)
			},
			"passes": func() error {
				rows, err := s.passes(theirs, passQuery{sight: all, limit: 10})
				more, also := s.passes(theirs, passQuery{sight: all, limit: 10, organization: 1, employee: 11, device: 3})
				return nothing(len(rows)+len(more) > 0, errors.Join(err, also))
			},
			"deviceNames": func() error {
				names, err := s.deviceNames(theirs, []int64{1, 2, 3})
				return nothing(len(names) > 0, err)
			},
			"listDevices": func() error {
				shown, err := gridtest.Walk(theirs, (&service{store: s}).devices(), "organization=1")
				if len(shown) > 0 {
					return fmt.Errorf("shows %v", shown)
				}
				return err
			},
			"devices": func() error {
				rows, err := s.devices(theirs, 0, 10)
				more, also := s.devices(theirs, 1, 10)
				return nothing(len(rows) != 1 || rows[0].ID != 4 || len(more) > 0, errors.Join(err, also))
			},
			"movements": func() error {
				rows, err := s.movements(theirs, all, 1, noon.Add(-24*time.Hour), noon.Add(24*time.Hour))
				return nothing(len(rows) > 0, err)
			},
			"pageV1": func() error {
				rows, total, err := s.pageV1(theirs, passQuery{sight: all, organization: 1, limit: 9}, 0)
				return nothing(len(rows) > 0 || total > 0, err)
			},
			"devicesByIDs": func() error {
				of, err := s.devicesByIDs(theirs, []int64{1, 2, 3})
				return nothing(len(of) > 0, err)
			},
			"statusesOf": func() error {
				of, err := s.statusesOf(theirs, []int64{1, 2, 3})
				return nothing(len(of) > 0, err)
			},
			"device": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.device(ctx, tx, 1)
					return err
				})
			},
			"addressTaken": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					row := deviceRow{IPAddress: "10.0.0.3"}
					row.OrganizationID = 1
					return nothing(s.addressTaken(ctx, tx, row))
				})
			},
			"addDevice": func() error {
				row := deviceRow{Name: "theirs", CreatedAt: noon, UpdatedAt: noon}
				row.OrganizationID = 1
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addDevice(ctx, tx, &row) })
			},
			"changeDevice": func() error {
				row := deviceRow{ID: 1, Name: "theirs", UpdatedAt: noon}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.changeDevice(ctx, tx, &row) })
			},
			"removeDevice": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeDevice(ctx, tx, deviceRow{ID: 5}) })
			},
			"reported": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					row := deviceRow{ID: 3}
					row.OrganizationID = 1
					return nothing(s.reported(ctx, tx, row))
				})
			},
			"devicesV1": func() error {
				rows, total, err := s.devicesV1(theirs, httpx.ListV1{Page: 1, Limit: 10, Search: "in"})
				return nothing(len(rows) > 0 || total > 0, err)
			},
			"devicesLike": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					ids, err := s.devicesLike(ctx, tx, "out")
					return nothing(len(ids) > 0, err)
				})
			},
			"deviceV1": func() error {
				_, passes, err := s.deviceV1(theirs, 3, 10)
				if !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("error %v, want %v", err, db.ErrNotFound)
				}
				return nothing(len(passes) > 0, nil)
			},
			"gates": func() error {
				rows, err := s.gates(theirs, 0, 0, 10)
				more, also := s.gates(theirs, 1, 0, 10)
				return nothing(len(rows)+len(more) > 0, errors.Join(err, also))
			},
			"gate": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.gate(ctx, tx, gate.ID)
					return err
				})
			},
			"addGate": func() error {
				row := gateRow{Name: "theirs", CreatedAt: noon}
				row.OrganizationID = 1
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addGate(ctx, tx, &row) })
			},
			"changeGate": func() error {
				row := gateRow{ID: gate.ID, Name: "theirs"}
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.changeGate(ctx, tx, &row) })
			},
			"removeGate": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeGate(ctx, tx, gate) })
			},
		})
		if after := picture(t, d); after != before {
			t.Errorf("organization 1 has\n%s\nhad\n%s", after, before)
		}
	})
}

func inside(t *testing.T, d *db.DB, ctx context.Context, do func(ctx context.Context, tx db.Tx) error) {
	t.Helper()
	if err := d.Read(ctx, do); err != nil {
		t.Fatal(err)
	}
}

// picture is all that is stored of organization 1, as text.
func picture(t *testing.T, d *db.DB) string {
	t.Helper()
	var passes []passRow
	var events []eventRow
	var statuses []statusRow
	var devices []deviceRow
	var gates []gateRow
	inside(t, d, as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
		return errors.Join(tx.Select(&passes).Order("id").Scan(ctx), tx.Select(&events).Order("id").Scan(ctx),
			tx.Select(&statuses).Order("id").Scan(ctx), tx.Select(&devices).Order("id").Scan(ctx), tx.Select(&gates).Order("id").Scan(ctx))
	})
	for i := range devices {
		if at := devices[i].LastSeenAt; at != nil { // a pointer prints as its address
			devices[i].UpdatedAt, devices[i].LastSeenAt = *at, nil
		}
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v", passes, statuses, devices, gates, len(events))
}
