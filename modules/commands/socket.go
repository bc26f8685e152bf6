package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

const (
	// messageRate and messageTime bound what a gateway may send: so many a second, for so long.
	messageRate = 50
	messageTime = 5 * time.Second
	// messageTimeout bounds the work on one message.
	messageTimeout = 15 * time.Second
	// maxMisses is how many pings in a row may go by without a sign of life.
	maxMisses = 2
)

// socket is a gateway's connection. While it is idle it has one goroutine, which reads; what comes another one works on.
type socket struct {
	hub   *hub
	conn  *ws.Conn
	base  context.Context
	id    id.UUID
	by    gateway.Caller
	as    actor.Actor
	since time.Time
	place uint64 // among the sockets of the process, the later the greater

	nextPing time.Time // the pinger's, as are the next two
	heard    uint64    // what had been heard of the gateway
	asked    int       // how often it was pinged since

	inbox   *inbox
	beatKey string                 // of whoever works
	why     atomic.Pointer[string] // it ends
	deaf    atomic.Bool            // nothing that the gateway still says counts
}

// holding is what the database knows of the socket.
func (s *socket) holding() holding {
	return holding{gatewayID: s.by.ID, socketID: s.id, organizationID: s.by.OrganizationID, since: s.since}
}

// refuse closes a socket that was never taken in: it came too late, or another came meanwhile.
func (s *socket) refuse(late bool) {
	if late {
		s.conn.Close(command.CloseReplaced, "replaced")
		return
	}
	s.conn.Close(ws.GoingAway, "the server stops")
}

// shut closes the socket with a code and words for the gateway and a reason for the metric, once.
func (s *socket) shut(code int, words, reason string) {
	if s.why.CompareAndSwap(nil, &reason) {
		s.deaf.Store(true)
		go s.conn.Close(ws.Code(code), words)
	}
}

// read takes the gateway's messages until the socket ends.
func (s *socket) read() {
	rate := ws.Limit{PerSecond: messageRate, Over: messageTime}
	for {
		message, err := s.conn.Read(s.base)
		if err != nil {
			s.end(err)
			return
		}
		if !rate.Allow(s.hub.now()) {
			s.shut(int(ws.Policy), "too many messages", "flood")
		} else if s.inbox.put(message) {
			s.hub.busy.Add(1)
			go s.workOff()
		}
		if s.deaf.Load() {
			s.end(nil)
			return
		}
	}
}

// end says why the socket ended.
func (s *socket) end(err error) {
	reason := "cut"
	code, _ := ws.Closed(err)
	switch {
	case errors.Is(err, ws.ErrTooBig):
		reason = "too_big"
	case errors.Is(err, ws.ErrNotText):
		reason = "malformed"
	case code != 0:
		reason = "gateway"
	}
	if s.why.CompareAndSwap(nil, &reason) {
		s.conn.CloseNow()
	}
	s.hub.metrics.disconnects.WithLabelValues(*s.why.Load()).Inc()
	s.hub.log.DebugContext(s.base, "socket of a gateway ended", "gateway", s.by.ID, "reason", *s.why.Load(), "code", code, "error", err)
	s.hub.leave(s)
}

// workOff works on the messages that wait. It does so on a stack of its own, which the database needs to be large and
// which the idle socket does not have to keep. What came before a gateway went counts, too.
func (s *socket) workOff() {
	defer s.hub.busy.Done()
	for message, more := s.inbox.next(); more; message, more = s.inbox.next() {
		if s.deaf.Load() {
			continue
		}
		if answer := s.work(message); answer != nil {
			answer()
		}
	}
}

// work does what a message asks for when there is a place for it. It returns how to answer: that may take as long as the
// gateway does not read, and the place is for others meanwhile.
func (s *socket) work(message []byte) (answer func()) {
	s.hub.working <- struct{}{}
	defer func() { <-s.hub.working }()
	ctx, cancel := context.WithTimeout(actor.With(s.base, s.as), messageTimeout)
	defer cancel()
	return s.take(ctx, message)
}

func (s *socket) take(ctx context.Context, message []byte) (answer func()) {
	var m command.Message
	if err := json.Unmarshal(message, &m); err != nil || m.Event == "" {
		s.malformed("not a message")
		return nil
	}
	switch m.Event {
	case command.EventHeartbeat:
		return s.heartbeat(ctx, m.Data)
	case command.EventAck:
		return s.acknowledge(ctx, m.Data)
	}
	s.hub.log.DebugContext(ctx, "a gateway says what nobody understands", "gateway", s.by.ID, "event", short(m.Event))
	return nil
}

func (s *socket) malformed(words string) { s.shut(int(ws.Unsupported), words, "malformed") }

func (s *socket) heartbeat(ctx context.Context, body []byte) (answer func()) {
	said, err := s.hub.pulse.Beat(ctx, body, s.beatKey)
	switch {
	case errors.Is(err, gateway.ErrForeign):
		s.shut(int(ws.Policy), "a report in the name of another gateway", "foreign")
	case errors.Is(err, gateway.ErrKeyRefused):
		s.shut(command.CloseRefused, "the key is not valid any more", "refused")
	case err != nil && !fault.Retryable(err):
		s.malformed("the heartbeat cannot be read")
	case err != nil:
		s.hub.failed(ctx, err)
		s.hub.log.DebugContext(ctx, "heartbeat of a gateway was not kept", "gateway", s.by.ID, "error", err)
	default:
		if bytes.Contains(said, []byte(`"newKey"`)) {
			s.beatKey = "" // one new key is enough: the gateway comes again with it
		}
		return func() { s.say(command.EventHeartbeatAck, said) }
	}
	return nil
}

func (s *socket) acknowledge(ctx context.Context, body []byte) (answer func()) {
	var a command.Ack
	err := json.Unmarshal(body, &a)
	if err != nil || a.CommandID == id.Nil || a.Status != command.Completed && a.Status != command.Failed {
		s.malformed("the answer to a command cannot be read")
		return nil
	}
	if err := s.hub.service.acknowledge(ctx, s.by, a); err != nil {
		s.hub.failed(ctx, err)
		s.hub.log.DebugContext(ctx, "answer of a gateway was not kept", "gateway", s.by.ID, "command", a.CommandID, "error", err)
		return nil // it comes again
	}
	return func() {
		s.say(command.EventAckReceived, command.Reference{CommandID: a.CommandID})
		s.hub.want(s.by.ID)
	}
}

// say sends a message. What cannot be sent ends the socket, which the reader sees.
func (s *socket) say(event string, data any) {
	frame, err := frame(event, data)
	if err == nil {
		err = s.conn.Write(s.base, frame)
	}
	if err != nil {
		s.hub.log.DebugContext(s.base, "message to a gateway was not sent", "gateway", s.by.ID, "event", event, "error", err)
		s.conn.CloseNow()
	}
}

func frame(event string, data any) ([]byte, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(command.Message{Event: event, Data: body})
}

// send delivers a command that has been claimed for this socket, unless its time has run out on the way.
func (s *socket) send(row commandRow) {
	c := row.message(s.hub.now())
	if c.ExpiresInMS <= 0 {
		return
	}
	s.hub.metrics.deliveries.Inc()
	s.say(string(c.Type), c)
}

// withdraw tells the gateway that a command need not be done.
func (s *socket) withdraw(commandID id.UUID) {
	if s != nil {
		s.say(command.EventCancel, command.Reference{CommandID: commandID})
	}
}

// ping asks whether the gateway is there, unless it was asked often enough and nothing at all has come since: then the
// socket ends. While too many messages of the gateway wait, nobody reads what it says.
func (s *socket) ping() {
	if heard := s.conn.Heard(); heard != s.heard || s.inbox.stuck() {
		s.heard, s.asked = heard, 0
	}
	if s.asked == maxMisses {
		reason := "no_pong"
		s.why.CompareAndSwap(nil, &reason)
		go s.conn.CloseNow()
		return
	}
	s.asked++
	go func() {
		ctx, cancel := context.WithTimeout(s.base, s.hub.cfg.PingInterval)
		defer cancel()
		_ = s.conn.Ping(ctx) // what counts is what is heard
	}()
}

// short is the beginning of a text from outside, for a line of the log.
func short(text string) string { return strings.ToValidUTF8(text[:min(len(text), 50)], "") }
