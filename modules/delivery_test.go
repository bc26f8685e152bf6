package modules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/ingest"
	"github.com/staff-control/staff-control/modules/monitoring"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const benchGateway = "0192f0aa-0000-7000-8000-000000000001"

type noComputers struct{ computer.Registry }

func (noComputers) Seen(context.Context, []computer.Sighting) error { return nil }
func (noComputers) EmployeesBehind(context.Context, []string, time.Time, time.Time) ([]computer.LinkPeriod, error) {
	return nil, nil
}

func (noComputers) Merged(context.Context, string) ([]string, error) { return nil, nil }

type noNames struct{}

func (noNames) NamesOf(context.Context, []string) (map[string]string, error) { return nil, nil }

type noUsers struct{ computer.Users }

type noStops struct{}

func (noStops) Stops(context.Context, []string, time.Time, time.Time) ([]computer.Stop, error) {
	return nil, nil
}

type noGateways struct{}

func (noGateways) Advance(context.Context, id.UUID, gateway.Delivery) error { return nil }

type noFleet struct{ gateway.Fleet }

type oneTree struct {
	organization.Tree
	organization.Index
}

type nobody struct{ employee.Directory }

type noStaff struct{ employee.Roster }

type noAlerts struct{}

func (noAlerts) Raise(context.Context, alert.Alert) error { return nil }

type noPictures struct{ shot.Taker }

// storedBy asks the dashboard, as HR of the organization, for the windows of a computer.
func storedBy(t *testing.T, d *db.DB, organizationID int64, uid string) []monitoring.Item {
	t.Helper()
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, monitoring.New(),
		kerneltest.Provide[computer.Registry](kernel.Dashboard, noComputers{}), kerneltest.Provide[computer.History](kernel.Dashboard, noStops{}),
		kerneltest.Provide[computer.Users](kernel.Dashboard, noUsers{}),
		kerneltest.Provide[organization.Tree](kernel.Dashboard, oneTree{}), kerneltest.Provide[organization.Index](kernel.Dashboard, oneTree{}),
		kerneltest.Provide[employee.Roster](kernel.Dashboard, noStaff{}), kerneltest.Provide[alert.Log](kernel.Dashboard, noAlerts{}),
		kerneltest.Provide[employee.Directory](kernel.Dashboard, nobody{}))
	server.Authenticate(func(context.Context, *http.Request) (actor.Actor, bool, error) {
		return actor.Actor{Role: actor.HR, ID: "user:1", OrganizationID: organizationID}, true, nil
	})
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/monitoring/active-windows?computer="+uid, nil))
	var page httpx.Page[monitoring.Item]
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return page.Items
}

// The design document's own test of a batch, and what it leaves unsaid.
func TestBatchOfTheDesignDocumentIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		address := serveIngest(t, d)
		send := func(item string, times int) string {
			t.Helper()
			body := `{"gatewayId":"` + benchGateway + `","data":[` + strings.Repeat(item+",", times-1) + item + `]}`
			res, err := http.Post(address+"/v2/ingest/logs", "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			said, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(res.StatusCode, string(said))
		}
		item := func(kind string) string {
			return `{"type":"` + kind + `","computerUid":"PC-001","userSid":"S-1-5-21-123","payload":{"windowTitle":"Test Window"},"timestamp":"` +
				time.Now().UTC().Format(time.RFC3339Nano) + `"}`
		}
		first := item("active_window")
		if got := send(first, 1); !strings.HasPrefix(got, "200") || !strings.Contains(got, `"success":true`) || !strings.Contains(got, `"timescaleStatus":"success"`) {
			t.Errorf("answer %s", got)
		}
		saved := storedBy(t, d, 1, "PC-001")
		if len(saved) != 1 || saved[0].Title != "Test Window" || saved[0].UserSID != "S-1-5-21-123" {
			t.Errorf("saved %+v", saved)
		}
		if got := send(first, 1); !strings.Contains(got, `"accepted":0,"duplicates":1`) {
			t.Errorf("the same without a token: %s", got)
		}
		if got := send(first, 3); !strings.Contains(got, `"accepted":2,"duplicates":1`) {
			t.Errorf("three equal items: %s", got)
		}
		if got := send(item("coffee"), 1); !strings.HasPrefix(got, "400") || !strings.Contains(got, `data[0].type`) {
			t.Errorf("an unknown type: %s", got)
		}
		if n := len(storedBy(t, d, 1, "PC-001")); n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
		if n := len(storedBy(t, d, 2, "PC-001")); n != 0 {
			t.Errorf("another organization sees %d rows", n)
		}
	})
}

// The design document's stress test sends a thousand records as a list by itself.
func TestSeriesOfTheDesignDocumentIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		address := serveIngest(t, d)
		var records []string
		for i := range 1000 {
			records = append(records, fmt.Sprintf(`{"type":"active_window","computerUid":"PC-%d","userSid":"S-1","payload":{"windowTitle":"Oyna %d","durationSeconds":3},"timestamp":%q}`,
				i%50, i, time.Now().UTC().Add(-time.Duration(i)*time.Second).Format(time.RFC3339)))
		}
		for _, want := range []string{`"duplicateDetected":false,"timescaleStatus":"success","accepted":1000,"duplicates":0`, `"duplicateDetected":true`} {
			status, said, err := send(http.MethodPost, address+"/v2/ingest/timeseries", map[string]string{"X-Idempotency-Token": "batch_1_1_1"}, "["+strings.Join(records, ",")+"]")
			if err != nil || status != http.StatusOK || !strings.Contains(string(said), want) {
				t.Errorf("%d %s %v, want %s", status, said, err, want)
			}
		}
		if n := len(storedBy(t, d, 1, "PC-7")); n != 20 {
			t.Errorf("%d rows of a computer, want 20", n)
		}
	})
}

// serveIngest serves ingest and monitoring alone, to one gateway of organization 1 that needs no key.
func serveIngest(t testing.TB, d *db.DB) string {
	t.Helper()
	key := kerneltest.Module{
		Is: kernel.Manifest{Name: "key", Roles: []kernel.Role{kernel.AgentAPI}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Authenticate(kernel.AgentAPI, func(context.Context, *http.Request) (actor.Actor, bool, error) {
				return actor.Actor{Role: actor.Gateway, ID: "gateway:" + benchGateway, OrganizationID: 1}, true, nil
			})
			return nil
		},
	}
	return strings.TrimSuffix(kerneltest.Run(t, kernel.AgentAPI, kerneltest.Options{DB: d}, key, monitoring.New(), ingest.New(),
		kerneltest.Provide[computer.History](kernel.AgentAPI, noStops{}),
		kerneltest.Provide[computer.Registry](kernel.AgentAPI, noComputers{}),
		kerneltest.Provide[gateway.Registry](kernel.AgentAPI, noGateways{}), kerneltest.Provide[gateway.Fleet](kernel.AgentAPI, noFleet{}),
		kerneltest.Provide[computer.Names](kernel.AgentAPI, noNames{}), kerneltest.Provide[computer.Users](kernel.AgentAPI, noUsers{}),
		kerneltest.Provide[organization.Tree](kernel.AgentAPI, oneTree{}), kerneltest.Provide[organization.Index](kernel.AgentAPI, oneTree{}),
		kerneltest.Provide[employee.Roster](kernel.AgentAPI, noStaff{}), kerneltest.Provide[alert.Log](kernel.AgentAPI, noAlerts{}),
		kerneltest.Provide[shot.Taker](kernel.AgentAPI, noPictures{}),
		kerneltest.Provide[employee.Directory](kernel.AgentAPI, nobody{})), "/")
}
