package metrics_test

import (
	"testing"

	"github.com/staff-control/staff-control/platform/metrics"
)

func TestTheRegistryTellsTheBuildAndTheProcess(t *testing.T) {
	t.Parallel()
	families, err := metrics.New("1.2.3", "abc", "2026-01-02").Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	labels := map[string]string{}
	for _, f := range families {
		found[f.GetName()] = true
		if f.GetName() != "staff_build_info" {
			continue
		}
		if got := f.Metric[0].GetGauge().GetValue(); got != 1 {
			t.Errorf("staff_build_info is %v", got)
		}
		for _, l := range f.Metric[0].Label {
			labels[l.GetName()] = l.GetValue()
		}
	}
	for _, name := range []string{"staff_build_info", "go_goroutines", "process_resident_memory_bytes"} {
		if !found[name] {
			t.Errorf("no %s", name)
		}
	}
	if labels["version"] != "1.2.3" || labels["commit"] != "abc" || labels["date"] != "2026-01-02" || labels["goversion"] == "" {
		t.Errorf("labels %v", labels)
	}
}

func TestRegistriesAreApart(t *testing.T) {
	t.Parallel()
	a, b := metrics.New("1", "", ""), metrics.New("1", "", "")
	if a == b {
		t.Error("two processes share a registry")
	}
}
