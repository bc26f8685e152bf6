package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// maxAgents bounds the agents kept in memory; past it all are forgotten and told of anew.
	maxAgents = 50_000
	// maxUsers bounds the Windows users that are remembered of an agent.
	maxUsers = 16
	// oldestRun is how far back an agent is believed to have begun.
	oldestRun = 31 * 24 * time.Hour
	// farewell is how long after its goodbye an agent's last batches may still come, sent at the same time.
	farewell = 10 * time.Second
)

// agents remembers what was last told of each agent, so that only news is told: an agent that runs on is told of
// once in every.
type agents struct {
	every time.Duration
	mu    sync.Mutex
	known map[agentKey]agentState
}

type agentKey struct {
	organizationID int64
	uid            string
}

// agentState is an agent as it was told of.
type agentState struct {
	since, heard     time.Time // of the present run
	told             time.Time // when it was last told of for good; zero if there is more to tell
	changes          int       // how often there was more to tell
	version, address string
	users            []string
	stopped          bool
	reason, detail   string
}

// news is an event that tells of an agent.
type news struct {
	activity.Event
	of      agentKey
	changes int // of the agent until then
}

// word is what a request says of its agent.
type word struct {
	uid, sid, version, address string
	// greeting says that the agent itself says that it runs: it is no late batch of one that has stopped.
	greeting       bool
	since          time.Time // when it began to run, where it says so
	stopping       bool
	reason, detail string
}

func newAgents(every time.Duration) *agents {
	return &agents{every: every, known: map[agentKey]agentState{}}
}

// notice notes the contact, and returns what tells of it if it is news. It is so until it was kept: who asks meanwhile
// has to wait, too.
func (a *agents) notice(organizationID int64, w word, now time.Time) (n news, isNews bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := agentKey{organizationID, w.uid}
	is, known := a.known[k]
	if !known {
		if len(a.known) >= maxAgents {
			clear(a.known)
		}
		k.uid = strings.Clone(k.uid) // it is remembered longer than the request whose text it is part of
	}
	if w.stopping {
		isNews = is.stop(w, now)
	} else {
		isNews = is.goOn(w, now, a.every)
	}
	a.known[k] = is
	if !isNews {
		return n, false
	}
	return news{is.event(w, now), k, is.changes}, true
}

// goOn takes a contact of an agent that runs. A run ends by a goodbye and by a silence of twice every.
func (is *agentState) goOn(w word, now time.Time, every time.Duration) (news bool) {
	if is.stopped && !w.greeting && now.Sub(is.heard) < farewell {
		return false
	}
	version, address := cmp.Or(w.version, is.version), cmp.Or(w.address, is.address)
	if is.since.IsZero() || is.stopped || now.Sub(is.heard) > 2*every || version != is.version || address != is.address {
		is.since = now
		is.change()
	}
	if w.since.Before(is.since) && now.Sub(w.since) < oldestRun {
		is.since = w.since
		is.change()
	}
	is.heard, is.stopped = now, false
	is.version, is.address = strings.Clone(version), strings.Clone(address)
	if w.sid != "" && !slices.Contains(is.users, w.sid) {
		is.users = append(is.users[max(0, len(is.users)-maxUsers+1):], strings.Clone(w.sid))
		is.change()
	}
	return now.Sub(is.told) >= every
}

func (is *agentState) stop(w word, now time.Time) (news bool) {
	if is.stopped && is.reason == w.reason && is.detail == w.detail {
		return is.told.IsZero()
	}
	is.stopped, is.heard, is.reason, is.detail = true, now, w.reason, strings.Clone(w.detail)
	is.version = strings.Clone(cmp.Or(w.version, is.version))
	is.change()
	return true
}

// change says that there is more to tell.
func (is *agentState) change() {
	is.told = time.Time{}
	is.changes++
}

// event says how the agent is.
func (is *agentState) event(w word, now time.Time) activity.Event {
	details := map[string]string{activity.DetailAgentVersion: is.version}
	if is.stopped {
		details[activity.DetailState] = activity.Stopping
		details[activity.DetailReason], details[activity.DetailDetail] = is.reason, is.detail
	} else {
		details[activity.DetailState], details[activity.DetailIPAddress] = activity.Running, is.address
		details[activity.DetailSince] = is.since.Format(time.RFC3339Nano)
	}
	maps.DeleteFunc(details, func(_, text string) bool { return text == "" })
	return activity.Event{Kind: activity.AgentState, Key: id.New().String(), ComputerUID: w.uid, UserSID: w.sid, At: now, Details: details}
}

// kept ends what is news, but for what has changed since.
func (a *agents) kept(told []news) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range told {
		if is, known := a.known[n.of]; known && is.changes == n.changes {
			is.told = n.At
			a.known[n.of] = is
		}
	}
}

// hear takes what an agent says of itself. When it returns nil it is durable, if it was news.
func (s *service) hear(ctx context.Context, source string, w word) error {
	if err := agent.Check(ctx, w.uid); err != nil {
		return err
	}
	a, _ := actor.From(ctx)
	n, isNews := s.agents.notice(a.OrganizationID, w, s.clock())
	if !isNews {
		return nil
	}
	return s.put(ctx, source, nil, []news{n})
}

// statesOf are the news of the agents whose events these are.
func (s *service) statesOf(organizationID int64, events []activity.Event) (states []news) {
	last, now := "", s.clock()
	for i := range events {
		e := &events[i]
		if e.ComputerUID == "" || e.Aside != "" || e.ComputerUID == last && e.Kind != activity.Computer {
			continue
		}
		last = e.ComputerUID
		w := word{uid: e.ComputerUID}
		if e.Kind == activity.Computer {
			w.greeting, w.version, w.address = true, e.Details[activity.DetailAgentVersion], e.Details[activity.DetailIPAddress]
		}
		n, isNews := s.agents.notice(organizationID, w, now)
		if isNews && !slices.ContainsFunc(states, func(o news) bool { return o.of == n.of && o.changes == n.changes }) {
			states = append(states, n)
		}
	}
	return states
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
