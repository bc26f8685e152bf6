package modules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkPolicy is a change of a policy on the dashboard until 200 gateways, here in one process with the servers on
// PostgreSQL, have it in force and have said so. The metrics are of the time from the order to the answer.
func BenchmarkPolicy(b *testing.B) {
	const gateways = 200
	s := onPostgres(b, "STAFF_RULES__INTERVAL=24h", "STAFF_UPLINK__HEARTBEAT_INTERVAL=30s", "STAFF_LOG__LEVEL=warn")
	s.serve(b, "role=agent-api")
	s.serve(b, "role=dashboard")
	ready(b, s.agentAPI, s.dashboard)
	s.signIn(b)
	s.outposts(b, gateways)
	within(b, 90*time.Second, "all are enrolled", func() bool { return s.count(b, "/api/v2/gateways?limit=200&status=online") == gateways })
	p := s.makeDefault(b, "bank")
	within(b, time.Minute, "all have the first version", func() bool { return having(s.orders(b, "policy_update"), p.inForce()) == gateways })
	var took, sent []time.Duration
	var failed int
	for b.Loop() {
		p = s.change(b, p, fmt.Sprint("word ", p.Version))
		within(b, time.Minute, "all have the next", func() bool { return having(s.orders(b, "policy_update"), p.inForce()) == gateways })
		for _, o := range s.orders(b, "policy_update") {
			took = append(took, o.AckAt.Sub(o.CreatedAt))
			sent = append(sent, o.SentAt.Sub(o.CreatedAt))
			if o.Status != "completed" {
				failed++
			}
		}
	}
	slices.Sort(took)
	slices.Sort(sent)
	b.ReportMetric(sent[len(sent)/2].Seconds()*1000, "p50-ms-to-sent")
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(0, "ns/op")
}
