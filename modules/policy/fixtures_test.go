package policy

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

// noon is now in these tests, until one says otherwise.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func as(role actor.Role, organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization})
}

func hr() context.Context { return as(actor.HR, 1) }

func everybody() context.Context {
	return actor.With(context.Background(), actor.System("test"))
}

// office is the service with what stands around it: organizations 1 and 2; departments 10, 11 below it, 12 below that,
// and 20 of organization 2; employees 1 to 4, of 10, 11, 12 and 12, and 5 of organization 2.
type office struct {
	*service
	world *world
}

type world struct {
	mu     sync.Mutex
	d      *db.DB
	at     time.Time
	fleet  map[int64][]gateway.Gateway
	orders []order
	full   map[id.UUID]bool // gateways that take no order
	raised []string
	seats  map[int64][]computer.Seat
	// applied are the versions of agents by gateway and computer; "*" is all.
	applied map[id.UUID]map[string]string
	away    error // what reading people comes to
}

type order struct {
	command.Order
	id id.UUID
}

func newWorld(d *db.DB) *world {
	return &world{
		d: d, at: noon, fleet: map[int64][]gateway.Gateway{}, full: map[id.UUID]bool{}, seats: map[int64][]computer.Seat{},
		applied: map[id.UUID]map[string]string{},
	}
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	w := newWorld(d)
	write(t, d, `INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, noon)
	write(t, d, `INSERT INTO departments (id, organization_id, parent_id, full_name, short_name, created_at, updated_at) VALUES
		(10, 1, NULL, 'Bosh', 'B', ?0, ?0), (11, 1, 10, 'Savdo', 'S', ?0, ?0), (12, 1, 11, 'Kassa', 'K', ?0, ?0), (20, 2, NULL, 'Boshqa', 'X', ?0, ?0)`, noon)
	write(t, d, `INSERT INTO employees (id, organization_id, department_id, name, name_search, created_at, updated_at) VALUES
		(1, 1, 10, 'Aziza', 'aziza', ?0, ?0), (2, 1, 11, 'Bobur', 'bobur', ?0, ?0), (3, 1, 12, 'Dilnoza', 'dilnoza', ?0, ?0),
		(4, 1, 12, 'Eldor', 'eldor', ?0, ?0), (5, 2, 20, 'Farruh', 'farruh', ?0, ?0)`, noon)
	return officeOn(t, w)
}

// officeOn is another process on the same database.
func officeOn(t testing.TB, w *world) *office {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	bus, err := event.NewBus(nil, w.d, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := defaults()
	return &office{&service{
		store: store{w.d}, fleet: w, outbox: w, alerts: w, staff: staff{w}, people: people{w: w}, seats: seating{w}, tree: tree{w: w}, index: tree{w: w},
		audit:  audit.New(audit.Options{DB: w.d, Log: slog.New(slog.DiscardHandler)}),
		events: bus, metrics: m, cfg: &cfg, log: slog.New(slog.DiscardHandler), now: w.now,
	}, w}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// gateways gives an organization so many gateways.
func (o *office) gateways(t testing.TB, organization int64, n int) []gateway.Gateway {
	t.Helper()
	for range n {
		g := gateway.Gateway{ID: id.New(), Serial: fmt.Sprintf("GW-%d-%d", organization, len(o.world.fleet[organization]))}
		write(t, o.world.d, `INSERT INTO gateway_instances (id, organization_id, serial, api_key, created_at, updated_at) VALUES (?0, ?1, ?2, ?2, ?3, ?3)`,
			g.ID, organization, g.Serial, noon)
		o.world.fleet[organization] = append(o.world.fleet[organization], g)
	}
	return o.world.fleet[organization]
}

// InUse is gateway.Fleet.
func (w *world) InUse(ctx context.Context) ([]gateway.Gateway, error) {
	a, _ := actor.From(ctx)
	return slices.Clone(w.fleet[a.OrganizationID]), nil
}

func (w *world) PoliciesApplied(_ context.Context, gatewayID id.UUID, versions map[string]string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.applied[gatewayID] == nil {
		w.applied[gatewayID] = map[string]string{}
	}
	for uid, v := range versions {
		w.applied[gatewayID][uid] = v
	}
	return nil
}

func (w *world) PolicyAppliedByAll(ctx context.Context, gatewayID id.UUID, version string) error {
	return w.PoliciesApplied(ctx, gatewayID, map[string]string{"*": version})
}

// Order is command.Outbox.
func (w *world) Order(_ context.Context, tx db.Tx, o command.Order) (id.UUID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if tx.Actor().OrganizationID != o.OrganizationID {
		return id.Nil, db.ErrForeign
	}
	if w.full[o.GatewayID] {
		return id.Nil, command.ErrQueueFull
	}
	w.orders = append(w.orders, order{o, id.New()})
	return w.orders[len(w.orders)-1].id, nil
}

// taken returns the orders since it was last asked.
func (w *world) taken() []order {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.orders
	w.orders = nil
	return list
}

// Raise is alert.Log.
func (w *world) Raise(ctx context.Context, a alert.Alert) error {
	who, _ := actor.From(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if line := fmt.Sprintf("%d %s %s %v %s", who.OrganizationID, a.Kind, a.Subject, a.Details, a.ID); !slices.Contains(w.raised, line) {
		w.raised = append(w.raised, line)
	}
	return nil
}

// write runs a statement that names its organization itself.
func write(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(everybody(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func texts(t testing.TB, d *db.DB, query string, args ...any) (list []string) {
	t.Helper()
	err := d.Read(everybody(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &list) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func ptr[T any](v T) *T { return &v }

// wanted is a policy as a caller says it.
func wanted(title string, change ...func(*input)) input {
	in := input{Title: title, ActiveWindows: ptr(true), VisitedSites: ptr(true), Screenshots: ptr(true), ScreenshotSeconds: 60}
	for _, c := range change {
		c(&in)
	}
	if err := in.Validate(); err != nil {
		panic(err)
	}
	return in
}

func every(seconds int64) func(*input) { return func(in *input) { in.ScreenshotSeconds = seconds } }

func to(percent int64) func(*input) { return func(in *input) { in.Percent = percent } }

func restarting(in *input) { in.RequiresRestart = true }

func (o *office) mustCreate(t testing.TB, in input) policyRow {
	t.Helper()
	row, err := o.create(hr(), 0, in)
	if err != nil {
		t.Fatal(err)
	}
	return o.row(t, row.ID)
}

func (o *office) mustUpdate(t testing.TB, policyID int64, in input) policyRow {
	t.Helper()
	if _, err := o.update(hr(), policyID, o.row(t, policyID).Revision, in); err != nil {
		t.Fatal(err)
	}
	return o.row(t, policyID)
}

func (o *office) row(t testing.TB, policyID int64) policyRow {
	t.Helper()
	_, row, err := o.enter(everybody(), "read", policyID)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func (o *office) mustVersion(t testing.TB, policyID, number int64) versionRow {
	t.Helper()
	v, err := o.version(everybody(), policyID, number)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answer has a gateway's order come to an end.
func (o *office) answer(t testing.TB, w order, status command.Status, code string) {
	t.Helper()
	e := command.Ended{
		ID: w.id, OrganizationID: w.OrganizationID, GatewayID: w.GatewayID, Type: w.Type, By: w.By, Status: status,
		Ack: command.Ack{CommandID: w.id, Status: status, Code: code}, At: orderedAt(w.id).Add(300 * time.Millisecond),
	}
	if err := o.ended(actor.With(context.Background(), actor.Actor{Role: actor.Gateway, ID: "gateway:" + w.GatewayID.String(), OrganizationID: w.OrganizationID}), e); err != nil {
		t.Fatal(err)
	}
}

// states are those of the policy's roll-outs, the oldest first.
func (o *office) states(t testing.TB, policyID int64) []string {
	t.Helper()
	return texts(t, o.world.d, "SELECT state || ' ' || version || ' ' || percent FROM policy_rollouts WHERE policy_id = ? ORDER BY id", policyID)
}

// bundleFor is what a gateway gets.
func (o *office) bundleFor(t testing.TB, organization int64, gatewayID id.UUID) rule.Bundle {
	t.Helper()
	snap, err := o.fetch(as(actor.Gateway, organization))
	if err != nil {
		t.Fatal(err)
	}
	made, err := snap.of(gatewayID)
	if err != nil {
		t.Fatal(err)
	}
	return made.bundle
}

// versionsIn are the versions of a bundle's policies.
func versionsIn(b rule.Bundle) string {
	of := map[int64]string{}
	for _, p := range b.Policies {
		of[p.ID] = p.Version
	}
	return fmt.Sprint(of)
}
