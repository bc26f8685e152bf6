package gateways

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		token := newToken(t, o, 1, time.Hour, 5)
		o.beat(t, e, report{}, e.key)
		delivery := gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: 1, Last: 1}, {First: 5, Last: 6}},
			Dropped: []gateway.Dropped{{First: 2, Last: 2, Reason: "overflow"}}, Agents: []string{"PC-1"}}
		if err := o.Advance(e.as(), e.gateway.ID, delivery); err != nil {
			t.Fatal(err)
		}
		tokens, err := o.store.tokens(operator(), 10, id.Nil)
		if err != nil {
			t.Fatal(err)
		}
		before := picture(t, d)
		s, g, tokenID := o.store, e.gateway, tokens[0].ID
		theirs, far := admin(2), noon.AddDate(1, 0, 0)
		w := streamRow{GatewayID: g.ID, Epoch: "e1", Stream: "agent", UpdatedAt: far}
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
		dbtest.Tenants(t, map[string]func() error{
			"byKey": func() error {
				if _, err := s.byKey(theirs, g.KeyHash, noon); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("finds it: %w", err)
				}
				return nil
			},
			"byIDs": func() error {
				rows, err := s.byIDs(theirs, []id.UUID{g.ID})
				return shows(len(rows), err)
			},
			"lock": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.lock(ctx, tx, g.ID, far); return err })
			},
			"bySerial": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.bySerial(ctx, tx, g.Serial); return err })
			},
			"add": func() error {
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.add(ctx, tx, &g) })
			},
			"update": func() error {
				changed := g
				changed.Name = "theirs"
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.update(ctx, tx, &changed, "name") })
			},
			"gateways": func() error { rows, err := s.gateways(theirs, 10, ""); return shows(len(rows), err) },
			"list": func() error {
				all, err := gridtest.Walk(theirs, (&Module{service: o.service}).gateways(), "sort=-queueDepth,lastSeenAt")
				return shows(len(all), err)
			},
			"inUse": func() error { rows, err := s.inUse(theirs); return shows(len(rows), err) },
			"applied": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.applied(ctx, tx, g.ID, "9.9", []string{"PC-1"}) })
			},
			"appliedByAll": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.appliedByAll(ctx, tx, g.ID, "9.9") })
			},
			"silent": func() error { rows, err := s.silent(theirs, far); return shows(len(rows), err) },
			"goOffline": func() error {
				return s.goOffline(theirs, gatewayRow{ID: g.ID, Status: offline, StatusSince: &far, UpdatedAt: far}, far, func(context.Context, db.Tx) error {
					return errors.New("a foreign gateway went offline")
				})
			},
			"addSnapshot": func() error { // refers to a gateway that is not theirs
				return in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
					return s.addSnapshot(ctx, tx, &snapshotRow{ID: id.New(), GatewayID: g.ID, Timestamp: far})
				})
			},
			"latestSnapshots": func() error {
				found, err := s.latestSnapshots(theirs, []id.UUID{g.ID})
				return shows(len(found), err)
			},
			"forgetSnapshots": func() error { return s.forgetSnapshots(theirs, far) },
			"seeAgents": func() error {
				rows := []agentRow{{ID: id.New(), GatewayID: g.ID, UID: "PC-1", Status: online, LastSeenAt: far, CreatedAt: far}}
				err := d.Write(theirs, func(ctx context.Context, tx db.Tx) error { return s.seeAgents(ctx, tx, rows) })
				if err != nil && !errors.Is(err, db.ErrForeign) && !errors.Is(err, db.ErrMissingReference) {
					return err
				}
				return nil // the picture shows that nothing has changed
			},
			"silenceAgents": func() error { return s.silenceAgents(theirs, far) },
			"tokens":        func() error { rows, err := s.tokens(theirs, 10, id.Nil); return shows(len(rows), err) },
			"addToken": func() error {
				row := tokens[0]
				return in(db.ErrForeign, func(ctx context.Context, tx db.Tx) error { return s.addToken(ctx, tx, &row) })
			},
			"renewBootstrapToken": func() error { // by chance the same token, and by the same maker
				row := tokenRow{ID: id.New(), Hash: secret.Hash(token), MaxUses: 1, ExpiresAt: far, CreatedBy: "user:1", CreatedAt: noon}
				err := d.Write(theirs, func(ctx context.Context, tx db.Tx) error { return s.renewBootstrapToken(ctx, tx, &row) })
				if err != nil && !errors.Is(err, db.ErrForeign) {
					return err
				}
				return nil
			},
			"useToken": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
					_, err := s.useToken(ctx, tx, secret.Hash(token), noon)
					return err
				})
			},
			"token": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { _, err := s.token(ctx, tx, tokenID); return err })
			},
			"revokeToken": func() error {
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.revokeToken(ctx, tx, tokenID, far) })
			},
			"lockStream": func() error {
				row := w
				err := d.Write(theirs, func(ctx context.Context, tx db.Tx) error { return s.lockStream(ctx, tx, &row) })
				if !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("holds it: %w", err)
				}
				return nil
			},
			"saveStream": func() error {
				row := w
				return in(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.saveStream(ctx, tx, &row) })
			},
			"ranges": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.ranges(ctx, tx, &w)
					return shows(len(rows), err)
				})
			},
			"firstRanges": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.firstRanges(ctx, tx, &w, 10)
					return shows(len(rows), err)
				})
			},
			"lost": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					rows, err := s.lost(ctx, tx, &w, 100, 10)
					return shows(len(rows), err)
				})
			},
			"addRuns": func() error {
				return in(nil, func(ctx context.Context, tx db.Tx) error {
					found := standing{streamRow: w, dropped: 1}
					found.Holes = 1
					err := s.addRuns(ctx, tx, &found, 10)
					return shows(len(found.beyond)+len(found.lost), err)
				})
			},
			"changeRanges": func() error {
				row := rangeRow{GatewayID: g.ID, Epoch: "e1", Stream: "agent", First: 90, Last: 90, State: stored, CreatedAt: far}
				refused := in(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error { // it is not their gateway
					return s.changeRanges(ctx, tx, &w, changes{news: []rangeRow{row}})
				})
				return errors.Join(refused, in(nil, func(ctx context.Context, tx db.Tx) error {
					return s.changeRanges(ctx, tx, &w, changes{gone: []int64{2, 5}})
				}))
			},
			"forgetFirstLost": func() error {
				high := w
				high.Watermark = 100
				return in(nil, func(ctx context.Context, tx db.Tx) error { return s.forgetFirstLost(ctx, tx, &high, 0) })
			},
			"forgetDropped": func() error { return s.forgetDropped(theirs, far) },
			"streams": func() error {
				found, err := s.streams(theirs, []id.UUID{g.ID}, 10)
				return shows(len(found), err)
			},
			"incomplete": func() error {
				found, err := s.incomplete(theirs, streamRow{}, 10, 10)
				return shows(len(found), err)
			},
			"losses": func() error {
				found, err := s.losses(theirs, time.Time{}, far, lossKey{}, 10)
				return shows(len(found), err)
			},
		})
		if after := picture(t, d); after != before {
			t.Errorf("organization 2 has changed what is organization 1's:\n%s\n%s", before, after)
		}
	})
}

// picture is what there is of organization 1, in one text.
func picture(t testing.TB, d *db.DB) string {
	t.Helper()
	var all struct {
		Gateways  []gatewayRow
		Snapshots []snapshotRow
		Tokens    []tokenRow
		Streams   []streamRow
		Ranges    []rangeRow
		Agents    []agentRow
	}
	err := d.Read(admin(1), func(ctx context.Context, tx db.Tx) error {
		for _, rows := range []any{&all.Gateways, &all.Snapshots, &all.Tokens, &all.Streams, &all.Ranges, &all.Agents} {
			if err := tx.Select(rows).Scan(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Gateways)*len(all.Snapshots)*len(all.Tokens)*len(all.Streams)*len(all.Ranges)*len(all.Agents) == 0 {
		t.Fatalf("something is missing: %+v", all)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
