package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// newServer answers with the statuses, one after the other, and with the last from then on.
func newServer(t *testing.T, statuses ...int) (*client, *int) {
	t.Helper()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := statuses[min(asked, len(statuses)-1)]
		asked++
		if r.Header.Get(tokenHeader) != "token" {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]int{"id": 7})
	}))
	t.Cleanup(server.Close)
	c := newClient(server.URL+"/", tokenHeader, "token")
	c.pause = time.Millisecond
	return c, &asked
}

func TestTheClientTriesAgainWhileThereIsNoRoom(t *testing.T) {
	t.Parallel()
	c, asked := newServer(t, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusCreated)
	var out struct{ ID int }
	if err := c.call(context.Background(), http.MethodPost, "/x", map[string]int{}, &out); err != nil || out.ID != 7 || *asked != 3 {
		t.Errorf("after %d tries: %+v, %v", *asked, out, err)
	}
}

func TestTheClientGivesUpOnARefusal(t *testing.T) {
	t.Parallel()
	c, asked := newServer(t, http.StatusBadRequest)
	if err := c.call(context.Background(), http.MethodPost, "/x", nil, nil); err == nil || *asked != 1 {
		t.Errorf("after %d tries: %v", *asked, err)
	}
	c, _ = newServer(t, http.StatusUnauthorized)
	if err := c.call(context.Background(), http.MethodPost, "/x", nil, nil); !errors.Is(err, errGone) {
		t.Errorf("without a token that is good: %v", err)
	}
}

func TestTheClientWaitsForAServerUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	c := newClient("http://127.0.0.1:1", tokenHeader, "token")
	c.pause = time.Millisecond
	if err := c.call(ctx, http.MethodGet, "/x", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody is there: %v", err)
	}
}

func TestAPictureThatNobodyWantsIsNoError(t *testing.T) {
	t.Parallel()
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, err := io.ReadAll(file)
		got = append(got, r.FormValue("metadata")+" "+string(content))
		if err != nil || len(got) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
	}))
	t.Cleanup(server.Close)
	c := newClient(server.URL, "X-API-Key", "key")
	c.pause = time.Millisecond
	err := c.send(context.Background(), "/x", map[string]int{"a": 1}, []byte("picture"))
	if want := []string{`{"a":1} picture`, `{"a":1} picture`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("sent %q (%v), want %q", got, err, want)
	}
}

// A company shows what it did lately, and not what it did a month ago.
func TestOnlyLatePicturesAreSent(t *testing.T) {
	t.Parallel()
	sent := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent++ }))
	t.Cleanup(server.Close)
	m := &maker{row: companyRow{Seed: 1}, zone: tashkent, now: func() time.Time { return noon }, agents: newClient(server.URL, "X-API-Key", "key")}
	shots := []event{{ID: "1", At: noon.Add(-pictured - time.Hour)}, {ID: "2", At: noon.Add(-time.Hour), Process: "EXCEL.EXE"}}
	if err := m.show(context.Background(), company(1, 40)[0], shots); err != nil || sent != 1 {
		t.Errorf("%d pictures are sent, want 1 (%v)", sent, err)
	}
}
