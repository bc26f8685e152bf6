package ingest

import (
	"context"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
)

// standIn keeps events where they go while TimescaleDB is away.
type standIn struct{ *sink }

func (s standIn) Put(ctx context.Context, b activity.Batch) (activity.Receipt, error) {
	r, err := s.sink.Put(ctx, b)
	r.Fallback = true
	return r, err
}

func TestGatewayIsToldThatTimescaleDBIsAway(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t, defaults(), standIn{&sink{}}, &positions{})
	body := `{"idempotencyToken":"t1","data":` + dataOf(t, 1, activitytest.Events(1)) + `}`
	for range 2 { // also of a batch that was stored before
		w := post(server, strings.NewReader(body))
		if a := answered(t, w); !a.Success || a.TimescaleStatus != "fallback" || w.Header().Get("X-Fallback-Mode") != "true" {
			t.Errorf("answer %+v, headers %v", a, w.Header())
		}
	}
	server, _ = newServer(t, defaults(), &sink{}, &positions{})
	if w := post(server, strings.NewReader(body)); w.Header().Get("X-Fallback-Mode") != "" {
		t.Errorf("headers %v", w.Header())
	}
}
