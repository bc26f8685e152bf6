package gateways

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// The states of a gateway.
const (
	online  = "online"
	offline = "offline"
	revoked = "revoked"
)

type gatewayRow struct {
	bun.BaseModel `bun:"table:gateway_instances,alias:g"`
	db.Owned
	db.Place
	ID            id.UUID    `bun:"id,pk"`
	Serial        string     `bun:"serial"`
	Name          string     `bun:"name"`
	NameSearch    string     `bun:"name_search"`
	KeyHash       string     `bun:"api_key"`
	PreviousHash  *string    `bun:"previous_key"`
	PreviousUntil *time.Time `bun:"previous_until"`
	Status        string     `bun:"status"`
	StatusReason  string     `bun:"status_reason"`
	StatusSince   *time.Time `bun:"status_since"`
	LastSeenAt    *time.Time `bun:"last_seen_at"`
	Version       string     `bun:"version"`
	ClockSkewMS   *int64     `bun:"clock_skew_ms"`
	CreatedAt     time.Time  `bun:"created_at,skipupdate"`
	UpdatedAt     time.Time  `bun:"updated_at"`
}

func (g *gatewayRow) contract() gateway.Gateway {
	c := gateway.Gateway{ID: g.ID, OrganizationID: g.OrganizationID, Serial: g.Serial, Name: g.Name, Online: g.Status == online}
	if g.StatusSince != nil {
		c.Since = g.StatusSince.UTC()
	}
	if g.LastSeenAt != nil {
		c.LastSeenAt = g.LastSeenAt.UTC()
	}
	return c
}

// changed is the event that the gateway is now what it is.
func (g *gatewayRow) changed() gateway.Changed {
	return gateway.Changed{
		ID: g.ID, OrganizationID: g.OrganizationID, Serial: g.Serial, Name: g.Name, Status: g.Status, Reason: g.StatusReason, At: g.StatusSince.UTC(),
	}
}

// usesPrevious reports whether the hash is of the key before.
func (g *gatewayRow) usesPrevious(hash string) bool {
	return g.PreviousHash != nil && *g.PreviousHash == hash
}

// holds reports whether the key with this hash is the gateway's now. Without a key it asks only whether the gateway is
// shut out.
func (g *gatewayRow) holds(hash string, now time.Time) bool {
	if g.Status == revoked {
		return false
	}
	return hash == "" || hash == g.KeyHash || g.usesPrevious(hash) && g.PreviousUntil.After(now)
}

// lacksKey reports whether the hash is of the key before, and nobody has come with the new one yet: then the new one may
// have been lost on its way. Who has come with the new one is given no other for the old one, or a thief would get it.
func (g *gatewayRow) lacksKey(hash string, now time.Time) bool {
	return g.usesPrevious(hash) && g.PreviousUntil.After(now.Add(keyGrace)) // see healKey
}

// rotate makes room for the next key: the present one stays good until the time. Where the gateway has not come
// with the present one yet, it still uses the one before, and that stays. used is the hash of the key with which the
// gateway asks for it; empty where somebody else does.
func (g *gatewayRow) rotate(used string, until, now time.Time) {
	shown := used == g.KeyHash || g.PreviousUntil != nil && !g.PreviousUntil.After(now.Add(keyGrace)) // see healKey
	if g.PreviousHash == nil || shown {
		old := g.KeyHash
		g.PreviousHash = &old
	}
	g.PreviousUntil = &until
}

type snapshotRow struct {
	bun.BaseModel `bun:"table:gateway_status_snapshots,alias:s"`
	db.Owned
	ID              id.UUID   `bun:"id,pk"`
	GatewayID       id.UUID   `bun:"gateway_id"`
	Timestamp       time.Time `bun:"timestamp"`
	CPUUsage        *float64  `bun:"cpu_usage"`
	DiskUsage       *float64  `bun:"disk_usage"`
	MemoryUsage     *float64  `bun:"memory_usage"`
	QueueDepth      int64     `bun:"queue_depth"`
	BufferUsage     float64   `bun:"buffer_usage"`
	ConnectedAgents int64     `bun:"connected_agents"`
	SetAside        int64     `bun:"set_aside"`
	// NetworkStatus is what the gateway says of its network, as it says it.
	NetworkStatus map[string]any `bun:"network_status,nullzero"`
}

// agentRow is an agent that reports through a gateway, named by its computer.
type agentRow struct {
	bun.BaseModel `bun:"table:agent_instances,alias:a"`
	db.Owned
	ID         id.UUID   `bun:"id,pk"`
	GatewayID  id.UUID   `bun:"gateway_id"`
	UID        string    `bun:"agent_uid"`
	Computer   *string   `bun:"computer_name"`
	Status     string    `bun:"status"`
	LastSeenAt time.Time `bun:"last_seen_at"`
	CreatedAt  time.Time `bun:"created_at"`
	// Policy is what it runs on: the policy's id and its version.
	Policy *string `bun:"policy_version,scanonly"`
}

type tokenRow struct {
	bun.BaseModel `bun:"table:provisioning_tokens,alias:t"`
	db.Owned
	ID        id.UUID    `bun:"id,pk"`
	Hash      string     `bun:"hash"`
	Note      string     `bun:"note"`
	MaxUses   int64      `bun:"max_uses"`
	Uses      int64      `bun:"uses"`
	ExpiresAt time.Time  `bun:"expires_at"`
	RevokedAt *time.Time `bun:"revoked_at"`
	CreatedBy string     `bun:"created_by"`
	CreatedAt time.Time  `bun:"created_at"`
}

type streamRow struct {
	bun.BaseModel `bun:"table:gateway_streams,alias:w"`
	db.Owned
	GatewayID     id.UUID    `bun:"gateway_id,pk"`
	Epoch         string     `bun:"epoch,pk"`
	Stream        string     `bun:"stream,pk"`
	Watermark     int64      `bun:"watermark"`
	CompleteUntil *time.Time `bun:"complete_until"`
	Highest       int64      `bun:"highest"`
	Holes         int64      `bun:"holes"`
	UpdatedAt     time.Time  `bun:"updated_at"`
}

// completeTo notes that all up to the time has arrived.
func (w *streamRow) completeTo(t time.Time) {
	if w.CompleteUntil == nil || t.After(*w.CompleteUntil) {
		w.CompleteUntil = &t
	}
}

// lossKey is of which stream something was dropped, and why.
type lossKey struct {
	gatewayID             id.UUID
	epoch, stream, reason string
}

// lossRow sums up what a gateway dropped of a stream for one reason.
type lossRow struct {
	bun.BaseModel `bun:"table:gateway_ranges,alias:r"`
	db.Owned
	GatewayID id.UUID `bun:"gateway_id"`
	Epoch     string  `bun:"epoch"`
	Stream    string  `bun:"stream"`
	Reason    string  `bun:"reason"`
	Count     int64   `bun:"count,scanonly"`
	First     int64   `bun:"first,scanonly"`
	Last      int64   `bun:"last,scanonly"`
}

func (l lossRow) key() lossKey { return lossKey{l.GatewayID, l.Epoch, l.Stream, l.Reason} }

// rangeRow is a run of positions: beyond the watermark stored or dropped, below it dropped.
type rangeRow struct {
	bun.BaseModel `bun:"table:gateway_ranges,alias:r"`
	db.Owned
	GatewayID id.UUID    `bun:"gateway_id,pk"`
	Epoch     string     `bun:"epoch,pk"`
	Stream    string     `bun:"stream,pk"`
	First     int64      `bun:"first,pk"`
	Last      int64      `bun:"last"`
	State     string     `bun:"state,pk"`
	Reason    string     `bun:"reason"`
	Until     *time.Time `bun:"until"`
	CreatedAt time.Time  `bun:"created_at"`
}

// same reports whether two ranges that begin alike say the same.
func (r rangeRow) same(b rangeRow) bool {
	until := r.Until == b.Until || r.Until != nil && b.Until != nil && r.Until.Equal(*b.Until)
	return until && r.Last == b.Last && r.State == b.State && r.Reason == b.Reason && r.CreatedAt.Equal(b.CreatedAt)
}
