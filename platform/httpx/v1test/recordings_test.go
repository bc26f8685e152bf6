package v1test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ours, theirs, want string }{
		{`{"a":1,"b":"x","c":[{"d":null}],"e":[]}`, `{"a":2,"b":"y","c":[{"d":null},5],"e":[1]}`, ""},
		{`{"a":1}`, `{"b":1}`, ".a is more; .b is missing"},
		{`{"a":{"b":"1"}}`, `{"a":{"b":1}}`, ".a.b is string, v1's number"},
		{`{"a":[true]}`, `{"a":[{}]}`, ".a[0] is boolean, v1's object"},
		{`{"a":null}`, `{"a":[]}`, ".a is null, v1's array"},
		{`{"a":"2026-11-22T21:54:34.000Z"}`, `{"a":"2025-11-22T21:54:34.123Z"}`, ""},
		{`{"a":"2026-11-22T21:54:34Z"}`, `{"a":"2025-11-22T21:54:34.000Z"}`, ".a is string, v1's time"},
		{`[{"x":[]}]`, `[{"x":{}}]`, "[0].x is array, v1's object"},
	} {
		var ours, theirs any
		if json.Unmarshal([]byte(c.ours), &ours) != nil || json.Unmarshal([]byte(c.theirs), &theirs) != nil {
			t.Fatal(c)
		}
		if got := strings.Join(Differences(ours, theirs), "; "); got != c.want {
			t.Errorf("%s against %s: %q, want %q", c.ours, c.theirs, got, c.want)
		}
	}
}

func TestARecordingIsSentAsItWas(t *testing.T) {
	t.Parallel()
	r := Recording{Method: "POST", Path: "/a?b=c", Headers: map[string]string{"content-length": "5", "x-api-key": "k"}, Body: json.RawMessage(`"{half"`)}
	if q := r.Request(); string(r.Sent()) != "{half" || q.Header.Get("X-Api-Key") != "k" || q.URL.RawQuery != "b=c" || q.ContentLength != 5 {
		t.Errorf("sent %q, %v", r.Sent(), q)
	}
	r.Headers = nil
	if r.Sent() != nil {
		t.Errorf("nothing was sent, and is %q", r.Sent())
	}
	all := Read(t, func(r Recording) bool { return r.App == "agent-api" && r.Path == "/api" })
	if len(all) != 1 || all[0].Status != 200 || all[0].Method != "GET" {
		t.Errorf("read %+v", all)
	}
}

func TestTheBulkIsRead(t *testing.T) {
	t.Parallel()
	all := Bulk(t)
	if len(all) != 8 || !strings.HasPrefix(all[2], "INSERT INTO active_windows") || strings.Contains(strings.Join(all, ""), "timing on") {
		t.Errorf("read %d statements: %q", len(all), all)
	}
}

func TestTheDumpIsRead(t *testing.T) {
	t.Parallel()
	rows := Tables(t)["policies"]
	if len(rows) != 3 || rows[1].Value("title") != "Developers" || rows[1].Value("screenshot") != false || rows[1].Value("screenshot_interval") != nil {
		t.Errorf("%v", rows)
	}
	if got := rowOf([]string{"a", "b"}, []string{`x\\y\nz`, `\N`}); got.Value("a") != "x\\y\nz" || got.Value("b") != nil {
		t.Errorf("%v", got)
	}
}
