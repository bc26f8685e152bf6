package executor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/commands/command"
)

type metrics struct {
	commands *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	repeated prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "commands_total", Help: "Commands that have ended."}, []string{"type", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "seconds", Help: "From a command's coming to its end.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"type"}),
		repeated: prometheus.NewCounter(prometheus.CounterOpts{Name: "repeated_total", Help: "Commands that came again and were answered from memory."}),
	}
	for _, t := range command.Types {
		for _, s := range []command.Status{command.Completed, command.Failed} {
			m.commands.WithLabelValues(string(t), string(s))
		}
		m.seconds.WithLabelValues(string(t))
	}
	return m
}

func (m *metrics) ended(t command.Type, a command.Ack, took time.Duration) {
	m.commands.WithLabelValues(string(t), string(a.Status)).Inc()
	m.seconds.WithLabelValues(string(t)).Observe(took.Seconds())
}

// register makes the metrics known.
func (s *service) register(r prometheus.Registerer) {
	r.MustRegister(s.metrics.commands, s.metrics.seconds, s.metrics.repeated, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "remembered", Help: "Commands whose answers are known.",
	}, func() float64 { return float64(s.memory.count()) }))
}
