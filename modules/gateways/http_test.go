package gateways

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const path = "/api/v2/gateways"

// serve builds the module for a role, with fakes of what it needs.
func serve(t testing.TB, role kernel.Role, d *db.DB, raised *alertLog, set ...string) *httpx.Server {
	t.Helper()
	return kerneltest.Build(t, role, kerneltest.Options{DB: d, Set: set}, New(),
		kerneltest.Provide[alert.Log](role, raised), kerneltest.Provide[identity.KeyList](role, keys), kerneltest.Provide[identity.Keys](role, keys),
		kerneltest.Provide[cert.Authority](role, noPapers{}), kerneltest.Provide[cert.Verifier](role, noPapers{}),
		kerneltest.Provide[identity.Secret](role, identitytest.Secret("the server's secret")))
}

// masks are the values that differ each time.
var masks = []string{"id", "gatewayId", "apiKey", "token", "createdAt", "expiresAt", "overlapUntil", "statusSince", "lastSeenAt", "serverTime", "keysVersion"}

func TestRoutesOfPeople(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-000")
	skewed := report{
		Version: "1.2.3", Epoch: "e1", SentAt: noon.Add(1500 * time.Millisecond), QueueDepth: 7, BufferUsage: 0.25, ConnectedAgents: 3, SetAside: 2,
		Streams: []position{{Stream: "device"}}, CPU: share(12.5),
		Network: map[string]any{"control": map[string]any{"state": "disconnected", "reason": "connection refused", "since": "2026-03-02T11:59:00Z"}},
	}
	o.beat(t, e, skewed, e.key)
	delivery := gateway.Delivery{
		Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: 1, Last: 40}, {First: 51, Last: 60}},
		Dropped: []gateway.Dropped{{First: 61, Last: 70, Reason: "overflow"}}, Until: noon.Add(-time.Minute),
	}
	if err := o.Advance(e.as(), e.gateway.ID, delivery); err != nil {
		t.Fatal(err)
	}
	newToken(t, o, 1, time.Hour, 5)
	tokens, err := o.store.tokens(operator(), 1, id.Nil)
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, kernel.Dashboard, d, o.raised)
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	narrow := &actor.Actor{Role: actor.Admin, ID: "user:9", UserID: 9, OrganizationID: 2}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:10", UserID: 10, OrganizationID: 1}
	one := path + "/" + e.gateway.ID.String()
	long := strings.Repeat("x", 256)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "list", As: mine, Path: path, Status: 200, Golden: "gateways", Mask: masks},
		httptestx.Scenario{Name: "another organization's", As: theirs, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "a lead sees none", As: lead, Path: path, Status: 403},
		httptestx.Scenario{Name: "HR registers none", As: mine, Path: path, Body: `{"serial":"GW-001"}`, Status: 403},
		httptestx.Scenario{Name: "register", As: operator, Path: path, Body: `{"serial":"GW-001","organizationId":1}`, Status: 201, Contains: []string{`"apiKey":"sgw_`}, Golden: "registered", Mask: masks},
		httptestx.Scenario{Name: "the key is not shown again", As: operator, Path: path, Status: 200, Contains: []string{"GW-001"}, Excludes: []string{"sgw_", "apiKey", e.gateway.KeyHash}},
		httptestx.Scenario{Name: "page", As: operator, Path: path + "?limit=1&sort=serial", Status: 200, Contains: []string{"GW-000", `"total":2`}, Excludes: []string{"GW-001"}},
		httptestx.Scenario{Name: "sorted", As: operator, Path: path + "?limit=1&sort=-serial,status", Status: 200, Contains: []string{"GW-001"}, Excludes: []string{"GW-000"}},
		httptestx.Scenario{Name: "filtered", As: operator, Path: path + "?status=online,offline&queueDepth.from=0&version=&q=gw-001", Status: 200, Contains: []string{`"total":1`}},
		httptestx.Scenario{Name: "export", As: operator, Path: path + "/export?sort=-queueDepth", Status: 200, Contains: []string{"GW-001", "Shlyuzlar"}, Excludes: []string{"sgw_", e.gateway.KeyHash}},
		httptestx.Scenario{Name: "bad cursor", As: operator, Path: path + "?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "register twice", As: operator, Path: path, Body: `{"serial":"GW-001","organizationId":2}`, Status: 409, Contains: []string{"gateways.serial_taken"}},
		httptestx.Scenario{Name: "in the operator's organization", As: narrow, Path: path, Body: `{"serial":"GW-002","organizationId":1}`, Status: 201, Contains: []string{`"organizationId":2`}},
		httptestx.Scenario{Name: "no organization", As: operator, Path: path, Body: `{"serial":"GW-003"}`, Status: 400, Contains: []string{`"field":"organizationId","code":"required"`}},
		httptestx.Scenario{Name: "unknown organization", As: operator, Path: path, Body: `{"serial":"GW-003","organizationId":9}`, Status: 400, Contains: []string{`"field":"organizationId","code":"unknown_reference"`}},
		httptestx.Scenario{Name: "no serial", As: operator, Path: path, Body: `{"organizationId":1}`, Status: 400, Contains: []string{`"field":"serial","code":"required"`}},
		httptestx.Scenario{Name: "long texts", As: operator, Path: path, Body: `{"organizationId":1,"serial":"` + long + `","name":"` + long + `"}`, Status: 400, Contains: []string{`"field":"serial","code":"too_long"`, `"field":"name","code":"too_long"`}},
		httptestx.Scenario{Name: "control characters", As: operator, Path: path, Body: `{"organizationId":1,"serial":"GW\n"}`, Status: 400, Contains: []string{`"field":"serial","code":"wrong_format"`}},
		httptestx.Scenario{Name: "NUL", As: operator, Path: path, Body: `{"organizationId":1,"serial":"GW\u0000"}`, Status: 400},
		httptestx.Scenario{Name: "rotate", As: operator, Method: "POST", Path: one + "/rotate-key", Status: 200, Golden: "rotated", Mask: masks},
		httptestx.Scenario{Name: "rotate another organization's", As: narrow, Method: "POST", Path: one + "/rotate-key", Status: 404, Contains: []string{"gateways.unknown"}},
		httptestx.Scenario{Name: "revoke", As: operator, Method: "POST", Path: one + "/revoke", Status: 204},
		httptestx.Scenario{Name: "revoke twice", As: operator, Method: "POST", Path: one + "/revoke", Status: 409, Contains: []string{"gateways.revoked"}},
		httptestx.Scenario{Name: "tokens", As: operator, Path: path + "/tokens", Status: 200, Golden: "tokens", Mask: masks, Excludes: []string{"spt_", tokens[0].Hash}},
		httptestx.Scenario{Name: "HR has no tokens", As: mine, Path: path + "/tokens", Status: 403},
		httptestx.Scenario{Name: "make a token", As: operator, Path: path + "/tokens", Body: `{"organizationId":1,"expiresInHours":24,"maxUses":3,"note":"Ombor"}`, Status: 201, Contains: []string{`"token":"spt_`, `"maxUses":3`, `"uses":0`}},
		httptestx.Scenario{Name: "page of tokens", As: operator, Path: path + "/tokens?limit=1", Status: 200, Contains: []string{"Ombor"}, Excludes: []string{`"next":""`, "for the test"}},
		httptestx.Scenario{Name: "bad cursor of tokens", As: operator, Path: path + "/tokens?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "endless token", As: operator, Path: path + "/tokens", Body: `{"organizationId":1,"expiresInHours":99999,"maxUses":0}`, Status: 400, Contains: []string{`"field":"expiresInHours","code":"above_max"`, `"field":"maxUses","code":"below_min"`}},
		httptestx.Scenario{Name: "token of no organization", As: operator, Path: path + "/tokens", Body: `{"expiresInHours":1,"maxUses":1}`, Status: 400, Contains: []string{`"field":"organizationId","code":"required"`}},
		httptestx.Scenario{Name: "token of an unknown one", As: operator, Path: path + "/tokens", Body: `{"organizationId":9,"expiresInHours":1,"maxUses":1}`, Status: 400, Contains: []string{`"code":"unknown_reference"`}},
		httptestx.Scenario{Name: "revoke a token", As: operator, Method: "DELETE", Path: path + "/tokens/" + tokens[0].ID.String(), Status: 204},
		httptestx.Scenario{Name: "revoke it twice", As: operator, Method: "DELETE", Path: path + "/tokens/" + tokens[0].ID.String(), Status: 404, Contains: []string{"gateways.token_unknown"}},
		httptestx.Scenario{Name: "no such id", As: operator, Method: "POST", Path: path + "/7/revoke", Status: 400, Contains: []string{"not_an_id"}},
	)
}

// What a gateway does in its life, with no other credential than what it was given.
func TestRoutesOfGateways(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	server := serve(t, kernel.AgentAPI, d, o.raised, "gateways.bootstrap_token=spt_the_token_of_the_settings")
	enroll := `{"token":"spt_the_token_of_the_settings","serial":"GW-001","name":"Ombor","version":"1.2.3","future":true}`
	w := ask(server, "POST", "/v2/gateway/enroll", enroll, "")
	var given struct {
		GatewayID      id.UUID
		APIKey         string
		OrganizationID int64
	}
	if err := json.Unmarshal(w.Body.Bytes(), &given); err != nil || w.Code != 201 || given.OrganizationID != 1 {
		t.Fatalf("enrolment: %d %s", w.Code, w.Body)
	}
	key := map[string]string{"Authorization": "bearer " + given.APIKey}
	wrong := map[string]string{"Authorization": "Bearer sgw_x"}
	other := map[string]string{"Authorization": "Bearer sk_agent_x"}
	heartbeat := `{"gatewayId":"g","status":"online","version":"1.2.3","epoch":"e1","queueDepth":7,"bufferUsage":0.25,"bufferBytes":1000,"connectedAgents":2,
		"cpuUsage":1.5,"networkStatus":{"ok":true},"streams":[{"stream":"agent","last":9,"pending":7}],"future":[],
		"alerts":[{"id":"0192f3a1-7c00-7000-8000-000000000001","kind":"buffer_overflow","severity":"warning","at":"2026-11-02T11:00:00Z","subject":"gateway"}]}`
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "enrol with a used token", Path: "/v2/gateway/enroll", Body: enroll, Status: 401, Contains: []string{"gateways.token_refused"}},
		httptestx.Scenario{Name: "enrol with nothing", Path: "/v2/gateway/enroll", Body: `{}`, Status: 400, Golden: "enroll_nothing"},
		httptestx.Scenario{Name: "heartbeat", Path: "/v2/gateway/heartbeat", Header: key, Body: heartbeat, Status: 200, Golden: "heartbeat", Mask: masks},
		httptestx.Scenario{Name: "heartbeat again", Path: "/v2/gateway/heartbeat", Header: key, Body: heartbeat, Status: 200},
		httptestx.Scenario{Name: "huge heartbeat", Path: "/v2/gateway/heartbeat", Header: key, Body: `{"x":"` + strings.Repeat("x", maxHeartbeat) + `"}`, Status: 413},
		httptestx.Scenario{Name: "malformed heartbeat", Path: "/v2/gateway/heartbeat", Header: key, Body: `{`, Status: 400},
		httptestx.Scenario{Name: "heartbeat of wrong types", Path: "/v2/gateway/heartbeat", Header: key, Body: `{"queueDepth":"7"}`, Status: 400, Contains: []string{"queueDepth"}},
		httptestx.Scenario{Name: "wrong key", Path: "/v2/gateway/heartbeat", Header: wrong, Body: heartbeat, Status: 401, Contains: []string{"gateways.key_refused"}},
		httptestx.Scenario{Name: "key of another kind", Path: "/v2/gateway/heartbeat", Header: other, Body: heartbeat, Status: 401},
		httptestx.Scenario{Name: "no key", Path: "/v2/gateway/heartbeat", Body: heartbeat, Status: 401},
		httptestx.Scenario{Name: "agents' keys", Path: "/v2/gateway/agent-keys", Header: key, Status: 200, Golden: "agent_keys"},
		httptestx.Scenario{Name: "agents' keys of nobody", Path: "/v2/gateway/agent-keys", Status: 401},
		httptestx.Scenario{Name: "an own agent's key", Path: "/v2/gateway/agent-keys/check", Header: key, Body: `{"hash":"bb"}`, Status: 200, Golden: "agent_key"},
		httptestx.Scenario{Name: "another organization's", Path: "/v2/gateway/agent-keys/check", Header: key, Body: `{"hash":"cc"}`, Status: 401, Contains: []string{"auth.key_invalid"}},
		httptestx.Scenario{Name: "another type's", Path: "/v2/gateway/agent-keys/check", Header: key, Body: `{"hash":"dd"}`, Status: 401, Contains: []string{"auth.key_invalid"}},
		httptestx.Scenario{Name: "unknown", Path: "/v2/gateway/agent-keys/check", Header: key, Body: `{"hash":"ee"}`, Status: 401, Contains: []string{"auth.key_invalid"}},
		httptestx.Scenario{Name: "the pages' routes are not here", Path: path, Header: key, Status: 404},
	)
	if n := len(o.raised.of(1, alert.BufferOverflow)); n != 1 {
		t.Errorf("%d alerts, want 1", n)
	}
	if n := counted(t, d, "SELECT count(*) FROM gateway_status_snapshots WHERE gateway_id = ? AND queue_depth = 7", given.GatewayID); n != 2 {
		t.Errorf("%d snapshots, want 2", n)
	}
	if err := o.revoke(admin(1), given.GatewayID); err != nil {
		t.Fatal(err)
	}
	// The server remembers the key for a moment; its own rows say otherwise.
	if w := ask(server, "POST", "/v2/gateway/heartbeat", heartbeat, given.APIKey); w.Code != 401 {
		t.Errorf("after the revocation a heartbeat is answered %d %s", w.Code, w.Body)
	}
}

func ask(h http.Handler, method, path, body, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWorkThatIsScheduled(t *testing.T) {
	t.Parallel()
	for role, want := range map[kernel.Role]int{kernel.AgentAPI: 5, kernel.Dashboard: 0} {
		d := dbtest.SQLite(t)
		populate(t, d)
		k, options := kerneltest.New(t, role, kerneltest.Options{DB: d}, New(), kerneltest.Provide[alert.Log](role, &alertLog{}),
			kerneltest.Provide[identity.KeyList](role, keys), kerneltest.Provide[identity.Keys](role, keys),
			kerneltest.Provide[cert.Authority](role, noPapers{}), kerneltest.Provide[cert.Verifier](role, noPapers{}),
			kerneltest.Provide[identity.Secret](role, identitytest.Secret("the server's secret")))
		defer options.Listener.Close()
		if err := k.Build(context.Background()); err != nil {
			t.Fatal(err)
		}
		runs := options.Schedule.(*kerneltest.Schedule).Runs
		if len(runs) != want {
			t.Errorf("%s schedules %d runs, want %d", role, len(runs), want)
		}
		for name, run := range runs {
			if err := run(system()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := k.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestCompletenessNeedsEveryStreamOfTheNewestBuffer(t *testing.T) {
	t.Parallel()
	early, late := noon, noon.Add(time.Hour)
	quiet := streamResponse{Epoch: "new", Stream: "device"}
	for _, c := range []struct {
		name    string
		streams []streamResponse
		want    *time.Time
	}{
		{"no stream", nil, nil},
		{"one that carried nothing", []streamResponse{quiet}, nil},
		{"the earlier of two", []streamResponse{{Epoch: "new", CompleteUntil: &late}, {Epoch: "new", CompleteUntil: &early}}, &early},
		{"beside one that carried nothing", []streamResponse{{Epoch: "new", CompleteUntil: &late}, quiet}, &late},
		{"beside one with a hole at its beginning", []streamResponse{{Epoch: "new", CompleteUntil: &late}, {Epoch: "new", Highest: 9}}, nil},
		{"beside an older buffer", []streamResponse{{Epoch: "new", CompleteUntil: &late}, {Epoch: "old", CompleteUntil: &early}, {Epoch: "old", Highest: 9}}, &late},
	} {
		got := completeUntil(c.streams)
		if (got == nil) != (c.want == nil) || got != nil && !got.Equal(*c.want) {
			t.Errorf("%s: complete until %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Config{BootstrapToken: "short", RotationOverlap: -1}
	err := bad.Validate()
	if err == nil {
		t.Fatal("everything wrong is taken")
	}
	for _, key := range []string{"bootstrap_token", "offline_after", "gap_after", "rotation_overlap", "snapshots_days"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("no word of %s: %v", key, err)
		}
	}
	if strings.Contains(err.Error(), "short") {
		t.Errorf("the token is shown: %v", err)
	}
}
