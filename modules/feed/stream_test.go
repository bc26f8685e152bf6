package feed

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Everybody is told of what it may see, in one order, whichever process it asks.
func TestEveryoneIsToldWhatItMaySee(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, p := newOffice(t, d), newPeople()
		one, _ := serve(t, d, p)
		two, _ := serve(t, d, p)
		ears := map[string]*ear{}
		for i, who := range []string{"admin", "hr", "lead", "guard", "their"} {
			ears[who] = listen(t, []string{one, two}[i%2], who, "")
			ears[who].wants("ready")
		}
		o.passes(t, 1, 7, 11)
		o.passes(t, 1, 8, 12)
		o.alert(t, 1, "door")
		o.gateway(t, 1, "GW")
		o.tell(t, system(), 0, happened{kind: kindAlert, data: alertData{Subject: "system"}})
		o.passes(t, 2, 9, 21)
		o.passes(t, 1, 7, 19)
		ears["admin"].wants("pass 11", "pass 12", "alert door", "gateway GW", "alert system", "pass 21", "pass 19")
		ears["hr"].wants("pass 11", "pass 12", "alert door", "gateway GW", "pass 19")
		ears["lead"].wants("pass 11", "pass 19")
		ears["guard"].wants("pass 11", "pass 12", "pass 19")
		ears["their"].wants("pass 21")
	})
}

// Who comes again is told of what it missed, once, in order; or that it missed too much to be told of.
func TestWhoComesAgainMissesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, p := newOffice(t, d), newPeople()
		one, first := serve(t, d, p)
		two, other := serve(t, d, p)
		e := listen(t, one, "hr", "")
		e.wants("ready")
		o.passes(t, 1, 0, 1)
		e.wants("pass 1")
		e.cancel()
		o.passes(t, 2, 0, 2)
		o.passes(t, 1, 0, 3, 4)
		until(t, "the other process has seen all", func() bool { return other.hub.told() == 4 })
		e = listen(t, two, "hr", e.last)
		e.wants("pass 3", "pass 4", "ready")
		o.passes(t, 1, 0, 5)
		e.wants("pass 5")
		until(t, "the first process has seen all", func() bool { return first.hub.told() == 5 })
		listen(t, one, "hr", "0").wants("ready")
		listen(t, one, "hr", "4711").wants("reset")
		listen(t, one, "lead", "1").wants("ready")
		if err := o.service.store.forget(system(), noon.Add(-time.Hour), 2); err != nil {
			t.Fatal(err)
		}
		e = listen(t, one, "hr", "1")
		e.wants("reset")
		o.passes(t, 1, 0, 6)
		e.wants("pass 6")
		listen(t, one, "hr", "2").wants("pass 3", "pass 4", "pass 5", "pass 6", "ready")
		many := make([]int64, maxMissed)
		for i := range many {
			many[i] = int64(1000 + i)
		}
		o.passes(t, 1, 0, many...)
		e.wants("pass 1000")
		until(t, "the process has seen all", func() bool { return first.hub.told() > maxMissed })
		listen(t, one, "hr", "3").wants("reset")
		for i := range many[1:] {
			e.wants(fmt.Sprint("pass ", 1001+i))
		}
	})
}

// told is the id up to which the process has told its listeners.
func (h *hub) told() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// A sign of life moves the place from which a listener goes on, whom nothing concerns.
func TestSignsOfLifeMoveThePlace(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	url, _ := serve(t, d, newPeople())
	e := listen(t, url, "their", "")
	e.wants("ready")
	o.passes(t, 1, 0, 1, 2, 3)
	for h := range e.events {
		if h.kind != "" {
			t.Fatalf("told %+v", h)
		}
		if h.id == "3" {
			return
		}
	}
}

// A stream ends when the sign-in does, and when other rights come with it.
func TestAStreamEndsWithTheSignIn(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	newOffice(t, d)
	p := newPeople()
	url, m := serve(t, d, p)
	for name, change := range map[string]func(all map[string]actor.Actor){
		"signed out":        func(all map[string]actor.Actor) { delete(all, "lead") },
		"of a department":   func(all map[string]actor.Actor) { a := all["lead"]; a.DepartmentIDs = []int64{8}; all["lead"] = a },
		"another role":      func(all map[string]actor.Actor) { a := all["lead"]; a.Role = actor.Guard; all["lead"] = a },
		"another's sign-in": func(all map[string]actor.Actor) { all["lead"] = all["their"] },
	} {
		p.set(func(all map[string]actor.Actor) { all["lead"] = newPeople().all["lead"] })
		e := listen(t, url, "lead", "")
		e.wants("ready")
		p.set(change)
		if got := e.next() + " " + e.next(); got != "end session ended" {
			t.Errorf("%s: %s", name, got)
		}
	}
	until(t, "all have left", func() bool { return m.hub.count() == 0 })
}

// Who stops reading is dropped, and goes on from where it was when it comes again; others are told meanwhile.
func TestASlowListenerIsDropped(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o, p := newOffice(t, d), newPeople()
	url, m := serve(t, d, p, "feed.queue=4", "feed.heartbeat=1m")
	slow, err := http.DefaultClient.Do(request(t, url, "hr", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Body.Close()
	until(t, "it listens", func() bool { return m.hub.count() == 1 })
	long := strings.Repeat("x", 200<<10) // fills the connection
	n := int64(0)
	until(t, "it is dropped", func() bool {
		n++
		o.tell(t, terminal(1), 1, happened{kind: kindAlert, data: alertData{Subject: long}})
		return m.hub.count() == 0
	})
	quick := listen(t, url, "hr", "")
	quick.wants("ready")
	all, _ := io.ReadAll(slow.Body)
	if !strings.Contains(string(all), `{"reason":"slow"}`) {
		t.Errorf("after %d bytes it is not told why", len(all))
	}
	last := int64(0)
	for line := range strings.Lines(string(all)) {
		if text, is := strings.CutPrefix(line, "id: "); is {
			last, _ = strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		}
	}
	if last == 0 || last >= n {
		t.Fatalf("of %d it was told up to %d", n, last)
	}
	until(t, "the process has seen all", func() bool { return m.hub.told() == n })
	again := listen(t, url, "hr", fmt.Sprint(last))
	for range n - last {
		again.wants("alert " + long[:10])
	}
	again.wants("ready")
}

// There is room for so many, and for so many of one user; the others are refused and told when to come again.
func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	newOffice(t, d)
	url, m := serve(t, d, newPeople(), "feed.max_listeners=3", "feed.max_per_user=2")
	first := listen(t, url, "hr", "")
	listen(t, url, "hr", "")
	refused := func(who string, status int, code string) {
		t.Helper()
		answer, err := http.DefaultClient.Do(request(t, url, who, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != status || !strings.Contains(string(text), code) || answer.Header.Get("Retry-After") != "10" {
			t.Errorf("%s: %d %s, again after %q", who, answer.StatusCode, text, answer.Header.Get("Retry-After"))
		}
	}
	refused("hr", http.StatusTooManyRequests, "feed.too_many")
	listen(t, url, "guard", "")
	refused("their", http.StatusServiceUnavailable, "feed.full")
	first.cancel()
	until(t, "one has left", func() bool { return m.hub.count() == 2 })
	listen(t, url, "their", "")
}

// Whoever does not ask for a stream is told once.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	url, _ := serve(t, d, newPeople())
	o.passes(t, 1, 7, 1)
	o.passes(t, 1, 8, 2)
	o.alert(t, 1, "door")
	for _, c := range []struct {
		who, query, want string
		status           int
	}{
		{"hr", "", "next 3 true", 200},
		{"hr", "?after=1", "pass alert next 3 true", 200},
		{"hr", "?after=1&kinds=alert,gateway", "alert next 3 true", 200},
		{"lead", "?after=0", "next 3 true", 200},
		{"guard", "?after=1", "pass next 3 true", 200},
		{"their", "?after=1", "next 3 true", 200},
		{"admin", "?after=77", "next 3 false", 200},
		{"hr", "?kinds=screenshots", "", 400},
		{"hr", "?after=x", "", 400},
		{"hr", "?after=-1", "", 400},
		{"nobody", "", "", 401},
	} {
		r := request(t, url, c.who, "")
		r.URL.RawQuery = strings.TrimPrefix(c.query, "?")
		r.Header.Del("Accept")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var got eventsResponse
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err := json.Unmarshal(text, &got); err != nil {
			t.Errorf("%s%s: %s", c.who, c.query, text)
		}
		brief := ""
		for _, e := range got.Items {
			brief += e.Kind + " "
		}
		if brief += fmt.Sprintf("next %s %t", got.Next, got.Complete); answer.StatusCode != c.status || c.status == 200 && brief != c.want {
			t.Errorf("%s%s: %d %s, want %d %s", c.who, c.query, answer.StatusCode, brief, c.status, c.want)
		}
	}
	r := request(t, url, "hr", "")
	r.Method = http.MethodHead
	if answer, err := http.DefaultClient.Do(r); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v %v", answer, err)
	}
}
