package modules_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// watcher is one of ActivityWatch's on a computer: it says each second what is so, and loses what is not answered 200.
type watcher struct {
	url, name string
	header    map[string]string
	at        time.Time
}

func newWatcher(s *site, name, key string, at time.Time) *watcher {
	return &watcher{
		url: s.gateway + "/api/0/buckets/aw-watcher-window_" + name, name: name, at: at,
		header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+key))},
	}
}

// beat reports a title and reports whether it was heard.
func (w *watcher) beat(title string) bool {
	status, _, err := send(http.MethodPost, w.url+"/heartbeat?pulsetime=2.0", w.header, map[string]any{
		"timestamp": w.at.UTC().Format("2006-01-02T15:04:05.000000+00:00"), "duration": 0, "data": map[string]string{"app": "EXCEL.EXE", "title": title},
	})
	return err == nil && status == http.StatusOK
}

// seen is a title at a time.
type seen struct {
	title string
	at    time.Time
}

// A gateway is killed at random points while watchers report. Every report that was answered is part of an event on
// the dashboard, and no time is there twice.
func TestWhatWatchersWereAnsweredSurvivesKills(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, gateway := s.spawnRoles(t)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	began := time.Now().Add(-3 * time.Hour).Truncate(time.Millisecond)
	const computers = 3
	until(t, "the gateway takes the key", func() bool { return newWatcher(s, "PC-0", key, began).beat("before") })

	ctx, stop := context.WithCancel(context.Background())
	heard := make(chan map[string][]seen)
	for n := range computers {
		go func() {
			w := newWatcher(s, fmt.Sprint("PC-", n+1), key, began)
			heard <- map[string][]seen{w.name: w.watch(ctx)}
		}()
	}
	for range 4 {
		pause(t, time.Duration(200+rand.IntN(400))*time.Millisecond)
		gateway.kill(t)
		gateway.start(t)
		ready(t, s.gateway)
	}
	pause(t, 300*time.Millisecond)
	stop()
	all := map[string][]seen{}
	for range computers {
		for name, list := range <-heard {
			all[name] = list
		}
	}
	for name, list := range all {
		w := newWatcher(s, name, key, time.Now().Add(-time.Minute))
		until(t, "the last window is closed", func() bool { return w.beat("the end") })
		checkSeen(t, s, name, list)
	}
}

// watch reports until ctx ends, second after second of its own time, and returns what was heard.
func (w *watcher) watch(ctx context.Context) (heard []seen) {
	for n := 0; ctx.Err() == nil; n++ {
		title := fmt.Sprintf("O‘zbekiston — Отчёт %d", n/4)
		if w.beat(title) {
			heard = append(heard, seen{title, w.at})
		}
		w.at = w.at.Add(time.Second)
	}
	return heard
}

func checkSeen(t *testing.T, s *site, name string, heard []seen) {
	t.Helper()
	if len(heard) < 20 {
		t.Fatalf("%s: only %d reports were heard", name, len(heard))
	}
	var rows []item
	until(t, "all that was heard of "+name+" is stored", func() bool {
		rows = s.windows(t, name)
		for _, h := range heard {
			if !covered(rows, h) {
				return false
			}
		}
		return true
	})
	for i, a := range rows {
		for _, b := range rows[:i] {
			if a.Datetime.Before(b.Datetime.Add(time.Duration(b.Seconds)*time.Second)) && b.Datetime.Before(a.Datetime.Add(time.Duration(a.Seconds)*time.Second)) {
				t.Errorf("%s: %+v and %+v overlap", name, a, b)
			}
		}
	}
}

// covered reports whether a row holds what was seen; rows have whole seconds.
func covered(rows []item, h seen) bool {
	for _, r := range rows {
		end := r.Datetime.Add(time.Duration(r.Seconds) * time.Second)
		if r.Title == h.title && !h.at.Add(time.Second).Before(r.Datetime) && !h.at.After(end.Add(time.Second)) {
			return true
		}
	}
	return false
}

// windows are those of one computer, as the dashboard has them.
func (s *site) windows(t testing.TB, computer string) []item {
	t.Helper()
	return slices.DeleteFunc(s.rows(t, "active-windows", ""), func(r item) bool { return r.ComputerUID != computer })
}

// A watcher that shows no key is heard by the computer of the gateway itself; from there its events go to the
// gateway's own organization, and its computer is there to be linked.
func TestAWatcherBesideTheGatewayNeedsNoKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	w := newWatcher(s, "PC-9", "", time.Now().Add(-time.Hour))
	w.header = nil
	for _, title := range []string{"Hisobot", "O‘zbekiston", "the end"} {
		if !w.beat(title) {
			t.Fatalf("%s is not heard", title)
		}
		w.at = w.at.Add(1500 * time.Millisecond)
	}
	until(t, "the windows are stored", func() bool { return len(s.windows(t, "PC-9")) == 2 })
	var users struct {
		Items []struct {
			Name, SID  string
			EmployeeID *int64
		}
	}
	until(t, "its user can be linked", func() bool {
		s.get(t, "/api/v2/computers/users?linked=false", &users)
		return len(users.Items) == 1
	})
	if u := users.Items[0]; u.Name != "PC-9" || u.SID != "activitywatch:PC-9" || u.EmployeeID != nil {
		t.Errorf("the user is %+v", u)
	}
	if rows := s.windows(t, "PC-9"); !strings.Contains(rows[0].Title+rows[1].Title, "O‘zbekiston") {
		t.Errorf("the windows are %+v", rows)
	}
}
