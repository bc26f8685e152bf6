package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

// The document's own conversation: heartbeat, policy_update, command_ack; and what belongs to it.
func TestACommandIsDoneAndAnsweredUntilTheAnswerIsReceived(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, func(c *Config) { c.AckRepeat = 20 * time.Millisecond })
	if h := <-s.headers; h.Get("Sec-Websocket-Protocol") != command.Subprotocol {
		t.Errorf("subprotocol is %q", h.Get("Sec-Websocket-Protocol"))
	}
	if got := string(p.want(command.EventHeartbeat)); got != `{"status":"online","queueDepth":1}` {
		t.Errorf("heartbeat is %s", got)
	}
	p.say(command.EventHeartbeatAck, map[string]any{"success": true})
	eventually(t, "the answer is taken", func() bool { return len(r.reporter.answered()) == 1 })
	if got := r.reporter.answered()[0]; got != `{"success":true}` {
		t.Errorf("answer is %s", got)
	}

	c := orderOf(command.PolicyUpdate)
	p.order(c)
	for range 3 { // repeated
		if a := p.ack(); a.CommandID != c.ID || a.Status != command.Completed {
			t.Errorf("ack is %+v", a)
		}
	}
	p.say(command.EventAckReceived, command.Reference{CommandID: c.ID})
	eventually(t, "the ack is forgotten", func() bool { return r.acks.count() == 0 })
	if did := r.doer.done(); len(did) != 1 || did[0].ID != c.ID || did[0].Type != command.PolicyUpdate {
		t.Errorf("done is %+v", did)
	}
	if err := r.status.healthy(t.Context()); err != nil {
		t.Errorf("health: %v", err)
	}
}

// What was answered while the line was cut is answered on the next one, and what was under way goes on.
func TestACutLineLosesNoAnswer(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, nil)
	r.doer.mu.Lock()
	r.doer.block = make(chan struct{})
	r.doer.mu.Unlock()
	c := orderOf(command.CollectDiagnostics)
	p.order(c)
	eventually(t, "it is under way", func() bool { return len(r.doer.done()) == 1 })
	p.CloseNow()
	p = s.next(t)
	p.order(c) // agent-api repeats what is not answered
	eventually(t, "it came again", func() bool { return testutil.ToFloat64(r.metrics.received.WithLabelValues("command")) == 2 })
	close(r.doer.block)
	if a := p.ack(); a.CommandID != c.ID {
		t.Errorf("ack is %+v", a)
	}
	p.CloseNow()
	p = s.next(t)
	if a := p.ack(); a.CommandID != c.ID { // nobody has said that it was received
		t.Errorf("ack is %+v", a)
	}
	if did := r.doer.done(); len(did) != 1 {
		t.Errorf("it was done %d times", len(did))
	}
	want := []string{"waiting", "connecting", "connected", "disconnected connection", "connected", "disconnected connection", "connected"}
	if got := r.reporter.states(); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("states are %q, want %q", got, want)
	}
}

// What is not answered because the process ends is not sent as an answer.
func TestNoAnswerIsNotSent(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	r.doer.mu.Lock()
	r.doer.reply = func(c command.Command) command.Ack {
		if c.Type == command.Update {
			return command.Ack{}
		}
		return command.Ack{CommandID: c.ID, Status: command.Completed}
	}
	r.doer.mu.Unlock()
	p.order(orderOf(command.Update))
	eventually(t, "it was done", func() bool { return len(r.doer.done()) == 1 && r.orders.waiting() == 0 })
	second := orderOf(command.RotateKey)
	p.order(second)
	if a := p.ack(); a.CommandID != second.ID {
		t.Errorf("ack is %+v", a)
	}
}

func TestWhatWaitsCanBeCancelled(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	r.doer.mu.Lock()
	r.doer.block = make(chan struct{})
	r.doer.mu.Unlock()
	first, second, third := orderOf(command.PolicyUpdate), orderOf(command.PolicyUpdate), orderOf(command.PolicyUpdate)
	for _, c := range []command.Command{first, second, third} {
		p.order(c)
	}
	eventually(t, "all are there", func() bool { return r.orders.waiting() == 3 })
	p.say(command.EventCancel, command.Reference{CommandID: first.ID}) // too late: it was begun
	p.say(command.EventCancel, command.Reference{CommandID: second.ID})
	eventually(t, "one is away", func() bool { return r.orders.waiting() == 2 })
	close(r.doer.block)
	if a, b := p.ack(), p.ack(); a.CommandID != first.ID || b.CommandID != third.ID {
		t.Errorf("acks of %s and %s, want %s and %s", a.CommandID, b.CommandID, first.ID, third.ID)
	}
}

// A long command holds up those of its own type only, and these stay in order.
func TestALongCommandDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	block := make(chan struct{})
	r.doer.mu.Lock()
	r.doer.reply = func(c command.Command) command.Ack {
		if c.Type == command.CollectDiagnostics {
			<-block
		}
		return command.Ack{CommandID: c.ID, Status: command.Completed}
	}
	r.doer.mu.Unlock()
	long := orderOf(command.CollectDiagnostics)
	p.order(long)
	var policies []command.Command
	for range 20 {
		c := orderOf(command.PolicyUpdate)
		policies = append(policies, c)
		p.order(c)
	}
	for i, c := range policies {
		if a := p.ack(); a.CommandID != c.ID {
			t.Fatalf("ack %d is of %s, want %s", i, a.CommandID, c.ID)
		}
	}
	close(block)
	if a := p.ack(); a.CommandID != long.ID {
		t.Errorf("ack is %+v", a)
	}
}

func TestACommandThatCannotBeReadIsAnswered(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	bad := id.New()
	p.raw([]byte(`{"event":"policy_update","data":{"id":"` + bad.String() + `","attempt":"many"}}`))
	if a := p.ack(); a.CommandID != bad || a.Status != command.Failed || a.Code != "malformed" {
		t.Errorf("ack is %+v", a)
	}
	if len(r.doer.done()) != 0 {
		t.Error("it was done")
	}
}

// A newer agent-api may say what we do not know: it is passed over, and a command of a new type gets an answer.
func TestUnknownEventsArePassedOver(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	p.raw([]byte(`{"event":"weather","data":{"sun":true}}`))
	p.raw([]byte(`{"event":"weather"}`))
	p.raw([]byte(`{"event":"policy_update","data":{"id":"` + id.New().String() + `","type":"rotate_key"}}`))
	c := orderOf("dance")
	p.order(c)
	if a := p.ack(); a.CommandID != c.ID {
		t.Errorf("ack is %+v", a)
	}
	if did := r.doer.done(); len(did) != 1 || did[0].Type != "dance" {
		t.Errorf("done is %+v", did)
	}
}

func TestHostileBytesEndTheSocketAndNotTheClient(t *testing.T) {
	t.Parallel()
	for name, frame := range map[string]string{
		"no JSON": "\x00\xff{", "no object": `[1,2]`, "no event": `{"data":{}}`, "ack of nothing": `{"event":"ack_received","data":{}}`,
		"cancel of nothing": `{"event":"cancel","data":null}`, "too large": `{"event":"x","data":"` + strings.Repeat("a", command.MaxDown) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r, p := connect(t, nil)
			p.raw([]byte(frame))
			err := p.discard()
			want := ws.Unsupported
			if name == "too large" {
				want = ws.TooBig
			}
			if name == "no JSON" {
				want = 1007 // no text at all
			}
			if code, _ := ws.Closed(err); code != want && !(name == "no JSON" && code == ws.Unsupported) {
				t.Errorf("closed with %v, want %d", err, want)
			}
			p = s.next(t)
			c := orderOf(command.SyncDevices)
			p.order(c)
			if a := p.ack(); a.CommandID != c.ID {
				t.Errorf("ack is %+v", a)
			}
			if got := r.reporter.states(); !strings.HasPrefix(got[3], "disconnected ") {
				t.Errorf("states are %q", got)
			}
		})
	}
}

// A peer that answers no pings is given up, and one that does is not.
func TestASilentPeerIsGivenUp(t *testing.T) {
	t.Parallel()
	s, r, _ := connect(t, func(c *Config) { c.PingInterval, c.PingTimeout = 20*time.Millisecond, 20*time.Millisecond })
	s.next(t) // because the first one never read
	if n := r.logged.with("reason=silent"); n < 1 {
		t.Errorf("%d lines tell of silence", n)
	}
	s, r, p := connect(t, func(c *Config) { c.PingInterval = 10 * time.Millisecond })
	go func() { _ = p.discard() }()
	select {
	case <-s.peers:
		t.Error("a peer that answers is given up")
	case <-time.After(200 * time.Millisecond):
	}
	if got := r.status.current(); got.State != string(connected) {
		t.Errorf("channel is %+v", got)
	}
}

func TestWhoIsRefusedOrReplacedWaits(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, nil)
	p.Close(command.CloseReplaced, "replaced")
	eventually(t, "it is known", func() bool { return r.status.current().State == string(replaced) })
	if err := r.status.healthy(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("health is %v", err)
	}
	eventually(t, "a line says it", func() bool { return r.logged.with("closed with 4001: replaced") == 1 })
	select {
	case <-s.peers:
		t.Error("it comes back at once")
	case <-time.After(100 * time.Millisecond):
	}
	r.stop() // in the middle of the wait
}

func TestAKeyThatIsNotTakenIsShown(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	s.refusing(func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusUnauthorized); return true })
	r := newRig(t, testConfig(), newCloud(s.URL, &http.Transport{})).start(t)
	eventually(t, "it is known", func() bool { c := r.status.current(); return c.State == string(refused) && c.Reason == "http_401" })
	eventually(t, "a line tells of the wait", func() bool { return r.logged.with("wait=1m15s") == 1 })
}

// A server that is away at the start, or that has no sockets, or that is overloaded, is asked again.
func TestAServerThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	tries := make(chan struct{}, 100)
	s.refusing(func(w http.ResponseWriter) bool {
		select {
		case tries <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	r := newRig(t, testConfig(), newCloud(s.URL, &http.Transport{})).start(t)
	for range 20 {
		<-tries
	}
	s.refusing(nil)
	s.next(t)
	eventually(t, "it is connected", func() bool { return r.status.current().State == string(connected) })
	if n := r.logged.with("the control channel is not open"); n != firstTries {
		t.Errorf("%d lines tell of the failures, want %d", n, firstTries)
	}
	for attempt := 1; attempt <= firstTries; attempt++ {
		if n := r.logged.with("attempt=" + string(rune('0'+attempt)) + " "); n != 1 {
			t.Errorf("%d lines tell of attempt %d", n, attempt)
		}
	}
}

func TestItWaitsForTheEnrolment(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	c := newCloud(s.URL, &http.Transport{})
	c.enrolled = make(chan struct{})
	r := newRig(t, testConfig(), c).start(t)
	if got := r.status.current(); got.State != string(waiting) {
		t.Errorf("state is %+v", got)
	}
	select {
	case <-s.peers:
		t.Error("it connects before it has a key")
	case <-time.After(50 * time.Millisecond):
	}
	close(c.enrolled)
	s.next(t)

	never := newCloud(s.URL, &http.Transport{})
	never.enrolled = make(chan struct{})
	newRig(t, testConfig(), never).start(t).stop()
}

// A socket belongs to the key with which it was opened: with a new one it is opened anew, once its order is answered.
func TestANewKeyGetsANewSocket(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, nil)
	p.want(command.EventHeartbeat)
	r.doer.mu.Lock()
	r.doer.reply = func(c command.Command) command.Ack {
		r.cloud.rekey()
		return command.Ack{CommandID: c.ID, Status: command.Completed}
	}
	r.doer.mu.Unlock()
	c := orderOf(command.RotateKey)
	p.order(c)
	if a := p.ack(); a.CommandID != c.ID {
		t.Errorf("ack is %+v", a)
	}
	p.say(command.EventAckReceived, command.Reference{CommandID: c.ID})
	answered := time.Now()
	if code, _ := ws.Closed(p.discard()); code != ws.Normal || time.Since(answered) < renewAfter/2 {
		t.Errorf("closed with %d after %v", code, time.Since(answered))
	}
	s.next(t).want(command.EventHeartbeat)
	want := "waiting,connecting,connected,connecting new_key,connected"
	if got := strings.Join(r.reporter.states(), ","); got != want {
		t.Errorf("states are %q", got)
	}
	if n := r.logged.with("WARN"); n != 0 {
		t.Errorf("%d warnings", n)
	}
	select {
	case <-s.peers:
		t.Error("it is opened again and again")
	case <-time.After(50 * time.Millisecond):
	}
}

// A key that is refused when there is a newer one, or just before, is no wonder: the channel is opened anew at once.
func TestARefusedKeyThatWasChangedIsNoRefusal(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, nil)
	p.want(command.EventHeartbeat)
	r.cloud.rekey()
	p.Close(command.CloseRefused, "the key is not valid any more")
	p = s.next(t)
	p.want(command.EventHeartbeat)
	p.Close(command.CloseRefused, "the key is not valid any more")
	eventually(t, "it is refused", func() bool { return r.status.current().State == string(refused) })
	r.cloud.rekey()
	s.next(t).want(command.EventHeartbeat)
	want := "waiting,connecting,connected,connecting new_key,connected,refused closed_4003,connected"
	if got := strings.Join(r.reporter.states(), ","); got != want {
		t.Errorf("states are %q", got)
	}
}

func TestItSaysGoodbye(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	p.want(command.EventHeartbeat)
	ended := make(chan error, 1)
	go func() { ended <- p.discard() }()
	r.stop()
	if code, _ := ws.Closed(<-ended); code != ws.GoingAway {
		t.Errorf("closed with %d", code)
	}
}

// A peer that neither reads nor says goodbye does not hold up the end of the process.
func TestItDoesNotWaitLongForAFarewell(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	p.want(command.EventHeartbeat)
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 3*farewell {
		t.Errorf("it took %v", took)
	}
}

func TestAReportThatFailsDoesNotEndTheChannel(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	r := newRig(t, testConfig(), newCloud(s.URL, &http.Transport{}))
	r.reporter.fail = errors.New("no disk")
	r.start(t)
	p := s.next(t)
	p.say(command.EventHeartbeatAck, map[string]any{})
	p.order(orderOf(command.SyncDevices))
	p.ack()
	eventually(t, "both are said", func() bool {
		return r.logged.with("the gateway cannot say how it is") == 1 && r.logged.with("the answer to a heartbeat was not taken") == 1
	})
}

// A command's life is counted from when it came, also while it waits for others.
func TestTheLifeOfACommandGoesOnWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var left []int64
		o := newOrders(func(_ context.Context, c command.Command) {
			left = append(left, c.ExpiresInMS)
			time.Sleep(90 * time.Minute)
		}, time.Now)
		o.put(t.Context(), orderOf(command.PolicyUpdate))
		o.put(t.Context(), orderOf(command.PolicyUpdate))
		o.work.Wait()
		if want := time.Hour.Milliseconds(); left[0] != want || left[1] != -want/2 {
			t.Errorf("left are %v", left)
		}
	})
}

func TestTooManyOrdersAndAnswersAreBounded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	block := make(chan struct{})
	o := newOrders(func(context.Context, command.Command) { <-block }, time.Now)
	for range maxOrders {
		if !o.put(ctx, orderOf(command.PolicyUpdate)) {
			t.Fatal("refused too early")
		}
	}
	if o.put(ctx, orderOf(command.PolicyUpdate)) {
		t.Error("there is no bound")
	}
	for _, c := range o.known { // what is there already is not there twice
		o.put(ctx, c.Command)
	}
	if n := len(o.lanes[command.PolicyUpdate]); n > maxOrders {
		t.Errorf("%d are in the lane", n)
	}
	cancel() // what was not begun is dropped: it comes again
	close(block)
	o.work.Wait()
	if n := o.waiting(); n != 0 {
		t.Errorf("%d wait", n)
	}

	a := newAcks()
	var last id.UUID
	for range maxAcks + 5 {
		last = id.New()
		a.add(command.Ack{CommandID: last})
	}
	a.add(command.Ack{CommandID: last, Code: "newer"})
	if all := a.after(0); len(all) != maxAcks || all[maxAcks-1].CommandID != last || all[maxAcks-1].Code != "newer" || all[maxAcks-2].CommandID == last || a.count() != maxAcks {
		t.Errorf("%d answers wait", len(all))
	}
}

func TestALargeResultIsLeftOut(t *testing.T) {
	t.Parallel()
	_, r, p := connect(t, nil)
	r.doer.mu.Lock()
	r.doer.reply = func(c command.Command) command.Ack {
		big, _ := json.Marshal(strings.Repeat("x", command.MaxUp))
		return command.Ack{CommandID: c.ID, Status: command.Completed, Result: big}
	}
	r.doer.mu.Unlock()
	p.order(orderOf(command.SyncDevices))
	if a := p.ack(); string(a.Result) != `{"truncated":true}` {
		t.Errorf("result has %d bytes", len(a.Result))
	}
}
