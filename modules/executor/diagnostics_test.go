package executor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// unpack returns the files of a bundle.
func unpack(t testing.TB, bundle []byte) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(bundle))
	if err != nil {
		t.Fatal(err)
	}
	files, tape := map[string]string{}, tar.NewReader(zip)
	for {
		head, err := tape.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tape)
		if err != nil {
			t.Fatal(err)
		}
		files[head.Name] = string(text)
	}
}

// planted are what must never be in a bundle, wherever it lay.
var planted = []string{
	"sgw_gateway0key0abcdefgh", "sat_agent0token0abcdefgh", "sk_dashboard0abcdefgh", "hunter2", "998901234567", "Dilshod", "Karimova", "salary.xlsx",
	"bank.example", "31234567890123", "dilshod@example.uz", "proxypass", "AB1234567", "8600123412341234", "Payroll", "stolen-bearer-value",
}

func plantedLog() string {
	return `{"ts":"2026-11-23T09:00:00Z","level":"INFO","msg":"a batch was sent","window_title":"salary.xlsx - Excel","events":12,"user":{"full_name":"Dilshod Karimova"}}
{"ts":"2026-11-23T09:00:01Z","level":"WARN","msg":"refused Authorization: Bearer sgw_gateway0key0abcdefgh","url":"https://bank.example/account","error":"token=hunter2"}
time=2026-11-23T09:00:02Z level=INFO msg="agent came" window_title="Payroll of \"us\"" phone=998901234567 key=sat_agent0token0abcdefgh computer=PC-17
panic: cannot reach https://gw:proxypass@proxy:3128, mail dilshod@example.uz, passport AB1234567, card 8600123412341234, PINFL 31234567890123
goroutine 1 [running]: sk_dashboard0abcdefgh` + "\xff\xfe" + `
`
}

func TestABundleTellsMuchAndGivesNothingAway(t *testing.T) {
	t.Parallel()
	logFile := filepath.Join(t.TempDir(), "gateway.log")
	if err := os.WriteFile(logFile, []byte(plantedLog()), 0o600); err != nil {
		t.Fatal(err)
	}
	m := openTest(t, filepath.Join(t.TempDir(), "m"), time.Now)
	failed := orderOf(command.DeviceCommand, `{"title":"salary.xlsx"}`)
	if err := m.end(failed, &command.Ack{
		CommandID: failed.ID, Status: command.Failed, Code: "failed", Error: "password=hunter2", Result: json.RawMessage(`{"name":"Dilshod"}`),
	}); err != nil {
		t.Fatal(err)
	}
	b := &bundler{
		version: "2.0.0", data: t.TempDir(), cloud: cloud{}, memory: m, now: time.Now,
		reporter: reporter{`{"queueDepth":7,"networkStatus":{"state":"online","control":{"state":"connected"}},"alerts":[{"details":{"name":"Karimova"}}]}`},
		process: self{
			settings: "panic in sat_agent0token0abcdefgh\nuplink.url  \"https://api\"  file\nuplink.token  [secret]  file\nuplink.proxy  \"http://user:proxypass@proxy:3128\"  file\nx.api_key=stolen-bearer-value\n",
			metrics:  "staff_buffer_bytes 5\n", logFile: logFile,
		},
	}
	bundle, err := b.bundle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, bundle)
	for name, want := range map[string][]string{
		"about.json":     {`"version": "2.0.0"`, `"gatewayId": "g1"`},
		"settings.txt":   {"uplink.url", "https://api"},
		"state.json":     {`"queueDepth": 7`, `"connected"`},
		"ready.json":     {`"ready"`},
		"metrics.txt":    {"staff_buffer_bytes 5"},
		"machine.json":   {`"disk"`, `"memory"`, `"usedPercent"`},
		"commands.json":  {failed.ID.String(), `"device_command"`, `"failed"`},
		"goroutines.txt": {"goroutine ", "TestABundleTellsMuchAndGivesNothingAway"},
		"log.txt":        {"a batch was sent", `"events":12`, "agent came", "PC-17", "panic: cannot reach"},
	} {
		for _, part := range want {
			if !strings.Contains(files["diagnostics/"+name], part) {
				t.Errorf("%s does not tell %q:\n%.500s", name, part, files["diagnostics/"+name])
			}
		}
	}
	if len(files) != 9 {
		t.Errorf("%d files", len(files))
	}
	for name, text := range files {
		for _, secret := range planted {
			if strings.Contains(text, secret) {
				t.Errorf("%s gives %q away", name, secret)
			}
		}
	}
}

// What cannot be had does not keep the rest away, and nothing grows without bound.
func TestABundleOfAGatewayInTrouble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile := filepath.Join(dir, "big.log")
	line := `{"ts":"2026-11-23T09:00:00Z","level":"INFO","msg":"line"}` + "\n"
	if err := os.WriteFile(logFile, []byte("FIRST\n"+strings.Repeat(line, 2*maxLog/len(line))+"LAST\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := openTest(t, filepath.Join(dir, "m"), time.Now)
	b := &bundler{data: "/not/there", cloud: cloud{}, memory: m, now: time.Now, reporter: reporter{"no json"}, process: self{
		metrics: strings.Repeat("staff_x 1\n", maxPart/5), logFile: logFile,
	}}
	bundle, err := b.bundle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, bundle)
	if text := files["diagnostics/state.json"]; !strings.Contains(text, "not all of it") {
		t.Errorf("state.json is %q", text)
	}
	if n := len(files["diagnostics/metrics.txt"]); n != maxPart {
		t.Errorf("metrics.txt has %d bytes", n)
	}
	if text := files["diagnostics/log.txt"]; len(text) > maxLog+1000 || strings.Contains(text, "FIRST") || !strings.HasSuffix(text, "LAST\n") || strings.HasPrefix(text, "e\"") {
		t.Errorf("log.txt has %d bytes: %.80q", len(text), text)
	}
	b.process = self{logFile: filepath.Join(dir, "gone.log")}
	if bundle, err = b.bundle(t.Context()); err != nil || !strings.Contains(unpack(t, bundle)["diagnostics/log.txt"], "not all of it") {
		t.Errorf("a log that is gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.bundle(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestABundleIsUploadedUntilItIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := openTest(t, filepath.Join(t.TempDir(), "m"), time.Now)
		answers := []int{500, 429, 503, 201}
		var sent []string
		s := newService(m, slog.New(slog.DiscardHandler), time.Now)
		c := cloud{answer: func(r *http.Request, body []byte) int {
			sent = append(sent, fmt.Sprintf("%s %s %s %d", r.Method, r.URL, r.Header.Get("Content-Type"), len(unpack(t, body))))
			status := answers[0]
			answers = answers[1:]
			return status
		}}
		s.handle(handlers{now: time.Now, bundler: &bundler{process: self{}, cloud: c, reporter: reporter{`{}`}, memory: m, now: time.Now}})
		o := orderOf(command.CollectDiagnostics, `{}`)
		if a := s.Do(t.Context(), o); a.Status != command.Completed || !strings.HasPrefix(string(a.Result), `{"bytes":`) {
			t.Errorf("answer is %+v", a)
		}
		if want := "POST http://agent-api/v2/gateway/diagnostics/" + o.ID.String() + " application/gzip 9"; len(sent) != 4 || sent[3] != want {
			t.Errorf("sent %q", sent)
		}
		answers = []int{413}
		if a := s.Do(t.Context(), orderOf(command.CollectDiagnostics, `{}`)); a.Code != "refused" || !strings.Contains(a.Error, "413 test.fault") {
			t.Errorf("answer is %+v", a)
		}
		answers = slices.Repeat([]int{500}, 1000)
		if a := s.Do(t.Context(), orderOf(command.CollectDiagnostics, `{}`)); a.Code != "timeout" {
			t.Errorf("answer is %+v", a)
		}
	})
}

// The scrubber passes over nothing that it cannot read, and keeps lines apart.
func FuzzScrubLog(f *testing.F) {
	f.Add([]byte(plantedLog()))
	f.Add([]byte("{}\nlevel=INFO msg=\"\\q\"\n\n{\"level\":1,\"msg\":null}\nsgw_0123456789"))
	f.Fuzz(func(t *testing.T, text []byte) {
		clean := scrubLog(t.Context(), text)
		if keys.Match(clean) {
			t.Errorf("a key is left in %q", clean)
		}
		if got, want := bytes.Count(clean, []byte("\n")), bytes.Count(text, []byte("\n")); got < want {
			t.Errorf("%d lines became %d", want, got)
		}
	})
}
