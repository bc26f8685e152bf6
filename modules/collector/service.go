package collector

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
	"github.com/staff-control/staff-control/platform/trace"
)

// The intakes, as events name them.
const (
	sourceAPI = "api"
	sourceV1  = "v1"
)

type service struct {
	sink   activity.Sink
	shots  shot.Taker
	keys   identity.Keys
	rules  rule.Set
	agents *agents
	now    func() time.Time
	count  func(source string, kind activity.Kind, n int)
	// excluded counts an event that may not be stored.
	excluded func(why string)
	// maxPicture is how much is read of a picture that may not be stored.
	maxPicture int64
}

// take hands events over for good. When it returns nil they are durable.
func (s *service) take(ctx context.Context, source string, events []activity.Event) error {
	if len(events) == 0 {
		return nil
	}
	for i := range events {
		e := &events[i]
		if err := agent.Check(ctx, e.ComputerUID); err != nil {
			return err
		}
		e.ComputerUID, e.UserSID = cut(e.ComputerUID, activity.MaxUID), cut(e.UserSID, activity.MaxUID)
	}
	a, _ := actor.From(ctx)
	states := s.statesOf(a.OrganizationID, events) // also where nothing of theirs is kept: they were here
	events, err := s.sift(ctx, events)
	if err != nil {
		return err
	}
	for i := range events {
		shorten(&events[i])
	}
	return s.put(ctx, source, events, states)
}

// put hands over events, and with them what is new of their agents.
func (s *service) put(ctx context.Context, source string, events []activity.Event, states []news) error {
	all, traceparent := events, trace.Parent(ctx)
	for _, n := range states {
		all = append(all, n.Event)
	}
	if len(all) == 0 {
		return nil
	}
	for i := range all {
		all[i].Source, all[i].Trace = source, traceparent
	}
	if _, err := s.sink.Put(ctx, activity.Batch{Events: all}); err != nil {
		return err
	}
	s.agents.kept(states)
	s.tally(source, all)
	return nil
}

// shorten cuts what nobody will keep, so that it is not carried either.
func shorten(e *activity.Event) {
	e.Title, e.Process = cut(e.Title, activity.MaxTitle), cut(e.Process, activity.MaxProcess)
	e.URL, e.FilePath = cut(e.URL, activity.MaxURL), cut(e.FilePath, activity.MaxPath)
	for name, text := range e.Details {
		e.Details[name] = cut(text, activity.MaxTitle)
	}
}

// cut cuts a text on a rune boundary.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// tally counts runs of events of one kind, which a batch nearly always is.
func (s *service) tally(source string, events []activity.Event) {
	from := 0
	for i := range events {
		if events[i].Kind != events[from].Kind {
			s.count(source, events[from].Kind, i-from)
			from = i
		}
	}
	s.count(source, events[from].Kind, len(events)-from)
}

// authenticate returns the agent that holds the key, if that may be used from its address.
func (s *service) authenticate(ctx context.Context, key, address string) (actor.Actor, error) {
	k, err := s.keys.ByHash(ctx, secret.Hash(key))
	if err != nil {
		return actor.Actor{}, err
	}
	if !k.Allows(address) {
		return actor.Actor{}, identity.ErrKeyAddress
	}
	return actor.Actor{Role: k.Type, ID: fmt.Sprintf("key:%d", k.ID), OrganizationID: k.OrganizationID, Key: k.Hash}, nil
}

// addKeys gives events the keys that make a repeat harmless where the client names none (v1): what the event is, and
// which of equal ones of its batch. So a batch sent again is stored once, and three equal items of one batch stay three.
func addKeys(events []activity.Event) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	seen := make(map[id.UUID]int64, len(events))
	for i := range events {
		e := &events[i]
		content := id.Derive(0, string(e.Kind), e.ComputerUID, e.UserSID, n(e.At.Unix()), n(int64(e.At.Nanosecond())), n(e.End.Unix()),
			n(int64(e.End.Nanosecond())), n(e.Duration), e.Title, e.Process, e.URL, e.Session, e.FilePath)
		seen[content]++
		e.Key = content.String() + ":" + n(seen[content])
	}
}

// registration is what an agent tells of its computer or of a Windows user, as an event: it is kept and
// delivered like one. Empty texts tell nothing.
func (s *service) registration(kind activity.Kind, uid, sid string, details map[string]string) activity.Event {
	maps.DeleteFunc(details, func(_, text string) bool { return text == "" })
	return activity.Event{Kind: kind, Key: id.New().String(), ComputerUID: uid, UserSID: sid, At: s.now().UTC(), Details: details}
}

// sessionTypes maps the session types of v1, and our own in any case, to ours.
var sessionTypes = map[string]string{
	"LOGIN": activity.Login, "LOGOUT": activity.Logout, "LOCKED": activity.Lock, "UNLOCKED": activity.Unlock,
	"LOCK": activity.Lock, "UNLOCK": activity.Unlock,
}

func sessionType(text string) (string, bool) {
	t, ok := sessionTypes[strings.ToUpper(text)]
	return t, ok
}
