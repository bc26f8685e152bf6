package activitywatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

// The traffic of a computer's watchers: every answer and every event that comes of it.
func TestTraffic(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	server := newGateway(t, m, enrolled(3))
	text, err := os.ReadFile("testdata/traffic.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		method, path, body := strings.TrimSpace(line[4:8]), "", ""
		path, body, _ = strings.Cut(strings.TrimSpace(line[9:]), " ")
		w := pc(windowHost, "one").do(t, server, method, path, body)
		if fmt.Sprint(w.Code) != line[:3] {
			t.Errorf("%d, want %s", w.Code, line)
		}
		fmt.Fprintln(&got, w.Code, strings.TrimSpace(masked(w.Body.String())))
	}
	for _, e := range m.Taken(3) {
		if e.Kind == activity.Computer || e.Kind == activity.ComputerUser {
			e.Key, e.At = "", noon
		}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&got, string(line))
	}
	golden(t, "traffic", got.Bytes())
}

// masked hides when a bucket was made.
func masked(body string) string {
	const name = `"created":"`
	for from := 0; ; {
		i := strings.Index(body[from:], name)
		if i < 0 {
			return body
		}
		i += from + len(name)
		end := i + strings.IndexByte(body[i:], '"')
		body = body[:i] + "…" + body[end:]
		from = i
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name + ".golden"
	if httptestx.Update() {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (%v):\n%s", path, err, got)
	}
}

// Who may report, by where from, by what is shown, and by the setting.
func TestWhoMayReport(t *testing.T) {
	t.Parallel()
	const org = 3
	for _, c := range []struct {
		name          string
		ask           ask
		status, quiet int // with refuse and with quarantine
		computer      string
		aside         bool
	}{
		{"a key", pc("PC-7", "one"), 200, 200, "PC-7", false},
		{"a key from here", ask{user: "PC-7", key: "one"}, 200, 200, "PC-7", false},
		{"a key and no name", ask{from: there, key: "one"}, 200, 200, "PC-001", false},
		{"a bearer key", ask{from: there, bearer: "one"}, 200, 200, "PC-001", false},
		{"our agents' header", ask{from: there, header: map[string]string{"X-API-Key": "one"}}, 200, 200, "PC-001", false},
		{"a key from its network", ask{from: "10.1.0.7:50000", user: "PC-7", key: "office"}, 200, 200, "PC-7", false},
		{"a key from elsewhere than its network", pc("PC-7", "office"), 403, 403, "", false},
		{"the same from here", ask{user: "PC-7", key: "office"}, 403, 403, "", false},
		{"a wrong key", pc("PC-7", "wrong"), 401, 401, "", false},
		{"a wrong key from here", ask{user: "PC-7", key: "wrong"}, 401, 401, "", false},
		{"a wrong bearer key", ask{from: there, bearer: "wrong"}, 401, 401, "", false},
		{"a device's key", pc("PC-7", "hikvision"), 403, 403, "", false},
		{"a key that cannot be checked", pc("PC-7", "unchecked"), 503, 200, "PC-7", true},
		{"the same from here", ask{user: "PC-7", key: "unchecked"}, 200, 200, "PC-7", false},
		{"nothing from here", ask{}, 200, 200, "PC-001", false},
		{"nothing from here, by IPv6", ask{from: "[::1]:50000", host: "[::1]:3003"}, 200, 200, "PC-001", false},
		{"nothing from elsewhere", ask{from: there}, 401, 200, "PC-001", true},
		{"a name without a key", ask{from: there, user: "PC-7"}, 401, 200, "PC-7", true},
		{"a proxy here", ask{header: map[string]string{"X-Forwarded-For": "10.0.0.9"}}, 401, 200, "PC-001", true},
		{"a proxy here with the new header", ask{header: map[string]string{"Forwarded": "for=10.0.0.9"}}, 401, 200, "PC-001", true},
		{"a proxy here that only says so", ask{header: map[string]string{"Via": "1.1 proxy"}}, 401, 200, "PC-001", true},
		{"a page of somebody else's", ask{origin: "https://evil.example"}, 403, 403, "", false},
		{"a page with a name of its own for here", ask{host: "evil.example"}, 403, 403, "", false},
		{"the name of this computer", ask{host: must(os.Hostname()) + ":3003"}, 200, 200, "PC-001", false},
		{"a name of nothing", ask{from: there, user: " \x00\t", key: "one"}, 200, 200, "PC-001", false},
		{"an extension", ask{origin: chromeExtension}, 200, 200, "PC-001", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for setting, status := range map[string]int{refuse: c.status, quarantine: c.quiet} {
				m := buckettest.NewMemory()
				server := newGateway(t, m, enrolled(org), "activitywatch.unknown="+setting)
				w := c.ask.do(t, server, "POST", windowBucket+"/heartbeat?pulsetime=2", aWindow)
				if w.Code != status {
					t.Errorf("%s: %d, want %d: %s", setting, w.Code, status, w.Body)
				}
				c.ask.do(t, server, "POST", windowBucket+"/heartbeat?pulsetime=2", strings.Replace(aWindow, "Hisobot", "x", 1))
				checkTaken(t, m.Taken(org), status == 200, c.computer, c.aside)
			}
		})
	}
}

func checkTaken(t *testing.T, events []activity.Event, any bool, computer string, aside bool) {
	t.Helper()
	switch {
	case !any && len(events) > 0:
		t.Errorf("took %+v", events)
	case any && !aside && len(events) != 3:
		t.Errorf("took %+v, want a computer, its user and a window", events)
	case any && aside && (len(events) != 1 || events[0].Aside != activity.UnidentifiedAgent):
		t.Errorf("took %+v, want a window that is kept apart", events)
	}
	for _, e := range events {
		if e.ComputerUID != computer || e.Kind != activity.Computer && e.UserSID != "activitywatch:"+computer || !aside && e.Aside != "" {
			t.Errorf("took %+v, want it of %s", e, computer)
		}
	}
}

// Nobody reads or fills what is another's: not with another key, not as another computer, not in another organization.
func TestBucketsAreTheirOwners(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	server := newGateway(t, m, enrolled(3), "activitywatch.unknown=quarantine")
	senders := map[string]ask{
		"PC-1": pc("PC-1", "one"), "PC-2 with the same key": pc("PC-2", "one"), "PC-1 with another key": pc("PC-1", "two"),
		"PC-1 of another organization": pc("PC-1", "foreign"), "the key alone": {from: there, bearer: "one"},
		"this computer": {}, "somebody": {from: there}, "somebody else": {from: "10.0.0.18:50000"}, "somebody called PC-1": {from: there, user: "PC-1"},
	}
	for who, a := range senders {
		if w := a.do(t, server, "GET", windowBucket, ""); w.Code != 404 {
			t.Errorf("%s sees a bucket that it has not made: %d %s", who, w.Code, w.Body)
		}
		body := strings.Replace(aWindow, "Hisobot", who, 1)
		if w := a.do(t, server, "POST", windowBucket+"/heartbeat?pulsetime=2", body); w.Code != 200 {
			t.Fatalf("%s: %d %s", who, w.Code, w.Body)
		}
	}
	for who, a := range senders {
		for path, want := range map[string]string{windowBucket + "/events": who, windowBucket + "/events/count": "1", "/api/0/buckets": "aw-watcher-window_PC-001"} {
			w := a.do(t, server, "GET", path, "")
			if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %s: %d %s", who, path, w.Code, w.Body)
			}
			for other := range senders {
				if other != who && !strings.Contains(who, other) && strings.Contains(w.Body.String(), `"`+other+`"`) {
					t.Errorf("%s reads of %s: %s", who, other, w.Body)
				}
			}
		}
	}
	if all, _ := m.All(t.Context()); len(all) != len(senders) {
		t.Errorf("%d buckets of %d senders", len(all), len(senders))
	}
	for _, e := range m.Taken(4) {
		if e.ComputerUID != "PC-1" {
			t.Errorf("organization 4 has %+v", e)
		}
	}
}

// Before it is enrolled, a gateway keeps what comes from its own computer for the organization that it will have.
func TestBeforeTheGatewayIsEnrolled(t *testing.T) {
	t.Parallel()
	m, of := buckettest.NewMemory(), enrolled(0)
	server := newGateway(t, m, of)
	beat := func() {
		t.Helper()
		if w := (ask{}).do(t, server, "POST", windowBucket+"/heartbeat?pulsetime=2", aWindow); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	beat()
	of.organization.Store(3)
	beat()
	if all, _ := m.All(t.Context()); len(all) != 2 || len(m.Taken(0)) != 2 || len(m.Taken(3)) != 2 {
		t.Errorf("buckets %+v, events %+v and %+v", all, m.Taken(0), m.Taken(3))
	}
}

// A watcher loses what is answered with an error. So nothing is, once it is known who it is.
func TestReportsAreNeverRefused(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	server := newGateway(t, m, enrolled(3), "activitywatch.max_buckets=4")
	who := pc(windowHost, "one")
	long := strings.Repeat("x", 300)
	for name, c := range map[string][2]string{
		"nothing": {windowBucket + "/heartbeat?pulsetime=2", ""}, "no JSON": {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":`},
		"a list": {windowBucket + "/heartbeat?pulsetime=2", `[` + aWindow + `]`}, "two": {windowBucket + "/heartbeat?pulsetime=2", aWindow + aWindow},
		"no time":              {windowBucket + "/heartbeat?pulsetime=2", `{"data":{"app":"a"}}`},
		"a strange time":       {windowBucket + "/heartbeat", `{"timestamp":"noon","data":{}}`},
		"an age":               {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":"2026-11-02T12:00:00Z","duration":1e12,"data":{}}`},
		"data of another type": {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":"2026-11-02T12:00:00Z","data":[]}`},
		"NaN":                  {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":"2026-11-02T12:00:00Z","duration":NaN,"data":{}}`},
		"2 MB":                 {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":"2026-11-02T12:00:00Z","data":{"a":"` + strings.Repeat("x", 2<<20) + `"}}`},
		"wide data":            {windowBucket + "/heartbeat?pulsetime=2", `{"timestamp":"2026-11-02T12:00:00Z","data":{` + many(20_000) + `}}`},
		"a long name":          {"/api/0/buckets/" + long + "/heartbeat?pulsetime=2", aWindow},
		"half a list":          {windowBucket + "/events", `[{"timestamp":"2026-11-02T12:00:00Z"},`},
		"events with faults":   {windowBucket + "/events", `[{"timestamp":5},7,null,{"timestamp":"2026-11-02T13:00:00Z","data":{"app":"a","title":"good"}}]`},
		"9 MB":                 {windowBucket + "/events", `[{"timestamp":"2026-11-02T12:00:00Z","data":{"a":"` + strings.Repeat("x", 9<<20) + `"}}]`},
		"one event":            {windowBucket + "/events", strings.Replace(aWindow, "12:00", "14:00", 1)},
	} {
		if w := who.do(t, server, "POST", c[0], c[1]); w.Code != 200 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	w := who.do(t, server, "GET", windowBucket+"/events", "")
	if n := strings.Count(w.Body.String(), `"id"`); n != 2 {
		t.Errorf("%d events are kept, want the 2 good ones: %s", n, w.Body)
	}
	m.Fail(errors.New("no disk"))
	if w := who.do(t, server, "POST", windowBucket+"/heartbeat?pulsetime=2", aWindow); w.Code != 200 || !strings.Contains(w.Body.String(), "Hisobot") {
		t.Errorf("without a disk: %d %s", w.Code, w.Body)
	}
	if w := who.do(t, server, "POST", "/api/0/buckets/new", `{"type":"x"}`); w.Code != 500 {
		t.Errorf("a bucket without a disk: %d; its watcher must try again", w.Code)
	}
	m.Fail(nil)
	who.do(t, server, "POST", "/api/0/buckets/second", `{"type":"x"}`)
	if w := who.do(t, server, "POST", "/api/0/buckets/third", `{"type":"x"}`); w.Code != 503 {
		t.Errorf("one bucket too many: %d %s", w.Code, w.Body)
	}
	if w := who.do(t, server, "POST", "/api/0/buckets/third/heartbeat?pulsetime=2", aWindow); w.Code != 200 {
		t.Errorf("a heartbeat for it: %d %s", w.Code, w.Body)
	}
	for body, path := range map[string]string{`{"type":""}`: "/api/0/buckets/x", `no`: "/api/0/buckets/x", `{"type":"x"}`: "/api/0/buckets/" + long} {
		if w := who.do(t, server, "POST", path, body); w.Code != 400 {
			t.Errorf("a bucket made of %s: %d", body, w.Code)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"%d":%d,`, i, i)
	}
	return b.String() + `"z":0`
}

// What nobody names is named after who asks.
func TestLocalBucketsHaveTheNameOfTheComputer(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	server := newGateway(t, m, enrolled(3), "activitywatch.unknown=quarantine")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for want, a := range map[string]ask{"PC-7": pc("PC-7", "one"), host: {}, "10.0.0.17": {from: there}} {
		if w := a.do(t, server, "POST", "/api/0/buckets/aw-watcher-web-chrome", `{"client":"aw-client-web","type":"web.tab.current","hostname":"!local"}`); w.Code != 200 {
			t.Fatalf("%s: %d %s", want, w.Code, w.Body)
		}
		if w := a.do(t, server, "GET", "/api/0/buckets/aw-watcher-web-chrome", ""); !strings.Contains(w.Body.String(), `"hostname":"`+want+`"`) {
			t.Errorf("%s: %s", want, w.Body)
		}
		if w := a.do(t, server, "GET", "/api/0/info", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"hostname":"`+want+`"`) {
			t.Errorf("%s: info %d %s", want, w.Code, w.Body)
		}
	}
	for _, b := range must(m.All(t.Context())) {
		if b.ComputerUID != b.Hostname {
			t.Errorf("%+v", b)
		}
	}
}

// Who answers here is no business of a page, by whatever name it calls us.
func TestInfoIsNotForPages(t *testing.T) {
	t.Parallel()
	server := newGateway(t, buckettest.NewMemory(), enrolled(3))
	for name, c := range map[string]struct {
		ask    ask
		status int
	}{
		"a page":               {ask{origin: "https://evil.example"}, 403},
		"a name that it made":  {ask{host: "evil.example:3003"}, 403},
		"and a name it claims": {ask{host: "evil.example:3003", user: "PC-7", key: "x"}, 403},
		"a watcher here":       {ask{}, 200},
		"an extension":         {ask{origin: chromeExtension}, 200},
		"another computer":     {ask{from: there, host: "gateway.example.uz"}, 200},
	} {
		if w := c.ask.do(t, server, "GET", "/api/0/info", ""); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestReadingByRange(t *testing.T) {
	t.Parallel()
	server := newGateway(t, buckettest.NewMemory(), enrolled(3))
	who := pc(windowHost, "one")
	who.do(t, server, "POST", windowBucket+"/events", `[{"timestamp":"2026-11-02T12:00:00Z","duration":60,"data":{"n":1}},
		{"timestamp":"2026-11-02 12:02:00","duration":1.5,"data":{"n":2}},{"timestamp":"2026-11-02T17:04:00.0009+05:00","data":{"n":3}}]`)
	for query, want := range map[string]string{
		"": "321", "?limit=-1": "321", "?limit=2": "32", "?limit=0": "", "?start=2026-11-02T12:01:00Z": "321", "?start=2026-11-02T12:01:00.001Z": "32",
		"?end=2026-11-02T12:02:00Z": "21", "?end=2026-11-02T12:01:59.998Z": "1", "?start=2026-11-02T12:01:30%2B00:00&end=2026-11-02T12:03:00%2B00:00&limit=5&x=1": "2",
	} {
		var events []struct {
			Data struct{ N int }
		}
		w := who.do(t, server, "GET", windowBucket+"/events"+query, "")
		if err := json.Unmarshal(w.Body.Bytes(), &events); err != nil {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		got := ""
		for _, e := range events {
			got += fmt.Sprint(e.Data.N)
		}
		if got != want {
			t.Errorf("%q: events %s, want %s", query, got, want)
		}
	}
	for path, status := range map[string]int{
		"/events?start=noon": 400, "/events?limit=few": 400, "/events/count?end=x": 400,
		"x/events": 404, "x": 404, "x/events/count": 404,
	} {
		if w := who.do(t, server, "GET", windowBucket+path, ""); w.Code != status {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"unknown=allow", "listen=0.0.0.0:5600", "listen=:5600", "listen=192.168.1.5:5600", "listen=localhost", "listen=127.0.0.1:http", "max_buckets=0", "origins=[https://x/]",
	} {
		c := defaults()
		name, value, _ := strings.Cut(bad, "=")
		switch name {
		case "unknown":
			c.Unknown = value
		case "listen":
			c.Listen = value
		case "max_buckets":
			c.MaxBuckets = 0
		case "origins":
			c.Origins = []string{strings.Trim(value, "[]")}
		}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, listen := range []string{"", "127.0.0.1:5600", "localhost:0", "[::1]:5600", "127.0.1.9:5600"} {
		c := defaults()
		c.Listen, c.Origins = listen, []string{"moz-extension://abc", "https://own.example:8443"}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	off := newGateway(t, buckettest.NewMemory(), enrolled(3), "activitywatch.enabled=false")
	if w := (ask{}).do(t, off, "GET", "/api/0/info", ""); w.Code != 404 {
		t.Errorf("switched off: %d %s", w.Code, w.Body)
	}
}
