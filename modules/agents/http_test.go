package agents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/agents/controlpb"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestAnAgentGetsItsPolicyAndEachNewOneAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/v2/agent/policy?computerUid=PC-1&userSid=S-1"
	status, answer, none := w.ask(t, "agent", "GET", path, "")
	var got policyResponse
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 || got.PolicyID != 0 || len(got.Checksum) != 64 || !strings.Contains(answer, `"screenshots":true`) {
		t.Fatalf("where nobody has decided: %d %s", status, answer)
	}
	w.set(t, version(t, "1"))
	status, answer, first := w.ask(t, "agent", "GET", path+"&wait=60", "", "If-None-Match", none)
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 || got.PolicyID != 5 || got.Version != "1" || first == none {
		t.Fatalf("%d %s", status, answer)
	}
	text, err := canonical.JSON(got.Content)
	if sum := sha256.Sum256(text); err != nil || hex.EncodeToString(sum[:]) != got.Checksum {
		t.Errorf("the checksum %s is not of %s: %v", got.Checksum, text, err)
	}
	type result struct {
		status       int
		answer, etag string
		at           time.Time
	}
	answers := make(chan result, 1)
	go func() {
		status, answer, etag := w.ask(t, "agent", "GET", path+"&wait=60", "", "If-None-Match", "W/"+first)
		answers <- result{status, answer, etag, time.Now()}
	}()
	until(t, "the agent waits", func() bool { return w.module.waits.count() == 1 })
	w.set(t, version(t, "1")) // a change that is none for this agent
	changed := time.Now()
	w.set(t, version(t, "10"))
	r := <-answers
	if r.status != 200 || !strings.Contains(r.answer, `"version":"10"`) || r.etag == first || r.at.Sub(changed) > time.Second {
		t.Errorf("after %s: %d %s", r.at.Sub(changed), r.status, r.answer)
	}
	began := time.Now()
	if status, answer, etag := w.ask(t, "agent", "GET", path+"&wait=1", "", "If-None-Match", r.etag); status != 304 || answer != "" || etag != r.etag || time.Since(began) < time.Second {
		t.Errorf("nothing new: %d %q %s after %s", status, answer, etag, time.Since(began))
	}
	for path, want := range map[string]int{
		"/v2/agent/policy": 400, "/v2/agent/policy?computerUid=a&wait=x": 400, "/v2/agent/policy?computerUid=a&wait=-1": 400,
		"/v2/agent/policy?computerUid=a%00": 400, "/v2/agent/policy?computerUid=a&userSid=" + strings.Repeat("x", 256): 400,
		"/v2/agent/commands": 400, "/v2/agent/commands?computerUid=a&wait=x": 400,
	} {
		if status, answer, _ := w.ask(t, "agent", "GET", path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}

func TestPoliciesOfUsersAreTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := version(t, "1")
	b.Users = map[string]int64{"S-free": 0, "S-1": 5}
	b.Computers = map[string]int64{}
	w.set(t, b)
	for sid, want := range map[string]string{"S-free": `"policyId":0`, "S-1": `"policyId":5`} {
		if _, answer, _ := w.ask(t, "agent", "GET", "/v2/agent/policy?computerUid=PC-1&userSid="+sid, ""); !strings.Contains(answer, want) {
			t.Errorf("%s: %s", sid, answer)
		}
	}
}

func TestAnAckOfAPolicyIsAnEventOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bundle := version(t, "7")
	bundle.Users = map[string]int64{"S-free": 0}
	w.set(t, bundle)
	sum := bundle.Policies[0].Checksum
	ack := func(body string) (int, string) {
		status, answer, _ := w.ask(t, "agent", "POST", "/v2/agent/policy/ack", body)
		return status, answer
	}
	good := `{"computerUid":"PC-1","userSid":"S-1","policyId":5,"version":"7","checksum":"` + sum + `","new":"field"}`
	w.fail(errors.New("the disk is full"))
	if status, answer := ack(good); status != 500 {
		t.Errorf("what is not durable is acknowledged: %d %s", status, answer)
	}
	w.fail(nil)
	for range 2 { // the second tells nothing new
		if status, answer := ack(good); status != 200 || !strings.Contains(answer, `"success":true`) {
			t.Errorf("%d %s", status, answer)
		}
	}
	events := w.taken()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	if e.Kind != activity.AgentState || e.ComputerUID != "PC-1" || e.UserSID != "S-1" || len(e.Details) != 1 || e.Details[activity.DetailPolicyVersion] != "5.7" || e.Key == "" || e.At.IsZero() {
		t.Errorf("%+v", e)
	}
	for body, want := range map[string]string{
		`{"computerUid":"PC-1","policyId":5,"version":"7","checksum":"other"}`:                               "409 agents.policy_checksum",
		`{"computerUid":"PC-1","policyId":5,"version":"6","checksum":"older"}`:                               "200 ",
		`{"computerUid":"PC-1","policyId":0,"version":"","checksum":"any"}`:                                  "400 required",
		`{"computerUid":"PC-1","policyId":5,"checksum":"x"}`:                                                 "400 required",
		`{"computerUid":"PC-1","policyId":-5,"version":"7","checksum":"x"}`:                                  "400 not_an_id",
		`{"computerUid":"PC-1","policyId":5,"version":"` + strings.Repeat("7", 33) + `","checksum":"older"}`: "400 too_long",
		`{"policyId":5,"version":"7","checksum":"x"}`:                                                        "400 required",
		`{`: "400 malformed",
	} {
		status, answer := ack(body)
		if wantStatus, code, _ := strings.Cut(want, " "); http.StatusText(status) != http.StatusText(atoi(wantStatus)) || !strings.Contains(answer, code) {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
	if events := w.taken(); len(events) != 1 || events[0].Details[activity.DetailPolicyVersion] != "5.6" {
		t.Errorf("%+v", events)
	}
	_, answer, _ := w.ask(t, "agent", "GET", "/v2/agent/policy?computerUid=PC-1&userSid=S-free", "")
	var none policyResponse
	if err := json.Unmarshal([]byte(answer), &none); err != nil || none.PolicyID != 0 || none.Version == "" {
		t.Fatalf("%s: %v", answer, err)
	}
	if status, answer := ack(fmt.Sprintf(`{"computerUid":"PC-1","userSid":"S-free","policyId":0,"version":%q,"checksum":%q}`, none.Version, none.Checksum)); status != 200 {
		t.Errorf("where nobody has decided: %d %s", status, answer)
	}
	if events := w.taken(); len(events) != 1 || events[0].Details[activity.DetailPolicyVersion] != "0.0" {
		t.Errorf("%+v", events)
	}
}

func atoi(text string) (n int) {
	for _, c := range text {
		n = n*10 + int(c-'0')
	}
	return n
}

// An order goes to the agent that waits for it, and its answer comes back to who gave it.
func TestRestartFromOrderToOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.enrolAs(t, "agent", "PC-1")
	answers := make(chan string, 1)
	go func() {
		_, answer, _ := w.ask(t, token, "GET", "/v2/agent/commands?computerUid=PC-1&wait=60", "")
		answers <- answer
	}()
	until(t, "the agent waits", func() bool { return w.module.waits.count() == 1 })
	type result struct {
		outcomes map[string]agent.Outcome
		err      error
	}
	results := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		o, err := w.module.fleet.Restart(ctx, "cmd", []string{"PC-1", "PC-9"}, "a new policy", time.Now().Add(time.Hour))
		results <- result{o, err}
	}()
	var got commandsResponse
	if err := json.Unmarshal([]byte(<-answers), &got); err != nil || len(got.Items) != 1 || got.Items[0].Type != "restart" || got.Items[0].Reason != "a new policy" || got.Items[0].ExpiresAt.IsZero() {
		t.Fatalf("%+v %v", got, err)
	}
	ack := "/v2/agent/commands/" + got.Items[0].ID + "/ack"
	other := w.enrolAs(t, "agent", "PC-2")
	for _, c := range []struct {
		name, key, path, body string
		status                int
	}{
		{"no outcome", token, ack, `{"status":"completed"}`, 400},
		{"an order that is not there", token, "/v2/agent/commands/x/ack", `{"status":"done"}`, 404},
		{"another's order", other, ack, `{"status":"done"}`, 403},
		{"done", token, ack, `{"status":"done"}`, 200},
	} {
		if status, answer, _ := w.ask(t, c.key, "POST", c.path, c.body); status != c.status {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	if r := <-results; r.err != nil || r.outcomes["PC-1"] != agent.Done || r.outcomes["PC-9"] != agent.Away {
		t.Errorf("%v %v", r.outcomes, r.err)
	}
	if status, answer, _ := w.ask(t, token, "GET", "/v2/agent/commands?computerUid=PC-1", ""); status != 200 || answer != `{"items":[]}`+"\n" {
		t.Errorf("afterwards: %d %q", status, answer)
	}
}

func TestSomeWaitAndTheRestIsToldToComeLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "agents.max_waiting=1")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", w.url+"/v2/agent/commands?computerUid=PC-1&wait=60", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", "agent")
	gone := make(chan error, 1)
	go func() {
		res, err := w.client.Do(r)
		if err == nil {
			res.Body.Close()
		}
		gone <- err
	}()
	until(t, "one waits", func() bool { return w.module.waits.count() == 1 })
	for _, path := range []string{"commands", "policy"} {
		if status, answer, _ := w.ask(t, "agent", "GET", "/v2/agent/"+path+"?computerUid=PC-2", ""); status != 429 || !strings.Contains(answer, "agents.too_many_waiting") {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	cancel() // who goes away makes room
	<-gone
	until(t, "nobody waits", func() bool { return w.module.waits.count() == 0 })
}

func TestWhoWaitsIsAnsweredWhenTheGatewayStops(t *testing.T) {
	t.Parallel()
	w := &world{keyring: newKeyring(), sink: &sink{}, ruleset: newRuleset(t), client: &http.Client{Timeout: limit}}
	defer w.client.CloseIdleConnections()
	k, options := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, w.parts()...)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- k.Run(ctx) }()
	w.url = "http://" + options.Listener.Addr().String()
	w.ready(t)
	_, _, etag := w.ask(t, "agent", "GET", "/v2/agent/policy?computerUid=PC-1", "")
	answers := make(chan string, 2)
	go func() {
		status, answer, _ := w.ask(t, "agent", "GET", "/v2/agent/policy?computerUid=PC-1&wait=60", "", "If-None-Match", etag)
		answers <- http.StatusText(status) + answer
	}()
	go func() {
		status, answer, _ := w.ask(t, "agent", "GET", "/v2/agent/commands?computerUid=PC-1&wait=60", "")
		answers <- http.StatusText(status) + answer
	}()
	conn := rpctest.Dial(t, w.url, nil)
	watch, err := rpctest.Open[controlpb.Command](rpctest.With(inTime(t), "agent"), conn, control+"/WatchCommands")
	if err == nil {
		err = watch.SendMsg(&controlpb.WatchCommandsRequest{ComputerUid: "PC-1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = watch.CloseSend()
	until(t, "all wait", func() bool { return w.module.waits.count() == 3 })
	began := time.Now()
	stop()
	if _, err := watch.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ends with %v", err)
	}
	got := <-answers + <-answers
	if !strings.Contains(got, "Not Modified") || !strings.Contains(got, `OK{"items":[]}`) {
		t.Errorf("answers: %s", got)
	}
	if err := <-stopped; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stopped after %s: %v", time.Since(began), err)
	}
}

func TestRulesThatCannotBeKnownAreNoPolicy(t *testing.T) {
	t.Parallel()
	s := &service{rules: failing{}}
	if _, err := s.policyOf(t.Context(), "a", ""); err == nil {
		t.Error("a policy")
	}
	if err := s.ackPolicy(t.Context(), "a", "", 1, "1", "x"); err == nil {
		t.Error("an ack")
	}
}

type failing struct{}

func (failing) Of(context.Context, string, string) (rule.Rules, error) {
	return nil, errors.New("unknown")
}
func (failing) Changed() <-chan struct{} { return nil }
