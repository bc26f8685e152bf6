package kernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/httpx"
)

// Host is the kernel as one module sees it.
type Host struct {
	Role Role
	Log  *slog.Logger
	// DB, Events, Jobs and Audit are nil on a gateway, which has no database of the server's.
	DB     *db.DB
	Events *event.Bus
	Jobs   Orders
	Audit  *audit.Log
	// Series is where time series are: DB itself, unless they are in TimescaleDB. Nil on a gateway.
	Series *db.DB
	// Metrics prefixes what is registered with staff_<module>_.
	Metrics prometheus.Registerer
	// AllMetrics has no prefix, for the few names that the design document gives.
	AllMetrics prometheus.Registerer
	Version    string
	// Data is the directory for files of this process.
	Data string

	kernel   *Kernel
	manifest Manifest
	loops    []loop
	defers   []func(context.Context) error
	put, got map[Port]bool
}

type loop struct {
	name string
	run  func(context.Context) error
}

// Get returns a port that the manifest needs; to ask for another is a bug and panics.
func Get[T any](h *Host) T {
	port := PortOf[T]()
	if !slices.Contains(h.manifest.Needs, port) {
		panic(fmt.Sprintf("kernel: module %s gets %s, which its manifest does not need", h.manifest.Name, port))
	}
	h.got[port] = true
	return h.kernel.ports[port].(T)
}

// Put provides a port that the manifest names; another, or twice, is a bug and panics.
func Put[T any](h *Host, v T) {
	port := PortOf[T]()
	if !slices.Contains(h.manifest.Provides, port) || h.put[port] {
		panic(fmt.Sprintf("kernel: module %s puts %s, which its manifest does not provide once", h.manifest.Name, port))
	}
	h.put[port] = true
	h.kernel.ports[port] = v
}

// Routes returns a router that is live in role r only; in others it takes routes and forgets them.
func (h *Host) Routes(r Role) httpx.Router {
	if r != h.Role {
		return nowhere{}
	}
	return h.kernel.server.Router(h.manifest.Name, h.manifest.Paths)
}

// RoutesV1 is Routes for v1's clients: on the dashboard with v1's bare answers, elsewhere with agent-api's envelope.
func (h *Host) RoutesV1(r Role) httpx.Router {
	if r != h.Role {
		return nowhere{}
	}
	envelope := httpx.API
	if r == Dashboard {
		envelope = httpx.RAW
	}
	return h.kernel.server.RouterV1(h.manifest.Name, h.manifest.Paths, envelope)
}

// Authenticate adds a way to find out on whose behalf a request of role r comes.
func (h *Host) Authenticate(r Role, a httpx.Authenticator) {
	if r == h.Role {
		h.kernel.server.Authenticate(a)
	}
}

// Listen opens one more address on which the role's routes are served, through a door of its own, for as long as the
// role serves. It returns the address in full.
func (h *Host) Listen(ctx context.Context, address string, d httpx.Door) (net.Addr, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	h.Defer(func(context.Context) error {
		if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
			return err // nobody served
		}
		return nil
	})
	h.kernel.doors = append(h.kernel.doors, door{d, ln})
	return ln.Addr(), nil
}

// Zones says in which zones those who ask role r read times.
func (h *Host) Zones(r Role, z httpx.Zones) {
	if r == h.Role {
		h.kernel.server.SetZones(z)
	}
}

// Forbidden tells fn of each actor of role r that asks for what its role may not.
func (h *Host) Forbidden(r Role, fn func(ctx context.Context, a actor.Actor)) {
	if r == h.Role {
		h.kernel.server.Forbidden(fn)
	}
}

// Go adds a loop. It runs once every module is built; when it returns an error before its context ends,
// the process stops. Returning nil means that it is done.
func (h *Host) Go(name string, run func(context.Context) error) {
	h.loops = append(h.loops, loop{name, run})
}

// Cron adds work on a schedule of five fields. On the servers it is a job: of several replicas one does it.
func (h *Host) Cron(name, spec string, run func(context.Context) error) {
	if err := h.kernel.options.Schedule.Cron(h.manifest.Name+" "+name, spec, run); err != nil {
		panic(fmt.Sprintf("kernel: module %s: cron %s: %v", h.manifest.Name, name, err))
	}
}

// Defer undoes what Init opened. The last one added runs first, after the module's loops have ended.
func (h *Host) Defer(close func(context.Context) error) { h.defers = append(h.defers, close) }

// Health adds a dependency that must answer for the process to be ready.
func (h *Host) Health(name string, ask func(context.Context) error) {
	h.kernel.health.add(check{name: name, ask: ask})
}

// HealthOfPart adds a dependency of a part of the work: while it does not answer the process is degraded, and ready for
// the rest.
func (h *Host) HealthOfPart(name string, ask func(context.Context) error) {
	h.kernel.health.add(check{name: name, ask: ask, replaced: true})
}

// Ready asks all dependencies of the role, as /health/ready does, and says which of them are not as they should be.
func (h *Host) Ready(ctx context.Context) error {
	var faults []error
	for _, d := range h.kernel.health.ready(ctx).Dependencies {
		if d.State == "down" {
			faults = append(faults, fmt.Errorf("%s: %s", d.Name, d.Error))
		}
	}
	if len(faults) == 0 && !h.kernel.health.running.Load() {
		faults = append(faults, errors.New("not all of it runs"))
	}
	return errors.Join(faults...)
}

// Announce tells the person who started the process something that must not be in the log.
func (h *Host) Announce(text string) { h.kernel.options.Announce(text) }

// nowhere takes the routes of other roles.
type nowhere struct{}

func (nowhere) GET(string, actor.Permission, httpx.Handler, ...httpx.Option)    {}
func (nowhere) POST(string, actor.Permission, httpx.Handler, ...httpx.Option)   {}
func (nowhere) PUT(string, actor.Permission, httpx.Handler, ...httpx.Option)    {}
func (nowhere) PATCH(string, actor.Permission, httpx.Handler, ...httpx.Option)  {}
func (nowhere) DELETE(string, actor.Permission, httpx.Handler, ...httpx.Option) {}
