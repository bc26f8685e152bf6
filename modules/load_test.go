//go:build load

package modules_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// loadScripts are in configs/load, in the order in which they run.
var loadScripts = []string{"batch_ingestion", "timescale_stress", "queue_backlog_stress"}

const (
	loadGateways = 8
	loadHead     = "| scenario | http_req_duration p(95)<400 | http_req_failed rate<0.005 | timescale_write_duration p(95)<200 | " +
		"queue_depth max<10000 | buffer_usage max<0.80 | checks rate>0.995 |\n|---|---|---|---|---|---|---|\n"
)

// TestLoad is make load: the design document's scenarios as k6 scripts against the product's processes, on PostgreSQL
// and on TimescaleDB where that can be loaded. SCALE is read by the scripts. The report is written to bin/load.md as well.
func TestLoad(t *testing.T) {
	k6, err := exec.Command("go", "tool", "-modfile=../configs/load/k6.mod", "-n", "k6").Output()
	if err != nil {
		t.Fatalf("build k6: %v", err)
	}
	var report bytes.Buffer
	fmt.Fprintf(&report, "make load, %s, scale %s\n", time.Now().UTC().Format(time.DateOnly), cmp.Or(os.Getenv("SCALE"), "0.1"))
	for _, engine := range []struct {
		name    string
		address func(t *testing.T) string
	}{
		{"postgresql", func(t *testing.T) string { return dbtest.PostgresURL(t, "staff_app") }},
		{"timescaledb", func(t *testing.T) string { return dbtest.As(t, dbtest.TimescaleURL(t, ""), "staff_app", "") }},
	} {
		t.Run(engine.name, func(t *testing.T) {
			address := engine.address(t)
			fmt.Fprintf(&report, "\n## %s\n\n", engine.name)
			runLoad(t, strings.TrimSpace(string(k6)), address, &report)
		})
	}
	fmt.Print(report.String())
	if err := os.WriteFile("../bin/load.md", report.Bytes(), 0o644); err != nil {
		t.Error(err)
	}
}

// runLoad runs all scripts, one after another, against fresh processes on the database.
func runLoad(t *testing.T, k6, address string, report *bytes.Buffer) {
	s := newSite(t, "DATABASE_URL="+address, "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40), "STAFF_LOG__LEVEL=warn")
	server, gateway := s.spawnRoles(t)
	s.signIn(t)
	token := s.provision(t, loadGateways)
	var keys []string
	for n := range loadGateways {
		keys = append(keys, enrolledAs(t, s, token, fmt.Sprint("LOAD-", n)))
	}
	agentKey := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(t, "the gateway takes the key", func() bool {
		status, _, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(agentKey), someReport())
		return err == nil && status == http.StatusOK
	})
	var tables, notes strings.Builder
	for _, script := range loadScripts {
		table, rest, _ := strings.Cut(runScript(t, k6, s, script, keys, agentKey), "\n\n")
		tables.WriteString(table + "\n")
		notes.WriteString(rest)
	}
	fmt.Fprintf(report, "%s%s\n%s\nPeak memory: agent-api %d MB, gateway %d MB.\n", loadHead, tables.String(), notes.String(),
		peakMemory(t, server.cmd.Process.Pid)/1000, peakMemory(t, gateway.cmd.Process.Pid)/1000)
}

// someReport is an agent's.
func someReport() map[string]any { return report("PC-0", "S-0", window(time.Now(), "first")) }

// k6Crossed is how k6 exits where a threshold was crossed.
const k6Crossed = 99

// runScript runs one script and returns its table and notes.
func runScript(t *testing.T, k6 string, s *site, script string, keys []string, agentKey string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), script+".md")
	cmd := exec.Command(k6, "run", "--quiet", "--no-usage-report", "../configs/load/"+script+".js")
	cmd.Env = append(os.Environ(), "AGENT_API="+s.agentAPI, "GATEWAY="+s.gateway, "GATEWAY_KEYS="+strings.Join(keys, ","),
		"AGENT_KEY="+agentKey, "REPORT="+out)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == k6Crossed:
		t.Errorf("%s: a threshold was crossed", script)
	case err != nil:
		t.Fatalf("%s: %v", script, err)
	}
	said, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
