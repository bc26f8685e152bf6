package computers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

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

func (c *clock) pass(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// tree has department 2 below 1, in organization 1.
type tree struct{ organization.Tree }

func (tree) Department(ctx context.Context, id int64) (organization.Department, error) {
	if a, _ := actor.From(ctx); id > 2 || a.OrganizationID > 1 {
		return organization.Department{}, organization.ErrDepartmentUnknown
	}
	return organization.Department{ID: id, Name: fmt.Sprint("Department ", id)}, nil
}

func (tree) Below(_ context.Context, ids []int64) ([]int64, error) {
	if slices.Contains(ids, 1) {
		return []int64{1, 2}, nil
	}
	return ids, nil
}

// directory knows employees by id; department leads see those of their departments.
type directory map[int64]employee.Employee

func (d directory) sees(ctx context.Context, e employee.Employee) bool {
	a, _ := actor.From(ctx)
	return (a.OrganizationID == 0 || a.OrganizationID == e.OrganizationID) &&
		(a.Role != actor.DepartmentLead || slices.Contains(a.DepartmentIDs, e.DepartmentID))
}

func (d directory) ByID(ctx context.Context, id int64) (employee.Employee, error) {
	if e, ok := d[id]; ok && d.sees(ctx, e) {
		return e, nil
	}
	return employee.Employee{}, employee.ErrUnknown
}

func (d directory) ByIDs(ctx context.Context, ids []int64) (map[int64]employee.Employee, error) {
	found := map[int64]employee.Employee{}
	for _, id := range ids {
		if e, err := d.ByID(ctx, id); err == nil {
			found[id] = e
		}
	}
	return found, nil
}

func (d directory) InDepartments(ctx context.Context, departments []int64) (ids []int64, err error) {
	for _, e := range d {
		if d.sees(ctx, e) && slices.Contains(departments, e.DepartmentID) {
			ids = append(ids, e.ID)
		}
	}
	return ids, nil
}

// people are employees 11 and 12 of organization 1, in departments 1 and 2, and 21 of organization 2.
var people = directory{
	11: {ID: 11, OrganizationID: 1, DepartmentID: 1, Name: "Aziza Karimova"},
	12: {ID: 12, OrganizationID: 1, DepartmentID: 2, Name: "Bobur Aliyev"},
	21: {ID: 21, OrganizationID: 2, DepartmentID: 3, Name: "Diyor Rahimov"},
}

// sites are the gateways by id; rows refer to them, so populate makes them, all in organization 1.
type sites map[id.UUID]gateway.Gateway

func (s sites) ByIDs(_ context.Context, ids []id.UUID) (map[id.UUID]gateway.Gateway, error) {
	found := map[id.UUID]gateway.Gateway{}
	for _, i := range ids {
		if g, ok := s[i]; ok {
			found[i] = g
		}
	}
	return found, nil
}

var gatewayID = id.Derive(1, "gateway")

// office is one process of the server; several on one database have a memory each.
type office struct {
	*service
	clock   *clock
	metrics *prometheus.Registry
	sites   sites
}

func newOffice(d *db.DB) office {
	cfg, log := defaults(), slog.New(slog.DiscardHandler)
	o := office{clock: &clock{at: noon}, metrics: prometheus.NewRegistry(), sites: sites{gatewayID: {ID: gatewayID, Serial: "GW-1", Online: true}}}
	o.service = &service{
		cfg: &cfg, store: store{d}, staff: people, tree: tree{}, gateways: o.sites, audit: audit.New(audit.Options{DB: d, Log: log, Metrics: o.metrics}),
		log: log, now: o.clock.now, seen: map[sightingKey]time.Time{},
	}
	return o
}

// populate makes the rows that people stand for.
func populate(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		for _, statement := range []string{
			`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at) VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`,
			`INSERT INTO departments (id, organization_id, full_name, short_name, created_at, updated_at)
				VALUES (1, 1, 'D', 'D', ?0, ?0), (2, 1, 'E', 'E', ?0, ?0), (3, 2, 'F', 'F', ?0, ?0)`,
			`INSERT INTO employees (id, organization_id, department_id, name, name_search, created_at, updated_at)
				VALUES (11, 1, 1, 'Aziza Karimova', 'aziza karimova', ?0, ?0), (12, 1, 2, 'Bobur', 'bobur', ?0, ?0), (21, 2, 3, 'Diyor', 'diyor', ?0, ?0)`,
			`INSERT INTO gateway_instances (id, organization_id, serial, api_key, created_at, updated_at) VALUES (?1, 1, 'GW-1', 'x', ?0, ?0)`,
		} {
			if _, err := tx.Raw(statement, noon, gatewayID).Exec(ctx); err != nil { // unscoped: names each organization
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func as(role actor.Role, organization int64, departments ...int64) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Role: role, ID: "user:7", UserID: 7, OrganizationID: organization, DepartmentIDs: departments,
	})
}

func agent(organization int64) context.Context { return as(actor.Agent, organization) }

// through is the gateway of organization 1.
func through() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Gateway, ID: "gateway:" + gatewayID.String(), OrganizationID: 1})
}

func hr(organization int64) context.Context { return as(actor.HR, organization) }

// see reports a Windows user on a computer, at the service's time.
func see(t testing.TB, s *service, organization int64, uid, sid string) {
	t.Helper()
	if err := s.Seen(agent(organization), []computer.Sighting{{ComputerUID: uid, UserSID: sid, At: s.now()}}); err != nil {
		t.Fatal(err)
	}
}

// userID finds a Windows user of an organization.
func userID(t testing.TB, s *service, organization int64, sid string) int64 {
	t.Helper()
	for _, r := range gridtest.All(t, hr(organization), (&Module{service: s}).users(), "") {
		if r.SID == sid {
			return r.ID
		}
	}
	t.Fatalf("organization %d has no user %s", organization, sid)
	return 0
}

// linkAt links and fails the test if it cannot.
func linkAt(t testing.TB, s *service, user, employeeID int64, from *time.Time) {
	t.Helper()
	if err := s.link(hr(1), user, employeeID, from); err != nil {
		t.Fatal(err)
	}
}

// periods returns an employee's links without their ends.
func periods(t testing.TB, s *service, employeeID int64) []computer.LinkPeriod {
	t.Helper()
	found, err := s.LinksOf(hr(1), []int64{employeeID}, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// counted returns the one number that a query over all organizations gives.
func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// named returns a computer of an organization.
func named(t testing.TB, o office, organization int64, uid string) (r computerRow) {
	t.Helper()
	err := o.store.db.Read(hr(organization), func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&r).Where("c.computer_uid = ?", uid).Scan(ctx)
	})
	if err != nil {
		t.Fatalf("%s: %v", uid, err)
	}
	return r
}

func computerID(t testing.TB, o office, organization int64, uid string) int64 {
	t.Helper()
	return named(t, o, organization, uid).ID
}
