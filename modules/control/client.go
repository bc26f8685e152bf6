package control

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/ws"
)

const (
	// path is where agent-api takes sockets.
	path = "/v2/gateway/socket"
	// connectTimeout bounds the way to an open socket: name, proxy, TLS, upgrade.
	connectTimeout = 30 * time.Second
)

// parts are what a client is made of.
type parts struct {
	cfg      Config
	doer     command.Doer
	cloud    gateway.Cloud
	reach    gateway.Reach
	reporter gateway.Reporter
	log      *slog.Logger
	now      func() time.Time
	random   func() float64 // in [0, 1)
}

// client keeps the channel open.
type client struct {
	parts
	status  *status
	acks    *acks
	orders  *orders
	metrics *metrics
}

func newClient(p parts) *client {
	c := &client{parts: p, status: newStatus(p.log, p.reporter.Channel, p.now), acks: newAcks(), metrics: newMetrics()}
	c.orders = newOrders(c.carryOut, p.now)
	return c
}

// run opens the channel again and again until ctx ends, and returns when nothing that was begun is under way.
func (c *client) run(ctx context.Context) error {
	defer c.orders.work.Wait()
	if !c.cloud.Enrolled(ctx) {
		return nil
	}
	c.status.become(connecting, "")
	for failures := 0; ctx.Err() == nil; failures++ {
		rekeyed := c.reach.Rekeyed() // before the key is used
		e := c.once(ctx, rekeyed)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(e.err, errRekeyed) || e.state == refused && closed(rekeyed) { // it was another key
			c.status.become(connecting, "new_key")
			failures = -1
			continue
		}
		if e.lasted >= stable {
			failures = 0
		}
		if e.state != refused {
			rekeyed = nil // a new key would help nobody
		}
		wait := c.cfg.wait(e, failures, c.random())
		c.metrics.ends.WithLabelValues(e.reason).Inc()
		c.status.down(ctx, e, failures+1, wait)
		pause(ctx, wait, rekeyed)
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// pause waits until the time is up, or somebody wakes it, or ctx ends.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// once opens the channel and works with it until it ends.
func (c *client) once(ctx context.Context, rekeyed <-chan struct{}) ended {
	conn, err := c.connect(ctx)
	if err != nil {
		return endOf(err, 0)
	}
	began := c.now()
	c.metrics.opened.Inc()
	c.status.up(ctx, c.address())
	err = newSession(c, conn, rekeyed).run(ctx)
	return endOf(err, c.now().Sub(began))
}

func (c *client) address() string {
	if c.cfg.URL != "" {
		return c.cfg.URL
	}
	return c.cloud.URL() + path
}

func (c *client) connect(ctx context.Context) (*ws.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return ws.Dial(ctx, c.address(), ws.DialOptions{Client: c.reach.ClientTo(c.cfg.URL), Subprotocol: command.Subprotocol, Limit: command.MaxDown})
}

// carryOut has a command done and keeps its answer until agent-api has it.
func (c *client) carryOut(ctx context.Context, todo command.Command) {
	if a := c.doer.Do(ctx, todo); a.Status != "" { // else it is not answered yet: agent-api will ask again
		c.acks.add(a)
	}
}

// sleep waits, and reports whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
