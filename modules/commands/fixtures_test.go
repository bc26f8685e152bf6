package commands

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// office is the queue in one process of the server, at a time that the test moves.
type office struct {
	*service
	clock   *clock
	metrics *prometheus.Registry
	files   *shelf
}

func newOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	o := office{clock: &clock{at: noon}, metrics: prometheus.NewRegistry(), files: &shelf{kept: map[string][]byte{}}}
	log, cfg := slog.New(slog.DiscardHandler), defaults()
	bus, err := event.NewBus(nil, d, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.service = &service{
		store: store{d}, gateways: directory{d}, files: o.files, events: bus, audit: audit.New(audit.Options{DB: d, Log: log}),
		metrics: newMetrics(o.metrics), cfg: &cfg, log: log, now: o.clock.now, jitter: func() float64 { return 0 },
	}
	return o
}

// populate makes two organizations and returns two gateways of the first and one of the second.
func populate(t testing.TB, d *db.DB) (gateways [3]id.UUID) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at)
			VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx) // unscoped: the tenants themselves
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return [3]id.UUID{newGateway(t, d, 1, "GW-1"), newGateway(t, d, 1, "GW-2"), newGateway(t, d, 2, "GW-3")}
}

func newGateway(t testing.TB, d *db.DB, organization int64, serial string) id.UUID {
	t.Helper()
	gatewayID := id.New()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO gateway_instances (id, organization_id, serial, api_key, created_at, updated_at)
			VALUES (?0, ?1, ?2, ?2, ?3, ?3)`, gatewayID, organization, serial, noon).Exec(ctx) // scoped by its values
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return gatewayID
}

// directory reads what module gateways keeps.
type directory struct{ db *db.DB }

func (d directory) ByIDs(ctx context.Context, ids []id.UUID) (map[id.UUID]gateway.Gateway, error) {
	found := map[id.UUID]gateway.Gateway{}
	a, _ := actor.From(ctx)
	err := d.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, one := range ids {
			var rows []struct {
				OrganizationID int64
				Serial         string
			}
			err := tx.Raw("SELECT organization_id, serial FROM gateway_instances WHERE id = ? AND ? IN (0, organization_id)", one, a.OrganizationID).Scan(ctx, &rows)
			if err != nil {
				return err
			}
			for _, r := range rows {
				found[one] = gateway.Gateway{ID: one, OrganizationID: r.OrganizationID, Serial: r.Serial}
			}
		}
		return nil
	})
	return found, err
}

// shelf keeps files in memory; of file.Store it has what the module uses.
type shelf struct {
	file.Store
	mu   sync.Mutex
	kept map[string][]byte
}

func (s *shelf) Put(_ context.Context, n file.New, body io.Reader) (file.File, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return file.File{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, has := s.kept[n.Path]; has {
		return file.File{}, file.ErrExists
	}
	s.kept[n.Path] = content
	return file.File{Path: n.Path, Kind: n.Kind, Size: int64(len(content)), SHA256: "00"}, nil
}

func (s *shelf) Stat(_ context.Context, path string) (file.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, has := s.kept[path]
	if !has {
		return file.File{}, file.ErrUnknown
	}
	return file.File{Path: path, Size: int64(len(content)), SHA256: "00"}, nil
}

func (s *shelf) Open(_ context.Context, path string) (io.ReadCloser, file.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, has := s.kept[path]
	if !has {
		return nil, file.File{}, file.ErrUnknown
	}
	return io.NopCloser(bytes.NewReader(content)), file.File{Path: path, Size: int64(len(content))}, nil
}

func (s *shelf) Delete(_ context.Context, paths ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.kept, func(p string, _ []byte) bool { return p == paths[0] })
	return nil
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

// hr is a person of the organization.
func hr(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: organization})
}

// administrator is the person of all organizations.
func administrator() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
}

// order puts a command into the gateway's queue.
func (o office) order(t testing.TB, gatewayID id.UUID, change func(*command.Order)) id.UUID {
	t.Helper()
	commandID, err := o.tryOrder(hr(1), gatewayID, change)
	if err != nil {
		t.Fatal(err)
	}
	return commandID
}

func (o office) tryOrder(ctx context.Context, gatewayID id.UUID, change func(*command.Order)) (commandID id.UUID, err error) {
	order := command.Order{GatewayID: gatewayID, Type: command.SyncDevices}
	if change != nil {
		change(&order)
	}
	err = o.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		commandID, err = o.Order(ctx, tx, order)
		return err
	})
	return commandID, err
}

// link is a gateway's connection as the queue sees it.
type link struct {
	gatewayID, socketID id.UUID
	known               bool
}

var process = id.New()

// next looks at the gateway's queue until nothing is left to be settled, and returns what goes down.
func (o office) next(t testing.TB, l *link) (delivered []commandRow) {
	t.Helper()
	held := []holding{{gatewayID: l.gatewayID, socketID: l.socketID, organizationID: 1, since: o.service.clock()}}
	if !l.known {
		if err := o.hold(context.Background(), process, held); err != nil {
			t.Fatal(err)
		}
		l.known = true
	}
	for range 1000 {
		r, err := o.look(context.Background(), held)
		if err != nil {
			t.Fatal(err)
		}
		if delivered = append(delivered, r.deliver...); len(r.again) == 0 {
			return delivered
		}
	}
	t.Fatal("it never comes to rest")
	return nil
}

func connect(gatewayID id.UUID) *link { return &link{gatewayID: gatewayID, socketID: id.New()} }

// row is the command as it stands.
func (o office) row(t testing.TB, commandID id.UUID) commandRow {
	t.Helper()
	row, err := o.store.byID(system(), commandID)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func (o office) ack(t testing.TB, gatewayID id.UUID, a command.Ack) {
	t.Helper()
	if err := o.acknowledge(context.Background(), gateway.Caller{ID: gatewayID, OrganizationID: 1}, a); err != nil {
		t.Fatal(err)
	}
}

// audited fails the test if the audit does not hold so many lines of the actions.
func (o office) audited(t testing.TB, want map[string]int) {
	t.Helper()
	for action, n := range want {
		var got int
		err := o.store.db.Read(system(), func(ctx context.Context, tx db.Tx) error {
			return tx.Raw("SELECT count(*) FROM audit_log WHERE action = ?", action).Scan(ctx, &got) // unscoped: the test looks at everything
		})
		if err != nil || got != n {
			t.Errorf("%d lines of %s in the audit, %v, want %d", got, action, err, n)
		}
	}
}
