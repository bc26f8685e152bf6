package executor

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/log"
)

// Why a command failed, where its own owner does not say.
const (
	codeExpired     = "expired"
	codeUnsupported = "unsupported"
	codeInterrupted = "interrupted"
	codeMalformed   = "malformed"
	codeTimeout     = "timeout"
	codeFailed      = "failed"
	codeChecksum    = "checksum"
	codeMemory      = "memory"
	// codeHealth is of a new version that was started and was not healthy.
	codeHealth = "health_check_failed"
)

// errLater says that a command is not answered yet, though nothing is wrong: this process ends before it can be.
var errLater = errors.New("the answer comes after the restart")

// handler carries one type of command out. What it fills in of the answer goes to agent-api.
type handler struct {
	do func(ctx context.Context, c command.Command, a *command.Ack) error
	// longest is how long it may take.
	longest time.Duration
	// begins is how often it may be begun while nobody knows how it ended: what may not be done twice once, all else a few
	// times, or the process might die of it again and again.
	begins int
	// lane is for what is done one at a time; types have lanes of their own.
	lane chan struct{}
}

// service is command.Doer.
type service struct {
	memory   *memory
	log      *slog.Logger
	now      func() time.Time
	handlers map[command.Type]*handler
	metrics  *metrics
}

func newService(m *memory, log *slog.Logger, now func() time.Time) *service {
	return &service{memory: m, log: log, now: now, handlers: map[command.Type]*handler{}, metrics: newMetrics()}
}

// Do carries a command out once, and returns the answer that it gave then however often it comes again. An answer without
// a status is none: the command is not done with, and has to come again.
func (s *service) Do(ctx context.Context, c command.Command) command.Ack {
	came := s.now()
	c.ExpiresInMS = min(c.ExpiresInMS, maxLife.Milliseconds())
	h, supported := s.handlers[c.Type]
	if !supported {
		return s.failed(c, codeUnsupported, "this version of the gateway cannot do that")
	}
	select {
	case h.lane <- struct{}{}:
		defer func() { <-h.lane }()
	case <-ctx.Done():
		return command.Ack{}
	}
	known, found := s.memory.find(c.ID)
	switch {
	case found && known.Ack != nil:
		s.metrics.repeated.Inc()
		return *known.Ack
	case found && known.Begun >= h.begins:
		return s.end(ctx, c, s.failed(c, codeInterrupted, "the gateway stopped in the middle; nobody knows how far it came"), came)
	case c.ExpiresInMS <= s.now().Sub(came).Milliseconds():
		return s.end(ctx, c, s.failed(c, codeExpired, "it came too late"), came)
	}
	return s.carryOut(ctx, h, c, came)
}

func (s *service) carryOut(ctx context.Context, h *handler, c command.Command, came time.Time) command.Ack {
	if err := s.memory.begin(c, h.begins == 1); err != nil {
		s.log.ErrorContext(ctx, "that a command begins could not be kept", "command", c.ID, "type", c.Type, "error", err)
		if h.begins == 1 {
			return s.failed(c, codeMemory, "the gateway's disk does not take it")
		}
	}
	s.log.InfoContext(ctx, "a command is carried out", "command", c.ID, "type", c.Type, "attempt", c.Attempt)
	a := command.Ack{CommandID: c.ID, Status: command.Completed}
	err := s.guarded(ctx, h, c, &a)
	switch {
	case errors.Is(err, errLater), err != nil && ctx.Err() != nil:
		return command.Ack{} // we are stopping; it comes again
	case err != nil:
		a.Status, a.Code, a.Error = command.Failed, codeOf(err), words(err)
		if a.Code == codeTimeout {
			a.Error = "it took longer than " + h.longest.String()
		}
	}
	a.At = s.now().UTC()
	return s.end(ctx, c, a, came)
}

// guarded calls the handler for as long as it may take.
func (s *service) guarded(ctx context.Context, h *handler, c command.Command, a *command.Ack) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.longest, errTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(ctx, "a command's handler panicked", "command", c.ID, "type", c.Type, "panic", p)
			err = errPanic
		}
		if err != nil && context.Cause(ctx) == errTimeout {
			err = errors.Join(errTimeout, err)
		}
	}()
	return h.do(ctx, c, a)
}

var (
	errTimeout = errors.New("it took too long")
	errPanic   = errors.New("the gateway has a fault of its own; see its log")
)

// end remembers the answer.
func (s *service) end(ctx context.Context, c command.Command, a command.Ack, came time.Time) command.Ack {
	if err := s.memory.end(c, &a); err != nil { // this process knows it, and agent-api will in a moment
		s.log.ErrorContext(ctx, "the answer to a command was not kept", "command", c.ID, "type", c.Type, "error", err)
	}
	took := s.now().Sub(came)
	s.metrics.ended(c.Type, a, took)
	level := slog.LevelInfo
	if a.Status == command.Failed {
		level = slog.LevelWarn
	}
	s.log.Log(ctx, level, "a command has ended", "command", c.ID, "type", c.Type, "status", a.Status, "code", a.Code, "error", a.Error,
		"took", took.Round(time.Millisecond))
	return a
}

func (s *service) failed(c command.Command, code, text string) command.Ack {
	return command.Ack{CommandID: c.ID, Status: command.Failed, Code: code, Error: text, At: s.now().UTC()}
}

// failure is an error that says itself what programs see of it.
type failure struct{ code, text string }

func (f failure) Error() string { return f.text }

// codeOf is what programs see of an error: the last part of the fault's code.
func codeOf(err error) string {
	var (
		own failure
		f   *fault.Error
	)
	switch {
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, rule.ErrChecksum):
		return codeChecksum
	case errors.Is(err, update.ErrRolledBack):
		return codeHealth
	case errors.Is(err, errTimeout):
		return codeTimeout
	case errors.As(err, &f):
		return f.Code[strings.LastIndexByte(f.Code, '.')+1:]
	}
	return codeFailed
}

// maxWords bounds what people see of an error.
const maxWords = 500

func words(err error) string {
	text := strings.ToValidUTF8(log.ScrubText(err.Error()), "�")
	if len(text) <= maxWords {
		return text
	}
	cut := maxWords
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// payload reads what a command says.
func payload[T any](c command.Command) (v T, err error) {
	if len(c.Payload) == 0 || string(c.Payload) == "null" {
		return v, nil
	}
	if err := json.Unmarshal(c.Payload, &v); err != nil {
		return v, failure{codeMalformed, "the payload cannot be read: " + err.Error()}
	}
	return v, nil
}
