package modules_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/staff-control/staff-control/modules/collector/intakepb"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
	"github.com/staff-control/staff-control/platform/secret"
)

// onlyRules is an agent-api that enrols a gateway and has rules for it, and takes nothing: what the gateway keeps
// stays on its disk, where it can be looked for.
type onlyRules struct {
	*httptest.Server
	mu     sync.Mutex
	bundle rule.Bundle
	asked  int // how often the rules that are in force were asked for
}

const agentsKey = "sk_a-key-of-the-tests"

func newOnlyRules(t testing.TB) *onlyRules {
	o := &onlyRules{bundle: rule.Bundle{OrganizationID: 1}}
	mux := http.NewServeMux()
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }
	}
	mux.HandleFunc("POST /v2/gateway/enroll", answer(`{"gatewayId":"0192f3a1-7c00-7000-8000-0000000000aa","apiKey":"sgw_x","organizationId":1}`))
	mux.HandleFunc("GET /v2/gateway/agent-keys", answer(`{"version":1,"items":[{"id":1,"organizationId":1,"type":"AGENT","hash":"`+secret.Hash(agentsKey)+`"}]}`))
	mux.HandleFunc("POST /v2/gateway/heartbeat", answer(`{"success":true}`))
	mux.HandleFunc("GET /v2/gateway/policies/{id}", o.rules)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func (o *onlyRules) rules(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, err := json.Marshal(o.bundle)
	if err != nil {
		panic(err)
	}
	sum, err := canonical.Sum(json.RawMessage(text))
	if err != nil {
		panic(err)
	}
	w.Header().Set("ETag", `"`+sum+`"`)
	if r.Header.Get("If-None-Match") == `"`+sum+`"` {
		o.asked++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(text)
}

// are has the policy in force for all, from some second on.
func (o *onlyRules) are(t testing.TB, p rule.Policy) {
	t.Helper()
	r, err := rule.Release(1, "1", p, false)
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	o.bundle.Policies, o.bundle.DefaultID, o.asked = []rule.Released{r}, 1, 0
	o.mu.Unlock()
	until(t, "the gateway has its rules", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.asked > 0
	})
}

// hidden is in all that must not be kept, and in nothing else: not in the policy, not in what is kept.
const hidden, shown = "olma77zz", "nokanor55qq"

// withExclusions leaves out each kind of thing once.
func withExclusions() rule.Policy {
	p := rule.Everything()
	p.Exclude = rule.Exclusions{
		Titles: []string{"Maxfiy", "Шифокор"}, Sites: []string{"bank.example", "банк.рф"}, Applications: []string{"yashirin.exe"}, PrivateWindows: true,
	}
	return p
}

// hiddenEvents are events that must not be kept, in the words of the product's own API.
func hiddenEvents(at time.Time) []map[string]any {
	list := []map[string]any{
		window(at, "maxfiy "+hidden), window(at, "ШИФОКОР "+hidden), window(at, hidden+" - Google Chrome (Incognito)"),
		window(at, hidden+".bank.example/login"), window(at, strings.Repeat("x", 495)+"MAXFIY"+hidden),
	}
	private, process := window(at, hidden), window(at, hidden)
	private["private"], process["processName"] = true, `C:\Yashirin.EXE`
	list = append(list, private, process)
	for _, url := range []string{"https://" + hidden + ".bank.example/", "HTTP://u:p@BANK.example.:8443/" + hidden, "https://xn--80ab2al.xn--p1ai/" + hidden} {
		list = append(list, map[string]any{"type": "visited_site", "at": at.Format(time.RFC3339Nano), "url": url, "title": hidden, "durationSeconds": 3})
	}
	idle := map[string]any{"type": "idle_period", "at": at.Format(time.RFC3339Nano), "title": "maxfiy " + hidden}
	path := map[string]any{"type": "screenshot", "at": at.Format(time.RFC3339Nano), "filePath": `C:\Maxfiy\` + hidden + ".png"}
	return append(list, idle, path)
}

// spread sends what must not be kept, and of each intake something that must, and returns how many were not answered.
func (s *site) spread(n int) (unanswered int) {
	at := time.Now().UTC().Add(-time.Hour).Add(time.Duration(n) * time.Second)
	key := agent(agentsKey)
	count := func(status int, err error) {
		if err != nil || status != http.StatusOK && status != http.StatusNotModified {
			unanswered++
		}
	}
	post := func(path string, header map[string]string, body any) {
		status, _, err := send(http.MethodPost, s.gateway+path, header, body)
		count(status, err)
	}
	post("/v2/agent/events", key, report("PC-1", "S-1", append(hiddenEvents(at), window(at, shown+" api"))...))
	for path, item := range map[string]string{
		"active-windows": `{"datetime":%q,"title":"%s","processName":"p","activeTime":5}`,
		"visited-sites":  `{"datetime":%q,"title":"%s","url":"https://kun.example","processName":"p","activeTime":5}`,
		"screenshots":    `{"datetime":%q,"title":"%s","filePath":"data:image/jpeg;base64,` + base64.StdEncoding.EncodeToString(picture(n)) + `","processName":"p"}`,
	} {
		when := at.Format(time.RFC3339)
		items := fmt.Sprintf(item, when, "Maxfiy "+hidden) + "," + fmt.Sprintf(item, when, shown+" v1")
		post("/api/agent/"+path, key, `{"computerUid":"PC-1","userSid":"S-1","timestamp":"`+when+`","data":[`+items+`]}`)
	}
	if err := s.spreadByRPC(at); err != nil {
		unanswered++
	}
	for title, content := range map[string]string{"Maxfiy " + hidden: hidden, shown + " picture": shown} {
		status, _, err := sendPicture(s, agentsKey, fmt.Sprintf("0192f3a1-7c00-7000-8000-%012d", rand.Int64N(1e12)), title, append(picture(n), content...))
		count(status, err)
	}
	watch := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("PC-2:"+agentsKey))}
	for i, beat := range []struct{ bucket, data string }{
		{"aw-watcher-window_PC-2", `{"app":"EXCEL.EXE","title":"Maxfiy ` + hidden + `"}`},
		{"aw-watcher-window_PC-2", `{"app":"EXCEL.EXE","title":"` + shown + ` window"}`},
		{"aw-watcher-window_PC-2", `{"app":"yashirin","title":"` + hidden + `"}`},
		{"aw-watcher-web-chrome_PC-2", `{"title":"` + hidden + `","url":"https://my.bank.example/` + hidden + `"}`},
		{"aw-watcher-web-chrome_PC-2", `{"title":"` + hidden + `","url":"https://kun.example/","incognito":true}`},
		{"aw-watcher-web-chrome_PC-2", `{"title":"` + shown + ` web","url":"https://kun.example/"}`},
		{"aw-watcher-vim_PC-2", `{"file":"/maxfiy/` + hidden + `","project":"x"}`},
	} {
		stamp := at.Add(time.Duration(i) * 100 * time.Millisecond).Format("2006-01-02T15:04:05.000000+00:00")
		event := `{"timestamp":"` + stamp + `","duration":0.5,"data":` + beat.data + `}`
		post("/api/0/buckets/"+beat.bucket+"/heartbeat?pulsetime=2", watch, event)
		post("/api/0/buckets/imported-"+beat.bucket+"/events", watch, "["+event+"]")
	}
	return unanswered
}

// spreadByRPC sends by gRPC what must not be kept, and one event that must.
func (s *site) spreadByRPC(at time.Time) error {
	host := strings.TrimPrefix(s.gateway, "http://")
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(rpctest.With(context.Background(), agentsKey), 10*time.Second)
	defer cancel()
	stamp := timestamppb.New(at)
	_, err = rpctest.Call[intakepb.ReportEventsResponse](ctx, conn, "/staffcontrol.agent.v1.Intake/ReportEvents", &intakepb.ReportEventsRequest{
		ComputerUid: "PC-3", UserSid: "S-3", Events: []*intakepb.Event{
			{Type: "active_window", At: stamp, Title: "Maxfiy " + hidden}, {Type: "active_window", At: stamp, Title: hidden, Private: true},
			{Type: "visited_site", At: stamp, Title: hidden, Url: "https://bank.example/" + hidden}, {Type: "active_window", At: stamp, Title: shown + " grpc"},
		},
	})
	return err
}

// picture begins as a JPEG does.
func picture(n int) []byte {
	return append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte{byte(n)}, 4000)...)
}

// search looks through all files of the gateway's data, and what it has logged.
func (s *site) search(t *testing.T, text string) (found []string) {
	t.Helper()
	forms := [][]byte{[]byte(text), []byte(base64.StdEncoding.EncodeToString([]byte(text)))[:8], []byte(strings.ToUpper(text))}
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, form := range forms {
			if bytes.Contains(content, form) {
				found = append(found, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(s.log.String(), text) {
		found = append(found, "the log")
	}
	return found
}

// What is excluded is on no disk: a gateway takes it by every intake, is killed in the middle again and again, and
// not a byte of it is in any file, nor in the log.
func TestNothingExcludedReachesTheDisk(t *testing.T) {
	t.Parallel()
	s, cloud := newSite(t, "STAFF_LOG__LEVEL=debug"), newOnlyRules(t)
	gateway := s.spawn(t, "--role=gateway", "--set", "uplink.url="+cloud.URL, "--set", "uplink.token=x", "--set", "rules.interval=1s", "--set", "uplink.keys_interval=1s")
	ready(t, s.gateway)
	cloud.are(t, withExclusions())
	until(t, "the gateway takes the key", func() bool {
		status, _, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(agentsKey), report("PC-1", "S-1", window(time.Now(), "first")))
		return err == nil && status == http.StatusOK
	})
	for round := range 4 {
		if n := s.spread(round); n != 0 {
			t.Errorf("%d requests were not answered as taken", n)
		}
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for n := 100 * (round + 1); ; n++ {
				select {
				case <-stop:
					return
				default:
					s.spread(n)
				}
			}
		}()
		pause(t, time.Duration(rand.IntN(300))*time.Millisecond)
		gateway.kill(t)
		close(stop)
		<-done
		if found := s.search(t, hidden); len(found) > 0 {
			t.Fatalf("excluded is in %v", found)
		}
		gateway.start(t)
		ready(t, s.gateway)
	}
	for _, intake := range []string{" api", " v1", " grpc", " picture", " window", " web"} {
		if len(s.search(t, shown+intake)) == 0 {
			t.Errorf("of%s nothing is kept: nothing was tried", intake)
		}
	}
	cloud.Close() // what is in force stays in force without the cloud, after a restart too
	gateway.kill(t)
	gateway.start(t)
	ready(t, s.gateway)
	if n := s.spread(9000); n != 0 {
		t.Errorf("without the cloud %d requests were not answered as taken", n)
	}
	gateway.kill(t)
	if found := s.search(t, hidden); len(found) > 0 {
		t.Errorf("excluded is in %v", found)
	}
}

// While agents report, rules come into force. What is sent after that is on no disk.
func TestRulesComeIntoForceWhileAgentsReport(t *testing.T) {
	t.Parallel()
	s, cloud := newSite(t), newOnlyRules(t)
	s.serve(t, "role=gateway", "uplink.url="+cloud.URL, "uplink.token=x", "rules.interval=1s", "uplink.keys_interval=1s")
	ready(t, s.gateway)
	until(t, "the gateway takes the key", func() bool {
		status, _, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(agentsKey), report("PC-1", "S-1", window(time.Now(), "first")))
		return err == nil && status == http.StatusOK
	})
	stop, done := make(chan struct{}), make(chan int)
	for n := range 2 {
		go func() {
			sent := 0
			for ; ; sent++ {
				select {
				case <-stop:
					done <- sent
					return
				default:
					at := time.Now().UTC()
					send(http.MethodPost, s.gateway+"/v2/agent/events", agent(agentsKey), report("PC-1", "S-1", window(at, fmt.Sprint("maxfiy before ", n, " ", sent))))
				}
			}
		}()
	}
	cloud.are(t, withExclusions())
	if status, body, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(agentsKey), report("PC-1", "S-1", append(hiddenEvents(time.Now()), window(time.Now(), shown))...)); err != nil || status != http.StatusOK {
		t.Errorf("%d %s %v", status, body, err)
	}
	close(stop)
	if a, b := <-done, <-done; a+b == 0 {
		t.Error("nothing was sent meanwhile")
	}
	until(t, "what may be kept is on the disk", func() bool { return len(s.search(t, shown)) > 0 })
	if found := s.search(t, hidden); len(found) > 0 {
		t.Errorf("excluded is in %v", found)
	}
}
