package auth

import "github.com/prometheus/client_golang/prometheus"

// newSignIns registers the counter of sign-ins and returns what counts one.
func newSignIns(r prometheus.Registerer) (func(outcome string), error) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sign_ins_total", Help: "Attempts to sign in: ok, wrong, locked, limited, inactive, provider.",
	}, []string{"outcome"})
	if err := r.Register(c); err != nil {
		return nil, err
	}
	return func(outcome string) { c.WithLabelValues(outcome).Inc() }, nil
}

// meter registers the counters of refused keys, of addresses that were blocked, and of events that were not written down.
func (g *guard) meter(r prometheus.Registerer) error {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "keys_refused_total", Help: "API keys and tokens that were refused: unknown, inactive, expired, address, blocked, rate, type, token.",
	}, []string{"reason"})
	blocked := prometheus.NewCounter(prometheus.CounterOpts{Name: "addresses_blocked_total", Help: "Addresses that were blocked after too many refusals."})
	lost := prometheus.NewCounter(prometheus.CounterOpts{Name: "security_events_dropped_total", Help: "Security events that were counted here only, because there were too many."})
	for _, c := range []prometheus.Collector{refused, blocked, lost} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	g.refuse, g.barred, g.drop = func(label string) { refused.WithLabelValues(label).Inc() }, blocked.Inc, lost.Inc
	return nil
}
