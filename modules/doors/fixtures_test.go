package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

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

func (d directory) Departments(ctx context.Context) (ids []int64, err error) {
	people, err := d.Active(ctx, nil)
	for _, e := range people {
		ids = append(ids, e.DepartmentID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

func (d directory) Active(ctx context.Context, departments []int64) (list []employee.Employee, err error) {
	for _, n := range slices.Sorted(maps.Keys(d)) {
		if e := d[n]; e.Active && d.sees(ctx, e) && (len(departments) == 0 || slices.Contains(departments, e.DepartmentID)) {
			list = append(list, e)
		}
	}
	return list, nil
}

// ByCards knows the cards 7011 of Aziza, 7012 of Shuhrat and 7013 of Al, who has left.
func (d directory) ByCards(ctx context.Context, numbers []string) (map[string]employee.Employee, error) {
	found := map[string]employee.Employee{}
	for _, number := range numbers {
		if n, err := strconv.ParseInt(strings.TrimPrefix(number, "70"), 10, 64); err == nil && len(number) == 4 {
			if e, err := d.ByID(ctx, n); err == nil {
				found[number] = e
			}
		}
	}
	return found, nil
}

// guests is a gate that knows the code GUEST of visitor 5 of organization 1, which lets in once, LATE, which has expired, and
// TAKEN, which was withdrawn; inside says whether the visitor is.
type guests struct{ used, inside *bool }

func (g guests) Pass(_ context.Context, tx db.Tx, p visitor.Passage) (a visitor.Admission, err error) {
	switch {
	case p.Code == "LATE":
		return a, visitor.ErrCodeExpired
	case p.Code == "TAKEN":
		return a, visitor.ErrCodeWithdrawn
	case p.Code != "GUEST" || tx.Actor().OrganizationID != 1:
		return a, visitor.ErrCodeUnknown
	}
	a = visitor.Admission{VisitorID: 5, Name: "Anvar", Exit: p.Exit || p.Turns && *g.inside}
	if !a.Exit && *g.used {
		return a, visitor.ErrCodeUsed
	}
	*g.used, *g.inside = true, !a.Exit
	return a, nil
}

func (guests) ByIDs(_ context.Context, ids []int64) (map[int64]visitor.Visitor, error) {
	found := map[int64]visitor.Visitor{}
	for _, n := range ids {
		found[n] = visitor.Visitor{ID: n, Name: "Anvar"}
	}
	return found, nil
}

// tree knows the organizations of people, which are where it is five hours later than in UTC, and their departments.
type tree struct{ organization.Tree }

func (tree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); id < 1 || id > 2 || a.OrganizationID != 0 && a.OrganizationID != id {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id, Name: []string{"A", "B"}[id-1], Zone: time.FixedZone("Asia/Tashkent", 5*60*60)}, nil
}

func (t tree) All(ctx context.Context) (all []organization.Organization, err error) {
	for _, id := range []int64{1, 2} {
		if o, err := t.ByID(ctx, id); err == nil {
			all = append(all, o)
		}
	}
	return all, nil
}

func (tree) Department(_ context.Context, id int64) (organization.Department, error) {
	return organization.Department{ID: id, OrganizationID: map[int64]int64{1: 1, 2: 1, 3: 2}[id], Name: fmt.Sprint("Department ", id)}, nil
}

// people are employees of organization 1, in departments 1 and 2, of whom 13 has left; and 21 of organization 2.
var people = directory{
	11: {ID: 11, OrganizationID: 1, DepartmentID: 1, Name: "Aziza Karimova", Active: true, PhotoVersion: "0a1"},
	12: {ID: 12, OrganizationID: 1, DepartmentID: 2, Name: "Шухрат Ўктамов", Active: true},
	13: {ID: 13, OrganizationID: 1, DepartmentID: 2, Name: "Al", Active: false},
	21: {ID: 21, OrganizationID: 2, DepartmentID: 3, Name: "Diyor Rahimov", Active: true},
}

// bell keeps what is raised, by id.
type bell struct {
	mu   sync.Mutex
	all  map[id.UUID]alert.Alert
	fail error
}

func (b *bell) Raise(_ context.Context, a alert.Alert) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[id.UUID]alert.Alert{}
	}
	if b.fail == nil {
		b.all[a.ID] = a
	}
	return b.fail
}

func (b *bell) kinds() string {
	var kinds []string
	for _, a := range b.all {
		kinds = append(kinds, a.Kind+" "+a.Subject)
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}

// orders keeps what is ordered, for tests to run.
type orders struct{ all *[]again }

func (o orders) Enqueue(_ context.Context, _ db.Tx, args any, _ ...jobs.Option) error {
	*o.all = append(*o.all, args.(again))
	return nil
}

// office is the service at noon, with what it tells others.
type office struct {
	*service
	bell    *bell
	ordered *[]again
	metrics *prometheus.Registry
}

// newOffice puts two organizations and four devices into the database: 1 in, 2 out, 3 both ways, 4 of organization 2 with
// the address of 1.
func newOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	populate(t, d)
	o := office{bell: &bell{}, ordered: new([]again), metrics: prometheus.NewRegistry()}
	lobby := guests{new(bool), new(bool)}
	o.service = &service{
		cfg: defaults(), store: store{d}, staff: people, roster: people, cards: people, gate: lobby, guests: lobby, tree: tree{}, index: tree{},
		secret: identitytest.Secret("the server's secret"), alerts: o.bell, now: func() time.Time { return noon }, count: counter(o.metrics),
		audit:  audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}),
		orders: orders{o.ordered},
	}
	return o
}

func populate(t testing.TB, d *db.DB) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at) VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`,
		`INSERT INTO departments (id, organization_id, full_name, short_name, created_at, updated_at)
			VALUES (1, 1, 'D', 'D', ?0, ?0), (2, 1, 'E', 'E', ?0, ?0), (3, 2, 'F', 'F', ?0, ?0)`,
		`INSERT INTO employees (id, organization_id, department_id, name, name_search, created_at, updated_at)
			VALUES (11, 1, 1, 'Aziza', 'a', ?0, ?0), (12, 1, 2, 'Shuxrat', 's', ?0, ?0), (13, 1, 2, 'Al', 'a', ?0, ?0), (21, 2, 3, 'Diyor', 'd', ?0, ?0)`,
		`INSERT INTO devices (organization_id, name, entry_type, ip_address, serial_number, is_active, created_at, updated_at) VALUES
			(1, 'In', 'ENTER', '10.0.0.1', 'SN1', true, ?0, ?0), (1, 'Out', 'EXIT', '10.0.0.2', 'SN2', true, ?0, ?0),
			(1, 'Turnstile', 'BOTH', '10.0.0.3', 'SN3', true, ?0, ?0), (2, 'Theirs', 'EXIT', '10.0.0.1', 'SN4', true, ?0, ?0),
			(1, 'Retired', 'ENTER', '10.0.0.5', 'SN5', false, ?0, ?0)`,
	} {
		write(t, d, statement, noon)
	}
}

// write runs a statement that names its organization itself.
func write(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

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

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func as(role actor.Role, organization int64, departments ...int64) context.Context {
	a := actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organization, DepartmentIDs: departments}
	return actor.With(context.Background(), a)
}

func terminal(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Hikvision, ID: "key:1", OrganizationID: organization})
}

// an action as terminals send it: at the device, so long after the day began, by the person.
func action(device int, at string, granted bool, person string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"deviceIp":"10.0.0.%d","deviceSerial":"SN%d","actionType":"CARD_SWIPE","timestamp":"2026-11-02T%sZ","accessGranted":%t,"personInfo":%s}`,
		device, device, at, granted, person))
}

func named(employeeID int) string { return fmt.Sprintf(`{"employeeId":"%d"}`, employeeID) }

func mustTake(t testing.TB, o office, ctx context.Context, raw ...json.RawMessage) []taken {
	t.Helper()
	reports := make([]report, len(raw))
	for i := range raw {
		var err error
		if reports[i], err = decode(raw[i]); err != nil {
			t.Fatal(err)
		}
	}
	all, err := o.takeActions(ctx, sourceHikvision, reports)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ways is the employee's passes in order, as I and O.
func ways(t testing.TB, o office, employeeID int64) string {
	t.Helper()
	rows, err := o.store.ways(terminal(1), sight{employees: []int64{employeeID}}, noon.Add(-48*time.Hour), noon.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(map[string]string{"ENTER": "I", "EXIT": "O"}[string(r.EntryType)])
	}
	return b.String()
}
