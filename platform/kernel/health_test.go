package kernel

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Whoever reads the metrics alone is told too that a dependency is away, and that it is back.
func TestDependenciesAreMeasuredWithoutAnybodyAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		h := newHealth(Dashboard, "1", registry)
		asked, away := 0, false
		h.add(check{name: "timescale", replaced: true, ask: func(context.Context) error {
			asked++
			if away {
				return errors.New("no answer")
			}
			return nil
		}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.measure(ctx) }()
		for n, up := range []string{"1", "0", "1"} {
			synctest.Wait()
			want := "# HELP staff_dependency_up Whether the dependency answered when it was last asked.\n" +
				"# TYPE staff_dependency_up gauge\nstaff_dependency_up{name=\"timescale\"} " + up + "\n"
			if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "staff_dependency_up"); err != nil || asked != n+1 {
				t.Errorf("asked %d times: %v", asked, err)
			}
			away = n == 0
			time.Sleep(measureEvery)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestModulesAskWhetherTheRoleIsReady(t *testing.T) {
	t.Parallel()
	h := newHealth(Gateway, "1", prometheus.NewRegistry())
	var buffer, cloud error
	h.add(check{name: "buffer", ask: func(context.Context) error { return buffer }})
	h.add(check{name: "cloud", replaced: true, ask: func(context.Context) error { return cloud }})
	host := &Host{kernel: &Kernel{health: h}}
	if err := host.Ready(t.Context()); err == nil || err.Error() != "not all of it runs" {
		t.Errorf("before it serves: %v", err)
	}
	h.running.Store(true)
	cloud = errors.New("no answer")
	if err := host.Ready(t.Context()); err != nil {
		t.Errorf("with a part of the work away: %v", err)
	}
	buffer = errors.New("disk full")
	if err := host.Ready(t.Context()); err == nil || err.Error() != "buffer: disk full" {
		t.Errorf("without its buffer: %v", err)
	}
}
