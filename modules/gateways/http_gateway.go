package gateways

import (
	"context"
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
	r.GET("/v2/gateway/agent-keys", gateway.Deliver, httpx.Handle(http.StatusOK, m.agentKeys), httpx.Doc("The keys, by hash, that the gateway accepts from agents."))
	r.POST("/v2/gateway/agent-keys/check", gateway.Deliver, httpx.Handle(http.StatusOK, m.checkKey), httpx.Doc("Ask about one key, by hash."))
}

// maxHeartbeat bounds a heartbeat with its alerts.
const maxHeartbeat = 256 << 10

// authenticate knows gateways by their keys.
func (m *Module) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	key := keyOf(r)
	if key == "" {
		return actor.Actor{}, false, nil
	}
	a, err := m.service.authenticate(ctx, key)
	return a, err == nil, err
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

func (m *Module) enroll(ctx context.Context, in enrollRequest) (out registerResponse, err error) {
	e, err := m.service.enrol(ctx, in.Token, in.Serial, in.Name, in.Version)
	return registerResponse{e.gateway.ID, e.gateway.OrganizationID, e.key}, err
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

func (m *Module) heartbeat(ctx context.Context, in heartbeatRequest) (out heartbeatResponse, err error) {
	h, err := m.service.hear(ctx, report{
		Version: in.Version, Epoch: in.Epoch, SentAt: in.SentAt, QueueDepth: in.QueueDepth, BufferUsage: in.BufferUsage,
		ConnectedAgents: in.ConnectedAgents, SetAside: in.SetAside, CPU: in.CPUUsage, Memory: in.MemoryUsage, Disk: in.DiskUsage, Network: in.NetworkStatus,
		Streams: in.Streams, Alerts: in.Alerts,
	}, secret.Hash(keyOf(httpx.Request(ctx))))
	return heartbeatResponse{true, h.at, append([]id.UUID{}, h.alerts...), h.keysVersion, h.newKey}, err
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
