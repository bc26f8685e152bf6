// Package activitytest is what every activity.Sink must do, whoever provides it.
package activitytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// Provider is a fresh sink and what lies behind it.
type Provider struct {
	Sink activity.Sink
	// Stored returns what the organization has, as somebody would see it who opened the storage just now.
	Stored func(organizationID int64) []activity.Event
	// KeepsRepeats is set for a sink that leaves it to the next one to know an event by its key.
	KeepsRepeats bool
	// Organizations are two that exist there.
	Organizations [2]int64
}

// Sink checks a provider. make is called once for each test.
func Sink(t *testing.T, make func(t *testing.T) Provider) {
	for name, check := range map[string]func(*testing.T, Provider){
		"what is answered is stored":            storedBeforeYes,
		"every kind comes back as it was":       everyKind,
		"a bad event keeps the whole batch out": wholeOrNothing,
		"a repeat is harmless":                  repeats,
		"equal events with two keys are two":    equals,
		"an empty batch is nothing":             empty,
		"nobody puts without an actor":          noActor,
		"an organization has its own events":    tenants,
		"a cancelled put is whole or nothing":   cancelled,
		"many put at once":                      concurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, make(t))
		})
	}
}

// Events returns n windows of one user from a second on, each with a key of its own.
func Events(n int) []activity.Event {
	events := make([]activity.Event, n)
	start := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	for i := range events {
		events[i] = activity.Event{
			Kind: activity.ActiveWindow, Key: id.New().String(), ComputerUID: "PC-17", UserSID: "S-1-5-21-1",
			At: start.Add(time.Duration(i) * time.Second), Duration: int64(i%60 + 1),
			Title: fmt.Sprintf("Hisobot № %d — Excel", i), Process: "excel.exe", Source: "api",
		}
	}
	return events
}

// Kinds returns an event of each kind, with every field that the kind has.
func Kinds() []activity.Event {
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Millisecond)
	base := activity.Event{ComputerUID: "PC-17", UserSID: "S-1-5-21-1", At: at, Source: "api"}
	window, site, shot, session, idle := base, base, base, base, base
	window.Kind, window.Title, window.Process, window.Duration = activity.ActiveWindow, "\"Квартал\"\n\\ oʻ 🙂", "excel.exe", 12
	site.Kind, site.Title, site.URL, site.Process, site.Duration = activity.VisitedSite, "Bosh sahifa", "https://example.uz/?q=1&r=<2>", "chrome.exe", 30
	shot.Kind, shot.Title, shot.Process, shot.FilePath = activity.Screenshot, "Ekran", "excel.exe", "shots/2025/1.png"
	shot.FileSize, shot.Width, shot.Height, shot.SHA256 = 1<<20, 1920, 1080, strings.Repeat("ab", 32)
	session.Kind, session.Session, session.End = activity.UserSession, activity.Login, at.Add(40*time.Minute)
	idle.Kind, idle.Duration = activity.IdlePeriod, 300
	events := []activity.Event{window, site, shot, session, idle}
	for i := range events {
		events[i].Key = id.New().String()
		events[i].At = at.Add(time.Duration(i) * time.Second)
	}
	return events
}

func (p Provider) as(organization int) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: p.Organizations[organization]})
}

func (p Provider) put(t *testing.T, events []activity.Event) activity.Receipt {
	t.Helper()
	r, err := p.Sink.Put(p.as(0), activity.Batch{Events: events})
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	return r
}

// has checks what the first organization has, in any order, by what every provider keeps of an event.
func (p Provider) has(t *testing.T, want []activity.Event) {
	t.Helper()
	got, expected := seen(p.Stored(p.Organizations[0])), seen(want)
	if !slices.Equal(got, expected) {
		t.Errorf("stored %d events, want %d\n got %v\nwant %v", len(got), len(expected), got, expected)
	}
}

// seen is what a reader sees of events, sorted. Keys, sources and traces are for the way, not for readers.
func seen(events []activity.Event) []string {
	texts := make([]string, len(events))
	for i, e := range events {
		e.Key, e.Source, e.Trace = "", "", ""
		e.At, e.End = e.At.UTC().Truncate(time.Microsecond), e.End.UTC().Truncate(time.Microsecond)
		texts[i] = fmt.Sprintf("%+v", e)
	}
	slices.Sort(texts)
	return texts
}

func storedBeforeYes(t *testing.T, p Provider) {
	events := Events(250)
	if r := p.put(t, events); r != (activity.Receipt{Stored: 250}) {
		t.Errorf("receipt is %+v, want 250 stored", r)
	}
	p.has(t, events)
}

func everyKind(t *testing.T, p Provider) {
	events := Kinds()
	p.put(t, events)
	p.has(t, events)
}

func wholeOrNothing(t *testing.T, p Provider) {
	for _, at := range []int{0, 50, 99} {
		events := Events(100)
		events[at].Kind = "coffee_break"
		_, err := p.Sink.Put(p.as(0), activity.Batch{Events: events})
		if err == nil || fault.Retryable(err) {
			t.Errorf("with event %d of no kind: error %v, want one that says never to try again", at, err)
		}
	}
	p.has(t, nil)
}

func repeats(t *testing.T, p Provider) {
	events := Events(20)
	p.put(t, events)
	r := p.put(t, events)
	if p.KeepsRepeats {
		p.has(t, append(events, events...))
		return
	}
	if r.Stored != 0 || r.Known != 20 {
		t.Errorf("the second time the receipt is %+v, want 20 known", r)
	}
	if r := p.put(t, append(Events(1), events[:3]...)); r.Stored != 1 || r.Known != 3 {
		t.Errorf("one new event with three old ones: receipt %+v", r)
	}
	if got := len(p.Stored(p.Organizations[0])); got != 21 {
		t.Errorf("stored %d events, want 21", got)
	}
}

func equals(t *testing.T, p Provider) {
	events := Events(1)
	events = append(events, events[0], events[0])
	for i := range events {
		events[i].Key = id.New().String()
	}
	p.put(t, events)
	p.has(t, events)
}

func empty(t *testing.T, p Provider) {
	if r := p.put(t, nil); r.Stored != 0 {
		t.Errorf("receipt is %+v", r)
	}
	p.has(t, nil)
}

func noActor(t *testing.T, p Provider) {
	if _, err := p.Sink.Put(context.Background(), activity.Batch{Events: Events(1)}); err == nil {
		t.Error("stored events of nobody")
	}
	p.has(t, nil)
}

func tenants(t *testing.T, p Provider) {
	mine, theirs := Events(3), Events(5)
	theirs[0].Key = mine[0].Key // one organization's key must not hide another's event
	p.put(t, mine)
	if _, err := p.Sink.Put(p.as(1), activity.Batch{Events: theirs}); err != nil {
		t.Fatal(err)
	}
	p.has(t, mine)
	if got := len(p.Stored(p.Organizations[1])); got != 5 {
		t.Errorf("the other organization has %d events, want 5", got)
	}
}

func cancelled(t *testing.T, p Provider) {
	ended, cancel := context.WithCancel(p.as(0))
	cancel()
	if _, err := p.Sink.Put(ended, activity.Batch{Events: Events(10)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that the context was cancelled", err)
	}
	p.has(t, nil)
	var want int
	for i := range 20 { // ends before, while or after it is written
		ctx, cancel := context.WithTimeout(p.as(0), time.Duration(i)*200*time.Microsecond)
		if _, err := p.Sink.Put(ctx, activity.Batch{Events: Events(10)}); err == nil {
			want += 10
		}
		cancel()
	}
	got := len(p.Stored(p.Organizations[0]))
	if got%10 != 0 || got < want {
		t.Errorf("stored %d events in batches of 10, %d of them answered", got, want)
	}
}

func concurrent(t *testing.T, p Provider) {
	const senders, batches, size = 8, 5, 20
	var all []activity.Event
	var each [senders][]activity.Event
	for i := range each {
		each[i] = Events(batches * size)
		all = append(all, each[i]...)
	}
	var group sync.WaitGroup
	for _, events := range each {
		group.Go(func() {
			for batch := range slices.Chunk(events, size) {
				if _, err := p.Sink.Put(p.as(0), activity.Batch{Events: batch}); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	group.Wait()
	p.has(t, all)
}
