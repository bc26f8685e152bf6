package kernel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type greeter interface{ Greet() string }

type english struct{}

func (english) Greet() string { return "hello" }

// diary notes what happens, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

func noting(d *diary, name string, needs, provides []kernel.Port, more func(h *kernel.Host)) kernel.Module {
	return kerneltest.Module{
		Is: kernel.Manifest{Name: name, Roles: []kernel.Role{kernel.Gateway}, Needs: needs, Provides: provides, Paths: []string{"/" + name}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			d.note(name + " init")
			h.Go("loop", func(ctx context.Context) error {
				<-ctx.Done()
				d.note(name + " loop ends")
				return nil
			})
			h.Defer(func(context.Context) error { d.note(name + " closes"); return nil })
			more(h)
			return nil
		},
	}
}

func TestModulesAreBuiltInOrderAndClosedInReverse(t *testing.T) {
	var d diary
	port := kernel.PortOf[greeter]()
	second := noting(&d, "second", []kernel.Port{port}, nil, func(h *kernel.Host) { d.note(kernel.Get[greeter](h).Greet()) })
	first := noting(&d, "first", nil, []kernel.Port{port}, func(h *kernel.Host) { kernel.Put[greeter](h, english{}) })
	k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, second, first)
	if got := strings.Join(k.Order(), " "); got != "first second" {
		t.Fatalf("order %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := []string{"first init", "second init", "hello", "second loop ends", "second closes", "first loop ends", "first closes"}
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheFirstLoopToFailEndsTheProcess(t *testing.T) {
	var d diary
	broken := errors.New("disk gone")
	m := noting(&d, "buffer", nil, nil, func(h *kernel.Host) {
		h.Go("writer", func(context.Context) error { return broken })
		h.Go("once", func(context.Context) error { return nil }) // done is no failure
	})
	k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, m)
	err := k.Run(context.Background())
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "buffer: writer: disk gone") {
		t.Errorf("ended with %v", err)
	}
	if got := d.read(); got[len(got)-1] != "buffer closes" {
		t.Errorf("not closed: %q", got)
	}
}

func TestAFailedInitClosesWhatWasBuilt(t *testing.T) {
	var d diary
	fine := noting(&d, "fine", nil, nil, func(*kernel.Host) {})
	broken := kerneltest.Module{
		Is:     kernel.Manifest{Name: "broken", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(context.Context, *kernel.Host) error { return errors.New("no file") },
	}
	k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, fine, broken)
	if err := k.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "broken: init: no file") {
		t.Errorf("ended with %v", err)
	}
	if got := strings.Join(d.read(), ", "); got != "fine init, fine closes" {
		t.Errorf("got %s", got)
	}
}

func TestBeingStoppedWhileBuildingIsNoFailure(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	slow := kerneltest.Module{
		Is: kernel.Manifest{Name: "slow", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(ctx context.Context, _ *kernel.Host) error {
			stop()
			return ctx.Err()
		},
	}
	k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, slow)
	if err := k.Run(ctx); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAManifestIsKept(t *testing.T) {
	port := kernel.PortOf[greeter]()
	forgets := kerneltest.Module{Is: kernel.Manifest{Name: "forgets", Roles: []kernel.Role{kernel.Gateway}, Provides: []kernel.Port{port}}}
	k, o := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, forgets)
	defer o.Listener.Close()
	if err := k.Build(context.Background()); err == nil || err.Error() != "forgets: init: provides kernel_test.greeter and never puts it" {
		t.Errorf("got %v", err)
	}
	lazy := kerneltest.Module{Is: kernel.Manifest{Name: "lazy", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{port}}}
	k, o = kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, lazy, kerneltest.Provide[greeter](kernel.Gateway, english{}))
	defer o.Listener.Close()
	if err := k.Build(context.Background()); err == nil || err.Error() != "lazy: init: needs kernel_test.greeter and never gets it" {
		t.Errorf("got %v", err)
	}
	greedy := kerneltest.Module{
		Is: kernel.Manifest{Name: "greedy", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			kernel.Get[greeter](h)
			return nil
		},
	}
	k, o = kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, greedy)
	defer o.Listener.Close()
	defer func() {
		if got := recover(); got != "kernel: module greedy gets kernel_test.greeter, which its manifest does not need" {
			t.Errorf("panicked with %v", got)
		}
	}()
	k.Build(context.Background())
}

func TestReadinessNamesEachDependency(t *testing.T) {
	var broken sync.Map
	m := kerneltest.Module{
		Is: kernel.Manifest{Name: "uplink", Roles: []kernel.Role{kernel.AgentAPI}, Paths: []string{"/uplink"}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Health("uplink", func(context.Context) error {
				if _, is := broken.Load("uplink"); is {
					return errors.New("refused, password=hunter2")
				}
				return nil
			})
			h.Routes(kernel.AgentAPI).GET("/uplink", actor.Public, httpx.Handle(http.StatusOK, func(context.Context, struct{}) (string, error) { return "here", nil }))
			h.Routes(kernel.Dashboard).GET("/uplink", actor.Public, httpx.Handle(http.StatusOK, func(context.Context, struct{}) (string, error) { return "there", nil }))
			return nil
		},
	}
	url := kerneltest.Run(t, kernel.AgentAPI, kerneltest.Options{DB: dbtest.SQLite(t)}, m)
	status, body := get(t, url+"/health/ready")
	if status != http.StatusOK || !strings.Contains(body, `"name":"database","state":"up"`) || !strings.Contains(body, `"name":"uplink","state":"up"`) {
		t.Errorf("%d %s", status, body)
	}
	broken.Store("uplink", true)
	status, body = get(t, url+"/health/ready")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"name":"uplink","state":"down"`) || strings.Contains(body, "hunter2") {
		t.Errorf("%d %s", status, body)
	}
	if status, body = get(t, url+"/health"); status != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("%d %s", status, body)
	}
	if status, body = get(t, url+"/metrics"); status != http.StatusOK || !strings.Contains(body, `staff_dependency_up{name="uplink"} 0`) {
		t.Errorf("%d %.200s", status, body)
	}
	if _, body = get(t, url+"/uplink"); !strings.Contains(body, "here") {
		t.Errorf("the route of this role answers %s", body)
	}
}

// While TimescaleDB is away the process is ready all the same, and says so; once it answers, its version is known.
func TestReadinessWithoutTimescale(t *testing.T) {
	t.Parallel()
	server := dbtest.Server(t)
	address := server.URL("staff_app")
	server.Stop()
	series, err := db.OpenSeries(address, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer series.Close()
	primary := dbtest.SQLite(t)
	url := kerneltest.Run(t, kernel.AgentAPI, kerneltest.Options{DB: primary, Series: series}, kerneltest.Module{
		Is: kernel.Manifest{Name: "monitoring", Roles: []kernel.Role{kernel.AgentAPI}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			if h.DB != primary || h.Series != series {
				t.Errorf("the module has %v and %v", h.DB.Engine(), h.Series.Engine())
			}
			return nil
		},
	})
	expect := func(path, want string) {
		t.Helper()
		if status, body := get(t, url+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
	expect("/health/ready", `"status":"ready"`)
	expect("/health/ready", `"name":"timescale","state":"degraded"`)
	expect("/health/ready", `"engine":"sqlite","version":"3.`)
	expect("/metrics", `staff_series_engine_info{engine="timescaledb",version=""} 1`)
	server.Start()
	expect("/health/ready", `"name":"timescale","state":"up"`)
	expect("/metrics", `staff_series_engine_info{engine="postgresql",version="`+series.Engine().Version+`"} 1`)
	if series.Engine().Version == "" {
		t.Error("the version is not known")
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	var last error
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		res, err := client.Get(url)
		if err != nil {
			last = err
			continue
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	t.Fatal(last)
	return 0, ""
}

type settings struct {
	Size int `koanf:"size"`
}

func (s *settings) Validate() error {
	if s.Size < 1 {
		return config.Problem("size", "be at least 1", s.Size)
	}
	return nil
}

func TestSettingsOfAllModulesAreCheckedAtOnce(t *testing.T) {
	tree, err := config.Load(config.Input{Set: []string{"a.size=0", "b.size=-1"}},
		[]config.Section{{Name: "a", Config: &settings{}}, {Name: "b", Config: &settings{}}})
	if err != nil {
		t.Fatal(err)
	}
	configured := func(name string) kernel.Module {
		return kerneltest.Module{Is: kernel.Manifest{Name: name, Roles: []kernel.Role{kernel.Gateway}, Config: &settings{Size: 1}}}
	}
	_, err = kernel.New(kernel.Gateway, kernel.Options{Config: tree}, []kernel.Module{configured("a"), configured("b")})
	for _, want := range []string{"a.size: must be at least 1, is 0", "b.size: must be at least 1, is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q: %v", want, err)
		}
	}
}

func TestScheduledWorkIsNamedByItsModule(t *testing.T) {
	m := kerneltest.Module{
		Is: kernel.Manifest{Name: "auth", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Cron("tidy", "* * * * *", func(context.Context) error { return nil })
			h.Announce("said once")
			return nil
		},
	}
	var said string
	k, o := kerneltest.New(t, kernel.Gateway, kerneltest.Options{Announce: func(text string) { said = text }}, m)
	defer o.Listener.Close()
	if err := k.Build(context.Background()); err != nil {
		t.Fatal(err)
	}
	if o.Schedule.(*kerneltest.Schedule).Runs["auth tidy"] == nil || said != "said once" {
		t.Errorf("scheduled %v, said %q", o.Schedule, said)
	}
}

// A module may serve the routes at one more door; it closes with the others.
func TestOneMoreDoor(t *testing.T) {
	var address net.Addr
	m := kerneltest.Module{
		Is: kernel.Manifest{Name: "m", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(ctx context.Context, h *kernel.Host) (err error) {
			address, err = h.Listen(ctx, "127.0.0.1:0", httpx.Door{Around: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Door", "second")
					next.ServeHTTP(w, r)
				})
			}})
			return err
		},
	}
	k, options := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, m)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	at := func(address, door string) bool {
		r, err := http.NewRequest(http.MethodGet, "http://"+address+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK && res.Header.Get("X-Door") == door
	}
	for deadline := time.Now().Add(10 * time.Second); !at(options.Listener.Addr().String(), ""); {
		if time.Now().After(deadline) {
			t.Fatal("the first door does not open")
		}
	}
	if !at(address.String(), "second") {
		t.Error("the second door does not serve")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if at(address.String(), "second") {
		t.Error("the second door is open after the end")
	}
}

func TestADoorThatNobodyServedIsClosed(t *testing.T) {
	var address net.Addr
	first := kerneltest.Module{
		Is: kernel.Manifest{Name: "first", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(ctx context.Context, h *kernel.Host) (err error) {
			address, err = h.Listen(ctx, "127.0.0.1:0", httpx.Door{})
			return err
		},
	}
	second := kerneltest.Module{
		Is:     kernel.Manifest{Name: "second", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(context.Context, *kernel.Host) error { return errors.New("no") },
	}
	k, _ := kerneltest.New(t, kernel.Gateway, kerneltest.Options{}, first, second)
	if err := k.Run(context.Background()); err == nil || strings.Contains(err.Error(), "close") {
		t.Errorf("run: %v", err)
	}
	ln, err := net.Listen("tcp", address.String())
	if err != nil {
		t.Fatalf("the door is open still: %v", err)
	}
	ln.Close()
}
