package rules

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/policy/rule"
)

// What became of a look for other rules.
const (
	resultNew     = "new"
	resultSame    = "same"
	resultRefused = "refused"
	resultFailed  = "failed"
)

func result(err error) string {
	if errors.Is(err, rule.ErrChecksum) || errors.Is(err, rule.ErrBundle) {
		return resultRefused
	}
	return resultFailed
}

type metrics struct{ refreshes *prometheus.CounterVec }

func newMetrics() *metrics {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{Name: "refreshes_total", Help: "Looks for other rules, by what became of them."}, []string{"result"})}
	for _, r := range []string{resultNew, resultSame, resultRefused, resultFailed} {
		m.refreshes.WithLabelValues(r)
	}
	return m
}

func (m *metrics) refreshed(result string) { m.refreshes.WithLabelValues(result).Inc() }

func (s *service) register(r prometheus.Registerer) {
	r.MustRegister(s.refreshes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "lost", Help: "1 while the gateway has lost its rules and takes nothing.",
	}, func() float64 {
		if s.inForce.Load().rules == nil {
			return 1
		}
		return 0
	}), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fetched_timestamp_seconds", Help: "When the rules in force were fetched; 0 where there never were any.",
	}, func() float64 {
		b := s.inForce.Load().book
		if b == nil {
			return 0
		}
		return float64(b.fetchedAt.Unix())
	}))
}
