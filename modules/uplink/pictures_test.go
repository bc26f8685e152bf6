package uplink

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

func TestPicturesAreDeliveredByThemselves(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	m.add(backlog.Agent, 10)
	for n := range 5 {
		m.picture(2_000_000 + n)
		m.add(backlog.Agent, 10)
	}
	eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
	want := map[int64]int{1: 2_000_000, 2: 2_000_001, 3: 2_000_002, 4: 2_000_003, 5: 2_000_004}
	if !maps.Equal(a.files, want) || a.count() != 65 {
		t.Errorf("stored are the pictures %v, want %v, and %d positions, want 65", a.files, want, a.count())
	}
	tokens := map[string]bool{}
	for _, r := range a.to(ingestPictures) {
		tokens[r.token] = true
		if r.key != "Bearer sgw_1" || r.encoding != "" || len(r.token) != 64 {
			t.Errorf("picture with the key %q, encoding %q, token %q", r.key, r.encoding, r.token)
		}
	}
	if len(tokens) != 5 || u.link.current() != online {
		t.Errorf("%d tokens of 5, state %s", len(tokens), u.link.current())
	}
}

// What goes first says what the picture is; it is read before the file has come.
func TestTheMetadataOfAPicture(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := batch{stream: backlog.Picture, epoch: "e1", rows: []backlog.Row{{Seq: 7, CreatedAt: at, Payload: []byte(`{"type":"screenshot","key":"k","sha256":"ab"}`)}}}
	got, err := b.metadata("g1", at.Add(time.Minute))
	want := `{"gatewayId":"g1","idempotencyToken":"` + b.token("g1") + `","epoch":"e1","stream":"picture","sentAt":"2026-11-23T09:01:00Z",` +
		`"until":"2026-11-23T09:00:00Z","seq":7,"type":"screenshot","key":"k","sha256":"ab"}`
	if err != nil || string(got) != want || !json.Valid(got) {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
}

// While the storage of pictures is away, events go on; then each picture arrives once, in order.
func TestPicturesWaitWhileEventsGoOn(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 503, 404} {
		synctest.Test(t, func(t *testing.T) {
			a, m, u := bubble(t, nil)
			a.on(always(ingestPictures, status))
			stop := start(t, u)
			for range 20 {
				m.picture(1000)
				m.add(backlog.Agent, 5)
				pass(10 * time.Minute)
			}
			if s := m.State(); s.Waiting[backlog.Agent] != 0 || s.Waiting[backlog.Picture] != 20 || len(m.aside) != 0 {
				t.Errorf("%d: waiting are %v, set aside %v", status, s.Waiting, m.aside)
			}
			if n := len(allAlerts(a, m)); n != 1 || u.link.current() != offline {
				t.Errorf("%d: %d alerts, state %s", status, n, u.link.current())
			}
			a.on(nil)
			pass(2 * time.Minute)
			if len(a.files) != 20 || m.pending() != 0 || u.link.current() != online {
				t.Errorf("%d: %d pictures are stored, %d pending, state %s", status, len(a.files), m.pending(), u.link.current())
			}
			stop()
		})
	}
}

// A picture that the server can never take is set aside with its words, and the loss is told.
func TestARefusedPictureHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 413, 422} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			a, m, u := serve(t, nil)
			a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				in, _, err := readPicture(r, body)
				return err == nil && in.Seq == 2 && always(ingestPictures, status)(w, r, body)
			})
			for range 3 {
				m.picture(1000)
			}
			eventually(t, "all is done with, and told", func() bool { return m.pending() == 0 && len(a.reported()) == 1 })
			if want := fmt.Sprintf("answered %d %s test.fault: so it is", status, http.StatusText(status)); m.setAside()[2] != want || len(m.setAside()) != 1 {
				t.Errorf("set aside are %v, want %q", m.setAside(), want)
			}
			if d := a.reported()[0]; d != (backlog.Dropped{First: 2, Last: 2, Reason: "refused"}) || len(a.files) != 2 || u.link.current() != online {
				t.Errorf("told is %+v, stored are %v, state %s", d, a.files, u.link.current())
			}
		})
	}
}

// A picture whose file is gone is given up with a reason of its own, without a try.
func TestALostPictureIsGivenUpAndTold(t *testing.T) {
	t.Parallel()
	a, m, _ := serve(t, nil)
	m.add(backlog.Picture, 1) // has no file
	m.picture(1000)
	eventually(t, "all is done with, and told", func() bool { return m.pending() == 0 && len(a.reported()) == 1 })
	if d := a.reported()[0]; d != (backlog.Dropped{First: 1, Last: 1, Reason: "file_lost"}) || !maps.Equal(a.files, map[int64]int{2: 1000}) {
		t.Errorf("told is %+v, stored are %v", d, a.files)
	}
	if n := len(a.to(ingestPictures)); n != 1 {
		t.Errorf("%d pictures were sent, want 1", n)
	}
}

// Where the policy takes no pictures, the gateway keeps none either, however many come.
func TestAPictureThatNobodyMayKeepIsNotKeptAside(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	a.on(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.URL.Path == ingestPictures {
			say(w, 422, map[string]any{"success": false, "code": switchedOff})
		}
		return r.URL.Path == ingestPictures
	})
	for range maxRejected + 5 {
		m.picture(10)
	}
	eventually(t, "all is done with", func() bool { return m.pending() == 0 })
	if len(m.setAside()) != 0 || len(m.raised()) != 0 || u.link.current() != online {
		t.Errorf("set aside are %v, alerts %v, state %s", m.setAside(), m.raised(), u.link.current())
	}
}

func TestAPictureWhoseAnswerIsLostIsStoredOnce(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	var lostOnce atomic.Bool
	a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if r.URL.Path != ingestPictures || !lostOnce.CompareAndSwap(false, true) {
			return false
		}
		a.mu.Lock()
		a.storePicture(discard{}, r, body)
		a.mu.Unlock()
		panic(http.ErrAbortHandler)
	})
	m.picture(1000)
	eventually(t, "it is delivered", func() bool { return m.pending() == 0 })
	if sent := a.to(ingestPictures); len(sent) != 2 || sent[0].token != sent[1].token {
		t.Errorf("sent %+v, want the same picture twice", sent)
	}
	a.once(t, backlog.Picture, 1)
	if u.link.current() != online {
		t.Errorf("state is %s", u.link.current())
	}
}

// Nobody else's answer settles a picture, and neither does one that was not noted.
func TestOnlyAnAnswerOfAgentAPISettlesAPicture(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"a page": "<html>", "no success": `{"success":false}`, "nothing": ""} {
		synctest.Test(t, func(t *testing.T) {
			a, m, u := bubble(t, nil)
			a.on(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if r.URL.Path == ingestPictures {
					io.WriteString(w, answer)
				}
				return r.URL.Path == ingestPictures
			})
			m.picture(10)
			stop := start(t, u)
			pass(time.Minute)
			if m.pending() != 1 || len(m.aside) != 0 {
				t.Errorf("%s: %d pending, set aside %v", name, m.pending(), m.aside)
			}
			a.on(nil)
			m.mu.Lock()
			m.failures = 2 // of the disk
			m.mu.Unlock()
			pass(5 * time.Minute)
			if m.pending() != 0 {
				t.Errorf("%s: %d pending after the end", name, m.pending())
			}
			a.once(t, backlog.Picture, 1)
			stop()
		})
	}
}

// A large picture has more time than a request, and a server without room need not take it in to say so.
func TestALargePictureIsNotSentToABusyServer(t *testing.T) {
	t.Parallel()
	a, m := newAgentAPI(), newMemory()
	var busy atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == ingestPictures && busy.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			say(w, 503, nil)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	u := newTestUplink(t, testConfig(s.URL), m)
	start(t, u)
	m.picture(9_000_000)
	eventually(t, "it is delivered", func() bool { return m.pending() == 0 })
	if busy.Load() != 2 || a.files[1] != 9_000_000 {
		t.Errorf("%d tries, %d bytes", busy.Load(), a.files[1])
	}
	if state := u.link.network(); !strings.HasPrefix(state.LastError, "http_503") {
		t.Errorf("the busy server's answer was taken for %q", state.LastError)
	}
}
