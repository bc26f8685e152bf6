package auth

import "github.com/prometheus/client_golang/prometheus"

// newSignIns registers the counter of sign-ins and returns what counts one.
func newSignIns(r prometheus.Registerer) (func(outcome string), error) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sign_ins_total", Help: "Attempts to sign in with a password: ok, wrong, locked, limited, inactive.",
	}, []string{"outcome"})
	if err := r.Register(c); err != nil {
		return nil, err
	}
	return func(outcome string) { c.WithLabelValues(outcome).Inc() }, nil
}
