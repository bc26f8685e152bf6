package agents

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Two thousand agents wait at one gateway: for little memory each, and a change reaches all of them at once.
func TestTwoThousandAgentsWait(t *testing.T) { // not parallel: it measures
	if testing.Short() {
		t.Skip("opens thousands of connections")
	}
	const n, each, within = 2000, 40 << 10, 5 * time.Second // a quarter of a second, with room for machines that do something else
	w := newWorld(t)
	w.set(t, version(t, "1"))
	_, _, etag := w.ask(t, "agent", "GET", "/v2/agent/policy?computerUid=PC-0", "")
	before := inUse()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = dialRaw(t, w.url)
		fmt.Fprintf(conns[i], "GET /v2/agent/policy?computerUid=PC-%d&wait=60 HTTP/1.1\r\nHost: x\r\nX-API-Key: agent\r\nIf-None-Match: %s\r\n\r\n", i, etag)
	}
	until(t, "all wait", func() bool { return w.module.waits.count() == n })
	got := (inUse() - before) / n
	t.Logf("%d bytes each, of both ends", got)
	if got > each {
		t.Errorf("an agent that waits takes %d bytes, more than %d", got, each)
	}
	changed := time.Now()
	w.set(t, version(t, "10"))
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			res, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
			if err != nil {
				t.Errorf("agent %d: %v", i, err)
				return
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("agent %d: %d", i, res.StatusCode)
			}
		})
	}
	all.Wait()
	took := time.Since(changed)
	t.Logf("all know after %s", took)
	if took > within {
		t.Errorf("the last one knows after %s", took)
	}
}

// inUse is the memory of the heap and the stacks.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func dialRaw(t *testing.T, url string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(2 * limit)); err != nil {
		t.Fatal(err)
	}
	return c
}
