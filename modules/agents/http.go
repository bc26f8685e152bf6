package agents

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

// maxWait bounds a long poll: proxies cut what takes longer.
const maxWait = time.Minute

func (m *Module) routes(r httpx.Router) {
	r.POST("/v2/agent/enroll", activity.Report, httpx.Handle(http.StatusCreated, m.enroll), httpx.Lenient(),
		httpx.Doc("Get a token for the agent of one computer. An earlier one of the same computer ends."))
	r.GET("/v2/agent/policy", activity.Report, httpx.Raw(m.policy), httpx.Gives[policyResponse](http.StatusOK), httpx.Or[struct{}](http.StatusNotModified),
		httpx.Asks(grid.Parameter{Name: "computerUid"}, grid.Parameter{Name: "userSid"}, grid.Parameter{Name: "wait", Kind: grid.Number, Doc: "seconds, at most 60"}),
		httpx.Doc("The policy of a computer, or of a Windows user on it. With If-None-Match it waits for another one, and answers 304 if there is none."))
	r.POST("/v2/agent/policy/ack", activity.Report, httpx.Handle(http.StatusOK, m.acceptPolicy), httpx.Lenient(),
		httpx.Doc("Tell which policy the agent works by. Answered when it is durable."))
	r.GET("/v2/agent/commands", activity.Report, httpx.Handle(http.StatusOK, m.commands), httpx.Lenient(),
		httpx.Doc("What the agent is to do; it waits for something, at most wait seconds (60)."))
	r.POST("/v2/agent/commands/:id/ack", activity.Report, httpx.Handle(http.StatusOK, m.acceptCommand), httpx.Lenient(),
		httpx.Doc("Tell how a command went. Answered when it is durable."))
}

// authenticate knows agents by their tokens. What is none it leaves to others.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	shown := credentialOf(r)
	if !isToken(shown) {
		return actor.Actor{}, false, nil
	}
	if !ours(r.URL.Path) {
		return actor.Actor{}, false, identity.ErrKeyInvalid
	}
	e, err := m.credential(ctx, shown, httpx.ClientIP(ctx))
	if err != nil {
		return actor.Actor{}, false, err
	}
	a := agent.Of(e.OrganizationID, e.ComputerUID)
	a.Key = e.KeyHash
	return a, true, nil
}

// ours reports whether a token is good for the path: all that agents ask for, and nothing else.
func ours(path string) bool {
	for _, prefix := range []string{"/v2/agent/", "/api/agent/", "/staffcontrol.agent.v1."} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// credentialOf is the key or token of a request: X-API-Key, or a bearer token.
func credentialOf(r *http.Request) string {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return key
	}
	if scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(credential)
	}
	return ""
}

func isToken(shown string) bool { return strings.HasPrefix(shown, tokenPrefix) }

// named wants a text by which something is known.
func named(f *fault.Fields, field, text string, required bool) {
	switch {
	case required && strings.TrimSpace(text) == "":
		f.Add(field, "required", nil)
	case len(text) > activity.MaxUID:
		f.Add(field, "too_long", fault.Params{"Max": activity.MaxUID})
	case !db.KeepsText(text):
		f.Add(field, "not_text", nil)
	}
}

type enrollRequest struct {
	ComputerUID string `json:"computerUid"`
}

// Validate wants a computer.
func (r *enrollRequest) Validate() error {
	var f fault.Fields
	named(&f, "computerUid", r.ComputerUID, true)
	return f.Err()
}

type enrollResponse struct {
	AgentID string `json:"agentId"`
	Token   string `json:"token" doc:"is shown this once"`
}

func (m *Module) enroll(ctx context.Context, in enrollRequest) (out enrollResponse, err error) {
	out.AgentID, out.Token, err = m.enrol(ctx, in.ComputerUID, credentialOf(httpx.Request(ctx)))
	return out, err
}

type policyResponse struct {
	PolicyID        int64           `json:"policyId" doc:"0 where nobody has decided"`
	Version         string          `json:"version"`
	Checksum        string          `json:"checksum" doc:"SHA-256 of content's canonical JSON (RFC 8785)"`
	RequiresRestart bool            `json:"requiresRestart"`
	Content         json.RawMessage `json:"content"`
}

type place struct {
	ComputerUID string `query:"computerUid"`
	UserSID     string `query:"userSid"`
}

func (p place) check(ctx context.Context) error {
	var f fault.Fields
	named(&f, "computerUid", p.ComputerUID, true)
	named(&f, "userSid", p.UserSID, false)
	if err := f.Err(); err != nil {
		return err
	}
	return agent.Check(ctx, p.ComputerUID)
}

func (m *Module) policy(c *echo.Context) error {
	ctx := c.Request().Context()
	at := place{c.QueryParam("computerUid"), c.QueryParam("userSid")}
	if err := at.check(ctx); err != nil {
		return err
	}
	wait, err := waitOf(c.QueryParam("wait"))
	if err != nil {
		return err
	}
	leave, err := m.waits.enter(at.ComputerUID)
	if err != nil {
		return err
	}
	defer leave()
	l, done := poll(ctx, wait)
	defer done()
	p, news, err := m.newPolicy(ctx, at.ComputerUID, at.UserSID, untagged(c.Request().Header.Get("If-None-Match")), l)
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", `"`+p.etag+`"`)
	c.Response().Header().Set("Cache-Control", "no-cache")
	if !news {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSON(http.StatusOK, policyResponse{p.id, p.version, p.checksum, p.requiresRestart, p.content})
}

// untagged is the text of an entity tag.
func untagged(header string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(header), "W/"), `"`)
}

// waitOf reads for how many seconds a client would wait. It waits no longer than maxWait.
func waitOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		var f fault.Fields
		f.Add("wait", "not_a_number", nil)
		return 0, f.Err()
	}
	return min(time.Duration(min(n, 1000))*time.Second, maxWait), nil
}

// poll are the limits of a request of so much patience. The caller calls done.
func poll(ctx context.Context, wait time.Duration) (l *limits, done func()) {
	t := time.NewTimer(wait)
	return &limits{enough: t.C, stopping: httpx.Stopping(ctx), still: func() error { return nil }}, func() { t.Stop() }
}

type ackPolicyRequest struct {
	ComputerUID string `json:"computerUid"`
	UserSID     string `json:"userSid,omitempty"`
	PolicyID    int64  `json:"policyId"`
	Version     string `json:"version"`
	Checksum    string `json:"checksum"`
}

// maxVersion bounds what is said of a version.
const maxVersion = 32

// Validate wants to know what of whom.
func (r *ackPolicyRequest) Validate() error {
	var f fault.Fields
	named(&f, "computerUid", r.ComputerUID, true)
	named(&f, "userSid", r.UserSID, false)
	named(&f, "checksum", r.Checksum, true)
	switch {
	case r.PolicyID < 0:
		f.Add("policyId", "not_an_id", nil)
	case r.Version == "":
		f.Add("version", "required", nil)
	case len(r.Version) > maxVersion:
		f.Add("version", "too_long", fault.Params{"Max": maxVersion})
	}
	return f.Err()
}

type ackResponse struct {
	Success    bool      `json:"success"`
	ServerTime time.Time `json:"serverTime"`
}

func (m *Module) acceptPolicy(ctx context.Context, in ackPolicyRequest) (ackResponse, error) {
	err := agent.Check(ctx, in.ComputerUID)
	if err == nil {
		err = m.ackPolicy(ctx, in.ComputerUID, in.UserSID, in.PolicyID, in.Version, in.Checksum)
	}
	return ackResponse{err == nil, m.now().UTC()}, err
}

type commandsRequest struct {
	ComputerUID string `query:"computerUid"`
	Wait        string `query:"wait" doc:"seconds"`
}

type commandsResponse struct {
	Items []commandResponse `json:"items"`
}

type commandResponse struct {
	ID        string    `json:"id"`
	Type      string    `json:"type" enum:"restart"`
	Reason    string    `json:"reason,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// restart is the one type of command.
const restart = "restart"

func (m *Module) commands(ctx context.Context, in commandsRequest) (commandsResponse, error) {
	out := commandsResponse{Items: []commandResponse{}}
	if err := (place{ComputerUID: in.ComputerUID}).check(ctx); err != nil {
		return out, err
	}
	wait, err := waitOf(in.Wait)
	if err != nil {
		return out, err
	}
	leave, err := m.waits.enter(in.ComputerUID)
	if err != nil {
		return out, err
	}
	defer leave()
	l, done := poll(ctx, wait)
	defer done()
	orders, err := m.newOrders(ctx, in.ComputerUID, l)
	for _, o := range orders {
		out.Items = append(out.Items, commandResponse{o.ID, restart, o.Reason, o.Until})
	}
	return out, err
}

type ackCommandRequest struct {
	ID     string `path:"id"`
	Status string `json:"status" enum:"done,failed"`
	Error  string `json:"error,omitempty"`
}

// Validate wants an outcome.
func (r *ackCommandRequest) Validate() error {
	var f fault.Fields
	if o := agent.Outcome(r.Status); o != agent.Done && o != agent.Failed {
		f.Add("status", "agents.status_unknown", nil)
	}
	return f.Err()
}

func (m *Module) acceptCommand(ctx context.Context, in ackCommandRequest) (ackResponse, error) {
	err := m.ackOrder(ctx, in.ID, agent.Outcome(in.Status), in.Error)
	return ackResponse{err == nil, m.now().UTC()}, err
}
