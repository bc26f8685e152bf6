package agents

import "github.com/prometheus/client_golang/prometheus"

// register makes the metrics known.
func (s *service) register(r prometheus.Registerer) {
	gauge := func(name, help string, count func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(count()) })
	}
	r.MustRegister(
		gauge("enrolled", "Computers whose agents have a token of their own.", s.tokens.count),
		gauge("waiting", "Long polls and streams of agents that wait now.", s.waits.count),
		tallied{s.fleet, prometheus.NewDesc("orders", "Orders to agents that have not expired, by outcome.", []string{"outcome"}, nil)},
	)
}

// tallied counts orders, one series for each outcome.
type tallied struct {
	fleet *fleet
	desc  *prometheus.Desc
}

func (t tallied) Describe(c chan<- *prometheus.Desc) { c <- t.desc }

func (t tallied) Collect(c chan<- prometheus.Metric) {
	for outcome, n := range t.fleet.tally() {
		c <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, float64(n), outcome)
	}
}
