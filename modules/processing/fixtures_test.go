package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/jobs"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// sink keeps events by their keys, as monitoring does.
type sink struct {
	mu     sync.Mutex
	events map[string]activity.Event
	order  []string
	fail   error
	before func()
}

func (k *sink) Put(ctx context.Context, b activity.Batch) (r activity.Receipt, err error) {
	if k.before != nil {
		k.before()
	}
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	a, _ := actor.From(ctx)
	for _, e := range b.Events {
		key := fmt.Sprintf("%d %s %s", a.OrganizationID, e.Kind, e.Key)
		_, known := k.events[key]
		switch {
		case k.fail != nil:
			return r, k.fail
		case e.Duration < 0:
			r.Quarantined++
		case known:
			r.Known++
		default:
			r.Stored++
			k.events[key] = e
			k.order = append(k.order, e.Key)
		}
	}
	return r, nil
}

// registry makes ids of names, and knows that user1 is employee 11.
type registry struct{ computer.Registry }

func (registry) Register(_ context.Context, d computer.Details) (computer.Computer, error) {
	return computer.Computer{ID: int64(len(d.UID)), UID: d.UID}, nil
}

func (registry) RegisterUser(_ context.Context, d computer.UserDetails) (u computer.User, err error) {
	if d.Username == "user1" {
		u.EmployeeID = 11
	}
	u.ID = int64(len(d.SID))
	return u, nil
}

// door takes every report but those of the device nowhere.
type door struct{ taken []string }

func (d *door) take(kind string, report json.RawMessage) (pass.Outcome, error) {
	d.taken = append(d.taken, kind+string(report))
	if strings.Contains(string(report), "nowhere") {
		return pass.Outcome{ID: 1, Problem: "Device not found for IP: nowhere"}, nil
	}
	return pass.Outcome{ID: int64(len(d.taken)), EmployeeID: 11}, nil
}

func (d *door) Action(_ context.Context, report json.RawMessage) (pass.Outcome, error) {
	return d.take("action", report)
}

func (d *door) Event(_ context.Context, report json.RawMessage) (pass.Outcome, error) {
	return d.take("event", report)
}

// ordered keeps the turns that are ordered, for tests to run one after the other.
type ordered struct {
	mu    sync.Mutex
	turns []turn
	later int
}

func (o *ordered) Enqueue(_ context.Context, _ db.Tx, args any, opts ...jobs.Option) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(opts) > 0 {
		o.later++
		return nil
	}
	o.turns = append(o.turns, args.(turn))
	return nil
}

// office is the service at noon with what stands around it.
type office struct {
	*service
	sink    *sink
	door    *door
	ordered *ordered
	metrics *prometheus.Registry
}

func newOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	populate(t, d)
	o := office{sink: &sink{events: map[string]activity.Event{}}, door: &door{}, ordered: &ordered{}, metrics: prometheus.NewRegistry()}
	o.service = &service{
		cfg: defaults(), store: store{d}, sink: o.sink, computers: registry{}, terminals: o.door, orders: o.ordered,
		log: slog.New(slog.DiscardHandler), now: func() time.Time { return noon }, began: noon.Add(-time.Hour), count: counter(o.metrics),
	}
	return o
}

func populate(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at) VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx)
		return err // unscoped: the tenants themselves
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rounds runs the turns that are ordered, in their order, until none is.
func (o office) rounds(t testing.TB) (n int) {
	t.Helper()
	for len(o.ordered.turns) > 0 {
		next := o.ordered.turns[0]
		o.ordered.turns = o.ordered.turns[1:]
		if err := o.turn(agent(next.OrganizationID), next); err != nil {
			t.Fatal(err)
		}
		if n++; n > 1000 {
			t.Fatal("turns without end")
		}
	}
	return n
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func agent(organization int64) context.Context { return as(actor.Agent, organization) }

func as(role actor.Role, organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "key:1", OrganizationID: organization})
}

const linkOf1 = `"computerUserLink":{"computerIdentifier":"S-1-5-21-1","username":"user1","computerInfo":{"hostname":"PC-1"}}`

// window is a job that stores a window.
func window(id string, more ...string) json.RawMessage {
	members := append([]string{
		fmt.Sprintf(`"jobId":%q,"dataType":"ACTIVE_WINDOW","rawData":{"processName":"p","windowTitle":"O'zbek %s","activeTime":5.5}`, id, id),
		`"timestamp":"2026-11-02T10:00:00Z"`, linkOf1,
	}, more...)
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

// job is one of a type with its data.
func job(id, dataType, raw string, more ...string) json.RawMessage {
	members := append([]string{fmt.Sprintf(`"jobId":%q,"dataType":%q,"rawData":%s,"timestamp":"2026-11-02T10:00:00Z"`, id, dataType, raw)}, more...)
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

func mustSubmit(t testing.TB, o office, ctx context.Context, texts ...json.RawMessage) []string {
	t.Helper()
	ids, err := o.submit(ctx, "batch", texts)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// resultOfJob is the answer about a job, as JSON.
func resultOfJob(t testing.TB, o office, ctx context.Context, id string) string {
	t.Helper()
	r, err := o.jobV1(ctx, nameV1{id})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// states are the jobs of the batch with their status.
func states(t testing.TB, o office, ctx context.Context) string {
	t.Helper()
	b, err := o.batchV1(ctx, nameV1{"batch"})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, j := range b.Jobs {
		all = append(all, j.JobID+" "+string(j.Status))
	}
	return strings.Join(all, ", ")
}

var errBroken = errors.New("broken")
