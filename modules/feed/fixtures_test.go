package feed

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); {
		if time.Now().After(end) {
			t.Fatalf("%s: it is not so", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// office is the service without a server, at noon.
type office struct {
	*Module
	registry *prometheus.Registry
}

func newOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	populate(t, d)
	return anotherOffice(t, d)
}

// anotherOffice is one more process on the same database.
func anotherOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus, err := event.NewBus(nil, d, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := office{New(), prometheus.NewRegistry()}
	o.service = &service{store: store{d}, events: bus, cfg: &o.cfg, now: func() time.Time { return noon }, replays: make(chan struct{}, atOnce)}
	o.hub = newHub(o.service, newMetrics(o.registry), log)
	return o
}

// populate makes two organizations.
func populate(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at)
			VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx) // unscoped: the tenants themselves
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

// terminal is on whose behalf passes come.
func terminal(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Hikvision, ID: "key:1", OrganizationID: organization})
}

// passes tells of passes with these ids, of one employee of a department.
func (o office) passes(t testing.TB, organization, department int64, ids ...int64) {
	t.Helper()
	all := make([]happened, len(ids))
	for i, n := range ids {
		all[i] = happened{kindPass, department, pass.Pass{ID: n, OrganizationID: organization, At: noon, Granted: true, Direction: pass.Enter, DepartmentID: department}}
	}
	o.tell(t, terminal(organization), organization, all...)
}

// tell is the service's, but each time of something else: there is no handler's key.
func (o office) tell(t testing.TB, ctx context.Context, organization int64, all ...happened) {
	t.Helper()
	rows := make([]eventRow, len(all))
	for i, h := range all {
		data, err := json.Marshal(h.data)
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = eventRow{Key: id.New().String(), Kind: h.kind, DepartmentID: h.department, At: o.service.clock(), Data: data}
	}
	err := o.service.store.add(ctx, rows, func(ctx context.Context, tx db.Tx) error {
		return o.service.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: organization})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (o office) alert(t testing.TB, organization int64, subject string) {
	t.Helper()
	o.tell(t, terminal(organization), organization, happened{kind: kindAlert, data: alertData{ID: id.New(), State: "raised", Kind: alert.DoorAlarm, Subject: subject, At: noon}})
}

func (o office) gateway(t testing.TB, organization int64, name string) {
	t.Helper()
	o.tell(t, terminal(organization), organization, happened{kind: kindGateway, data: gateway.Changed{ID: id.New(), Name: name, Status: "offline", At: noon}})
}

// people are who signs in, by token; a test changes them.
type people struct {
	mu   sync.Mutex
	all  map[string]actor.Actor
	fail error
}

func newPeople() *people {
	return &people{all: map[string]actor.Actor{
		"admin": {Role: actor.Admin, ID: "user:1", UserID: 1},
		"hr":    {Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1},
		"lead":  {Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{7}},
		"guard": {Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 1},
		"their": {Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2},
	}}
}

func (p *people) set(change func(all map[string]actor.Actor)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.all)
}

func (p *people) authenticate(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, known := p.all[token]
	if !known {
		return a, false, fault.New(fault.Unauthenticated, "unauthenticated")
	}
	return a, true, p.fail
}

// quick are settings under which a test does not wait.
var quick = []string{"feed.heartbeat=50ms", "feed.check_interval=50ms", "feed.sweep_interval=1m", "feed.gather=10ms"}

// serve runs a dashboard process.
func serve(t testing.TB, d *db.DB, p *people, set ...string) (string, *Module) {
	t.Helper()
	role, m := kernel.Dashboard, New()
	auth := kerneltest.Module{
		Is:     kernel.Manifest{Name: "keys", Roles: []kernel.Role{role}},
		InitFn: func(_ context.Context, h *kernel.Host) error { h.Authenticate(role, p.authenticate); return nil },
	}
	url := kerneltest.Run(t, role, kerneltest.Options{DB: d, Set: append(quick[:len(quick):len(quick)], set...)}, m, auth)
	until(t, "the process is ready", func() bool {
		answer, err := http.Get(url + "/health/ready")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK && m.hub.ready()
	})
	notices := m.service.events.Watch(t.Context())
	until(t, "the process hears of changes", func() bool {
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			return m.service.events.Notify(ctx, tx, event.Change{Name: "ready"})
		})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-notices:
			return true
		case <-time.After(20 * time.Millisecond):
			return false
		}
	})
	return url, m
}

func (h *hub) ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners)
}

// heard is one event as a page reads it.
type heard struct{ id, kind, data string }

// ear is a page that listens.
type ear struct {
	t      testing.TB
	cancel context.CancelFunc
	events chan heard
	last   string // the id to come again with; of what was taken from events
}

func request(t testing.TB, url, token, last string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v2/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	return r
}

func listen(t testing.TB, url, token, last string) *ear {
	t.Helper()
	r := request(t, url, token, last)
	ctx, cancel := context.WithCancel(r.Context())
	answer, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	e := &ear{t: t, cancel: cancel, events: make(chan heard, 10_000), last: last}
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		defer close(e.events)
		defer answer.Body.Close()
		read(answer.Body, e.events)
	}()
	return e
}

// read reads server-sent events until there are no more.
func read(body interface{ Read([]byte) (int, error) }, into chan<- heard) {
	var h heard
	s := bufio.NewScanner(body)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		name, value, _ := strings.Cut(s.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case s.Text() == "":
			if h != (heard{}) {
				into <- h
			}
			h = heard{}
		case name == "id":
			h.id = value
		case name == "event":
			h.kind = value
		case name == "data":
			h.data = value
		}
	}
}

// next is the next event that is no sign of life, without its id; ended where there is none.
func (e *ear) next() string {
	e.t.Helper()
	for {
		select {
		case h, open := <-e.events:
			if !open {
				return "ended"
			}
			if h.id != "" {
				e.last = h.id
			}
			if h.kind != "" {
				return brief(h)
			}
		case <-time.After(patience):
			e.t.Fatal("nothing is told")
		}
	}
}

// brief is the kind with what tells events of a kind apart.
func brief(h heard) string {
	var d struct {
		ID            any
		Subject, Name string
		Reason        string
	}
	if err := json.Unmarshal([]byte(h.data), &d); err != nil {
		return fmt.Sprintf("%s %s: %v", h.kind, h.data, err)
	}
	switch h.kind {
	case kindPass:
		return fmt.Sprint("pass ", d.ID)
	case kindAlert:
		return "alert " + d.Subject[:min(len(d.Subject), 10)]
	case kindGateway:
		return "gateway " + d.Name
	case "end":
		return "end " + d.Reason
	}
	return h.kind
}

func (e *ear) wants(all ...string) {
	e.t.Helper()
	for _, want := range all {
		if got := e.next(); got != want {
			e.t.Fatalf("told %q, want %q", got, want)
		}
	}
}
