package modules

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/log"
	"github.com/staff-control/staff-control/platform/metrics"
	"github.com/staff-control/staff-control/platform/trace"
	"github.com/staff-control/staff-control/web"
)

// Build says which binary this is.
type Build struct{ Version, Commit, Date string }

// gcPercent lets the heap grow to four times what lives in it between collections. What lives is a few megabytes and
// what passes is request bodies, so the standard 100 collects many times a second for nothing.
const gcPercent = 300

// memoryLimit is where the collector stops to be that generous: a process is meant to live in 512 MiB, of which SQLite
// and what cannot be returned at once take their part.
const memoryLimit = 384 << 20

// Tune sets the garbage collector for what this program does, unless the operator has set GOGC or GOMEMLIMIT.
func Tune(env []string) {
	set := func(name string) bool {
		return slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
	}
	if !set("GOGC") {
		debug.SetGCPercent(gcPercent)
	}
	if !set("GOMEMLIMIT") {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// Process is one run of the binary: its settings, read and checked, and nothing opened yet.
type Process struct {
	Build Build
	// Inspect sees every answer of the process's servers, in tests; see httpx.Options.
	Inspect func(httpx.Answer)
	input   config.Input
	tree    *config.Tree
	own     *settings
	roles   []kernel.Role
	out     io.Writer
	tty     bool
	now     func() time.Time
	// cheap passwords are for tests: nothing outside of them sets it.
	cheap bool
}

// Load reads the settings. It reports all faults of the settings, the wiring and the modules of the roles at once;
// the process is usable, for printing its settings, even then.
func Load(in config.Input, b Build, out io.Writer, tty bool) (*Process, error) {
	p := &Process{Build: b, input: in, own: defaults(), out: out, tty: tty, now: time.Now}
	err := p.load()
	return p, err
}

func (p *Process) load() error {
	err := p.read(p.input)
	if !p.together() {
		return err
	}
	// Which port it is in the end is known once agent-api listens.
	_, port, _ := net.SplitHostPort(p.own.agentAPI.Listen)
	return p.acquaint("http://"+net.JoinHostPort("127.0.0.1", port), rand.Text())
}

// read merges the settings and checks them against all that is wrong at once.
func (p *Process) read(in config.Input) error {
	tree, loadErr := config.Load(in, p.sections())
	p.tree = tree
	fillErr := p.own.fill(tree)
	p.roles, _ = rolesOf(p.own.root.Role)
	faults := []error{loadErr, fillErr}
	for _, r := range p.roles {
		_, err := kernel.New(r, kernel.Options{Config: tree}, All())
		faults = append(faults, err)
	}
	return config.Join(tree.Source(), append(faults, p.ownGateway())...)
}

// together reports whether a gateway and an agent-api of this process have to be made known to each other.
func (p *Process) together() bool {
	return slices.Contains(p.roles, kernel.AgentAPI) && slices.Contains(p.roles, kernel.Gateway) && !p.tree.IsSet("uplink.url") &&
		p.own.agentAPI.TLSCert == "" // else its certificate says by which name it wants to be called
}

// acquaint tells the gateway of this process where agent-api is, and both a provisioning token of one use, which
// lives in memory.
func (p *Process) acquaint(address, token string) error {
	in := p.input
	in.Set = append(slices.Clone(in.Set), "uplink.url="+address, "uplink.token="+token, "gateways.bootstrap_token="+token)
	return p.read(in)
}

func (p *Process) sections() []config.Section {
	sections := p.own.sections()
	for _, m := range All() {
		if mf := m.Manifest(); mf.Config != nil {
			sections = append(sections, config.Section{Name: mf.Name, Config: mf.Config})
		}
	}
	return sections
}

// PrintSettings writes the merged settings, each with where it came from, secrets masked.
func (p *Process) PrintSettings(w io.Writer) { p.tree.Print(w) }

// ExampleSettings writes every setting with its default and what it is for.
func ExampleSettings(w io.Writer) {
	p := &Process{own: defaults()}
	config.Example(w, p.sections())
}

// Serve runs the roles until ctx ends or one of them fails; then all stop.
func (p *Process) Serve(ctx context.Context) error {
	logger, closeLog, err := p.logger()
	if err != nil {
		return err
	}
	return errors.Join(p.serve(ctx, logger), closeLog())
}

func (p *Process) serve(ctx context.Context, logger *slog.Logger) error {
	listeners, err := p.listen(ctx)
	if err != nil {
		return err
	}
	if err := p.introduce(listeners); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	if p.own.redis.URL != "" {
		logger.InfoContext(ctx, "redis.url is set and not used")
	}
	var site *site
	if slices.ContainsFunc(p.roles, kernel.Role.Serves) {
		if site, err = p.open(ctx, logger); err != nil {
			return errors.Join(err, closeAll(listeners))
		}
		defer site.close(logger)
	}
	stopTracing, err := trace.Setup(ctx, p.own.trace, "staff-control "+p.own.root.Role, p.Build.Version)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := stopTracing(ctx); err != nil {
			logger.WarnContext(ctx, "the last traces were not delivered", "error", err)
		}
	}()
	return p.run(ctx, logger, site, listeners)
}

// run runs one kernel for each role; the first to end ends the others.
func (p *Process) run(ctx context.Context, logger *slog.Logger, s *site, listeners map[kernel.Role]net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var kernels []*kernel.Kernel
	for _, r := range p.roles {
		k, err := p.kernel(ctx, r, logger.With("role", string(r)), s, listeners[r], p.all())
		if err != nil {
			return errors.Join(err, closeAll(listeners))
		}
		kernels = append(kernels, k)
	}
	ended := make(chan error, len(kernels))
	for _, k := range kernels {
		go func() { ended <- k.Run(ctx) }()
	}
	var faults []error
	for range kernels {
		faults = append(faults, <-ended)
		cancel()
	}
	return errors.Join(faults...)
}

// all returns new modules for this process.
func (p *Process) all() []kernel.Module {
	modules := All()
	for _, m := range modules {
		if a, is := m.(*auth.Module); is && p.cheap {
			a.Cheap()
		}
	}
	return modules
}

func (p *Process) kernel(ctx context.Context, r kernel.Role, logger *slog.Logger, s *site, ln net.Listener, modules []kernel.Module) (*kernel.Kernel, error) {
	catalog, err := p.catalog()
	if err != nil {
		return nil, err
	}
	proxies, err := p.own.proxies()
	if err != nil {
		return nil, err
	}
	secure, err := p.own.listen(r).tls()
	if err != nil {
		return nil, err
	}
	o := kernel.Options{
		Listener: ln, TLS: secure, Config: p.tree, Log: logger, Catalog: catalog,
		Registry: metrics.New(p.Build.Version, p.Build.Commit, p.Build.Date),
		Version:  p.Build.Version, Data: p.own.root.Data, TrustedProxies: proxies,
		DrainDelay: p.own.http.DrainDelay, Announce: p.announce, Viewer: web.Viewer(), Inspect: p.Inspect,
	}
	if err := s.equip(ctx, r, &o, modules); err != nil {
		return nil, err
	}
	return kernel.New(r, o, modules)
}

func (p *Process) catalog() (*i18n.Catalog, error) {
	messages := [][]byte{httpx.Messages}
	for _, m := range All() {
		if text := m.Manifest().Messages; text != nil {
			messages = append(messages, text)
		}
	}
	return i18n.New(p.own.root.Language, messages...)
}

func (p *Process) announce(text string) { fmt.Fprintln(p.out, text) }

// logger opens the log: log.file, or what this process prints on.
func (p *Process) logger() (logger *slog.Logger, closeLog func() error, err error) {
	if p.own.log.File == "" {
		return log.New(p.out, p.own.log, p.tty), func() error { return nil }, nil
	}
	f, err := os.OpenFile(p.own.log.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, nil, fmt.Errorf("log.file: %w", err)
	}
	return log.New(f, p.own.log, false), f.Close, nil
}

// listen opens the listener of every role, so that a taken port is known before anything else is opened.
func (p *Process) listen(ctx context.Context) (map[kernel.Role]net.Listener, error) {
	var lc net.ListenConfig
	listeners := map[kernel.Role]net.Listener{}
	for _, r := range p.roles {
		ln, err := lc.Listen(ctx, "tcp", p.own.listen(r).Listen)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s.listen: %w", r.Section(), err), closeAll(listeners))
		}
		listeners[r] = ln
	}
	return listeners, nil
}

func closeAll(listeners map[kernel.Role]net.Listener) error {
	var faults []error
	for _, ln := range listeners {
		faults = append(faults, ln.Close())
	}
	return errors.Join(faults...)
}

// introduce makes a gateway and an agent-api of the same process known to each other. What the operator set stays.
func (p *Process) introduce(listeners map[kernel.Role]net.Listener) error {
	server, gateway := listeners[kernel.AgentAPI], listeners[kernel.Gateway]
	if server == nil || gateway == nil {
		return nil
	}
	if err := p.read(p.input); err == nil || !p.together() {
		return err
	}
	return p.acquaint(fmt.Sprintf("http://127.0.0.1:%d", server.Addr().(*net.TCPAddr).Port), rand.Text())
}

// equip gives the role's kernel what its modules stand on: on a gateway a clock, on the servers the database,
// its jobs, its events and its audit.
func (s *site) equip(ctx context.Context, r kernel.Role, o *kernel.Options, modules []kernel.Module) error {
	if !r.Serves() {
		o.Schedule = jobs.NewLocal(o.Log)
		return nil
	}
	runner, err := jobs.New(ctx, jobs.Options{DB: s.db, Log: o.Log, Role: string(r), Metrics: o.Registry}, ordered(modules)...)
	if err != nil {
		return err
	}
	s.runners = append(s.runners, runner)
	bus, err := event.NewBus(runner, s.db, o.Log, registrations(modules))
	if err != nil {
		return err
	}
	o.DB, o.Series, o.Schedule, o.Events, o.Jobs, o.Audit = s.db, s.series, runner, bus, runner, audit.New(audit.Options{
		DB: s.db, Log: o.Log, Metrics: o.Registry, ClientIP: httpx.ClientIP, TraceID: trace.ID,
	})
	return nil
}

// registrations are the handlers of all modules, each with the roles of its module that have the database.
func registrations(modules []kernel.Module) (all []event.Registration) {
	for _, m := range modules {
		mf := m.Manifest()
		for _, h := range mf.Handles {
			all = append(all, event.Registration{Module: mf.Name, Roles: serving(mf), Handler: h})
		}
	}
	return all
}

// ordered are the jobs of all modules, likewise.
func ordered(modules []kernel.Module) (all []jobs.Registration) {
	for _, m := range modules {
		mf := m.Manifest()
		for _, h := range mf.Jobs {
			all = append(all, jobs.Registration{Module: mf.Name, Roles: serving(mf), Handler: h})
		}
	}
	return all
}

func serving(mf kernel.Manifest) (roles []string) {
	for _, r := range mf.Roles {
		if r.Serves() {
			roles = append(roles, string(r))
		}
	}
	return roles
}
