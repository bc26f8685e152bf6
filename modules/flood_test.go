package modules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

const (
	floodGateways = 16
	// agentAPIMemory is what the design document gives a process of agent-api, in kB.
	agentAPIMemory = 512 << 10
)

// Sixteen gateways send the largest batches there are all at once, plain and compressed, and bodies that are small on
// the wire and large in memory; they do not wait when they are told to. agent-api refuses rather than grows, and stores
// all that it acknowledges.
func TestAFloodOfBatchesIsRefusedBeforeMemoryGrows(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		surviveFlood(t, newSite(t), 1)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		surviveFlood(t, onPostgres(t), 1)
	})
}

func surviveFlood(t *testing.T, s *site, rounds int) {
	t.Helper()
	server := s.spawn(t, "--role=agent-api")
	s.serve(t, "role=dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	token := s.provision(t, floodGateways)
	f := &flood{site: s, bomb: bomb(t)}
	var all sync.WaitGroup
	for n := range floodGateways {
		key := enrolledAs(t, s, token, fmt.Sprint("FLOOD-", n))
		all.Go(func() { f.send(t, key, n, rounds) })
	}
	all.Wait()
	if f.refused.Load() == 0 {
		t.Error("nothing was refused: it was no flood")
	}
	if stored := storedWindows(t, s); stored != f.accepted.Load() {
		t.Errorf("%d events were acknowledged, %d are stored", f.accepted.Load(), stored)
	}
	peak := peakMemory(t, server.cmd.Process.Pid)
	if peak > agentAPIMemory {
		t.Errorf("agent-api took %d kB, more than %d", peak, agentAPIMemory)
	}
	t.Logf("%d events stored, %d batches refused, peak memory %d MB", f.accepted.Load(), f.refused.Load(), peak/1000)
}

// flood counts what came of the batches of all gateways.
type flood struct {
	site              *site
	bomb              []byte
	accepted, refused atomic.Int64
}

func (f *flood) send(t *testing.T, key string, n, rounds int) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Error(err)
		return
	}
	for round := range rounds {
		f.one(t, key, "zstd", f.bomb)
		f.one(t, key, "", largest(fmt.Sprint("PLAIN-", n, "-", round)))
		if n%4 == 0 {
			f.one(t, key, "zstd", z.EncodeAll(largest(fmt.Sprint("ZSTD-", n, "-", round)), nil))
		}
	}
}

// one sends a body until it is acknowledged.
func (f *flood) one(t *testing.T, key, encoding string, body []byte) {
	for late := time.Now().Add(2 * time.Minute); time.Now().Before(late); pause(t, 100*time.Millisecond) {
		status, said, err := send(http.MethodPost, f.site.agentAPI+"/v2/ingest/logs",
			map[string]string{"Authorization": "Bearer " + key, "Content-Encoding": encoding}, body)
		if err != nil {
			continue // it was refused while the body was still on its way
		}
		switch status {
		case http.StatusOK:
			var a struct{ Accepted int64 }
			if err := json.Unmarshal(said, &a); err != nil {
				t.Error(err)
			}
			f.accepted.Add(a.Accepted)
			return
		case http.StatusTooManyRequests:
			f.refused.Add(1)
		default:
			t.Errorf("%d %s", status, said)
			return
		}
	}
	t.Error("a batch was refused for two minutes")
}

// largest is a batch as large as the settings allow, of long texts with escapes.
func largest(computer string) []byte {
	const events, bytesEach = 5000, 1999
	var b bytes.Buffer
	b.WriteString(`{"data":[`)
	title := strings.Repeat("t", 450)
	now := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	for i := range events {
		item := fmt.Sprintf(`{"seq":%d,"type":"active_window","computerUid":%q,"userSid":"S-1","at":%q,"title":"\u2014 %d %s","url":"\u2014`, i+1, computer, now, i, title)
		b.WriteString(item + strings.Repeat("u", bytesEach-len(item)-3) + `"},`)
	}
	b.Truncate(b.Len() - 1)
	b.WriteString("]}")
	return b.Bytes()
}

// bomb is a kilobyte that decompresses to the largest batch, of nothing, and asks for the largest window.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"data":[`, strings.Repeat(" ", 9_999_000), `]}`} {
		if _, err := z.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// provision makes a token by which this many gateways may enrol.
func (s *site) provision(t testing.TB, gateways int) string {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways/tokens", map[string]string{"Authorization": "Bearer " + s.token},
		map[string]any{"organizationId": 1, "expiresInHours": 1, "maxUses": gateways})
	var made struct{ Token string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("make a token: %d %s", status, answer)
	}
	return made.Token
}

// enrolledAs enrols a gateway of this serial number and returns its key.
func enrolledAs(t testing.TB, s *site, token, serial string) string {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/gateway/enroll", nil, map[string]string{"token": token, "serial": serial})
	var in struct{ APIKey string }
	if err := json.Unmarshal(answer, &in); err != nil || status != http.StatusCreated {
		t.Fatalf("enrol: %d %s", status, answer)
	}
	return in.APIKey
}

var storedMetric = regexp.MustCompile(`(?m)^staff_monitoring_events_total{result="stored",type="active_window"} (\S+)$`)

// storedWindows is how many windows agent-api says that it stored.
func storedWindows(t *testing.T, s *site) int64 {
	t.Helper()
	_, text := call(t, http.MethodGet, s.agentAPI+"/metrics", nil, nil)
	found := storedMetric.FindSubmatch(text)
	if found == nil {
		t.Fatalf("no windows in %s", text)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(n)
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory is the most memory that a process ever had, in kB.
func peakMemory(t testing.TB, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("the kernel does not tell here what a process held: %v", err)
	}
	found := highWater.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
