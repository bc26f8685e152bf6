package collector

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

func TestEventsAreCountedByIntakeAndType(t *testing.T) {
	t.Parallel()
	s := &sink{}
	c, metrics := newService(s)
	window, idle := activity.Event{Kind: activity.ActiveWindow}, activity.Event{Kind: activity.IdlePeriod}
	if err := c.take(context.Background(), sourceAPI, []activity.Event{window, window, idle, window}); err != nil {
		t.Fatal(err)
	}
	if err := c.take(context.Background(), sourceV1, []activity.Event{idle}); err != nil {
		t.Fatal(err)
	}
	if err := c.take(context.Background(), sourceV1, nil); err != nil {
		t.Fatal(err)
	}
	s.err = context.Canceled
	if err := c.take(context.Background(), sourceV1, []activity.Event{idle}); err == nil {
		t.Error("what was not kept is told as taken")
	}
	if s.puts != 3 {
		t.Errorf("the sink was asked %d times, want 3", s.puts)
	}
	want := `
		# HELP events_total Events accepted from agents.
		# TYPE events_total counter
		events_total{source="api",type="active_window"} 3
		events_total{source="api",type="idle_period"} 1
		events_total{source="v1",type="idle_period"} 1
	`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "events_total"); err != nil {
		t.Error(err)
	}
}

func TestLongTextsAreCutOnARuneBoundary(t *testing.T) {
	t.Parallel()
	s := &sink{}
	c, _ := newService(s)
	long := strings.Repeat("я", 2000)
	e := activity.Event{
		Kind: activity.ActiveWindow, ComputerUID: long, UserSID: long, Title: long, Process: long, URL: "x" + long, FilePath: long,
		Details: map[string]string{"name": long},
	}
	if err := c.take(context.Background(), sourceAPI, []activity.Event{e}); err != nil {
		t.Fatal(err)
	}
	got := s.taken()[0]
	for name, part := range map[string]struct {
		text string
		want int
	}{
		"computer": {got.ComputerUID, activity.MaxUID - 1}, "user": {got.UserSID, activity.MaxUID - 1}, "title": {got.Title, activity.MaxTitle},
		"process": {got.Process, activity.MaxProcess - 1}, "url": {got.URL, activity.MaxURL - 1}, "path": {got.FilePath, activity.MaxPath},
		"details": {got.Details["name"], activity.MaxTitle},
	} {
		if len(part.text) != part.want || !utf8.ValidString(part.text) {
			t.Errorf("%s has %d bytes, want %d", name, len(part.text), part.want)
		}
	}
	if got := cut("\x80\x80\x80", 2); got != "" { // no rune begins here
		t.Errorf("broken text is cut to %q", got)
	}
}
