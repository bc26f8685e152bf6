package modules_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// TimescaleDB goes away and comes back under the whole product: what is reported meanwhile is taken, shown and moved,
// and those who operate it see all of that.
func TestTimescaleDBMayGoAway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a server")
	}
	server := dbtest.Server(t)
	s := onPostgres(t, "TIMESCALE_URL="+server.TimescaleURL("staff_app"), "STAFF_MONITORING__TIMESCALE_PROBE=300ms")
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	begin := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	var titles []string
	send := func(to string) (int, string) {
		title := fmt.Sprint("event ", len(titles))
		e := window(begin.Add(time.Duration(len(titles))*time.Second), title)
		status, body := call(t, http.MethodPost, to+"/v2/agent/events", agent(key), report("PC-1", "S-1", e))
		if status == http.StatusOK {
			titles = append(titles, title)
		}
		return status, string(body)
	}
	stored := func() bool { return len(s.rows(t, "active-windows", "computer=PC-1")) >= len(titles) }
	until(t, "an event is taken", func() bool { status, _ := send(s.gateway); return status == http.StatusOK })
	until(t, "it is stored", stored)

	server.Stop()
	for i := range 2 {
		status, body := send(s.agentAPI)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"error":"DATABASE_ERROR"`) ||
			!strings.Contains(body, "Ma'lumot saqlashda vaqtinchalik muammo") {
			t.Errorf("failure %d: %d %s", i, status, body)
		}
	}
	if status, body := send(s.agentAPI); status != http.StatusOK {
		t.Errorf("the third time: %d %s", status, body)
	}
	send(s.gateway)
	since := func() []item { return s.rows(t, "active-windows", "computer=PC-1") }
	until(t, "the new events are shown", func() bool { return len(since()) == 2 })
	s.alerted(t, "timescale_fallback_activated", "critical")
	if !s.inFallback(t) {
		t.Error("readers are not told")
	}
	if status, body := call(t, http.MethodGet, s.agentAPI+"/health/ready", nil, nil); status != http.StatusOK || !strings.Contains(string(body), `"state":"degraded"`) {
		t.Errorf("ready: %d %s", status, body)
	}
	if _, body := call(t, http.MethodGet, s.agentAPI+"/metrics", nil, nil); !strings.Contains(string(body), "staff_monitoring_fallback_active 1") ||
		!strings.Contains(string(body), "staff_monitoring_fallback_total 1") {
		t.Error("the metrics do not say so")
	}

	server.Start()
	s.alerted(t, "timescale_recovered", "info")
	until(t, "all events are shown", stored)
	until(t, "readers are told no more", func() bool { return !s.inFallback(t) })
	var got []string
	for _, r := range since() {
		got = append(got, r.Title)
	}
	slices.Sort(got)
	slices.Sort(titles)
	if !slices.Equal(got, titles) {
		t.Errorf("shown are %q, want %q", got, titles)
	}
}

// alerted waits for an alert of this kind.
func (s *site) alerted(t testing.TB, kind, severity string) {
	t.Helper()
	var list struct {
		Items []struct{ Kind, Severity string }
	}
	until(t, "the alert "+kind, func() bool {
		s.get(t, "/api/v2/alerts", &list)
		return slices.ContainsFunc(list.Items, func(a struct{ Kind, Severity string }) bool { return a.Kind == kind && a.Severity == severity })
	})
}

// inFallback reports whether readers are told that TimescaleDB is away.
func (s *site) inFallback(t testing.TB) bool {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.dashboard+"/api/v2/monitoring/active-windows?computer=PC-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.Header.Get("X-Fallback-Mode") == "true"
}
