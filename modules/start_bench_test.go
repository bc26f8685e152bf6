package modules_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// BenchmarkStart starts each role as a process on a migrated SQLite database, and reports the milliseconds until its first
// answered request and the megabytes of anonymous memory (RssAnon) that it holds a few seconds later, idle.
func BenchmarkStart(b *testing.B) {
	for _, role := range []string{"agent-api", "dashboard", "gateway", "all"} {
		b.Run(role, func(b *testing.B) {
			s := newSite(b)
			args := []string{"--role=" + role}
			address := map[string]string{"agent-api": s.agentAPI, "dashboard": s.dashboard, "gateway": s.gateway, "all": s.dashboard}[role]
			if role == "gateway" {
				args = append(args, "--set", "uplink.url="+s.agentAPI)
			}
			p := s.spawn(b, args...) // the first start migrates
			ready(b, address)
			p.kill(b)
			var took time.Duration
			b.ResetTimer()
			for range b.N {
				began := time.Now()
				p.start(b)
				firstAnswer(b, address)
				took += time.Since(began)
				p.kill(b)
			}
			b.StopTimer()
			p.start(b)
			firstAnswer(b, address)
			pause(b, 3*time.Second)
			b.ReportMetric(rssAnon(b, p.cmd.Process.Pid), "MB-RssAnon")
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/start")
		})
	}
}

func firstAnswer(b *testing.B, address string) {
	b.Helper()
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); {
		res, err := client.Get(address + "/health")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		pause(b, time.Millisecond)
	}
	b.Fatal("no answer")
}

var anonymous = regexp.MustCompile(`RssAnon:\s+(\d+) kB`)

// rssAnon is what a process holds of anonymous memory, in megabytes; Linux only.
func rssAnon(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err)
	}
	found := anonymous.FindSubmatch(status)
	if found == nil {
		b.Fatalf("no RssAnon in %s", status)
	}
	kB, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1000
}
