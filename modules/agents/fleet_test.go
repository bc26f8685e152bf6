package agents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
)

func newFleet(t testing.TB, data string) *fleet {
	t.Helper()
	return openFleet(data, newWaits(100, time.Now), slog.New(slog.DiscardHandler), time.Now)
}

// polls is an agent that polls, does what it gets and says how that went, until ctx ends.
func polls(ctx context.Context, t *testing.T, f *fleet, uid string, says agent.Outcome) {
	s := &service{fleet: f}
	leave, err := f.waits.enter(uid)
	if err != nil {
		t.Error(err)
		return
	}
	defer leave()
	for {
		orders, err := s.newOrders(ctx, uid, &limits{})
		if err != nil {
			return
		}
		for _, o := range orders {
			if err := f.ack(o.ID, says, "as it was"); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestRestartIsDoneByThoseThatAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go polls(ctx, t, f, "good", agent.Done)
		go polls(ctx, t, f, "bad", agent.Failed)
		synctest.Wait()
		began := time.Now()
		got, err := f.Restart(t.Context(), "k1", []string{"good", "bad", "off", "off"}, "why", began.Add(time.Hour))
		want := map[string]agent.Outcome{"good": agent.Done, "bad": agent.Failed, "off": agent.Away}
		if err != nil || !maps.Equal(got, want) || time.Since(began) > time.Second {
			t.Errorf("after %s: %v %v", time.Since(began), got, err)
		}
		go polls(ctx, t, f, "off", agent.Done) // it comes, and gets what was for it
		synctest.Wait()
		want["off"] = agent.Done
		if got, err := f.Restart(t.Context(), "k1", []string{"good", "bad", "off"}, "why", began.Add(time.Hour)); err != nil || !maps.Equal(got, want) {
			t.Errorf("the same again: %v %v", got, err)
		}
		if got, err := f.Restart(t.Context(), "k2", nil, "all", began.Add(time.Hour)); err != nil || len(got) != 3 || got["off"] != agent.Done {
			t.Errorf("all: %v %v", got, err)
		}
		cancel()
		synctest.Wait()
	})
}

func TestAnAgentThatDoesNotAnswerIsWaitedForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, t.TempDir())
		for _, uid := range []string{"mute", "late"} {
			leave, err := f.waits.enter(uid)
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
		}
		began := time.Now()
		go func() {
			synctest.Wait()
			if orders, _ := f.due("mute"); len(orders) != 1 || orders[0].Reason != "why" {
				t.Errorf("the agent gets %v", orders)
			}
			if orders, wait := f.due("mute"); len(orders) != 0 || wait != again {
				t.Errorf("at once it gets %v, and again in %s", orders, wait)
			}
		}()
		got, err := f.Restart(t.Context(), "k", []string{"mute", "late"}, "why", began.Add(time.Hour))
		if want := map[string]agent.Outcome{"mute": agent.Failed, "late": agent.Away}; err != nil || !maps.Equal(got, want) || time.Since(began) != patience {
			t.Errorf("after %s: %v %v", time.Since(began), got, err)
		}
		if orders, _ := f.due("mute"); len(orders) != 1 {
			t.Errorf("without an answer it does not get it again: %v", orders)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Restart(ctx, "k", nil, "", began); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody waits any more: %v", err)
		}
	})
}

func TestOrdersOutliveARestartAndNotTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := t.TempDir()
		until := time.Now().Add(time.Hour)
		if got, err := newFleet(t, data).Restart(t.Context(), "k", []string{"a", "b"}, "why", until); err != nil || got["a"] != agent.Away {
			t.Fatalf("%v %v", got, err)
		}
		f := newFleet(t, data)
		orders, _ := f.due("a")
		if len(orders) != 1 || orders[0].Reason != "why" || !orders[0].Until.Equal(until) {
			t.Fatalf("after a restart: %+v", orders)
		}
		if err := f.ack(orders[0].ID, agent.Done, ""); err != nil {
			t.Fatal(err)
		}
		if err := f.ack(orders[0].ID, agent.Failed, "second thoughts"); err != nil {
			t.Fatal(err)
		}
		f = newFleet(t, data)
		if got, err := f.Restart(t.Context(), "k", []string{"a", "b"}, "why", until); err != nil || got["a"] != agent.Done || got["b"] != agent.Away {
			t.Errorf("what was answered: %v %v", got, err)
		}
		if n := f.tally(); n["open"] != 1 || n["done"] != 1 || n["failed"] != 0 {
			t.Errorf("tally: %v", n)
		}
		time.Sleep(time.Hour)
		if orders, wait := f.due("b"); len(orders) != 0 || wait != 0 {
			t.Errorf("after its time: %v %s", orders, wait)
		}
		if err := f.forget(); err != nil {
			t.Fatal(err)
		}
		if err := f.ack(orders[0].ID, agent.Done, ""); !errors.Is(err, errNoCommand) {
			t.Errorf("an answer after its time: %v", err)
		}
		if text, err := os.ReadFile(filepath.Join(data, "orders.json")); err != nil || strings.Contains(string(text), "why") {
			t.Errorf("on the disk: %s %v", text, err)
		}
	})
}

func TestTheNumberOfOrdersIsBounded(t *testing.T) {
	t.Parallel()
	f := newFleet(t, t.TempDir())
	until := time.Now().Add(time.Hour)
	for i := range maxOrdersEach + 3 {
		if _, err := f.Restart(t.Context(), fmt.Sprint("k", i), []string{"a"}, "", until); err != nil {
			t.Fatal(err)
		}
	}
	if orders, _ := f.due("a"); len(orders) != maxOrdersEach || orders[0].Key != "k3" {
		t.Errorf("%d orders, the first of %s", len(orders), orders[0].Key)
	}
	many := make([]string, maxOrders)
	for i := range many {
		many[i] = fmt.Sprint("pc", i)
	}
	if err := f.order("many", many, "", until); err != nil || len(f.byID) != maxOrders || len(f.orders["a"]) != 0 {
		t.Errorf("%d orders: %v", len(f.byID), err)
	}
}

func TestAnOrderThatCannotBeKeptIsNone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	f := newFleet(t, data)
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Restart(t.Context(), "k", []string{"a"}, "", time.Now().Add(time.Hour)); err == nil {
		t.Error("ordered what is on no disk")
	}
	if orders, _ := f.due("a"); len(orders) != 0 {
		t.Errorf("and it is due: %v", orders)
	}
}

func TestUnreadableOrdersAreForgotten(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "orders.json"), []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := newFleet(t, data); len(f.byID) != 0 {
		t.Errorf("%v", f.byID)
	}
}

func TestWhoIsHere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWaits(2, time.Now)
		leaveA, err := w.enter("a")
		if err != nil {
			t.Fatal(err)
		}
		leaveB, err := w.enter("b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.enter("c"); !errors.Is(err, errWaiting) {
			t.Errorf("one more than may wait: %v", err)
		}
		time.Sleep(time.Hour)
		if !w.isHere("a") || w.isHere("c") {
			t.Error("who waits is not here, or who does not is")
		}
		leaveA()
		time.Sleep(here)
		if !w.isHere("a") || w.count() != 1 {
			t.Error("who was here a moment ago is not")
		}
		time.Sleep(time.Second)
		if w.isHere("a") || len(w.since(time.Now().Add(-lately))) != 2 {
			t.Error("who went is here, or is no more one of ours")
		}
		leaveB()
		time.Sleep(lately)
		w.tidy()
		if got := w.since(time.Time{}); len(got) != 1 { // b, who is on the edge
			t.Errorf("heard of %v", got)
		}
		for i := range 10 {
			leave, err := w.enter(fmt.Sprint("x", i))
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		if got := len(w.heard); got > 2*w.limit {
			t.Errorf("%d are remembered", got)
		}
	})
}

func TestOneComputerHasSoManyWaits(t *testing.T) {
	t.Parallel()
	w := newWaits(1000, time.Now)
	for range maxWaitsEach {
		if _, err := w.enter("a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.enter("a"); !errors.Is(err, errWaiting) {
		t.Errorf("one more: %v", err)
	}
	if _, err := w.enter("b"); err != nil {
		t.Errorf("another computer: %v", err)
	}
}
