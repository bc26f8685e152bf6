package monitoring

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// metrics are of what is kept. Each name begins with staff_monitoring_.
type metrics struct {
	events     *prometheus.CounterVec
	aside      *prometheus.CounterVec
	duplicates prometheus.Counter
	seconds    prometheus.Histogram
	fallbacks  prometheus.Counter
	moved      prometheus.Counter
	active     prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_total", Help: "Events by type and by what became of them: stored, known, quarantined.",
		}, []string{"type", "result"}),
		aside: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "quarantined_total", Help: "Events that were set aside as impossible, by reason.",
		}, []string{"reason"}),
		duplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "duplicate_batches_total", Help: "Batches whose token was known already.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "write_duration_seconds", Help: "Time of the transaction that stores a batch.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		fallbacks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fallback_total", Help: "How often this process made rows go to PostgreSQL because TimescaleDB was away.",
		}),
		moved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "moved_rows_total", Help: "Rows that this process brought back to TimescaleDB.",
		}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fallback_active", Help: "1 while rows go to PostgreSQL because TimescaleDB is away.",
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.events, m.aside, m.duplicates, m.seconds, m.fallbacks, m.moved, m.active} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m metrics) count(p *prepared, stored [len(activity.Kinds)]int) {
	add := func(k activity.Kind, result string, n int) {
		if n > 0 {
			m.events.WithLabelValues(string(k), result).Add(float64(n))
		}
	}
	for t, k := range activity.Kinds {
		add(k, "stored", stored[t])
		add(k, "known", len(p.tables[t].at)-stored[t])
	}
	for _, a := range p.set {
		add(a.kind, "quarantined", 1)
		m.aside.WithLabelValues(a.reason).Inc()
	}
}
