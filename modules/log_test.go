package modules_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
)

// The log goes to the file of the settings, behind what stands there; what is announced stays out of it.
func TestTheLogIsAppendedToItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gateway.log")
	if err := os.WriteFile(path, []byte("before\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, "STAFF_LOG__FILE="+path)
	stop := s.serve(t)
	ready(t, s.gateway, s.agentAPI, s.dashboard)
	stop()
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(written); !strings.HasPrefix(text, "before\n") || !strings.Contains(text, `"msg":"ready"`) || strings.Contains(text, adminPassword) {
		t.Errorf("the file holds %.300s", text)
	}
	if strings.Contains(s.log.String(), `"msg":"ready"`) {
		t.Error("the log went to standard output too")
	}
}

func TestSettingsOfLogAndTraceAreChecked(t *testing.T) {
	t.Parallel()
	set := []string{"role=dashboard", "log.level=loud", "trace.sample_ratio=2"}
	_, err := modules.Load(config.Input{Set: set}, modules.Build{}, io.Discard, false)
	for _, want := range []string{"log.level: must be debug, info, warn or error, is loud", "trace.sample_ratio: must be between 0 and 1, is 2"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q: %v", want, err)
		}
	}
}
