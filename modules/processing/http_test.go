package processing

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func provided(k activity.Sink) []kernel.Module {
	return []kernel.Module{
		kerneltest.Provide[activity.Sink](kernel.AgentAPI, k), kerneltest.Provide[computer.Registry](kernel.AgentAPI, registry{}),
		kerneltest.Provide[pass.Terminals](kernel.AgentAPI, &door{}),
	}
}

// v1's answers, as the recordings have them.
func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: d, Set: []string{"processing.max_waiting=3", "processing.max_batch=3"}}, append(provided(&sink{}), New())...)
	key := &actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.Agent, ID: "key:2", OrganizationID: 2}
	path := "/api/data-processing"
	long := strings.Repeat("x", maxID+1)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "no key", Path: path + "/jobs", Body: string(window("a")), Status: 401},
		httptestx.Scenario{Name: "no key to read", Path: path + "/stats", Status: 401},
		httptestx.Scenario{Name: "a terminal's key", As: &actor.Actor{Role: actor.Hikvision, OrganizationID: 1}, Path: path + "/health", Status: 403},
		httptestx.Scenario{Name: "order", As: key, Path: path + "/jobs", Body: string(window("a")), Status: 202, Contains: []string{`"success":true,"data":{"jobId":"a","status":"QUEUED"}`}},
		httptestx.Scenario{Name: "order nothing", As: key, Path: path + "/jobs", Body: `{}`, Status: 202, Contains: []string{`"status":"QUEUED"`}},
		httptestx.Scenario{Name: "no body", As: key, Method: "POST", Path: path + "/jobs", Status: 400},
		httptestx.Scenario{Name: "a list", As: key, Path: path + "/jobs", Body: `[]`, Status: 400},
		httptestx.Scenario{Name: "a long id", As: key, Path: path + "/jobs", Body: `{"jobId":"` + long + `"}`, Status: 400, Contains: []string{"jobId"}},
		httptestx.Scenario{Name: "job", As: key, Path: path + "/jobs/a", Status: 200, Contains: []string{`"jobId":"a","status":"PENDING","startTime":"`}},
		httptestx.Scenario{Name: "no job", As: key, Path: path + "/jobs/none", Status: 200, Contains: []string{`"success":true,"data":null`}},
		httptestx.Scenario{Name: "another's job", As: theirs, Path: path + "/jobs/a", Status: 200, Contains: []string{`"data":null`}},
		httptestx.Scenario{Name: "batch", As: key, Path: path + "/jobs/batch", Body: `{"batchId":"b-1","jobs":[` + string(window("b")) + `]}`, Status: 202,
			Contains: []string{`"data":{"batchId":"b-1","jobIds":["b"],"status":"QUEUED"}`}},
		httptestx.Scenario{Name: "full", As: key, Path: path + "/jobs", Body: string(window("c")), Status: 429, Contains: []string{`"success":false`}},
		httptestx.Scenario{Name: "not full for another", As: theirs, Path: path + "/jobs", Body: string(window("c")), Status: 202},
		httptestx.Scenario{Name: "a batch without a name", As: theirs, Path: path + "/jobs/batch", Body: `{"jobs":[` + string(window("c")) + `]}`, Status: 202, Contains: []string{`"batchId":"batch_`, `"jobIds":["c"]`}},
		httptestx.Scenario{Name: "an empty batch", As: key, Path: path + "/jobs/batch", Body: `{"jobs":[]}`, Status: 202, Contains: []string{`"jobIds":[]`}},
		httptestx.Scenario{Name: "no list", As: key, Path: path + "/jobs/batch", Body: `{}`, Status: 400, Contains: []string{`"code":"Bad Request","message":"Validation failed: jobs: `}},
		httptestx.Scenario{Name: "not a list", As: key, Path: path + "/jobs/batch", Body: `{"jobs":1}`, Status: 400},
		httptestx.Scenario{Name: "no jobs", As: key, Path: path + "/jobs/batch", Body: `{"jobs":[null]}`, Status: 400, Contains: []string{"jobs[0]"}},
		httptestx.Scenario{Name: "too many", As: key, Path: path + "/jobs/batch", Body: `{"jobs":[{},{},{},{}]}`, Status: 413},
		httptestx.Scenario{Name: "a long batch", As: key, Path: path + "/jobs/batch", Body: `{"batchId":"` + long + `","jobs":[{}]}`, Status: 400, Contains: []string{"batchId"}},
		httptestx.Scenario{Name: "batch status", As: key, Path: path + "/batches/b-1", Status: 200, Golden: "batch", Mask: []string{"startTime"}},
		httptestx.Scenario{Name: "no batch", As: theirs, Path: path + "/batches/b-1", Status: 200, Contains: []string{`"data":{"batchId":"b-1","jobs":[],"summary":{"total":0,"pending":0,"processing":0,"completed":0,"failed":0}}`}},
		httptestx.Scenario{Name: "queue", As: key, Path: path + "/queue/status", Status: 200, Golden: "queue"},
		httptestx.Scenario{Name: "stats", As: key, Path: path + "/stats?periodStart=2025-10-01&periodEnd=2025-10-02T00:00:00Z", Status: 200,
			Contains: []string{`"periodStart":"2025-10-01T00:00:00.000Z","periodEnd":"2025-10-02T00:00:00.000Z"`}},
		httptestx.Scenario{Name: "stats of the last day", As: key, Path: path + "/stats", Status: 200, Contains: []string{`"peakProcessingTime":null`}},
		httptestx.Scenario{Name: "stats of no time", As: key, Path: path + "/stats?periodStart=x", Status: 400, Contains: []string{"periodStart"}},
		httptestx.Scenario{Name: "health", As: key, Path: path + "/health", Status: 200, Golden: "health", Mask: []string{"uptime", "used", "total", "percentage"}},
		httptestx.Scenario{Name: "performance", As: key, Path: path + "/metrics/performance", Status: 200, Contains: []string{`"processingTimes":{"average":0`, `"resourceUsage":{"cpu":`}},
		httptestx.Scenario{Name: "retry", As: key, Method: "POST", Path: path + "/jobs/a/retry", Status: 200, Contains: []string{`"jobId":"a","status":"RETRY_SCHEDULED","message":"`}},
		httptestx.Scenario{Name: "retry another's", As: theirs, Method: "POST", Path: path + "/jobs/a/retry", Status: 404, Contains: []string{`"code":"Not Found"`}},
		httptestx.Scenario{Name: "cleanup", As: key, Method: "POST", Path: path + "/maintenance/cleanup", Status: 200, Contains: []string{`"cleanedJobs":0,"message":"`}},
	)
}

// Two organizations order jobs, and the queue of the server does them, whichever database it has.
func TestTheServersQueueDoesJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.now, o.cfg.Turn = time.Now, 5
		m := &Module{service: o.service}
		runner, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: slog.New(slog.DiscardHandler), Role: "agent-api"},
			jobs.Registration{Module: "processing", Roles: []string{"agent-api"}, Handler: m.Manifest().Jobs[0]})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(runner.Close)
		o.orders = runner
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- runner.Run(ctx) }()
		for organization := range int64(2) {
			var texts []json.RawMessage
			for i := range 12 {
				texts = append(texts, window(fmt.Sprint(i)))
			}
			mustSubmit(t, o, agent(organization+1), texts...)
		}
		deadline := time.Now().Add(30 * time.Second)
		for done := 0; done < 24; {
			done = strings.Count(states(t, o, agent(1))+states(t, o, agent(2)), "COMPLETED")
			if time.Now().After(deadline) {
				t.Fatalf("%d jobs are done", done)
			}
		}
		stop()
		if err := <-ended; err != nil || len(o.sink.events) != 24 {
			t.Errorf("%d events, %v", len(o.sink.events), err)
		}
	})
}
