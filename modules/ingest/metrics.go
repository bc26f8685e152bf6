package ingest

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

// metrics are of what gateways deliver. Each name begins with staff_ingest_, but for write's, which the design document
// gives.
type metrics struct {
	write    prometheus.Histogram
	events   *prometheus.CounterVec
	requests *prometheus.CounterVec
	usage    prometheus.Gauge
}

func newMetrics(prefixed, whole prometheus.Registerer) (metrics, error) {
	m := metrics{
		write: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "timescale_write_duration_seconds", Help: "How long a batch takes to be stored, wherever time series are.",
			Buckets: []float64{.005, .01, .025, .05, .1, .2, .4, 1, 2.5, 5},
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_total", Help: "Delivered events by type; result is duplicate for those of a batch that was stored before.",
		}, []string{"type", "result"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "requests_total", Help: "Batches by endpoint and outcome: ok, or the kind of the fault.",
		}, []string{"endpoint", "code"}),
		usage: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "in_flight_ratio", Help: "What batches being taken in hold in memory, as a part of ingest.in_flight.",
		}),
	}
	return m, errors.Join(whole.Register(m.write), prefixed.Register(m.events), prefixed.Register(m.requests), prefixed.Register(m.usage))
}

func (m metrics) count(events []activity.Event, r activity.Receipt) {
	result := "accepted"
	if r.Duplicate {
		result = "duplicate"
	}
	n := map[activity.Kind]int{}
	for i := range events {
		n[events[i].Kind]++
	}
	for kind, count := range n {
		m.events.WithLabelValues(string(kind), result).Add(float64(count))
	}
}

func (m metrics) request(way string, err error) {
	code := "ok"
	if err != nil {
		code = string(fault.Of(err).Kind)
	}
	m.requests.WithLabelValues(way, code).Inc()
}
