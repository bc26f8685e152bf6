package modules_test

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
)

// The file of all settings is one that can be started with, and says nothing but the defaults.
func TestTheFileOfAllSettingsLoads(t *testing.T) {
	t.Parallel()
	settings := func(file string) string {
		p, err := modules.Load(config.Input{File: file}, modules.Build{}, io.Discard, false)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		p.PrintSettings(&b)
		return values(b.String())
	}
	if got, want := settings("../configs/staff-control.yaml"), settings(""); got != want {
		t.Errorf("the file says\n%s\nthe defaults are\n%s", got, want)
	}
}

// The gateway's example and the design document's own file, with the document's names, reach the settings that they mean.
func TestTheDesignDocumentsFileLoads(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"../configs/gateway.yml": {
			"role = gateway", "uplink.url = https://agent-api.staff-control.com", "uplink.organization_id = 1", "uplink.token = [secret]",
			"buffer.path = /var/lib/staff-gateway/buffer.sqlite", "buffer.max_size = 1GB", "buffer.retention_days = 7", "log.level = info",
		},
		"../platform/config/testdata/gateway.yml": {
			"uplink.url = https://agent-api.staff-control.com", "uplink.organization_id = 7", "uplink.token = [secret]",
			"buffer.path = /var/lib/staff-gateway/buffer.sqlite", "buffer.max_size = 1GB", "buffer.retention_days = 7", "log.level = info",
		},
	} {
		p, err := modules.Load(config.Input{File: file, Set: []string{"role=gateway"}}, modules.Build{}, io.Discard, false)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var b strings.Builder
		p.PrintSettings(&b)
		for _, setting := range want {
			if !strings.Contains("\n"+values(b.String()), "\n"+setting+"\n") {
				t.Errorf("%s: no %q in\n%s", file, setting, b.String())
			}
		}
	}
}

func TestTheProgramFindsItsExamplesRight(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"../configs/gateway.yml", "../configs/staff-control.yaml"} {
		cmd := exec.CommandContext(context.Background(), path, "--config", file, "--check-config")
		cmd.Env = []string{"STAFF_DATA=" + t.TempDir()}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "the settings are right\n" {
			t.Errorf("%s: %v: %s", file, err, out)
		}
	}
}

var columns = regexp.MustCompile(` {2,}`)

// values leaves, of printed settings, the names and values.
func values(printed string) string {
	var b strings.Builder
	for line := range strings.Lines(printed) {
		cells := columns.Split(strings.TrimSpace(line), 3)
		if len(cells) == 3 {
			fmt.Fprintf(&b, "%s = %s\n", cells[0], strings.Trim(cells[1], `"`))
		}
	}
	return b.String()
}
