//go:build soak

package modules_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The load that a large office puts on one gateway; its figures stand in docs/performance.md.
const (
	loadWatchers = 500
	loadAgents   = 500
	loadFor      = 5 * time.Minute
)

// ActivityWatch's clients open a connection for each request and lose whatever is answered with an error, so none may be.
func TestSoakWatchersAndAgentsAtOnce(t *testing.T) {
	s := newSite(t)
	_, gateway := s.spawnRoles(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	watchers, agents := &answers{}, &answers{}
	end := time.Now().Add(loadFor)
	var all sync.WaitGroup
	for n := range loadWatchers {
		all.Go(func() { watch(s.gateway, fmt.Sprintf("AW-%03d", n), key, end, watchers) })
	}
	for n := range loadAgents {
		all.Go(func() { reportV1(s.gateway, fmt.Sprintf("V1-%03d", n), key, end, agents) })
	}
	all.Wait()
	memory := peakMemory(t, gateway.cmd.Process.Pid)
	t.Logf("%d watchers: %s; %d agents of v1: %s; the gateway's peak memory %s", loadWatchers, watchers, loadAgents, agents, memory)
	for name, a := range map[string]*answers{"watchers": watchers, "agents": agents} {
		if len(a.wrong) > 0 {
			t.Errorf("%s: %d of %d were refused, the first: %s", name, len(a.wrong), len(a.took)+len(a.wrong), a.wrong[0])
		}
		if p99 := a.percentile(0.99); p99 >= 100*time.Millisecond {
			t.Errorf("%s: one in a hundred waited %s or longer", name, p99)
		}
	}
}

// answers collects how long requests took and which were refused.
type answers struct {
	mu    sync.Mutex
	took  []time.Duration
	wrong []string
}

func (a *answers) add(took time.Duration, status int, body []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || status >= 300 && status != http.StatusNotModified {
		a.wrong = append(a.wrong, fmt.Sprintf("%d %.200s %v", status, body, err))
		return
	}
	a.took = append(a.took, took)
}

func (a *answers) percentile(p float64) time.Duration {
	if len(a.took) == 0 {
		return time.Hour
	}
	slices.Sort(a.took)
	return a.took[int(float64(len(a.took)-1)*p)]
}

func (a *answers) String() string {
	return fmt.Sprintf("%d requests, p50 %s, p99 %s, longest %s", len(a.took), a.percentile(0.5).Round(100*time.Microsecond),
		a.percentile(0.99).Round(100*time.Microsecond), a.percentile(1).Round(time.Millisecond))
}

// watch is aw-watcher-window and aw-watcher-afk of one computer: a heartbeat each second, on a connection of its own.
func watch(gateway, computer, key string, end time.Time, a *answers) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte(computer+":"+key))
	pause(rand.N(time.Second))
	for n := 0; time.Now().Before(end); n++ {
		bucket, pulse := "aw-watcher-window_"+computer, "2.0"
		data := map[string]any{"app": "WINWORD.EXE", "title": fmt.Sprintf("O‘zbekiston hisoboti %d.docx", n/7)}
		if n%10 == 9 {
			bucket, pulse, data = "aw-watcher-afk_"+computer, "185.0", map[string]any{"status": "not-afk"}
		}
		body := map[string]any{"timestamp": time.Now().UTC().Format(time.RFC3339Nano), "duration": 0, "data": data}
		began := time.Now()
		status, answer, err := ask(client, gateway+"/api/0/buckets/"+bucket+"/heartbeat?pulsetime="+pulse, "Authorization", header, body)
		a.add(time.Since(began), status, answer, err)
		pause(time.Second - time.Since(began))
	}
}

// reportV1 is one of v1's agents: a batch of twenty windows every ten seconds.
func reportV1(gateway, computer, key string, end time.Time, a *answers) {
	client := &http.Client{Timeout: 30 * time.Second}
	pause(rand.N(10 * time.Second))
	for time.Now().Before(end) {
		now := time.Now().UTC()
		items := make([]map[string]any, 20)
		for i := range items {
			items[i] = map[string]any{
				"datetime": now.Add(time.Duration(i-20) * time.Second).Format(time.RFC3339Nano), "title": "Отчёт за ноябрь.xlsx – Excel", "processName": "EXCEL.EXE", "activeTime": 1,
			}
		}
		body := map[string]any{"computerUid": computer, "userSid": "S-1-5-21-1-2-3-" + computer, "timestamp": now.Format(time.RFC3339Nano), "data": items}
		began := time.Now()
		status, answer, err := ask(client, gateway+"/api/agent/active-windows", "X-API-Key", key, body)
		a.add(time.Since(began), status, answer, err)
		pause(10*time.Second - time.Since(began))
	}
}

func ask(client *http.Client, url, header, value string, body any) (int, []byte, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(header, value)
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func pause(d time.Duration) {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	<-timer.C
}

// peakMemory is the most that the process has held, as Linux counts it.
func peakMemory(t *testing.T, pid int) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "unknown here"
	}
	for line := range strings.Lines(string(status)) {
		if peak, found := strings.CutPrefix(line, "VmHWM:"); found {
			return strings.TrimSpace(peak)
		}
	}
	return "unknown"
}
