package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/commands/command"
)

type metrics struct {
	opened   prometheus.Counter
	ends     *prometheus.CounterVec
	received *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		opened: prometheus.NewCounter(prometheus.CounterOpts{Name: "opened_total", Help: "How often the control channel was opened."}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "failures_total", Help: "Ends of the control channel and failures to open it.",
		}, []string{"reason"}),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "messages_total", Help: "Messages of agent-api."}, []string{"event"}),
	}
	for _, event := range []string{"command", "malformed", command.EventHeartbeatAck, command.EventAckReceived, command.EventCancel, eventUnknown} {
		m.received.WithLabelValues(event)
	}
	return m
}

// register makes the metrics known.
func (c *client) register(r prometheus.Registerer) {
	r.MustRegister(c.metrics.opened, c.metrics.ends, c.metrics.received,
		standing{c, prometheus.NewDesc("state", "1 for how the control channel is.", []string{"state"}, nil)},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "last_connected_timestamp_seconds", Help: "When the control channel was last open; 0 for never.",
		}, c.lastConnected),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "commands_waiting", Help: "Commands that wait or are under way.",
		}, func() float64 { return float64(c.orders.waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "answers_waiting", Help: "Answers to commands that agent-api does not have yet.",
		}, func() float64 { return float64(c.acks.count()) }))
}

func (c *client) lastConnected() float64 {
	current := c.status.current()
	switch {
	case current.State == string(connected):
		return float64(c.now().Unix())
	case current.LastConnectedAt.IsZero():
		return 0
	}
	return float64(current.LastConnectedAt.Unix())
}

// standing reports the state, one series for each.
type standing struct {
	client *client
	desc   *prometheus.Desc
}

func (s standing) Describe(c chan<- *prometheus.Desc) { c <- s.desc }

func (s standing) Collect(c chan<- prometheus.Metric) {
	current := s.client.status.current().State
	for _, state := range states {
		var is float64
		if string(state) == current {
			is = 1
		}
		c <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, is, string(state))
	}
}
