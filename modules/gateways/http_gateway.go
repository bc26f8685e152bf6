package gateways

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// routesOfGateways are what gateways ask of agent-api.
func (m *Module) routesOfGateways(r httpx.Router) {
	r.POST("/v2/gateway/enroll", actor.Public, httpx.Handle(http.StatusCreated, m.enroll), httpx.Lenient(), httpx.Doc("Become a gateway with a provisioning token; the key is shown once."))
	r.POST("/v2/gateway/heartbeat", gateway.Deliver, httpx.Handle(http.StatusOK, m.heartbeat), httpx.Lenient(), httpx.BodyLimit(maxHeartbeat), httpx.Doc("Say how the gateway is."))
	r.POST("/v2/gateway/rotate-key", gateway.Deliver, httpx.Handle(http.StatusOK, m.rotateOwn), httpx.Doc("Get a new key in place of the one that is used here, which works on until the overlap ends."))
	r.GET("/v2/gateway/agent-keys", gateway.Deliver, httpx.Handle(http.StatusOK, m.agentKeys), httpx.Doc("The keys, by hash, that the gateway accepts from agents."))
	r.POST("/v2/gateway/agent-keys/check", gateway.Deliver, httpx.Handle(http.StatusOK, m.checkKey), httpx.Doc("Ask about one key, by hash."))
}

// maxHeartbeat bounds a heartbeat with its alerts.
const maxHeartbeat = 256 << 10

// authenticate knows gateways by their certificates and keys.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	return m.service.identify(ctx, r.TLS, keyOf(r))
}

// keyOf is the gateway key that the request carries, if any.
func keyOf(r *http.Request) string {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if key = strings.TrimSpace(key); strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(key, keyPrefix) {
		return key
	}
	return ""
}

type enrollRequest struct {
	Token   string `json:"token"`
	Serial  string `json:"serial"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	CSR     string `json:"csr,omitempty" doc:"PKCS #10, PEM, for a certificate"`
}

// Validate wants a token and a serial.
func (r *enrollRequest) Validate() error {
	var f fault.Fields
	if r.Token == "" {
		f.Add("token", "required", nil)
	}
	checkText(&f, "serial", r.Serial, 1)
	checkText(&f, "name", r.Name, 0)
	checkText(&f, "version", r.Version, 0)
	return f.Err()
}

type enrollResponse struct {
	registerResponse
	Certificate string `json:"certificate,omitempty" doc:"with its chain, PEM"`
	Authorities string `json:"authorities,omitempty" doc:"to believe, PEM"`
}

func (m *Module) enroll(ctx context.Context, in enrollRequest) (out enrollResponse, err error) {
	e, err := m.service.enrol(ctx, in.Token, in.Serial, in.Name, in.Version, in.CSR)
	return enrollResponse{registerResponse{e.gateway.ID, e.gateway.OrganizationID, e.key}, e.issued.Certificate, e.issued.Authorities}, err
}

type heartbeatRequest struct {
	GatewayID       string         `json:"gatewayId,omitempty"`
	Status          string         `json:"status"`
	Version         string         `json:"version,omitempty"`
	Epoch           string         `json:"epoch,omitempty"`
	SentAt          time.Time      `json:"sentAt,omitzero"`
	QueueDepth      int64          `json:"queueDepth"`
	BufferUsage     float64        `json:"bufferUsage"`
	BufferBytes     int64          `json:"bufferBytes,omitempty"`
	OldestPendingAt *time.Time     `json:"oldestPendingAt,omitempty"`
	ConnectedAgents int64          `json:"connectedAgents,omitempty"`
	SetAside        int64          `json:"setAside,omitempty"`
	CPUUsage        *float64       `json:"cpuUsage,omitempty"`
	MemoryUsage     *float64       `json:"memoryUsage,omitempty"`
	DiskUsage       *float64       `json:"diskUsage,omitempty"`
	NetworkStatus   map[string]any `json:"networkStatus,omitempty"`
	Streams         []position     `json:"streams,omitempty"`
	Alerts          []alert.Alert  `json:"alerts,omitempty"`
}

type heartbeatResponse struct {
	Success        bool      `json:"success"`
	ServerTime     time.Time `json:"serverTime"`
	AlertsAccepted []id.UUID `json:"alertsAccepted"`
	KeysVersion    string    `json:"keysVersion"`
	// NewKey replaces the key that the gateway used for this request, which is about to end.
	NewKey string `json:"newKey,omitempty"`
}

// report is what the request says, for the service.
func (r *heartbeatRequest) report() report {
	return report{
		GatewayID: r.GatewayID, Version: r.Version, Epoch: r.Epoch, SentAt: r.SentAt, QueueDepth: r.QueueDepth, BufferUsage: r.BufferUsage,
		ConnectedAgents: r.ConnectedAgents, SetAside: r.SetAside, CPU: r.CPUUsage, Memory: r.MemoryUsage, Disk: r.DiskUsage, Network: r.NetworkStatus,
		Streams: r.Streams, Alerts: r.Alerts,
	}
}

func (m *Module) heartbeat(ctx context.Context, in heartbeatRequest) (heartbeatResponse, error) {
	in.GatewayID = "" // the key says whose report it is
	return m.service.beat(ctx, in, keyHash(ctx))
}

func (s *service) beat(ctx context.Context, in heartbeatRequest, hash string) (heartbeatResponse, error) {
	h, err := s.hear(ctx, in.report(), hash)
	return heartbeatResponse{true, h.at, append([]id.UUID{}, h.alerts...), h.keysVersion, h.newKey}, err
}

// keyHash is of the key that ctx's request carries; empty if it carries none.
func keyHash(ctx context.Context) string {
	if key := keyOf(httpx.Request(ctx)); key != "" {
		return secret.Hash(key)
	}
	return ""
}

// proofOf is what ctx's request carries.
func proofOf(ctx context.Context) proof {
	with := proof{key: keyHash(ctx)}
	if c := httpx.Request(ctx).TLS; c != nil && len(c.PeerCertificates) > 0 {
		with.conn = c
	}
	return with
}

// pulse is the port of those who hold gateways' sockets.
type pulse struct{ *service }

// Caller is the gateway whose request ctx belongs to.
func (p pulse) Caller(ctx context.Context) (gateway.Caller, error) {
	gatewayID, err := caller(ctx)
	a, _ := actor.From(ctx)
	with := proofOf(ctx)
	return gateway.Caller{ID: gatewayID, OrganizationID: a.OrganizationID, Key: with.key, Shown: with.conn}, err
}

// Beat takes the body of a heartbeat and returns that of the answer.
func (p pulse) Beat(ctx context.Context, body []byte, key string) (json.RawMessage, error) {
	var in heartbeatRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errReport.Wrap(err)
	}
	out, err := p.beat(ctx, in, key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

type rotateOwnResponse struct {
	APIKey        string    `json:"apiKey"`
	PreviousUntil time.Time `json:"previousUntil"`
}

func (m *Module) rotateOwn(ctx context.Context, _ struct{}) (rotateOwnResponse, error) {
	gatewayID, err := caller(ctx)
	if err != nil {
		return rotateOwnResponse{}, err
	}
	with := proofOf(ctx)
	key, until, err := m.service.rotate(ctx, gatewayID, gateway.Deliver, &with)
	return rotateOwnResponse{key, until}, err
}

// keyResponse is a key as gateways know it.
type keyResponse struct {
	ID             int64          `json:"id"`
	OrganizationID int64          `json:"organizationId"`
	Type           string         `json:"type"`
	Hash           string         `json:"hash"`
	ExpiresAt      *time.Time     `json:"expiresAt,omitempty"`
	RevokedAt      *time.Time     `json:"revokedAt,omitempty"`
	AllowedIPs     []netip.Prefix `json:"allowedIps,omitempty" doc:"networks (CIDR) that it may be used from; any if it is not there"`
}

func responseOf(k identity.Key) keyResponse {
	r := keyResponse{ID: k.ID, OrganizationID: k.OrganizationID, Type: k.Type.String(), Hash: k.Hash, AllowedIPs: k.AllowedIPs}
	if !k.ExpiresAt.IsZero() {
		r.ExpiresAt = &k.ExpiresAt
	}
	if !k.RevokedAt.IsZero() {
		r.RevokedAt = &k.RevokedAt
	}
	return r
}

type keysResponse struct {
	Items   []keyResponse `json:"items"`
	Version string        `json:"version"`
}

func (m *Module) agentKeys(ctx context.Context, _ struct{}) (keysResponse, error) {
	keys, version, err := m.service.agentKeys(ctx)
	out := keysResponse{Items: make([]keyResponse, len(keys)), Version: version}
	for i, k := range keys {
		out.Items[i] = responseOf(k)
	}
	return out, err
}

type checkKeyRequest struct {
	Hash string `json:"hash"`
}

func (m *Module) checkKey(ctx context.Context, in checkKeyRequest) (out keyResponse, err error) {
	a, _ := actor.From(ctx)
	k, err := m.checks.ByHash(ctx, in.Hash)
	if err != nil {
		return out, err
	}
	if k.OrganizationID != a.OrganizationID || k.Type != actor.Agent {
		return out, identity.ErrKeyInvalid
	}
	return responseOf(k), nil
}
