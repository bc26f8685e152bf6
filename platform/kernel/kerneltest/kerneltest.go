// Package kerneltest builds modules in tests as the kernel does in a process.
package kerneltest

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Options are what a test decides; the zero value is a gateway-like kernel without a database.
type Options struct {
	DB *db.DB
	// Series is of time series; nil means DB.
	Series *db.DB
	// Set are settings, as the flag --set takes them.
	Set  []string
	Data string
	// Log is discarded if nil.
	Log *slog.Logger
	// Announce takes what would be shown at the terminal.
	Announce func(string)
}

// New plans a kernel of the modules for the role, with a listener of its own.
func New(t testing.TB, role kernel.Role, o Options, modules ...kernel.Module) (*kernel.Kernel, kernel.Options) {
	t.Helper()
	var sections []config.Section
	messages := [][]byte{httpx.Messages}
	for _, m := range modules {
		mf := m.Manifest()
		if mf.Config != nil {
			sections = append(sections, config.Section{Name: mf.Name, Config: mf.Config})
		}
		if mf.Messages != nil {
			messages = append(messages, mf.Messages)
		}
	}
	tree, err := config.Load(config.Input{Set: o.Set}, sections)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := i18n.New("uz", messages...)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	options := kernel.Options{
		Listener: listener, Config: tree, Log: o.Log, Registry: prometheus.NewRegistry(), Catalog: catalog,
		Schedule: &Schedule{}, DB: o.DB, Series: o.Series, Version: "test", Data: o.Data, Announce: o.Announce,
		Inspect: httptestx.Inspect(t),
	}
	serverParts(&options)
	k, err := kernel.New(role, options, modules)
	if err != nil {
		listener.Close()
		t.Fatal(err)
	}
	return k, options
}

// Build makes the modules and returns the role's server, to be asked in process. They are closed when the test ends;
// no loop runs.
func Build(t testing.TB, role kernel.Role, o Options, modules ...kernel.Module) *httpx.Server {
	t.Helper()
	k, options := New(t, role, o, modules...)
	t.Cleanup(func() {
		if err := k.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
		options.Listener.Close()
	})
	if err := k.Build(context.Background()); err != nil {
		t.Fatal(err)
	}
	return k.Server()
}

// Run runs the modules until the test ends and returns the address they serve on.
func Run(t testing.TB, role kernel.Role, o Options, modules ...kernel.Module) string {
	t.Helper()
	k, options := New(t, role, o, modules...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return "http://" + options.Listener.Addr().String()
}

// Schedule keeps what modules schedule, for tests to run by hand.
type Schedule struct {
	Runs map[string]func(context.Context) error
}

// Cron keeps the work under its name, "<module> <name>".
func (s *Schedule) Cron(name, _ string, run func(context.Context) error) error {
	if s.Runs == nil {
		s.Runs = map[string]func(context.Context) error{}
	}
	s.Runs[name] = run
	return nil
}

// Run waits.
func (s *Schedule) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Module is a module of a few fields, for tests of what depends on it.
type Module struct {
	Is     kernel.Manifest
	InitFn func(context.Context, *kernel.Host) error
}

// Manifest returns Is.
func (m Module) Manifest() kernel.Manifest { return m.Is }

// Init calls InitFn, if there is one.
func (m Module) Init(ctx context.Context, h *kernel.Host) error {
	if m.InitFn == nil {
		return nil
	}
	return m.InitFn(ctx, h)
}

// Provide returns a module that provides v as the port T, in the role: a fake of a few lines in place of a module.
func Provide[T any](role kernel.Role, v T) kernel.Module {
	port := kernel.PortOf[T]()
	return Module{
		Is: kernel.Manifest{Name: "fake " + port.String(), Roles: []kernel.Role{role}, Provides: []kernel.Port{port}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			kernel.Put(h, v)
			return nil
		},
	}
}
