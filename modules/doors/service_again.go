package doors

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// again is the order to judge again passes that came before their device was known, from a place in their order on.
type again struct {
	OrganizationID int64     `json:"organizationId"`
	Address        string    `json:"address"`
	At             time.Time `json:"at"`
	ID             int64     `json:"id"`
}

// portion is how many passes one order judges; the next one begins behind them. New reports of the organization wait for it.
const portion = 200

// knows orders the passes of the device's address, unless the device was known there before.
func (s *service) knows(ctx context.Context, tx db.Tx, before, now deviceRow) error {
	if !now.IsActive || before.IsActive && before.IPAddress == now.IPAddress {
		return nil
	}
	return s.orders.Enqueue(ctx, tx, again{OrganizationID: now.OrganizationID, Address: now.IPAddress})
}

// again judges a portion in the order of time, so that directions follow from each other.
func (s *service) again(ctx context.Context, a again) error {
	who, _ := actor.From(ctx)
	ctx = actor.With(ctx, who.In(a.OrganizationID))
	rows, err := s.store.unknowns(ctx, a, portion)
	if err != nil || len(rows) == 0 {
		return err
	}
	reports := make([]report, len(rows))
	for i, row := range rows {
		reports[i], _ = decode(row.Payload) // it was not too large when it came
	}
	people, err := s.named(ctx, reports)
	if err != nil {
		return err
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var all []taken
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		for i, r := range reports {
			row, found, err := s.store.passByKey(ctx, tx, rows[i].EventKey)
			if err != nil {
				return err
			}
			if !found || row.Problem != deviceUnknown { // it was sent again in between
				continue
			}
			device, known, err := s.store.deviceAt(ctx, tx, row.DeviceIP, row.DeviceSerial)
			if err != nil {
				return err
			}
			t := taken{row: row}
			if t.told, err = s.judge(ctx, tx, &t.row, r, device, known, people); err != nil {
				return err
			}
			all = append(all, t)
		}
		if err := s.tell(ctx, tx, all); err != nil {
			return err
		}
		if len(rows) < portion {
			return nil
		}
		last := rows[len(rows)-1]
		return s.orders.Enqueue(ctx, tx, again{a.OrganizationID, a.Address, last.At, last.ID})
	})
}
