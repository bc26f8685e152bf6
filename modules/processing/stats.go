package processing

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"
)

// maxMeasured bounds the finished jobs over which is measured: the newest.
const maxMeasured = 50_000

// tally sums up jobs of one type.
type tally struct {
	Total       int     `json:"total"`
	Completed   int     `json:"completed"`
	Failed      int     `json:"failed"`
	AverageTime float64 `json:"averageTime"`
}

// queue is the organization's backlog and what was done of it.
type queue struct {
	TotalJobs             int              `json:"totalJobs"`
	ActiveJobs            int              `json:"activeJobs"`
	PendingJobs           int              `json:"pendingJobs"`
	CompletedJobs         int              `json:"completedJobs"`
	FailedJobs            int              `json:"failedJobs"`
	AverageProcessingTime float64          `json:"averageProcessingTime"`
	Throughput            int              `json:"throughput"`
	HealthStatus          string           `json:"healthStatus" enum:"HEALTHY,WARNING,CRITICAL"`
	JobsByType            map[string]tally `json:"jobsByType"`
}

func (s *service) queue(ctx context.Context) (q queue, err error) {
	all, err := s.store.sums(ctx)
	if err != nil {
		return q, err
	}
	now := s.clock()
	lately, err := s.store.finished(ctx, now.Add(-time.Minute), now.Add(time.Minute), maxMeasured)
	if err != nil {
		return q, err
	}
	q.Throughput, q.JobsByType = len(lately), byType(nil)
	took := map[string]int64{}
	for _, sum := range all {
		q.TotalJobs += sum.Jobs
		name := known(sum.DataType)
		t := q.JobsByType[name]
		t.Total += sum.Jobs
		switch sum.Status {
		case processing:
			q.ActiveJobs += sum.Jobs
		case completed:
			q.CompletedJobs += sum.Jobs
			t.Completed += sum.Jobs
			took[name] += sum.DurationMS
			took[""] += sum.DurationMS
		case failed:
			q.FailedJobs += sum.Jobs
			t.Failed += sum.Jobs
		default:
			q.PendingJobs += sum.Jobs
		}
		q.JobsByType[name] = t
	}
	for name, t := range q.JobsByType {
		t.AverageTime = ratio(float64(took[name]), t.Completed)
		q.JobsByType[name] = t
	}
	q.AverageProcessingTime = ratio(float64(took[""]), q.CompletedJobs)
	q.HealthStatus = s.judge(q)
	return q, nil
}

// judge says how the queue is: by how full it is, and by how much of it fails.
func (s *service) judge(q queue) string {
	full := ratio(float64(q.PendingJobs+q.ActiveJobs), s.cfg.MaxWaiting)
	fails := ratio(float64(q.FailedJobs), q.CompletedJobs+q.FailedJobs)
	switch {
	case full >= 0.9 || fails > 0.1:
		return "CRITICAL"
	case full >= 0.5 || fails > 0.05:
		return "WARNING"
	}
	return "HEALTHY"
}

// other is the type of jobs that there is not: clients write what they like.
const other = "OTHER"

func known(dataType string) string {
	if slices.Contains(dataTypes[:], dataType) {
		return dataType
	}
	return other
}

// byType sums up finished jobs. Every type is there.
func byType(rows []jobRow) map[string]tally {
	all, took := map[string]tally{}, map[string]int64{}
	for _, name := range dataTypes {
		all[name] = tally{}
	}
	for _, r := range rows {
		name := known(r.DataType)
		t := all[name]
		t.Total++
		if r.Status == completed {
			t.Completed++
			took[name] += r.DurationMS
		} else {
			t.Failed++
		}
		all[name] = t
	}
	for name, t := range all {
		t.AverageTime = ratio(float64(took[name]), t.Completed)
		all[name] = t
	}
	return all
}

// stats are the finished jobs of a period. Rates are percent.
type stats struct {
	PeriodStart           string         `json:"periodStart"`
	PeriodEnd             string         `json:"periodEnd"`
	TotalJobsProcessed    int            `json:"totalJobsProcessed"`
	SuccessRate           float64        `json:"successRate"`
	AverageProcessingTime float64        `json:"averageProcessingTime"`
	PeakProcessingTime    *int64         `json:"peakProcessingTime"`
	DataVolumeProcessed   int64          `json:"dataVolumeProcessed"`
	ErrorBreakdown        map[string]int `json:"errorBreakdown"`
	HourlyStats           [24]hour       `json:"hourlyStats"`
}

type hour struct {
	Hour          int     `json:"hour"`
	JobsProcessed int     `json:"jobsProcessed"`
	AverageTime   float64 `json:"averageTime"`
	ErrorRate     float64 `json:"errorRate"`
}

func (s *service) stats(ctx context.Context, from, until time.Time) (out stats, err error) {
	rows, err := s.store.finished(ctx, from, until, maxMeasured)
	if err != nil {
		return out, err
	}
	out = stats{PeriodStart: iso(from), PeriodEnd: iso(until), TotalJobsProcessed: len(rows), ErrorBreakdown: map[string]int{}}
	var hours [24][]jobRow
	for _, r := range rows {
		out.DataVolumeProcessed += r.DataSize
		if r.Status == failed {
			out.ErrorBreakdown[errorCode]++
		}
		h := r.FinishedAt.UTC().Hour()
		hours[h] = append(hours[h], r)
	}
	total := summarise(rows)
	out.SuccessRate, out.AverageProcessingTime = total.success, total.average
	if len(rows) > 0 {
		out.PeakProcessingTime = &total.peak
	}
	for h := range hours {
		part := summarise(hours[h])
		out.HourlyStats[h] = hour{h, len(hours[h]), part.average, part.errors}
	}
	return out, nil
}

// summary is of finished jobs: rates in percent, times in milliseconds.
type summary struct {
	success, errors, average float64
	peak                     int64
}

func summarise(rows []jobRow) (m summary) {
	done, took := 0, int64(0)
	for _, r := range rows {
		m.peak = max(m.peak, r.DurationMS)
		if r.Status == completed {
			done++
			took += r.DurationMS
		}
	}
	m.success, m.errors = 100*ratio(float64(done), len(rows)), 100*ratio(float64(len(rows)-done), len(rows))
	m.average = ratio(float64(took), done)
	return m
}

// performance is measured over the finished jobs of the last day.
type performance struct {
	ProcessingTimes struct {
		Average float64 `json:"average"`
		Median  int64   `json:"median"`
		P95     int64   `json:"p95"`
		P99     int64   `json:"p99"`
	} `json:"processingTimes"`
	Throughput struct {
		Current int     `json:"current"`
		Peak    int     `json:"peak"`
		Average float64 `json:"average"`
	} `json:"throughput"`
	ErrorRates struct {
		Overall float64          `json:"overall"`
		ByType  map[string]tally `json:"byType"`
		Recent  float64          `json:"recent"`
	} `json:"errorRates"`
	ResourceUsage struct {
		CPU    float64 `json:"cpu"`
		Memory float64 `json:"memory"`
		IO     int     `json:"io"`
	} `json:"resourceUsage"`
}

func (s *service) performance(ctx context.Context) (out performance, err error) {
	now := s.clock()
	rows, err := s.store.finished(ctx, now.Add(-24*time.Hour), now.Add(time.Minute), maxMeasured)
	if err != nil {
		return out, err
	}
	var times []int64
	var recent []jobRow
	minutes := map[int64]int{}
	for _, r := range rows {
		if r.Status == completed {
			times = append(times, r.DurationMS)
		}
		if age := now.Sub(*r.FinishedAt); age < time.Hour {
			recent = append(recent, r)
			if age < time.Minute {
				out.Throughput.Current++
				out.ResourceUsage.IO += r.Records
			}
		}
		minutes[r.FinishedAt.Unix()/60]++
	}
	slices.Sort(times)
	total := summarise(rows)
	out.ProcessingTimes.Average = total.average
	out.ProcessingTimes.Median, out.ProcessingTimes.P95, out.ProcessingTimes.P99 = percentile(times, 50), percentile(times, 95), percentile(times, 99)
	for _, n := range minutes {
		out.Throughput.Peak = max(out.Throughput.Peak, n)
	}
	if len(rows) > 0 {
		out.Throughput.Average = float64(len(rows)) / max(1, now.Sub(*rows[len(rows)-1].FinishedAt).Minutes())
	}
	out.ErrorRates.Overall, out.ErrorRates.Recent, out.ErrorRates.ByType = total.errors, summarise(recent).errors, byType(rows)
	out.ResourceUsage.CPU, out.ResourceUsage.Memory = processor(), memory().Percentage
	return out, nil
}

// percentile is the smallest of sorted values that p percent of them do not exceed; 0 of none.
func percentile(sorted []int64, p int) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(math.Ceil(float64(len(sorted)*p)/100))-1]
}

func ratio(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// memoryUse is of the process, in bytes.
type memoryUse struct {
	Used       uint64  `json:"used"`
	Total      uint64  `json:"total"`
	Percentage float64 `json:"percentage"`
}

func memory() memoryUse {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memoryUse{m.HeapAlloc, m.HeapSys, 100 * float64(m.HeapAlloc) / float64(m.HeapSys)}
}
