package monitoring

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

// Nobody writes, and TimescaleDB goes away. Two readers are told that nothing can be read, in words of reading; the third
// is answered by the primary database, and told so. Who names no organization has the only one there is, there too.
func TestReadersAloneEndAnOutage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.index = index{1}
	o.loseSeries(t)
	who, err := json.Marshal(actor.Actor{Role: actor.Admin, ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 4; n++ {
		r := httptest.NewRequest(http.MethodGet, statsPrefix+"/top-applications?"+onTheDay, nil)
		r.Header.Set("As", string(who))
		w := httptest.NewRecorder()
		o.server.ServeHTTP(w, r)
		want, mode := http.StatusServiceUnavailable, ""
		if n >= 3 {
			want, mode = http.StatusOK, "true"
		}
		if w.Code != want || w.Header().Get("X-Fallback-Mode") != mode {
			t.Errorf("reader %d: %d %v %s", n, w.Code, w.Header(), w.Body)
		}
	}
}

// loseSeries gives the service a TimescaleDB that does not answer.
func (s *service) loseSeries(t *testing.T) {
	t.Helper()
	series, err := db.OpenSeries("postgres://staff_app@127.0.0.1:1/staff", nil, s.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { series.Close() })
	s.store.series = series
	s.store.fallback = newFallback(s.cfg, s.store, s.metrics, make(board, 10), s.log, s.now)
}

func TestWhatCannotBeReadIsNotSaidToBeStored(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	s.cfg.Failures = 1000
	s.loseSeries(t)
	for name, err := range map[string]error{
		"list":        errOf(s.list(as(actor.HR, 1), activity.ActiveWindow, listRequest{})),
		"day":         errOf(s.day(as(actor.HR, 1), dayRequest{Date: "2026-11-02"})),
		"set aside":   errOf(s.quarantine(as(actor.HR, 1), quarantineRequest{})),
		"statistics":  errOf(s.topApplications(as(actor.HR, 1), topRequest{statsRequest: statsRequest{From: "2026-11-02", To: "2026-11-02"}, Limit: 1})),
		"screenshots": errOf(s.Screenshot(as(actor.HR, 1), activity.ScreenshotID{OrganizationID: 1, At: noon})),
	} {
		if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || f.Code != "monitoring.unreadable" || f.RetryAfter != retryAfter {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{newWindow("a", "PC-1", noon)}})
	isPassing(t, err)
}

func errOf[T any](_ T, err error) error { return err }
