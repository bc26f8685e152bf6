package collector

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

type nowhere struct{}

func (nowhere) Put(_ context.Context, b activity.Batch) (activity.Receipt, error) {
	return activity.Receipt{Stored: len(b.Events)}, nil
}

type anyKey struct{}

func (anyKey) ByHash(context.Context, string) (identity.Key, error) {
	return identity.Key{ID: 1, OrganizationID: 1, Type: actor.Agent}, nil
}

// BenchmarkEvents measures the way of an event from the request's bytes to the sink, without the network.
func BenchmarkEvents(b *testing.B) {
	const batch = 100
	var body bytes.Buffer
	body.WriteString(`{"computerUid":"DESKTOP-ABC123","userSid":"S-1-5-21-1004336348-1177238915-682003330-1001","events":[`)
	for i := range batch {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"id":"0192f3a1-7c00-7000-8000-%012d","type":"active_window","at":"2026-11-02T09:%02d:%02d.123Z","durationSeconds":12,"title":"Hisobot № %d — Microsoft Excel, Moliya boʻlimi, choraklik hisobot.xlsx","processName":"EXCEL.EXE"}`, i, i/60, i%60, i)
	}
	body.WriteString(`]}`)
	server := kerneltest.Build(b, kernel.Gateway, kerneltest.Options{}, New(),
		kerneltest.Provide[activity.Sink](kernel.Gateway, nowhere{}), kerneltest.Provide[identity.Keys](kernel.Gateway, anyKey{}))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v2/agent/events", bytes.NewReader(body.Bytes()))
		r.Header.Set("X-API-Key", "k")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/event")
	b.ReportMetric(float64(body.Len())/batch, "B/event")
}
