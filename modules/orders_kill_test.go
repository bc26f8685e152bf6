package modules_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// Gateway and agent-api are killed at random points while a gateway works through orders. Each order comes to one end, no
// key is changed twice for one order, and the gateway still is who it was.
func TestOrdersSurviveKills(t *testing.T) {
	t.Parallel()
	s := newSite(t, "STAFF_CONTROL__MIN_DELAY=100ms", "STAFF_CONTROL__MAX_DELAY=500ms", "STAFF_COMMANDS__LEASE=2s")
	server, gateway := s.spawnRoles(t)
	s.signIn(t)
	until(t, "the gateway is known", func() bool {
		var gateways struct{ Items []struct{ ID string } }
		s.get(t, "/api/v2/gateways", &gateways)
		return len(gateways.Items) == 1
	})
	kinds := []string{"rotate_key", "sync_devices", "collect_diagnostics"}
	var all []ordered
	for range 4 {
		for _, kind := range kinds {
			all = append(all, s.order(t, kind, `{}`))
		}
		pause(t, time.Duration(rand.IntN(300))*time.Millisecond)
		victim := []*process{gateway, server}[rand.IntN(2)]
		victim.kill(t)
		victim.start(t)
	}
	ready(t, s.agentAPI, s.gateway)
	interrupted := 0
	for i, o := range all {
		var c struct{ Status, Code string }
		within(t, time.Minute, "the order ends", func() bool {
			s.get(t, "/api/v2/commands/"+o.id, &c)
			return c.Status != "pending" && c.Status != "sent"
		})
		switch kind, end := kinds[i%len(kinds)], strings.TrimSpace(c.Status+" "+c.Code); {
		case end == "completed" && kind != "sync_devices", end == "failed unsupported" && kind == "sync_devices":
		case kind == "rotate_key" && c.Status == "failed" && c.Code != "no_answer": // agent-api was killed while it was asked, or the gateway
			interrupted++
		default:
			t.Errorf("%s ended %s", kind, end)
		}
	}
	if n := s.countAudited(t, "gateways.rotate_key"); n < 4-interrupted || n > 4 {
		t.Errorf("the key was changed %d times for 4 orders, of which %d were interrupted", n, interrupted)
	}
	s.order(t, "rotate_key", `{}`).ends(t, "completed", "")
	bundleTells(t, s)
}

// countAudited is how often an action was done.
func (s *site) countAudited(t *testing.T, action string) (n int) {
	t.Helper()
	ctx := actor.With(t.Context(), actor.System("test"))
	d, err := db.OpenFile(ctx, filepath.Join(s.data, "staff-control.db"), db.FileOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Read(ctx, func(ctx context.Context, tx db.Tx) error { // unscoped: a test that looks at all of it
		return tx.Raw("SELECT count(*) FROM audit_log WHERE action = ?", action).Scan(ctx, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// bundleTells looks whether the gateway's key is anywhere in its diagnostics.
func bundleTells(t *testing.T, s *site) {
	t.Helper()
	o := s.order(t, "collect_diagnostics", `{}`)
	o.ends(t, "completed", "")
	status, body := call(t, http.MethodGet, s.dashboard+"/api/v2/commands/"+o.id+"/diagnostics", map[string]string{"Authorization": "Bearer " + s.token}, nil)
	if status != http.StatusOK {
		t.Fatalf("diagnostics: %d %s", status, body)
	}
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	card, err := os.ReadFile(filepath.Join(s.data, "gateway.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(string(card), `"apiKey": "`)
	key, _, _ = strings.Cut(key, `"`)
	tape, files := tar.NewReader(zip), 0
	for {
		head, err := tape.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tape)
		if err != nil {
			t.Fatal(err)
		}
		if files++; !strings.HasPrefix(key, "sgw_") || bytes.Contains(text, []byte(key)) || bytes.Contains(text, []byte("spt_a-token-of-the-operator")) {
			t.Errorf("%s gives %s away", head.Name, key)
		}
	}
	if files != 9 {
		t.Errorf("%d files", files)
	}
}
