package uplink

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	items *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{items: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "items_total", Help: "Events by what became of a try to deliver them.",
	}, []string{"outcome"})}
	for _, result := range []string{"delivered", "duplicate", "retried", "set_aside", "refused", "lost"} {
		m.items.WithLabelValues(result)
	}
	return m
}

// register makes the metrics known.
func (u *uplink) register(r prometheus.Registerer) {
	r.MustRegister(u.metrics.items, standing{u, prometheus.NewDesc("state", "1 for how the gateway stands with agent-api.", []string{"state"}, nil)},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "clock_skew_seconds", Help: "This machine's clock minus agent-api's.",
		}, func() float64 { skew, _ := u.client.clock.ahead(); return skew.Seconds() }),
		remaining{u, prometheus.NewDesc("certificate_remaining_seconds", "Time until the certificate that the gateway shows agent-api ends.", nil, nil)})
}

// remaining reports how long the gateway's certificate is good for; nothing while it has none.
type remaining struct {
	uplink *uplink
	desc   *prometheus.Desc
}

func (r remaining) Describe(c chan<- *prometheus.Desc) { c <- r.desc }

func (r remaining) Collect(c chan<- prometheus.Metric) {
	if own := r.uplink.client.way.own.Load(); own != nil {
		c <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, own.Leaf.NotAfter.Sub(r.uplink.now()).Seconds())
	}
}

// standing reports the state, one series for each.
type standing struct {
	uplink *uplink
	desc   *prometheus.Desc
}

func (s standing) Describe(c chan<- *prometheus.Desc) { c <- s.desc }

func (s standing) Collect(c chan<- prometheus.Metric) {
	current := s.uplink.link.current()
	for _, state := range states {
		var is float64
		if state == current {
			is = 1
		}
		c <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, is, string(state))
	}
}
