package processing

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestPercentilesAreMeasured(t *testing.T) {
	t.Parallel()
	var hundred []int64
	for i := range int64(100) {
		hundred = append(hundred, i+1)
	}
	for _, c := range []struct {
		values []int64
		p      int
		want   int64
	}{{nil, 50, 0}, {[]int64{7}, 50, 7}, {[]int64{7}, 99, 7}, {hundred, 50, 50}, {hundred, 95, 95}, {hundred, 99, 99}, {[]int64{1, 2, 3}, 50, 2}, {[]int64{1, 2, 3}, 95, 3}} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("%d of a hundred of %d values: %d, want %d", c.p, len(c.values), got, c.want)
		}
	}
}

// finishedJobs puts jobs into the table that took 10, 20, … 100 ms and finished an hour apart, the last one now; each
// fifth of them failed. Two more wait, one is being done.
func finishedJobs(t *testing.T, o office) {
	t.Helper()
	var rows []jobRow
	for i := range 10 {
		at := noon.Add(-time.Duration(9-i) * time.Hour)
		r := jobRow{JobID: fmt.Sprint(i), DataType: activeWindow, Status: completed, Records: 1, DataSize: 100, DurationMS: int64(i+1) * 10, NextAt: at, CreatedAt: at, StartedAt: &at, FinishedAt: &at}
		if i%5 == 4 {
			r.Status, r.Error, r.DataType = failed, "x", "ODD"
		}
		rows = append(rows, r)
	}
	for i, is := range []status{pending, retrying, processing} {
		rows = append(rows, jobRow{JobID: fmt.Sprint("w", i), DataType: visitedSite, Status: is, NextAt: noon, CreatedAt: noon})
	}
	err := o.store.db.Write(agent(1), func(ctx context.Context, tx db.Tx) error { return o.store.add(ctx, tx, rows) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheQueueIsTheOrganizationsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		finishedJobs(t, o)
		q, err := o.queue(agent(1))
		if err != nil || q.TotalJobs != 13 || q.ActiveJobs != 1 || q.PendingJobs != 2 || q.CompletedJobs != 8 || q.FailedJobs != 2 || q.Throughput != 1 || q.AverageProcessingTime != 50 || q.HealthStatus != "CRITICAL" {
			t.Errorf("%+v, %v", q, err)
		}
		want := map[string]tally{
			activeWindow: {8, 8, 0, 50}, visitedSite: {Total: 3}, screenshot: {}, userSession: {}, hikvisionAction: {}, hikvisionEvent: {}, other: {Total: 2, Failed: 2},
		}
		if fmt.Sprint(q.JobsByType) != fmt.Sprint(want) {
			t.Errorf("by type %+v", q.JobsByType)
		}
		if q, err := o.queue(agent(2)); err != nil || q.TotalJobs != 0 || q.HealthStatus != "HEALTHY" || len(q.JobsByType) != 6 {
			t.Errorf("another organization has %+v, %v", q, err)
		}
	})
}

func TestTheQueueIsJudgedByHowFullItIsAndHowMuchFails(t *testing.T) {
	t.Parallel()
	s := &service{cfg: Config{MaxWaiting: 100}}
	for _, c := range []struct {
		waiting, done, failed int
		want                  string
	}{{0, 0, 0, "HEALTHY"}, {49, 100, 5, "HEALTHY"}, {50, 0, 0, "WARNING"}, {0, 93, 7, "WARNING"}, {90, 0, 0, "CRITICAL"}, {0, 80, 20, "CRITICAL"}} {
		if got := s.judge(queue{PendingJobs: c.waiting, CompletedJobs: c.done, FailedJobs: c.failed}); got != c.want {
			t.Errorf("%+v is %s", c, got)
		}
	}
}

func TestStatsAreOfThePeriod(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		finishedJobs(t, o)
		got, err := o.stats(agent(1), noon.Add(-9*time.Hour), noon)
		if err != nil || got.TotalJobsProcessed != 9 || *got.PeakProcessingTime != 90 || got.DataVolumeProcessed != 900 || got.ErrorBreakdown[errorCode] != 1 || got.AverageProcessingTime != 50 || int(got.SuccessRate) != 88 {
			t.Errorf("%+v, %v", got, err)
		}
		if got.HourlyStats[7] != (hour{7, 1, 0, 100}) || got.HourlyStats[8] != (hour{8, 1, 60, 0}) || got.HourlyStats[23] != (hour{Hour: 23}) {
			t.Errorf("by the hour %+v", got.HourlyStats)
		}
		idle, err := json.Marshal(must(o.stats(agent(2), noon.Add(-time.Hour), noon)))
		if want := `{"periodStart":"2026-11-02T11:00:00.000Z","periodEnd":"2026-11-02T12:00:00.000Z","totalJobsProcessed":0,"successRate":0,"averageProcessingTime":0,"peakProcessingTime":null,"dataVolumeProcessed":0,"errorBreakdown":{},"hourlyStats":[{"hour":0,"jobsProcessed":0,"averageTime":0,"errorRate":0},`; err != nil || !strings.HasPrefix(string(idle), want) {
			t.Errorf("idle: %s", idle)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestPerformanceIsOfTheLastDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		finishedJobs(t, o)
		got := must(o.performance(agent(1)))
		if p := got.ProcessingTimes; p.Average != 50 || p.Median != 40 || p.P95 != 90 || p.P99 != 90 {
			t.Errorf("times %+v", p)
		}
		if p := got.Throughput; p.Current != 1 || p.Peak != 1 || p.Average != 10./(9*60) {
			t.Errorf("throughput %+v", p)
		}
		if p := got.ErrorRates; p.Overall != 20 || p.Recent != 100 || p.ByType[other].Failed != 2 || p.ByType[activeWindow].Completed != 8 {
			t.Errorf("errors %+v", p)
		}
		if p := got.ResourceUsage; p.CPU < 0 || p.CPU > 100 || p.Memory <= 0 || p.Memory > 100 || p.IO != 1 {
			t.Errorf("resources %+v", p)
		}
		idle, _ := json.Marshal(must(o.performance(agent(2))))
		if want := `{"processingTimes":{"average":0,"median":0,"p95":0,"p99":0},"throughput":{"current":0,"peak":0,"average":0},"errorRates":{"overall":0,"byType":{"ACTIVE_WINDOW":{"total":0,"completed":0,"failed":0,"averageTime":0}`; !strings.HasPrefix(string(idle), want) {
			t.Errorf("idle: %s", idle)
		}
	})
}
