package jobs

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	runs    *prometheus.CounterVec
	seconds prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "staff_jobs_runs_total", Help: "Runs of jobs by what came of them: done, failed, dead, put_back.",
		}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "staff_jobs_run_seconds", Help: "How long runs of jobs took.", Buckets: []float64{.01, .1, 1, 10, 60, 600},
		}),
	}
	if r != nil {
		m.runs, m.seconds = shared(r, m.runs), shared(r, m.seconds)
	}
	return m
}

func (m metrics) ran(outcome string, took time.Duration) {
	m.runs.WithLabelValues(outcome).Inc()
	m.seconds.Observe(took.Seconds())
}

// shared registers c, or returns the one of another role in this process.
func shared[C prometheus.Collector](r prometheus.Registerer, c C) C {
	var taken prometheus.AlreadyRegisteredError
	if errors.As(r.Register(c), &taken) {
		return taken.ExistingCollector.(C)
	}
	return c
}
