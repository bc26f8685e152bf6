package auth

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func (s *service) listWhitelist(ctx context.Context) (rows []whitelistRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.store.whitelist(ctx, tx)
		return err
	})
	return rows, err
}

// allowAddress keeps an address from being blocked by itself.
func (s *service) allowAddress(ctx context.Context, address, description string, active bool) error {
	n, err := network("ipAddress", address)
	if err != nil {
		return err
	}
	row := whitelistRow{Address: networkText(n), Description: clip(description), IsActive: active, CreatedAt: s.time()}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		list, err := s.store.whitelist(ctx, tx)
		if err != nil {
			return err
		}
		if len(list) >= maxAddresses {
			return tooMany("ipAddress", maxAddresses)
		}
		if err := s.store.allow(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, securityEntry("address.allowed", "address:"+row.Address, nil, row.Description))
	})
	s.guard.forget()
	return err
}

func tooMany(field string, most int) error {
	var f fault.Fields
	f.Add(field, "too_many_items", fault.Params{"Max": most})
	return f.Err()
}

// disallowAddress takes an address off the whitelist and reports whether it was there.
func (s *service) disallowAddress(ctx context.Context, address string) (bool, error) {
	n, ok := parseNetwork(address)
	if !ok {
		return false, nil
	}
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.disallow(ctx, tx, networkText(n)); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, securityEntry("address.disallowed", "address:"+networkText(n), nil, nil))
	})
	s.guard.forget()
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *service) listBlocked(ctx context.Context) (list []string, err error) {
	if err := s.guard.flush(ctx); err != nil {
		return nil, err
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.blocks(ctx, tx, s.time())
		list = addresses(rows)
		return err
	})
	return list, err
}

// blockAddress refuses the keys of the actor's organization from an address, for a time or for ever. To block oneself
// is refused: nobody could take it back.
func (s *service) blockAddress(ctx context.Context, address, reason string, during time.Duration, self netip.Addr) (blockRow, error) {
	n, err := network("ipAddress", address)
	if err != nil {
		return blockRow{}, err
	}
	if n.Contains(self) {
		var f fault.Fields
		f.Add("ipAddress", codeOwnAddress, nil)
		return blockRow{}, f.Err()
	}
	now := s.time()
	row := blockRow{Address: networkText(n), Reason: clip(reason), CreatedAt: now}
	if during > 0 {
		row.ExpiresAt = now.Add(during)
	}
	events := []eventRow{{
		ID: id.New(), EventType: blockedByHand.kind, IPAddress: row.Address, UserAgent: system, Severity: blockedByHand.severity,
		Details: map[string]any{blockedByHand.name: row.Reason}, Times: 1, FirstAt: now, LastAt: now,
	}}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		list, err := s.store.blocks(ctx, tx, now)
		if err != nil {
			return err
		}
		if len(list) >= maxAddresses {
			return tooMany("ipAddress", maxAddresses)
		}
		if err := s.store.block(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.store.writeEvents(ctx, tx, events); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, securityEntry("address.blocked", "address:"+row.Address, nil, row.Reason))
	})
	s.guard.forget()
	return row, err
}

// unblockAddress takes a block back, also one that came by itself.
func (s *service) unblockAddress(ctx context.Context, address string) error {
	n, ok := parseNetwork(address)
	if !ok {
		return nil
	}
	if err := s.guard.flush(ctx); err != nil {
		return err
	}
	host := hostOf(n.Addr()) // which is what is blocked by itself
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		err := s.store.unblock(ctx, tx, networkText(n))
		if errors.Is(err, db.ErrNotFound) && n.IsSingleIP() {
			err = s.store.unblock(ctx, tx, networkText(host))
		}
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, securityEntry("address.unblocked", "address:"+networkText(n), nil, nil))
	})
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err == nil {
		s.guard.unbar(n)
		s.guard.unbar(host)
	}
	return err
}
