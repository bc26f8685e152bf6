package modules_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// load collects how long requests took, by kind.
type load struct {
	mu     sync.Mutex
	took   map[string][]time.Duration
	faults []string
}

func (l *load) do(kind string, client *http.Client, r *http.Request) {
	began := time.Now()
	res, err := client.Do(r)
	status := 0
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		status = res.StatusCode
	}
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[kind] = append(l.took[kind], took)
	if err != nil || status != http.StatusOK {
		l.faults = append(l.faults, fmt.Sprintf("%s: %d %v", kind, status, err))
	}
}

// BenchmarkAgents is a thousand agents at once on a gateway that delivers meanwhile, for five minutes: 500 of
// ActivityWatch's watchers with a heartbeat a second, each on a connection of its own, and 500 agents of v1 with ten
// windows every five seconds. The metrics are the slowest of a hundred answers of each kind, and the gateway's memory.
func BenchmarkAgents(b *testing.B) {
	const each, length = 500, 5 * time.Minute
	s := newSite(b)
	_, gateway := s.spawnRoles(b)
	key := s.command(b, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(b, "the gateway takes the key", func() bool { return newWatcher(s, "PC-0", key, time.Now()).beat("before") })
	l := &load{took: map[string][]time.Duration{}}
	for b.Loop() {
		ctx, stop := context.WithTimeout(b.Context(), length)
		var all sync.WaitGroup
		for n := range each {
			all.Go(func() { l.watch(ctx, newWatcher(s, fmt.Sprint("PC-", n), key, time.Now())) })
			all.Go(func() { l.reportV1(ctx, s.gateway, key, n) })
		}
		all.Wait()
		stop()
	}
	if len(l.faults) > 0 {
		b.Errorf("%d requests failed, the first with %s", len(l.faults), l.faults[0])
	}
	for kind, took := range l.took {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, kind+"-p99-ms")
		b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), kind+"/s")
	}
	b.ReportMetric(rssAnon(b, gateway.cmd.Process.Pid), "MB-RssAnon")
}

// every calls fn at the interval until ctx ends, from a random point on.
func every(ctx context.Context, interval time.Duration, fn func(n int)) {
	wait := time.NewTimer(rand.N(interval))
	defer wait.Stop()
	for n := 0; ; n++ {
		select {
		case <-wait.C:
			fn(n)
			wait.Reset(interval)
		case <-ctx.Done():
			return
		}
	}
}

var newConnections = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}

func (l *load) watch(ctx context.Context, w *watcher) {
	title := 0
	every(ctx, time.Second, func(int) {
		if rand.IntN(4) == 0 {
			title++
		}
		body := fmt.Sprintf(`{"id":null,"timestamp":%q,"duration":0,"data":{"app":"EXCEL.EXE","title":"O\u2018zbekiston \u2014 hisobot %d.xlsx"}}`,
			time.Now().UTC().Format("2006-01-02T15:04:05.000000+00:00"), title)
		l.post("heartbeat", newConnections, w.url+"/heartbeat?pulsetime=2.0", w.header, body)
	})
}

var keptConnections = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: 20 * time.Second}

func (l *load) reportV1(ctx context.Context, gateway, key string, n int) {
	every(ctx, 5*time.Second, func(round int) {
		at := time.Now().UTC().Format(time.RFC3339)
		items := make([]string, 10)
		for i := range items {
			items[i] = fmt.Sprintf(`{"datetime":%q,"title":"Hisobot %d.%d","processName":"EXCEL.EXE","activeTime":1}`, at, round, i)
		}
		body := fmt.Sprintf(`{"computerUid":"V1-%d","userSid":"S-1-5-21-%d","timestamp":%q,"data":[%s]}`, n, n, at, strings.Join(items, ","))
		l.post("v1", keptConnections, gateway+"/api/agent/active-windows", agent(key), body)
	})
}

func (l *load) post(kind string, client *http.Client, url string, header map[string]string, body string) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	l.do(kind, client, r)
}
