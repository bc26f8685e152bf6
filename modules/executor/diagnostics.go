package executor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// maxPart bounds one file of the bundle, in bytes; agent-api takes 20 MB of all together, compressed.
	maxPart = 4 << 20
	// maxLog is how much of the end of the log goes into the bundle.
	maxLog = 1 << 20
	// lastCommands is how many commands the bundle tells of.
	lastCommands = 100
)

// process is what the process knows of itself; see kernel.Insight.
type process interface {
	Settings(w io.Writer)
	Measures(ctx context.Context, w io.Writer) error
	Readiness(ctx context.Context) any
	LogFile() string
}

// bundler gathers what helps to find a fault from afar, without what concerns people or opens anything.
type bundler struct {
	version, data string
	process       process
	cloud         gateway.Cloud
	reporter      gateway.Reporter
	memory        *memory
	now           func() time.Time
}

// part is one file of the bundle.
type part struct {
	name string
	// lines says that each line is of the log.
	lines bool
	write func(ctx context.Context, w io.Writer) error
}

func (b *bundler) parts() []part {
	return []part{
		{"about.json", false, b.about},
		{"settings.txt", false, func(_ context.Context, w io.Writer) error { b.process.Settings(w); return nil }},
		{"state.json", false, b.state},
		{"ready.json", false, func(ctx context.Context, w io.Writer) error { return writeJSON(w, b.process.Readiness(ctx)) }},
		{"metrics.txt", false, b.process.Measures},
		{"machine.json", false, b.machine},
		{"commands.json", false, b.commands},
		{"goroutines.txt", false, goroutines},
		{"log.txt", true, b.logged},
	}
}

// bundle returns the .tar.gz. A part that cannot be had says so in its place.
func (b *bundler) bundle(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	tape := tar.NewWriter(zip)
	for _, p := range b.parts() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := p.write(ctx, &limited{&text, maxPart}); err != nil {
			fmt.Fprintf(&text, "\n[not all of it: %v]\n", err)
		}
		clean := scrub(text.Bytes())
		if p.lines {
			clean = scrubLog(ctx, text.Bytes())
		}
		head := &tar.Header{Name: "diagnostics/" + p.name, Mode: 0o600, Size: int64(len(clean)), ModTime: b.now().UTC()}
		if err := tape.WriteHeader(head); err != nil {
			return nil, err
		}
		if _, err := tape.Write(clean); err != nil {
			return nil, err
		}
	}
	if err := tape.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// limited takes so many bytes and passes over the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

func writeJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func (b *bundler) about(_ context.Context, w io.Writer) error {
	return writeJSON(w, map[string]any{
		"version": b.version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "processors": runtime.NumCPU(),
		"goroutines": runtime.NumGoroutine(), "gatewayId": b.cloud.GatewayID(), "server": b.cloud.URL(), "at": b.now().UTC(),
	})
}

// state is a heartbeat without what it tells of others: buffer, link and control channel.
func (b *bundler) state(ctx context.Context, w io.Writer) error {
	body, err := b.reporter.Report(ctx)
	if err != nil {
		return err
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		return err
	}
	delete(said, "alerts")
	return writeJSON(w, said)
}

func (b *bundler) machine(ctx context.Context, w io.Writer) error {
	said := map[string]any{}
	if d, err := disk.UsageWithContext(ctx, b.data); err == nil {
		said["disk"] = map[string]any{"total": d.Total, "free": d.Free, "usedPercent": d.UsedPercent, "inodesFree": d.InodesFree}
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		said["memory"] = map[string]any{"total": m.Total, "available": m.Available, "usedPercent": m.UsedPercent}
	}
	if l, err := load.AvgWithContext(ctx); err == nil {
		said["load"] = []float64{l.Load1, l.Load5, l.Load15}
	}
	if platform, family, version, err := host.PlatformInformationWithContext(ctx); err == nil {
		said["system"] = map[string]any{"platform": platform, "family": family, "version": version}
	}
	if s, err := host.UptimeWithContext(ctx); err == nil {
		said["uptimeSeconds"] = s
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	said["process"] = map[string]any{"heapBytes": m.HeapAlloc, "systemBytes": m.Sys, "collections": m.NumGC}
	return writeJSON(w, said)
}

// commands are the last ones and how they ended; not what was in them.
func (b *bundler) commands(_ context.Context, w io.Writer) error {
	items := []map[string]any{}
	for _, e := range b.memory.last(lastCommands) {
		item := map[string]any{"id": e.ID, "type": e.Type}
		if e.Ack != nil {
			maps.Copy(item, map[string]any{"status": e.Ack.Status, "code": e.Ack.Code, "error": e.Ack.Error, "at": e.Ack.At})
		}
		items = append(items, item)
	}
	return writeJSON(w, items)
}

func goroutines(_ context.Context, w io.Writer) error {
	text := make([]byte, maxPart)
	_, err := w.Write(text[:runtime.Stack(text, true)])
	return err
}

// upload sends the bundle to agent-api.
func (b *bundler) upload(ctx context.Context, which id.UUID, bundle []byte) error {
	url := b.cloud.URL() + "/v2/gateway/diagnostics/" + which.String()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(bundle))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/gzip")
	resp, err := b.cloud.Client().Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return fmt.Errorf("upload: answered %d", resp.StatusCode)
	}
	return failure{"refused", fmt.Sprintf("upload: answered %d %s", resp.StatusCode, faultCode(said))}
}

func faultCode(said []byte) string {
	var body struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(said, &body) // a proxy's page, say
	return body.Code
}
