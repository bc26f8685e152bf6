package collector

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Put(_ context.Context, b activity.Batch) (activity.Receipt, error) {
	return activity.Receipt{Stored: len(b.Events)}, nil
}

// BenchmarkEvents measures the way of an event from the request's bytes to the sink, without the network.
func BenchmarkEvents(b *testing.B) {
	const size = 100
	own, v1 := make([]string, size), make([]string, size)
	for i := range size {
		title := fmt.Sprintf("Hisobot № %d — Microsoft Excel, Moliya boʻlimi, choraklik hisobot.xlsx", i)
		at := fmt.Sprintf("2026-11-02T09:%02d:%02d.123Z", i/60, i%60)
		own[i] = fmt.Sprintf(`{"id":"0192f3a1-7c00-7000-8000-%012d","type":"active_window","at":%q,"durationSeconds":12,"title":%q,"processName":"EXCEL.EXE"}`, i, at, title)
		v1[i] = fmt.Sprintf(`{"datetime":%q,"title":%q,"processName":"EXCEL.EXE","activeTime":12}`, at, title)
	}
	const who = `"computerUid":"DESKTOP-ABC123","userSid":"S-1-5-21-1004336348-1177238915-682003330-1001"`
	for _, c := range []struct{ name, path, body string }{
		{"own", events, `{` + who + `,"events":[` + strings.Join(own, ",") + `]}`},
		{"v1", "/api/agent/active-windows", `{` + who + `,"timestamp":"2026-11-02T10:00:00Z","data":[` + strings.Join(v1, ",") + `]}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			server, body := newGateway(b, nowhere{}, keys), []byte(c.body)
			b.ReportAllocs()
			for b.Loop() {
				if w := post(b, server, c.path, body); w.Code != 200 {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/event")
			b.ReportMetric(float64(len(body))/size, "B/event")
		})
	}
}
