package activitywatch

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

// Why a report is dropped.
const (
	malformed   = "malformed"
	tooLarge    = "too_large"
	full        = "full"
	unavailable = "unavailable"
	noBucket    = "too_many_buckets"
)

type metrics struct {
	reports  *prometheus.CounterVec
	events   *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	excluded *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reports_total", Help: "Heartbeats and events of watchers, by what became of them.",
		}, []string{"result"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_total", Help: "Events put into the buffer.",
		}, []string{"type"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dropped_total", Help: "Heartbeats and events that were answered 200 and are lost.",
		}, []string{"reason"}),
		excluded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "excluded_total", Help: "Heartbeats and events that the policies leave out, and those of private windows.",
		}, []string{"why"}),
	}
	for _, why := range rule.Whys {
		m.excluded.WithLabelValues(why)
	}
	for _, reason := range []string{malformed, tooLarge, full, unavailable, noBucket} {
		m.dropped.WithLabelValues(reason)
	}
	return m
}

func (s *service) register(r prometheus.Registerer) {
	r.MustRegister(s.metrics.reports, s.metrics.events, s.metrics.dropped, s.metrics.excluded, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "buckets", Help: "Buckets that are kept.",
	}, func() float64 { return float64(s.count()) }))
}

func (m *metrics) report(result string)      { m.reports.WithLabelValues(result).Inc() }
func (m *metrics) exclude(why string)        { m.excluded.WithLabelValues(why).Inc() }
func (m *metrics) drop(reason string, n int) { m.dropped.WithLabelValues(reason).Add(float64(n)) }
func (m *metrics) buffered(events []activity.Event) {
	for _, e := range events {
		m.events.WithLabelValues(string(e.Kind)).Inc()
	}
}
