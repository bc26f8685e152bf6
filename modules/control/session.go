package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/ws"
)

const (
	// maxMisses is how many pings may go unanswered.
	maxMisses = 2
	// farewell is how long the other end may take to say goodbye when the gateway stops.
	farewell = time.Second
	// renewAfter, or up to twice as long, is how long a socket goes on whose key is not the gateway's any more; agent-api
	// lets it be for a minute.
	renewAfter = 2 * time.Second
	// maxAnswers bounds the answers to heartbeats that wait to be read; there is one for each heartbeat.
	maxAnswers = 4
)

// session is one open socket.
type session struct {
	*client
	conn    *ws.Conn
	answers chan json.RawMessage // to heartbeats
	rekeyed <-chan struct{}      // closed when the socket's key is not the gateway's any more
}

func newSession(c *client, conn *ws.Conn, rekeyed <-chan struct{}) *session {
	return &session{client: c, conn: conn, answers: make(chan json.RawMessage, maxAnswers), rekeyed: rekeyed}
}

// run works until the socket ends, and says why it did.
func (s *session) run(parent context.Context) error {
	ctx, end := context.WithCancelCause(context.WithoutCancel(parent))
	reading, cut := context.WithCancel(context.WithoutCancel(parent)) // its end cuts the line
	defer cut()
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context) error{s.beat, s.ping, s.answer, s.hear, s.renew} {
		loops.Go(func() {
			if err := loop(ctx); err != nil {
				end(err)
				s.finish(err, cut)
			}
		})
	}
	stopped := context.AfterFunc(parent, func() {
		end(context.Canceled)
		time.AfterFunc(farewell, cut)
		s.conn.Close(ws.GoingAway, "the gateway stops")
	})
	err := s.listen(parent, reading)
	end(err) // the first of them is what counts, but for what the other end says
	stopped()
	s.conn.CloseNow()
	loops.Wait()
	cause := context.Cause(ctx)
	if code, _ := ws.Closed(err); code != 0 && !errors.Is(cause, errRekeyed) {
		return err
	}
	return cause
}

// renew ends the socket some seconds after the gateway has got another key, so that the next one belongs to that. Meanwhile
// the order to change the key can be answered.
func (s *session) renew(ctx context.Context) error {
	select {
	case <-s.rekeyed:
	case <-ctx.Done():
		return nil
	}
	if !sleep(ctx, renewAfter+time.Duration(s.random()*float64(renewAfter))) {
		return nil
	}
	return errRekeyed
}

// finish ends the socket. Where writing to it failed, the other end may have said why: that is read first.
func (s *session) finish(err error, cut func()) {
	if errors.Is(err, errSilent) {
		cut()
		return
	}
	time.AfterFunc(farewell, cut)
	if errors.Is(err, errRekeyed) {
		s.conn.Close(ws.Normal, "the gateway has a new key")
	}
}

// listen takes what comes until nothing comes any more. What it orders is done under parent: it outlives the socket.
func (s *session) listen(parent, reading context.Context) error {
	for {
		frame, err := s.conn.Read(reading)
		if err != nil {
			return err
		}
		got, err := read(frame)
		if err != nil {
			s.log.DebugContext(parent, "a message was not understood", "bytes", len(frame), "error", err)
			s.conn.Close(ws.Unsupported, "the message is not understood")
			return err
		}
		s.take(parent, got)
	}
}

func (s *session) take(ctx context.Context, got received) {
	switch {
	case got.command != nil:
		s.metrics.received.WithLabelValues("command").Inc()
		if !s.orders.put(ctx, *got.command) {
			s.log.WarnContext(ctx, "too many commands wait; agent-api will send it again", "command", got.id)
		}
		return
	case got.malformed != nil:
		s.metrics.received.WithLabelValues("malformed").Inc()
		s.acks.add(command.Ack{CommandID: got.id, Status: command.Failed, Code: "malformed", Error: "the command cannot be read", At: s.now().UTC()})
		return
	}
	s.metrics.received.WithLabelValues(got.event).Inc()
	switch got.event {
	case command.EventHeartbeatAck:
		select {
		case s.answers <- got.data:
		default: // those that wait are as good
		}
	case command.EventAckReceived:
		s.acks.received(got.id)
	case command.EventCancel:
		s.orders.cancel(got.id)
	default:
		s.log.DebugContext(ctx, "a message of an unknown kind was passed over")
	}
}

// beat says how the gateway is, at once and then a little more often than is wanted.
func (s *session) beat(ctx context.Context) error {
	for {
		if err := s.report(ctx); err != nil {
			return err
		}
		if !sleep(ctx, time.Duration((0.9+0.1*s.random())*float64(s.reporter.Interval()))) {
			return nil
		}
	}
}

func (s *session) report(ctx context.Context) error {
	body, err := s.reporter.Report(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "the gateway cannot say how it is", "error", err)
		return nil
	}
	frame, err := frameOf(command.EventHeartbeat, body)
	if err != nil {
		return err
	}
	return s.write(ctx, frame)
}

// write sends a frame. That the session ends does not cut it off in the middle: the socket could not say goodbye then.
func (s *session) write(ctx context.Context, frame []byte) error {
	return s.conn.Write(context.WithoutCancel(ctx), frame)
}

// hear takes the answers to heartbeats, which may be slow to keep.
func (s *session) hear(ctx context.Context) error {
	for {
		select {
		case body := <-s.answers:
			if err := s.reporter.Answered(ctx, body); err != nil {
				s.log.WarnContext(ctx, "the answer to a heartbeat was not taken", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// ping asks whether somebody still is there.
func (s *session) ping(ctx context.Context) error { return s.cfg.watch(ctx, s.conn.Ping, s.conn.Heard) }

// watch pings until ctx ends, or nothing at all is heard while too many pings in a row wait for their answers: one that is
// late among other messages is no sign of an end.
func (c Config) watch(ctx context.Context, ping func(context.Context) error, heard func() uint64) error {
	last := heard()
	for misses := 0; sleep(ctx, c.PingInterval); {
		before := heard()
		if before != last {
			misses = 0
		}
		late, err := c.late(ctx, ping)
		last = heard()
		switch {
		case err == nil || late && last != before:
			misses = 0
		case !late:
			return err // the socket is gone, or we are told to stop
		default:
			misses++
		}
		if misses >= maxMisses {
			return fmt.Errorf("%w: %d in a row", errSilent, misses)
		}
	}
	return nil
}

// late pings once, and reports whether the answer, or room for the ping, did not come in time.
func (c Config) late(ctx context.Context, ping func(context.Context) error) (bool, error) {
	once, cancel := context.WithTimeout(ctx, c.PingTimeout)
	defer cancel()
	err := ping(once)
	return ctx.Err() == nil && (once.Err() != nil || errors.Is(err, context.DeadlineExceeded)), err
}

// answer sends each answer at once, and again until agent-api has it.
func (s *session) answer(ctx context.Context) error {
	repeat := time.NewTicker(s.cfg.AckRepeat)
	defer repeat.Stop()
	var sent int64 // the last one since the last repetition
	for {
		for _, a := range s.acks.after(sent) {
			if err := s.send(ctx, a.Ack); err != nil {
				return err
			}
			sent = a.n
		}
		select {
		case <-s.acks.news:
		case <-repeat.C:
			sent = 0
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *session) send(ctx context.Context, a command.Ack) error {
	frame, err := ackFrame(a)
	if err != nil {
		s.log.WarnContext(ctx, "an answer cannot be written", "command", a.CommandID, "error", err)
		s.acks.received(a.CommandID)
		return nil
	}
	return s.write(ctx, frame)
}
