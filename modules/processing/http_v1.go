package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/js"
)

// order is the right to order jobs and to ask for them; in v1 everybody on the network had it.
var order = actor.Permission{Name: "job.order", Roles: actor.Agent | actor.Admin}

// routesV1 are v1's ten routes of jobs (v1-contract 4.3).
func (s *service) routesV1(r httpx.Router) {
	limit := httpx.BodyLimit(int64(s.cfg.MaxBody))
	const path = "/api/data-processing"
	r.POST(path+"/jobs", order, httpx.Handle(http.StatusAccepted, s.orderV1), limit, httpx.Takes[jobRequestV1](), httpx.Doc("v1: order a job."))
	r.POST(path+"/jobs/batch", order, httpx.Handle(http.StatusAccepted, s.orderBatchV1), limit, httpx.Takes[batchRequestV1](), httpx.Doc("v1: order jobs together."))
	r.GET(path+"/jobs/:id", order, httpx.Handle(http.StatusOK, s.jobV1), httpx.Doc("v1: what became of a job."))
	r.GET(path+"/batches/:id", order, httpx.Handle(http.StatusOK, s.batchV1), httpx.Doc("v1: what became of jobs that were ordered together."))
	r.GET(path+"/queue/status", order, httpx.Handle(http.StatusOK, s.queueV1), httpx.Doc("v1: the organization's queue."))
	r.GET(path+"/stats", order, httpx.Handle(http.StatusOK, s.statsV1), httpx.Doc("v1: the finished jobs of a period."))
	r.GET(path+"/health", order, httpx.Handle(http.StatusOK, s.healthV1), httpx.Doc("v1: how the queue and the process are."))
	r.POST(path+"/jobs/:id/retry", order, httpx.Handle(http.StatusOK, s.retryV1), httpx.Doc("v1: try a failed job again."))
	r.POST(path+"/maintenance/cleanup", order, httpx.Handle(http.StatusOK, s.cleanupV1), httpx.Doc("v1: delete completed jobs."))
	r.GET(path+"/metrics/performance", order, httpx.Handle(http.StatusOK, s.performanceV1), httpx.Doc("v1: how fast jobs of the last day were done."))
}

// The requests, as the documentation has them: handlers read them more kindly.
type (
	jobRequestV1 struct {
		JobID            string         `json:"jobId"`
		DataType         string         `json:"dataType" enum:"ACTIVE_WINDOW,VISITED_SITE,SCREENSHOT,USER_SESSION,HIKVISION_ACTION,HIKVISION_EVENT"`
		RawData          map[string]any `json:"rawData"`
		Timestamp        time.Time      `json:"timestamp"`
		Priority         int            `json:"priority,omitempty" doc:"1 to 10, the most urgent"`
		ComputerUserLink map[string]any `json:"computerUserLink,omitempty" doc:"computerIdentifier, username, computerInfo: hostname, macAddress, ipAddress, operatingSystem, domain"`
		Options          map[string]any `json:"options,omitempty"`
	}
	batchRequestV1 struct {
		BatchID string         `json:"batchId,omitempty"`
		Jobs    []jobRequestV1 `json:"jobs"`
	}
)

type orderedV1 struct {
	JobID  string `json:"jobId"`
	Status string `json:"status" enum:"QUEUED"`
}

func (s *service) orderV1(ctx context.Context, raw json.RawMessage) (out orderedV1, err error) {
	if !js.IsObject(raw) {
		return out, errMalformed
	}
	ids, err := s.submit(ctx, "", []json.RawMessage{raw})
	if err != nil {
		return out, err
	}
	return orderedV1{ids[0], "QUEUED"}, nil
}

type orderBatchRequestV1 struct {
	BatchID json.RawMessage `json:"batchId"`
	Jobs    json.RawMessage `json:"jobs"`
}

type orderedBatchV1 struct {
	BatchID string   `json:"batchId"`
	JobIDs  []string `json:"jobIds"`
	Status  string   `json:"status" enum:"QUEUED"`
}

func (s *service) orderBatchV1(ctx context.Context, in orderBatchRequestV1) (out orderedBatchV1, err error) {
	texts, err := s.list(in.Jobs)
	if err != nil {
		return out, err
	}
	out = orderedBatchV1{BatchID: js.Object{"batchId": in.BatchID}.Text("batchId", maxID+1), Status: "QUEUED"}
	if out.BatchID == "" {
		out.BatchID = fmt.Sprintf("batch_%d_%.9s", s.clock().UnixMilli(), id.New().String()[24:])
	}
	out.JobIDs, err = s.submit(ctx, out.BatchID, texts)
	return out, err
}

// list reads the jobs of a batch.
func (s *service) list(raw json.RawMessage) (texts []json.RawMessage, err error) {
	if texts, err = js.List("jobs", raw); err != nil {
		return nil, err
	}
	if len(texts) > s.cfg.MaxBatch {
		return nil, errBatchTooLarge.With("Max", s.cfg.MaxBatch)
	}
	var f fault.Fields
	for i, text := range texts {
		if !js.IsObject(text) {
			f.Add(fmt.Sprintf("jobs[%d]", i), "not_an_object", nil)
		}
	}
	return texts, f.Err()
}

type nameV1 struct {
	ID string `path:"id" json:"-"`
}

// errorCode is v1's code of whatever went wrong with a job.
const errorCode = "PROCESSING_ERROR"

type errorV1 struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

type resultV1 struct {
	JobID            string          `json:"jobId"`
	Status           status          `json:"status" enum:"PENDING,PROCESSING,RETRY,COMPLETED,FAILED"`
	StartTime        string          `json:"startTime"`
	EndTime          string          `json:"endTime,omitempty"`
	Duration         *int64          `json:"duration,omitempty"`
	ProcessedData    json.RawMessage `json:"processedData,omitempty"`
	ValidationResult json.RawMessage `json:"validationResult,omitempty"`
	LinkingResult    json.RawMessage `json:"linkingResult,omitempty"`
	DatabaseResult   json.RawMessage `json:"databaseResult,omitempty"`
	Error            *errorV1        `json:"error,omitempty"`
	Metrics          json.RawMessage `json:"metrics,omitempty"`
}

func resultOf(r jobRow) resultV1 {
	out := resultV1{JobID: r.JobID, Status: r.Status, StartTime: iso(r.CreatedAt)}
	if r.StartedAt != nil {
		out.StartTime = iso(*r.StartedAt)
	}
	if r.FinishedAt != nil {
		out.EndTime, out.Duration = iso(*r.FinishedAt), &r.DurationMS
	}
	if r.Error != "" {
		out.Error = &errorV1{r.Error, errorCode}
	}
	parts := js.Parse(r.Result)
	out.ProcessedData, out.ValidationResult, out.LinkingResult = parts["processedData"], parts["validationResult"], parts["linkingResult"]
	out.DatabaseResult, out.Metrics = parts["databaseResult"], parts["metrics"]
	return out
}

// jobV1 answers null for a job that there is not, as v1 did.
func (s *service) jobV1(ctx context.Context, in nameV1) (*resultV1, error) {
	var row jobRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		row, err = s.store.job(ctx, tx, in.ID, sight(ctx))
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := resultOf(row)
	return &out, nil
}

type batchResultV1 struct {
	BatchID string     `json:"batchId"`
	Jobs    []resultV1 `json:"jobs"`
	Summary struct {
		Total      int `json:"total"`
		Pending    int `json:"pending"`
		Processing int `json:"processing"`
		Completed  int `json:"completed"`
		Failed     int `json:"failed"`
	} `json:"summary"`
}

func (s *service) batchV1(ctx context.Context, in nameV1) (out batchResultV1, err error) {
	out = batchResultV1{BatchID: in.ID, Jobs: []resultV1{}}
	rows, err := s.store.batch(ctx, in.ID, sight(ctx), maxMeasured)
	for _, r := range rows {
		out.Jobs = append(out.Jobs, resultOf(r))
		out.Summary.Total++
		switch r.Status {
		case completed:
			out.Summary.Completed++
		case failed:
			out.Summary.Failed++
		case processing:
			out.Summary.Processing++
		default:
			out.Summary.Pending++
		}
	}
	return out, err
}

func (s *service) queueV1(ctx context.Context, _ struct{}) (queue, error) { return s.queue(ctx) }

type periodV1 struct {
	From string `query:"periodStart"`
	To   string `query:"periodEnd"`
}

// statsV1 is of the last day unless a period is given.
func (s *service) statsV1(ctx context.Context, in periodV1) (out stats, err error) {
	var f fault.Fields
	until := s.clock()
	from := until.Add(-24 * time.Hour)
	for _, p := range []struct {
		name, text string
		at         *time.Time
	}{{"periodStart", in.From, &from}, {"periodEnd", in.To, &until}} {
		if p.text == "" {
			continue
		}
		at, ok := js.ParseTime(p.text)
		if *p.at = at; !ok || !db.KeepsTime(at) {
			f.Add(p.name, "not_a_time", nil)
		}
	}
	if err := f.Err(); err != nil {
		return out, err
	}
	return s.stats(ctx, from, until)
}

type healthV1 struct {
	Status       string       `json:"status" enum:"HEALTHY,WARNING,CRITICAL"`
	Timestamp    string       `json:"timestamp"`
	Uptime       int64        `json:"uptime"`
	MemoryUsage  memoryUse    `json:"memoryUsage"`
	QueueMetrics queueMetrics `json:"queueMetrics"`
}

type queueMetrics struct {
	TotalJobs   int `json:"totalJobs"`
	ActiveJobs  int `json:"activeJobs"`
	PendingJobs int `json:"pendingJobs"`
	Throughput  int `json:"throughput"`
}

func (s *service) healthV1(ctx context.Context, _ struct{}) (healthV1, error) {
	q, err := s.queue(ctx)
	now := s.clock()
	return healthV1{
		q.HealthStatus, iso(now), now.Sub(s.began).Milliseconds(), memory(), queueMetrics{q.TotalJobs, q.ActiveJobs, q.PendingJobs, q.Throughput},
	}, err
}

type retryV1 struct {
	JobID   string `json:"jobId"`
	Status  string `json:"status" enum:"RETRY_SCHEDULED"`
	Message string `json:"message"`
}

func (s *service) retryV1(ctx context.Context, in nameV1) (retryV1, error) {
	return retryV1{in.ID, "RETRY_SCHEDULED", "The job will be tried again"}, s.retry(ctx, in.ID)
}

type cleanupV1 struct {
	CleanedJobs int64  `json:"cleanedJobs"`
	Message     string `json:"message"`
}

func (s *service) cleanupV1(ctx context.Context, _ struct{}) (cleanupV1, error) {
	n, err := s.cleanup(ctx)
	return cleanupV1{n, fmt.Sprintf("%d completed jobs deleted", n)}, err
}

func (s *service) performanceV1(ctx context.Context, _ struct{}) (performance, error) {
	return s.performance(ctx)
}
