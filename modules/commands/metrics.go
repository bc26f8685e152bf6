package commands

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// metrics are of commands and of the sockets that they go through. Each name begins with staff_commands_.
type metrics struct {
	latency     *prometheus.HistogramVec
	ended       *prometheus.CounterVec
	deliveries  prometheus.Counter
	sockets     prometheus.Gauge
	disconnects *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "latency_seconds", Help: "Time from the order of a command to the gateway's answer.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400},
		}, []string{"type"}),
		ended:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ended_total", Help: "Commands that came to their end."}, []string{"type", "status"}),
		deliveries: prometheus.NewCounter(prometheus.CounterOpts{Name: "deliveries_total", Help: "Commands that went down a socket, each time counted."}),
		sockets:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "sockets", Help: "Gateways whose sockets this process holds."}),
		disconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "disconnects_total", Help: "Sockets of gateways that ended, by why.",
		}, []string{"reason"}),
	}
	r.MustRegister(m.latency, m.ended, m.deliveries, m.sockets, m.disconnects)
	return m
}

// end notes the end of commands, once it is durable.
func (m metrics) end(rows ...commandRow) {
	for _, c := range rows {
		m.ended.WithLabelValues(string(c.Type), string(c.Status)).Inc()
		if c.AckAt != nil && (c.Status == command.Completed || c.Status == command.Failed) {
			m.latency.WithLabelValues(string(c.Type)).Observe(c.AckAt.Sub(c.CreatedAt).Seconds())
		}
	}
}
