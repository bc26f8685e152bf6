package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestEachTypeIsCarriedOutByItsOwner(t *testing.T) {
	t.Parallel()
	s, w := newTest(t, "")
	for _, c := range []struct {
		order     command.Command
		did       string
		code      string
		policy    string
		restart   bool
		hasResult string
	}{
		{orderOf(command.PolicyUpdate, `{"policyId":7,"version":"3","checksum":"abc","requiresRestart":true}`), "refresh 7 3 abc", "", "7.3", true, ""},
		{orderOf(command.PolicyUpdate, `{"policyId":0}`), "refresh 0  ", "", "", false, ""},
		{orderOf(command.RestartAgent, `{"computerUids":["PC-1"],"reason":"r"}`), "restart ID [PC-1] r 1h0m0s", "", "", false, `{"PC-1":"done"}`},
		{orderOf(command.RotateKey, `{}`), "rotate", "", "", false, ""},
		{orderOf(command.Update, `{"version":"2.1.0"}`), "install ID 2.1.0", "", "", false, ""},
		{orderOf(command.DeviceCommand, `{"deviceId":1}`), "", "unsupported", "", false, ""},
		{orderOf(command.SyncDevices, ``), "", "unsupported", "", false, ""},
		{orderOf(command.PolicyUpdate, `[]`), "", "malformed", "", false, ""},
		{orderOf(command.RestartAgent, `7`), "", "malformed", "", false, ""},
		{orderOf(command.Update, `"x"`), "", "malformed", "", false, ""},
		{orderOf("dance", `{}`), "", "unsupported", "", false, ""},
	} {
		before := len(w.calls())
		a := s.Do(t.Context(), c.order)
		did := strings.Join(w.calls()[before:], ",")
		if want := strings.ReplaceAll(c.did, "ID", c.order.ID.String()); did != want {
			t.Errorf("%s did %q, want %q", c.order.Type, did, want)
		}
		status := command.Completed
		if c.code != "" {
			status = command.Failed
		}
		if a.CommandID != c.order.ID || a.Status != status || a.Code != c.code || a.PolicyVersion != c.policy || a.RequiresRestart != c.restart ||
			a.At.IsZero() || string(a.Result) != c.hasResult || (a.Error == "") != (c.code == "") {
			t.Errorf("%s %s: %+v", c.order.Type, c.order.Payload, a)
		}
	}
}

// However often it comes, at one time or later, also after a restart: it is done once, and the answer is the same.
func TestACommandIsDoneOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "commands.jsonl")
	s, w := newTest(t, path)
	c := orderOf(command.RotateKey, `{}`)
	answers := make([]command.Ack, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.Do(t.Context(), c) })
	}
	all.Wait()
	s.memory.Close()
	again, w2 := newTest(t, path)
	answers = append(answers, again.Do(t.Context(), c))
	for _, a := range answers {
		if a.Status != command.Completed || !a.At.Equal(answers[0].At) {
			t.Errorf("answers are %+v and %+v", a, answers[0])
		}
	}
	if len(w.calls()) != 1 || len(w2.calls()) != 0 {
		t.Errorf("done are %q and then %q", w.calls(), w2.calls())
	}
	if n := testutil.ToFloat64(s.metrics.repeated); n != 19 {
		t.Errorf("%v repetitions are counted", n)
	}
}

func TestWhyItFails(t *testing.T) {
	t.Parallel()
	s, w := newTest(t, "")
	for _, c := range []struct {
		of   command.Type
		err  error
		code string
	}{
		{command.PolicyUpdate, fmt.Errorf("policy 7: %w", rule.ErrChecksum), "checksum"},
		{command.PolicyUpdate, fault.New(fault.Invalid, "rules.checksum"), "checksum"},
		{command.Update, update.ErrSignature.Wrap(errors.New("x")), "signature"},
		{command.Update, fmt.Errorf("so: %w", update.ErrRolledBack), "health_check_failed"},
		{command.RotateKey, errors.New("answered 500"), "failed"},
	} {
		w.fail = []error{c.err}
		if a := s.Do(t.Context(), orderOf(c.of, `{}`)); a.Status != command.Failed || a.Code != c.code || a.Error == "" {
			t.Errorf("%v: %+v", c.err, a)
		}
	}
	if n := testutil.ToFloat64(s.metrics.commands.WithLabelValues("policy_update", "failed")); n != 2 {
		t.Errorf("%v failures are counted", n)
	}
}

func TestWhatBecomesOfAgents(t *testing.T) {
	t.Parallel()
	s, w := newTest(t, "")
	for want, outcomes := range map[string]map[string]agent.Outcome{
		"":              {"a": agent.Done, "b": agent.Away},
		"agents_away":   {"a": agent.Away},
		"agents_failed": {"a": agent.Done, "b": agent.Failed},
	} {
		w.outcomes = outcomes
		a := s.Do(t.Context(), orderOf(command.RestartAgent, `{}`))
		var result map[string]agent.Outcome
		if err := json.Unmarshal(a.Result, &result); err != nil || len(result) != len(outcomes) || a.Code != want {
			t.Errorf("%v: %+v, %v", outcomes, a, err)
		}
	}
	w.outcomes = nil
	if a := s.Do(t.Context(), orderOf(command.RestartAgent, `{}`)); a.Code != "agents_away" || string(a.Result) != `{}` {
		t.Errorf("no agents: %+v", a)
	}
	w.fail = []error{errors.New("no")}
	if a := s.Do(t.Context(), orderOf(command.RestartAgent, `{}`)); a.Code != "failed" {
		t.Errorf("no fleet: %+v", a)
	}
}

// A network that is away for a while does not make a policy fail, and what is wrong for good is not tried again.
func TestAPolicyIsFetchedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := newTest(t, "")
		w.fail = []error{errors.New("reset"), errors.New("reset"), fault.New(fault.Unavailable, "x")}
		if a := s.Do(t.Context(), orderOf(command.PolicyUpdate, `{}`)); a.Status != command.Completed || len(w.calls()) != 4 {
			t.Errorf("%+v after %d calls", a, len(w.calls()))
		}
		w.fail = slices.Repeat([]error{errors.New("reset")}, 1000)
		for _, final := range []error{rule.ErrChecksum, fault.New(fault.Conflict, "x"), failure{"x", "x"}} {
			before := len(w.calls())
			w.fail = []error{final}
			if a := s.Do(t.Context(), orderOf(command.PolicyUpdate, `{}`)); a.Status != command.Failed || len(w.calls()) != before+1 {
				t.Errorf("%+v after %d calls", a, len(w.calls())-before)
			}
		}
		w.fail = slices.Repeat([]error{errors.New("reset")}, 1000)
		began := time.Now()
		a := s.Do(t.Context(), orderOf(command.PolicyUpdate, `{}`))
		if took := time.Since(began); a.Code != "timeout" || took != 2*time.Minute || len(w.calls()) > 40 {
			t.Errorf("%+v after %v and %d calls", a, took, len(w.calls()))
		}
	})
}

// The life of a command is counted by the clock that only runs: the time of day may be anything.
func TestNothingIsCarriedOutAfterItsExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := newTest(t, "")
		wrong := orderOf(command.RotateKey, `{}`)
		wrong.CreatedAt, wrong.ExpiresAt = time.Unix(0, 0), time.Unix(1, 0) // a clock ahead of ours by years, or ours behind
		if a := s.Do(t.Context(), wrong); a.Status != command.Completed {
			t.Errorf("a wrong clock: %+v", a)
		}
		long := orderOf(command.RestartAgent, `{}`)
		long.ExpiresInMS = math.MaxInt64
		if a := s.Do(t.Context(), long); a.Status != command.Completed || !strings.HasSuffix(w.calls()[1], " 87600h0m0s") {
			t.Errorf("a very long life: %+v, %q", a, w.calls())
		}
		late := orderOf(command.RotateKey, `{}`)
		late.ExpiresInMS, late.ExpiresAt = 0, time.Now().Add(time.Hour)
		if a := s.Do(t.Context(), late); a.Code != "expired" {
			t.Errorf("late: %+v", a)
		}
		w.block = make(chan struct{})
		go s.Do(t.Context(), orderOf(command.RotateKey, `{}`))
		synctest.Wait()
		waiting := orderOf(command.RotateKey, `{}`)
		waiting.ExpiresInMS = 5000
		answer := make(chan command.Ack)
		go func() { answer <- s.Do(t.Context(), waiting) }()
		time.Sleep(6 * time.Second)
		close(w.block)
		if a := <-answer; a.Code != "expired" {
			t.Errorf("waiting: %+v", a)
		}
		if got := w.calls(); len(got) != 3 {
			t.Errorf("done are %q", got)
		}
	})
}

func TestTypesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	s, w := newTest(t, "")
	w.mu.Lock()
	w.block = make(chan struct{})
	w.mu.Unlock()
	answer := make(chan command.Ack)
	go func() { answer <- s.Do(t.Context(), orderOf(command.Update, `{}`)) }()
	eventually(t, "one is under way", func() bool { return len(w.calls()) == 1 })
	if a := s.Do(t.Context(), orderOf(command.SyncDevices, `{}`)); a.Code != "unsupported" {
		t.Errorf("answer is %+v", a)
	}
	// A second of the same type waits, and is not done when the process ends before its turn.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := s.Do(ctx, orderOf(command.Update, `{}`)); a.Status != "" || len(w.calls()) != 1 {
		t.Errorf("answer is %+v", a)
	}
	close(w.block)
	if a := <-answer; a.Status != command.Completed {
		t.Errorf("answer is %+v", a)
	}
}

// The answer to an update comes from the process after the restart.
func TestAnUpdateIsAnsweredAfterTheRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "commands.jsonl")
	s, w := newTest(t, path)
	w.restarts = true
	c := orderOf(command.Update, `{"version":"2.1.0"}`)
	if a := s.Do(t.Context(), c); a.Status != "" {
		t.Errorf("before: %+v", a)
	}
	s.memory.Close()
	s, w = newTest(t, path)
	w.fail = []error{update.ErrRolledBack}
	if a := s.Do(t.Context(), c); a.Code != "health_check_failed" {
		t.Errorf("after: %+v", a)
	}
}

// What was stopped in the middle: what may be repeated is, what may not be is answered as interrupted.
func TestWhatWasInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   command.Type
		code string
	}{{command.PolicyUpdate, ""}, {command.RestartAgent, ""}, {command.Update, ""}, {command.RotateKey, "interrupted"}} {
		path := filepath.Join(t.TempDir(), "commands.jsonl")
		s, w := newTest(t, path)
		w.mu.Lock()
		w.block = make(chan struct{})
		w.mu.Unlock()
		ctx, stop := context.WithCancel(t.Context())
		order, answer := orderOf(c.of, `{}`), make(chan command.Ack)
		go func() { answer <- s.Do(ctx, order) }()
		eventually(t, "it is under way", func() bool { return len(w.calls()) == 1 })
		stop()
		if a := <-answer; a.Status != "" {
			t.Errorf("%s: answered %+v", c.of, a)
		}
		s.memory.Close()
		s, w = newTest(t, path)
		a := s.Do(t.Context(), order)
		if a.Code != c.code || len(w.calls()) != map[bool]int{true: 1, false: 0}[c.code == ""] {
			t.Errorf("%s: %+v, done %q", c.of, a, w.calls())
		}
		if again := s.Do(t.Context(), order); !again.At.Equal(a.At) || again.Code != a.Code {
			t.Errorf("%s: then %+v", c.of, again)
		}
	}
}

// A command that the process does not survive is not begun for ever.
func TestACommandThatKillsIsGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "commands.jsonl")
	c := orderOf(command.PolicyUpdate, `{}`)
	for range maxBegins {
		m := openTest(t, path, time.Now)
		if e, _ := m.find(c.ID); e.Ack != nil {
			t.Errorf("it has ended: %+v", e)
		}
		if err := m.begin(c, false); err != nil { // and here it dies
			t.Fatal(err)
		}
		m.Close()
	}
	s, w := newTest(t, path)
	if a := s.Do(t.Context(), c); a.Code != "interrupted" || len(w.calls()) != 0 {
		t.Errorf("answer is %+v, done %q", a, w.calls())
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	t.Parallel()
	s, _ := newTest(t, "")
	s.handlers[command.PolicyUpdate].do = func(context.Context, command.Command, *command.Ack) error { panic("sgw_secret") }
	if a := s.Do(t.Context(), orderOf(command.PolicyUpdate, `{}`)); a.Code != "failed" || strings.Contains(a.Error, "sgw_") {
		t.Errorf("answer is %+v", a)
	}
	if a := s.Do(t.Context(), orderOf(command.PolicyUpdate, `{}`)); a.Code != "failed" { // the lane is free again
		t.Errorf("answer is %+v", a)
	}
}

func TestErrorsAreShortAndClean(t *testing.T) {
	t.Parallel()
	long := words(errors.New("key sgw_0123456789abcdef0123456789 of " + strings.Repeat("я", 1000)))
	if len(long) > maxWords+len("…") || !utf8.ValidString(long) || strings.Contains(long, "0123456789abcdef") {
		t.Errorf("%q", long)
	}
	if got := words(errors.New("a\xffb")); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}

func TestItIsMeasured(t *testing.T) {
	t.Parallel()
	s, _ := newTest(t, "")
	registry := prometheus.NewPedanticRegistry()
	s.register(registry)
	s.Do(t.Context(), orderOf(command.RotateKey, `{}`))
	if err := testutil.GatherAndCompare(registry, strings.NewReader("# HELP remembered Commands whose answers are known.\n# TYPE remembered gauge\nremembered 1\n"), "remembered"); err != nil {
		t.Error(err)
	}
	if n := testutil.ToFloat64(s.metrics.commands.WithLabelValues("rotate_key", "completed")); n != 1 {
		t.Errorf("%v are counted", n)
	}
}
