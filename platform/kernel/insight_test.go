package kernel_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

type keptSecret struct {
	Word string `koanf:"word"`
}

func (keptSecret) Validate() error { return nil }

func TestAProcessKnowsItself(t *testing.T) {
	t.Parallel()
	var insight kernel.Insight
	kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Set: []string{"mine.word=hello"}}, kerneltest.Module{
		Is: kernel.Manifest{Name: "mine", Roles: []kernel.Role{kernel.Gateway}, Config: &keptSecret{}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			insight = h.Insight()
			h.HealthOfPart("mine", func(context.Context) error { return nil })
			return nil
		},
	})
	insight.Readiness(t.Context()) // asking is measured
	var settings, metrics bytes.Buffer
	insight.Settings(&settings)
	if err := insight.Measures(t.Context(), &metrics); err != nil {
		t.Error(err)
	}
	if !strings.Contains(settings.String(), `mine.word  "hello"`) {
		t.Errorf("settings are %q", settings.String())
	}
	if !strings.Contains(metrics.String(), `staff_dependency_up{name="mine"} 1`) {
		t.Errorf("metrics are %q", metrics.String())
	}
	if got := insight.LogFile(); got != "" {
		t.Errorf("the log is in %q", got)
	}
}
