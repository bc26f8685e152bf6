package feed

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// crowd is many pages that listen to one process.
type crowd struct {
	url  string
	all  []*http.Response
	read sync.WaitGroup
}

// gather lets n pages listen; told is called with each alert's subject, by many at once.
func gather(t testing.TB, url string, n int, told func(listener int, subject string)) *crowd {
	t.Helper()
	c := &crowd{url: url}
	t.Cleanup(c.leave)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for i := range n {
		answer, err := client.Do(request(t, url, []string{"hr", "admin"}[i%2], ""))
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("listener %d: %d", i, answer.StatusCode)
		}
		c.all = append(c.all, answer)
		c.read.Go(func() {
			for s := bufio.NewScanner(answer.Body); s.Scan(); {
				if _, rest, is := strings.Cut(s.Text(), `"subject":"`); is {
					subject, _, _ := strings.Cut(rest, `"`)
					told(i, subject)
				}
			}
		})
	}
	return c
}

func (c *crowd) leave() {
	for _, answer := range c.all {
		answer.Body.Close()
	}
	c.read.Wait()
	c.all = nil
}

// Hundreds listen, and each is told of everything, in order, while things happen faster than usual.
func TestHundredsAreToldOfEverything(t *testing.T) {
	if testing.Short() {
		t.Skip("opens hundreds of connections")
	}
	t.Parallel()
	const listeners, events = 300, 400
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	url, m := serve(t, d, newPeople(), "feed.max_per_user=300", "feed.queue=400", "feed.heartbeat=10s", "feed.check_interval=1s")
	got := make([][]string, listeners)
	done := make(chan int, listeners)
	c := gather(t, url, listeners, func(i int, subject string) {
		if got[i] = append(got[i], subject); len(got[i]) == events {
			done <- i
		}
	})
	var want []string
	for n := 0; n < events; n += 8 {
		var all []happened
		for i := range 8 {
			want = append(want, fmt.Sprint("alert ", n+i))
			all = append(all, happened{kind: kindAlert, data: alertData{Subject: want[n+i]}})
		}
		o.tell(t, terminal(1), 1, all...)
	}
	for range listeners {
		select {
		case i := <-done:
			if !slices.Equal(got[i], want) {
				t.Fatalf("listener %d is told %.300q", i, got[i])
			}
		case <-time.After(patience):
			t.Fatalf("of %d listeners %d are told of everything; %d are there", listeners, listeners-len(done), m.hub.count())
		}
	}
	c.leave()
	until(t, "all have left", func() bool { return m.hub.count() == 0 })
}

// BenchmarkListeners lets a thousand pages listen to one process and has twenty things a second happen. It reports how
// long after its cause an event is read by the pages, p95; how long a request takes meanwhile and before, p95; and the
// memory of a listener, both ends of the connection counted. The pages are in the same process as the server.
func BenchmarkListeners(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(engine.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkListeners(b, engine.open(b))
			}
		})
	}
}

func benchmarkListeners(b *testing.B, d *db.DB) {
	const listeners, events, pause = 1000, 200, 50 * time.Millisecond
	o := newOffice(b, d)
	url, m := serve(b, d, newPeople(), "feed.max_per_user=1000", "feed.heartbeat=15s", "feed.check_interval=20s", "feed.gather=250ms")
	quiet := requests(b, url, 300)
	before := inUse()
	var mu sync.Mutex
	var delays []time.Duration
	c := gather(b, url, listeners, func(_ int, subject string) {
		now := time.Now()
		sent, _ := strconv.ParseInt(subject, 10, 64)
		mu.Lock()
		defer mu.Unlock()
		delays = append(delays, now.Sub(time.Unix(0, sent)))
	})
	each := (inUse() - before) / listeners
	busy := make(chan time.Duration)
	go func() { busy <- requests(b, url, 300) }()
	tick := time.NewTicker(pause)
	for range events {
		<-tick.C
		o.tell(b, terminal(1), 1, happened{kind: kindAlert, data: alertData{Subject: fmt.Sprint(time.Now().UnixNano())}})
	}
	tick.Stop()
	until(b, "all are told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(delays) == listeners*events
	})
	b.ReportMetric(milliseconds(p95(delays)), "p95-ms-delay")
	b.ReportMetric(milliseconds(<-busy), "p95-ms-request")
	b.ReportMetric(milliseconds(quiet), "p95-ms-request-before")
	b.ReportMetric(float64(each), "B/listener")
	c.leave()
	until(b, "all have left", func() bool { return m.hub.count() == 0 })
}

// requests asks n times, thirty a second, and returns how long the 95th percentile takes.
func requests(b *testing.B, url string, n int) time.Duration {
	var took []time.Duration
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for range n {
		<-tick.C
		r := request(b, url, "guard", "1")
		r.Header.Del("Accept")
		began := time.Now()
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Errorf("%v %v", answer, err)
			return 0
		}
		answer.Body.Close()
		took = append(took, time.Since(began))
	}
	return p95(took)
}

func p95(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)*95/100]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// inUse is the memory of the heap and the stacks.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
