package monitoring

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// noon is now in these tests.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// registry is a computer.Registry that knows the links of each organization.
type registry struct {
	computer.Registry
	links map[int64][]computer.LinkPeriod
	seen  chan []computer.Sighting
	err   error
}

func (r registry) Seen(_ context.Context, s []computer.Sighting) error {
	if r.seen != nil {
		r.seen <- s
	}
	return r.err
}

func (registry) Merged(context.Context, string) ([]string, error) { return nil, nil }

func (r registry) LinksOf(ctx context.Context, ids []int64, from, until time.Time) ([]computer.LinkPeriod, error) {
	return r.where(ctx, from, until, func(l computer.LinkPeriod) bool { return slices.Contains(ids, l.EmployeeID) })
}

func (r registry) EmployeesBehind(ctx context.Context, sids []string, from, until time.Time) ([]computer.LinkPeriod, error) {
	return r.where(ctx, from, until, func(l computer.LinkPeriod) bool { return slices.Contains(sids, l.UserSID) })
}

func (r registry) where(ctx context.Context, from, until time.Time, want func(computer.LinkPeriod) bool) (found []computer.LinkPeriod, err error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return nil, fmt.Errorf("asked across organizations")
	}
	for _, l := range r.links[a.OrganizationID] {
		if want(l) && l.From.Before(until) && (l.Until.IsZero() || l.Until.After(from)) {
			found = append(found, l)
		}
	}
	return found, nil
}

// stops is a computer.History.
type stops []computer.Stop

func (s stops) Stops(_ context.Context, uids []string, from, until time.Time) (found []computer.Stop, err error) {
	for _, stop := range s {
		if slices.Contains(uids, stop.UID) && stop.From.Before(until) && (stop.Until.IsZero() || stop.Until.After(from)) {
			found = append(found, stop)
		}
	}
	return found, nil
}

// tree has one department below another: 10 above 11, and 20 apart.
type tree struct{ organization.Tree }

func (tree) ByID(_ context.Context, id int64) (organization.Organization, error) {
	return organization.Organization{ID: id, Zone: time.FixedZone("Asia/Tashkent", 5*3600)}, nil
}

func (tree) Department(ctx context.Context, id int64) (organization.Department, error) {
	a, _ := actor.From(ctx)
	home := map[int64]int64{10: 1, 11: 1, 20: 1, 30: 2}[id]
	if home == 0 || a.OrganizationID != 0 && a.OrganizationID != home {
		return organization.Department{}, organization.ErrDepartmentUnknown
	}
	return organization.Department{ID: id, OrganizationID: home}, nil
}

func (tree) Below(_ context.Context, ids []int64) ([]int64, error) {
	if slices.Contains(ids, 10) {
		return append(ids, 11), nil
	}
	return ids, nil
}

// users is a computer.Users of one Windows user.
type users computer.User

func (u users) UserByID(ctx context.Context, id int64) (computer.User, error) {
	a, _ := actor.From(ctx)
	if id != u.ID || a.OrganizationID != 0 && a.OrganizationID != u.OrganizationID {
		return computer.User{}, employee.ErrUnknown
	}
	return computer.User(u), nil
}

// index are the active organizations.
type index []int64

func (x index) All(context.Context) (all []organization.Organization, err error) {
	for _, o := range x {
		all = append(all, organization.Organization{ID: o, Active: true})
	}
	return all, nil
}

// directory knows employees by id; their departments decide who may see them.
type directory map[int64]employee.Employee

func (d directory) ByID(ctx context.Context, id int64) (employee.Employee, error) {
	a, _ := actor.From(ctx)
	e, ok := d[id]
	if !ok || a.OrganizationID != 0 && e.OrganizationID != a.OrganizationID {
		return employee.Employee{}, employee.ErrUnknown
	}
	if below, _ := (tree{}).Below(ctx, a.DepartmentIDs); a.Role == actor.DepartmentLead && !slices.Contains(below, e.DepartmentID) {
		return employee.Employee{}, employee.ErrUnknown
	}
	return e, nil
}

func (d directory) ByIDs(context.Context, []int64) (map[int64]employee.Employee, error) {
	return d, nil
}

func (d directory) InDepartments(ctx context.Context, ids []int64) (found []int64, err error) {
	a, _ := actor.From(ctx)
	for _, e := range d {
		if e.OrganizationID == a.OrganizationID && slices.Contains(ids, e.DepartmentID) {
			found = append(found, e.ID)
		}
	}
	slices.Sort(found)
	return found, nil
}

func newService(t testing.TB, d *db.DB) *service {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return &service{
		cfg: defaults(), store: store{db: d, series: d}, computers: registry{}, history: stops{}, tree: tree{}, index: index{1, 2}, staff: directory{}, metrics: m,
		log: slog.New(slog.DiscardHandler), now: func() time.Time { return noon },
	}
}

func as(role actor.Role, organizationID int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "test", OrganizationID: organizationID})
}

func agent(organizationID int64) context.Context { return as(actor.Agent, organizationID) }

// lead is a department lead of organization 1.
func lead(departments ...int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.DepartmentLead, ID: "user:9", OrganizationID: 1, DepartmentIDs: departments})
}

// newWindow is a window of a minute.
func newWindow(key, uid string, at time.Time) activity.Event {
	return activity.Event{
		Kind: activity.ActiveWindow, Key: key, ComputerUID: uid, UserSID: "S-1-5-21-7", At: at,
		Duration: 60, Title: "Hisobot — Excel", Process: "excel.exe", Source: "api",
	}
}

// mustPut stores the events and returns the receipt.
func mustPut(t testing.TB, s *service, ctx context.Context, b activity.Batch) activity.Receipt {
	t.Helper()
	r, err := s.Put(ctx, b)
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	return r
}

// all returns the stored rows of one kind of an organization, newest first.
func all(t testing.TB, s *service, organizationID int64, k activity.Kind) []row {
	t.Helper()
	rows, err := s.store.newest(as(actor.HR, organizationID), k, []sight{{organization: organizationID}}, window{limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// allAside returns what was set aside in an organization.
func allAside(t testing.TB, s *service, organizationID int64) []quarantineRow {
	t.Helper()
	rows, err := s.store.quarantined(as(actor.HR, organizationID), nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
