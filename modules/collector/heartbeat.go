package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// maxAgents bounds the agents kept in memory; past it all are forgotten and told of anew.
	maxAgents = 50_000
	// maxUsers bounds the Windows users that are remembered of an agent.
	maxUsers = 16
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
	told             time.Time // zero if what was to be told could not be kept
	version, address string
	users            []string
	stopped          bool
	reason, detail   string
}

// word is what a request says of its agent.
type word struct {
	uid, sid, version, address string
	// greeting says that the agent itself says that it runs: it is no late batch of one that has stopped.
	greeting       bool
	stopping       bool
	reason, detail string
}

func newAgents(every time.Duration) *agents {
	return &agents{every: every, known: map[agentKey]agentState{}}
}

// notice notes the contact, and returns the event that tells of it if it is news.
func (a *agents) notice(organizationID int64, w word, now time.Time) (e activity.Event, news bool) {
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
		news = is.stop(w, now)
	} else {
		news = is.goOn(w, now, a.every)
	}
	a.known[k] = is
	if !news {
		return e, false
	}
	return is.event(w, now), true
}

// goOn takes a contact of an agent that runs. A run ends by a goodbye and by a silence of twice every.
func (is *agentState) goOn(w word, now time.Time, every time.Duration) (news bool) {
	if is.stopped && !w.greeting && now.Sub(is.heard) < farewell {
		return false
	}
	version, address := cmp.Or(w.version, is.version), cmp.Or(w.address, is.address)
	if is.since.IsZero() || is.stopped || now.Sub(is.heard) > 2*every || version != is.version || address != is.address {
		is.since, is.told = now, time.Time{}
	}
	is.heard, is.stopped = now, false
	is.version, is.address = strings.Clone(version), strings.Clone(address)
	if w.sid != "" && !slices.Contains(is.users, w.sid) {
		is.users, is.told = append(is.users[max(0, len(is.users)-maxUsers+1):], strings.Clone(w.sid)), time.Time{}
	}
	if now.Sub(is.told) < every {
		return false
	}
	is.told = now
	return true
}

func (is *agentState) stop(w word, now time.Time) (news bool) {
	if is.stopped && !is.told.IsZero() && is.reason == w.reason && is.detail == w.detail {
		return false
	}
	is.stopped, is.heard, is.told, is.reason, is.detail = true, now, now, w.reason, strings.Clone(w.detail)
	is.version = strings.Clone(cmp.Or(w.version, is.version))
	return true
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

// untold makes the next contact of these agents news: what was to be told of them was not kept.
func (a *agents) untold(organizationID int64, states []activity.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range states {
		k := agentKey{organizationID, e.ComputerUID}
		if is, known := a.known[k]; known {
			is.told = time.Time{}
			a.known[k] = is
		}
	}
}

// hear takes what an agent says of itself. When it returns nil it is durable, if it was news.
func (s *service) hear(ctx context.Context, source string, w word) error {
	a, _ := actor.From(ctx)
	e, news := s.agents.notice(a.OrganizationID, w, s.clock())
	if !news {
		return nil
	}
	return s.put(ctx, source, nil, []activity.Event{e})
}

// Heard implements activity.Contacts.
func (s *service) Heard(ctx context.Context, computerUID string) error {
	return s.hear(ctx, sourceAPI, word{uid: cut(computerUID, activity.MaxUID)})
}

// statesOf are the news of the agents whose events these are.
func (s *service) statesOf(organizationID int64, events []activity.Event) (states []activity.Event) {
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
		if state, news := s.agents.notice(organizationID, w, now); news {
			states = append(states, state)
		}
	}
	return states
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
