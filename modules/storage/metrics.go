package storage

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/fault"
)

// metrics are of files. Each name begins with staff_storage_.
type metrics struct {
	seconds *prometheus.HistogramVec
	bytes   *prometheus.CounterVec
	scanned *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "operation_seconds", Help: "Time to put, open or delete files, by outcome: ok, or the kind of the fault.", Buckets: prometheus.ExponentialBuckets(.001, 4, 8),
		}, []string{"operation", "outcome"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bytes_total", Help: "Content of files, by direction."}, []string{"direction"}),
		scanned: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "scanned_files", Help: "What the last scan found, by state: stored, orphan (without a row), missing (a row without its file).",
		}, []string{"state"}),
	}
	return m, errors.Join(r.Register(m.seconds), r.Register(m.bytes), r.Register(m.scanned))
}

// measure takes the time until what it returns is called.
func (m metrics) measure(operation string, now func() time.Time, err *error) func() {
	start := now()
	return func() {
		outcome := "ok"
		if *err != nil {
			outcome = string(fault.Of(*err).Kind)
		}
		m.seconds.WithLabelValues(operation, outcome).Observe(now().Sub(start).Seconds())
	}
}
