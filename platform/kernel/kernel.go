package kernel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/jobs"
)

// closeTimeout bounds the whole of stopping, as an operator's patience does.
const closeTimeout = 25 * time.Second

// Schedule runs what modules put on a schedule; a gateway's runs in the process, a server's is made of jobs.
type Schedule interface {
	Cron(name, spec string, run func(context.Context) error) error
	// Run works until ctx ends.
	Run(ctx context.Context) error
}

// Orders takes jobs inside the caller's transaction; see jobs.Runner.
type Orders interface {
	Enqueue(ctx context.Context, tx db.Tx, args any, opts ...jobs.Option) error
}

// Options are what all modules of a role share.
type Options struct {
	// Listener is where the role serves.
	Listener net.Listener
	// TLS makes it HTTPS; nil is plain HTTP.
	TLS *tls.Config
	// Config holds the settings of all modules.
	Config   *config.Tree
	Log      *slog.Logger
	Registry *prometheus.Registry
	Catalog  *i18n.Catalog
	Schedule Schedule
	// DB, Events, Jobs and Audit are nil on a gateway.
	DB      *db.DB
	Events  *event.Bus
	Jobs    Orders
	Audit   *audit.Log
	Series  *db.DB // of time series; nil means DB
	Version string
	Data    string
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// DrainDelay is how long the process serves on after it says that it is not ready any more.
	DrainDelay time.Duration
	// Announce tells the person at the terminal something that must not be logged.
	Announce func(string)
	// Viewer shows the role's OpenAPI document; see httpx.Options.
	Viewer fs.FS
	// Inspect sees every answer of the role's server, in tests; see httpx.Options.
	Inspect func(httpx.Answer)
}

// Kernel is one role, planned and not yet built.
type Kernel struct {
	role    Role
	options Options
	parts   []part
	hosts   []*Host
	ports   map[Port]any
	server  *httpx.Server
	doors   []door // those that modules opened
	health  *health
}

// door is an open listener.
type door struct {
	httpx.Door
	listener net.Listener
}

// New selects the role's modules, checks the plan and their settings, and builds nothing.
// It reports everything that is wrong at once.
func New(role Role, o Options, modules []Module) (*Kernel, error) {
	parts, err := plan(role, modules)
	if err != nil {
		return nil, err
	}
	if err := settle(o.Config, parts); err != nil {
		return nil, err
	}
	return &Kernel{role: role, options: o, parts: parts, ports: map[Port]any{}}, nil
}

// settle fills and validates the settings of modules.
func settle(tree *config.Tree, parts []part) error {
	var faults []error
	for _, p := range parts {
		if p.manifest.Config == nil {
			continue
		}
		if err := tree.Into(p.manifest.Name, p.manifest.Config); err != nil {
			faults = append(faults, err)
			continue
		}
		if err := p.manifest.Config.Validate(); err != nil {
			faults = append(faults, config.Under(p.manifest.Name, err))
		}
	}
	return config.Join(tree.Source(), faults...)
}

// Run builds the modules, runs them until ctx ends or a loop fails, and closes them.
func (k *Kernel) Run(ctx context.Context) error {
	if err := k.Build(ctx); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop before it had begun
		}
		return errors.Join(err, k.close(ctx, nil), k.options.Listener.Close())
	}
	return k.run(ctx)
}

// Build makes the modules without running them. Whoever calls it calls Close.
func (k *Kernel) Build(ctx context.Context) error {
	k.server = httpx.New(httpx.Options{
		Role: string(k.role), Version: k.options.Version, Log: k.options.Log, Catalog: k.options.Catalog,
		Metrics: k.options.Registry, TrustedProxies: k.options.TrustedProxies, TLS: k.options.TLS,
		Viewer: k.options.Viewer, Inspect: k.options.Inspect,
	})
	k.health = newHealth(k.role, k.options.Version, k.options.Registry)
	k.health.routes(k.server.Router("kernel", []string{"/health", "/api/health", "/api/v1/health", "/metrics"}), k.options.Registry)
	k.watchDatabases()
	for _, p := range k.parts {
		h := k.host(p.manifest)
		k.hosts = append(k.hosts, h)
		if err := p.module.Init(ctx, h); err != nil {
			return fmt.Errorf("%s: init: %w", p.manifest.Name, err)
		}
		if err := h.kept(); err != nil {
			return err
		}
	}
	return nil
}

// watchDatabases makes health and metrics tell of them. While that of time series is away, the other takes its rows.
func (k *Kernel) watchDatabases() {
	if k.options.DB == nil {
		return
	}
	k.health.add(check{name: "database", ask: k.options.DB.Ping, engine: k.options.DB.Engine})
	series := k.series()
	if series != k.options.DB {
		k.health.add(check{name: "timescale", ask: series.Ping, engine: series.Engine, replaced: true})
	}
	k.options.Registry.MustRegister(newEngineInfo(series))
}

func (k *Kernel) series() *db.DB { return cmp.Or(k.options.Series, k.options.DB) }

// Close undoes Build.
func (k *Kernel) Close(ctx context.Context) error { return k.close(ctx, nil) }

// Server is the role's HTTP server, once built.
func (k *Kernel) Server() *httpx.Server { return k.server }

// Order is the modules' names in the order in which they are built.
func (k *Kernel) Order() []string {
	names := make([]string, len(k.parts))
	for i, p := range k.parts {
		names[i] = p.manifest.Name
	}
	return names
}

// Manifests are the role's, in build order.
func (k *Kernel) Manifests() []Manifest {
	all := make([]Manifest, len(k.parts))
	for i, p := range k.parts {
		all[i] = p.manifest
	}
	return all
}

func (k *Kernel) host(m Manifest) *Host {
	return &Host{
		Role: k.role, Log: k.options.Log.With("module", m.Name),
		DB: k.options.DB, Events: k.options.Events, Jobs: k.options.Jobs, Audit: k.options.Audit,
		Series:     k.series(),
		Metrics:    prometheus.WrapRegistererWithPrefix("staff_"+m.Name+"_", k.options.Registry),
		AllMetrics: k.options.Registry,
		Version:    k.options.Version, Data: k.options.Data,
		kernel: k, manifest: m, put: map[Port]bool{}, got: map[Port]bool{},
	}
}

// kept reports the ports that the manifest promises and Init forgot.
func (h *Host) kept() error {
	var faults []error
	for _, p := range h.manifest.Needs {
		if !h.got[p] {
			faults = append(faults, fmt.Errorf("%s: init: needs %s and never gets it", h.manifest.Name, p))
		}
	}
	for _, p := range h.manifest.Provides {
		if !h.put[p] {
			faults = append(faults, fmt.Errorf("%s: init: provides %s and never puts it", h.manifest.Name, p))
		}
	}
	return errors.Join(faults...)
}

// running is one module's loops.
type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

func (k *Kernel) run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	base := context.WithoutCancel(ctx) // loops end when their module is closed, not before
	loops := make([]running, 0, len(k.hosts)+1)
	for _, h := range k.hosts {
		loops = append(loops, start(base, h.manifest.Name, h.loops, fail))
	}
	own := []loop{{"schedule", k.options.Schedule.Run}, {"health", k.health.measure}}
	if k.options.Events != nil {
		own = append(own, loop{"events", k.options.Events.Run})
	}
	loops = append(loops, start(base, "kernel", own, fail))

	listening, shut := context.WithCancel(base)
	served := k.serve(listening)
	k.health.running.Store(true)
	k.options.Log.InfoContext(ctx, "ready", "listen", k.options.Listener.Addr().String(), "modules", len(k.hosts))

	var err error
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			err = cause
		}
		k.health.running.Store(false)
		k.drain(base, err)
		shut()
	case err = <-served:
		shut()
	}
	for faults := range served {
		err = errors.Join(err, faults)
	}
	k.options.Log.InfoContext(base, "stopping")
	return errors.Join(err, k.close(base, loops))
}

// serve serves at all doors. The channel says how each ended, and is closed when all have.
func (k *Kernel) serve(ctx context.Context) <-chan error {
	doors := append([]door{{httpx.Door{TLS: k.options.TLS}, k.options.Listener}}, k.doors...)
	served := make(chan error, len(doors))
	var open sync.WaitGroup
	for _, d := range doors {
		open.Go(func() { served <- k.server.ServeDoor(ctx, d.listener, d.Door) })
	}
	go func() {
		open.Wait()
		close(served)
	}()
	return served
}

// drain gives a load balancer time to see that we are not ready, unless we stop for a fault.
func (k *Kernel) drain(ctx context.Context, err error) {
	if err != nil || k.options.DrainDelay == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, k.options.DrainDelay)
	defer cancel()
	<-ctx.Done()
}

func start(ctx context.Context, module string, loops []loop, fail context.CancelCauseFunc) running {
	ctx, cancel := context.WithCancel(ctx)
	r := running{module, cancel, make(chan struct{})}
	left := make(chan struct{}, len(loops))
	for _, l := range loops {
		go func() {
			defer func() { left <- struct{}{} }()
			if err := l.run(ctx); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("%s: %s: %w", module, l.name, err))
			}
		}()
	}
	go func() {
		for range loops {
			<-left
		}
		close(r.done)
	}()
	return r
}

// close ends loops and undoes Init, the last module first, and names who is not done in time.
func (k *Kernel) close(ctx context.Context, loops []running) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	var faults []error
	var hanging []string
	for _, r := range slices.Backward(loops) {
		r.cancel()
		select {
		case <-r.done:
		case <-ctx.Done():
			hanging = append(hanging, r.name)
		}
		if i := slices.IndexFunc(k.hosts, func(h *Host) bool { return h.manifest.Name == r.name }); i >= 0 {
			faults = append(faults, k.hosts[i].undo(ctx))
		}
	}
	if loops == nil {
		for _, h := range slices.Backward(k.hosts) {
			faults = append(faults, h.undo(ctx))
		}
	}
	if len(hanging) > 0 {
		faults = append(faults, fmt.Errorf("still running after %s: %s", closeTimeout, strings.Join(hanging, ", ")))
	}
	return errors.Join(faults...)
}

func (h *Host) undo(ctx context.Context) error {
	var faults []error
	for _, f := range slices.Backward(h.defers) {
		if err := f(ctx); err != nil {
			faults = append(faults, fmt.Errorf("%s: close: %w", h.manifest.Name, err))
		}
	}
	h.defers = nil
	return errors.Join(faults...)
}
