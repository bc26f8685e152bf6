package monitoring

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// refreshEvery is how old the state may be that a process goes by.
	refreshEvery = time.Second
	// lookFor bounds a look at whether TimescaleDB may be read.
	lookFor = time.Second
	// listenEvery is how often TimescaleDB is asked while it is not known to be away: at night nobody else may.
	listenEvery = 10 * time.Second
	// proofFor bounds a probe that a sender waits for.
	proofFor = 3 * time.Second
)

// watch keeps the state fresh and tells of its changes, until ctx ends.
func (f *fallback) watch(ctx context.Context) error {
	ctx = asSystem(ctx)
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	active := false
	for {
		if err := f.refresh(ctx); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, "where time series go could not be read", "error", err)
		}
		f.announce(ctx)
		now := f.active()
		if now && !active {
			f.look(ctx)
		}
		active = now
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-f.wake:
		}
	}
}

// listen notices that TimescaleDB is away also where nobody writes or reads, until ctx ends. A process that begins without
// it does not wait for more failures: before the first, nothing had succeeded.
func (f *fallback) listen(ctx context.Context) error {
	ctx = asSystem(ctx)
	ticker := time.NewTicker(listenEvery)
	defer ticker.Stop()
	if err := f.peeked(ctx); err != nil && !f.active() {
		if err := f.activate(ctx, err); err != nil {
			f.log.ErrorContext(ctx, "the fallback could not be activated", "error", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := f.peeked(ctx); err != nil && !f.active() {
			f.misses(ctx, err)
		}
	}
}

// peeked reads from TimescaleDB, unless that is known to be away, and returns an error that says that it is.
func (f *fallback) peeked(ctx context.Context) error {
	if f.active() {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	err := f.peek(limited)
	if !away(ctx, err) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.missed = 0
		return nil
	}
	return err
}

// recover probes TimescaleDB while it is away, and brings the rows back when it is there again, until ctx ends.
func (f *fallback) recover(ctx context.Context) error {
	ctx = asSystem(ctx)
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	for {
		f.attempt(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// attempt does what can be done now to get back to TimescaleDB.
func (f *fallback) attempt(ctx context.Context) {
	if f.active() {
		if err := f.probed(ctx); err != nil {
			f.log.WarnContext(ctx, "TimescaleDB still unavailable, continuing fallback mode", "error", err)
			f.look(ctx)
			return
		}
		s, turned, err := f.book.turn(ctx, false, "", f.now())
		if err != nil {
			f.log.ErrorContext(ctx, "the fallback could not be ended", "error", err)
			return
		}
		f.learn(s)
		if turned {
			f.log.InfoContext(ctx, "TimescaleDB recovery successful, fallback deactivated")
		}
		f.announce(ctx)
	}
	if s := f.current(); !s.Waiting || s.Active {
		return
	}
	if err := f.move(ctx); err != nil && ctx.Err() == nil {
		f.log.ErrorContext(ctx, "rows could not be brought back to TimescaleDB, will go on", "error", err)
	}
	if err := f.refresh(ctx); err != nil && ctx.Err() == nil {
		f.log.WarnContext(ctx, "where time series go could not be read", "error", err)
	}
}

func (f *fallback) probed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	return f.probe(ctx)
}

// look finds out whether readers can have what is in TimescaleDB, although it takes no rows.
func (f *fallback) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	readable := f.peek(ctx) == nil
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readable = readable
}

// announce raises the alerts of the state. Every process does, so that none is lost with the process that changed it;
// the same alert is kept once.
func (f *fallback) announce(ctx context.Context) {
	s := f.current()
	switch {
	case s.Since == nil:
	case s.Active:
		f.tell(ctx, activated, alert.Critical, *s.Since, map[string]any{
			"severity": string(alert.Critical), "consecutiveFailures": f.failures, "reason": s.Reason,
		})
	case s.Waiting:
		f.tell(ctx, recovered, alert.Info, *s.Since, map[string]any{"severity": string(alert.Info), "since": s.Since.UTC().Format(time.RFC3339)})
	}
}

// tell raises an alert of the activation that began then, unless this process has.
func (f *fallback) tell(ctx context.Context, kind string, s alert.Severity, since time.Time, details map[string]any) {
	f.telling.Lock()
	defer f.telling.Unlock()
	if f.told[kind].Equal(since) {
		return
	}
	err := f.raise(ctx, alert.Alert{
		ID: id.Derive(0, kind, since.UTC().Format(time.RFC3339Nano)), Kind: kind, Severity: s, At: f.now(), Subject: "database:timescaledb", Details: details,
	})
	if err != nil {
		f.log.ErrorContext(ctx, "an alert could not be raised", "kind", kind, "error", err)
		return
	}
	f.told[kind] = since
}
