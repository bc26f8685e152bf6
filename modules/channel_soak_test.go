//go:build soak

package modules_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/control"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

var (
	soakTime = flag.Duration("soak", 10*time.Minute, "how long the control channel is held open")
	soakPace = flag.Int("pace", 60, "how much faster than life it pings and reports")
)

// Fifty gateways hold their channels to agent-api, both ends as they ship, with orders coming now and then. At the end
// each has the one socket that it opened at the beginning; its result stands in docs/reliability.md.
func TestSoakChannelsStayOpen(t *testing.T) {
	const many, rounds = 50, 10
	interval := 30 * time.Second / time.Duration(*soakPace)
	s := onPostgres(t, fmt.Sprint("STAFF_COMMANDS__PING_INTERVAL=", interval), fmt.Sprint("STAFF_COMMANDS__CHECK_INTERVAL=", interval))
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	token := s.provision(t, many)
	var held []*holder
	for n := range many {
		h := &holder{access: access{s.agentAPI, enrolledAs(t, s, token, fmt.Sprint("SOAK-", n)), http.DefaultTransport}, interval: interval}
		h.run(t)
		held = append(held, h)
	}
	until(t, "all are connected", func() bool { return s.sockets(t) == fmt.Sprint(many) })
	for n := range rounds {
		s.signIn(t)
		s.orderOfAll(t, many)
		until(t, "all have done it", func() bool {
			return !slices.ContainsFunc(held, func(h *holder) bool { return h.count().done != n+1 })
		})
		pause(t, *soakTime/rounds)
	}
	var total tally
	for i, h := range held {
		c := h.count()
		total.beats, total.answers, total.done = total.beats+c.beats, total.answers+c.answers, total.done+c.done
		if want := []string{"waiting", "connecting", "connected"}; !slices.Equal(c.states, want) {
			t.Errorf("channel %d was %v, want %v", i, c.states, want)
		}
		if late := c.beats - c.answers; late > 1 {
			t.Errorf("channel %d: %d of %d heartbeats were not answered", i, late, c.beats)
		}
	}
	ends := s.ended(t)
	if s.sockets(t) != fmt.Sprint(many) || len(ends) > 0 {
		t.Errorf("agent-api holds %s sockets and saw the ends %v", s.sockets(t), ends)
	}
	if least := many * int(*soakTime/interval) * 9 / 10; total.beats < least {
		t.Errorf("%d heartbeats: too few, want %d or more", total.beats, least)
	}
	t.Logf("%d channels, %s at %d times the pace: %d heartbeats, %d answered, %d orders done, ends on agent-api %v",
		many, *soakTime, *soakPace, total.beats, total.answers, total.done, ends)
}

// orderOfAll orders something of each of the gateways.
func (s *site) orderOfAll(t *testing.T, many int) {
	t.Helper()
	var gateways struct{ Items []struct{ ID string } }
	s.get(t, "/api/v2/gateways?limit=200", &gateways)
	if len(gateways.Items) != many {
		t.Fatalf("%d gateways, want %d", len(gateways.Items), many)
	}
	for _, g := range gateways.Items {
		body := map[string]any{"gatewayId": g.ID, "type": "sync_devices"}
		if status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/commands", map[string]string{"Authorization": "Bearer " + s.token}, body); status != http.StatusCreated {
			t.Fatalf("order: %d %s", status, answer)
		}
	}
}

var (
	socketsMetric = regexp.MustCompile(`(?m)^staff_commands_sockets (\S+)$`)
	endsMetric    = regexp.MustCompile(`(?m)^staff_commands_disconnects_total\S* [1-9]\S*$`)
)

// sockets is how many agent-api says that it holds.
func (s *site) sockets(t *testing.T) string {
	t.Helper()
	_, text := call(t, http.MethodGet, s.agentAPI+"/metrics", nil, nil)
	found := socketsMetric.FindSubmatch(text)
	if found == nil {
		t.Fatalf("no sockets in %s", text)
	}
	return string(found[1])
}

// ended are the ends of sockets that agent-api counts.
func (s *site) ended(t *testing.T) []string {
	t.Helper()
	_, text := call(t, http.MethodGet, s.agentAPI+"/metrics", nil, nil)
	return endsMetric.FindAllString(string(text), -1)
}

// tally is what a gateway has lived through.
type tally struct {
	beats, answers, done int
	states               []string
}

// holder is all of a gateway that module control needs.
type holder struct {
	access
	interval time.Duration

	mu sync.Mutex
	tally
}

func (h *holder) run(t *testing.T) {
	set := []string{fmt.Sprint("control.ping_interval=", h.interval), fmt.Sprint("control.ping_timeout=", h.interval)}
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Set: set}, control.New(), kerneltest.Provide[gateway.Cloud](kernel.Gateway, h),
		kerneltest.Provide[gateway.Reach](kernel.Gateway, h), kerneltest.Provide[gateway.Reporter](kernel.Gateway, h),
		kerneltest.Provide[command.Doer](kernel.Gateway, h))
}

func (h *holder) count() tally {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.tally
	c.states = slices.Clone(c.states)
	return c
}

func (h *holder) Interval() time.Duration { return h.interval }

func (h *holder) Report(context.Context) (json.RawMessage, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beats++
	return json.RawMessage(fmt.Sprintf(`{"status":"online","queueDepth":%d,"bufferUsage":0}`, h.beats%10)), nil
}

func (h *holder) Answered(_ context.Context, answer json.RawMessage) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.Contains(string(answer), `"success":true`) {
		return fmt.Errorf("the answer is %s", answer)
	}
	h.answers++
	return nil
}

func (h *holder) Channel(c gateway.Channel) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, strings.TrimSpace(c.State+" "+c.Reason))
}

func (h *holder) Do(_ context.Context, c command.Command) command.Ack {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done++
	return command.Ack{CommandID: c.ID, Status: command.Completed, At: time.Now().UTC()}
}
