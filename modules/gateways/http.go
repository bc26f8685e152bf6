package gateways

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

func (m *Module) routesOfPeople(r httpx.Router) {
	httpx.List(r, "/api/v2/gateways", gateway.Read, m.gateways(), httpx.Doc("Gateways: state, buffer, and how completely their data has arrived."))
	r.POST("/api/v2/gateways", gateway.Write, httpx.Handle(http.StatusCreated, m.register), httpx.Doc("Make a gateway by hand; its key is shown once."))
	r.POST("/api/v2/gateways/:id/rotate-key", gateway.Write, httpx.Handle(http.StatusOK, m.rotate), httpx.Doc("Give a gateway a new key. One that is online gets its new key by itself while the old one works on; the key in the answer is for one that cannot."))
	r.POST("/api/v2/gateways/:id/revoke", gateway.Write, httpx.Handle(http.StatusNoContent, m.revoke), httpx.Doc("Shut a gateway out."))
	r.GET("/api/v2/gateways/tokens", gateway.Write, httpx.Handle(http.StatusOK, m.listTokens), httpx.Doc("Provisioning tokens that have not been revoked."))
	r.POST("/api/v2/gateways/tokens", gateway.Write, httpx.Handle(http.StatusCreated, m.createToken), httpx.Doc("Make a provisioning token; it is shown once."))
	r.DELETE("/api/v2/gateways/tokens/:id", gateway.Write, httpx.Handle(http.StatusNoContent, m.revokeToken), httpx.Doc("Revoke a provisioning token."))
}

type listRequest struct {
	Limit int    `query:"limit"`
	After string `query:"after"`
}

type gatewayResponse struct {
	ID              id.UUID          `json:"id"`
	Serial          string           `json:"serial"`
	Name            string           `json:"name"`
	OrganizationID  int64            `json:"organizationId"`
	Status          string           `json:"status" enum:"online,offline,revoked"`
	StatusReason    string           `json:"statusReason,omitempty"`
	StatusSince     *time.Time       `json:"statusSince,omitempty"`
	LastSeenAt      *time.Time       `json:"lastSeenAt,omitempty"`
	Version         string           `json:"version,omitempty"`
	BufferUsage     float64          `json:"bufferUsage"`
	QueueDepth      int64            `json:"queueDepth"`
	ConnectedAgents int64            `json:"connectedAgents"`
	SetAside        int64            `json:"setAside"`
	ClockSkewMS     *int64           `json:"clockSkewMs,omitempty"`
	CPUUsage        *float64         `json:"cpuUsage,omitempty" description:"of the gateway's machine, in percent"`
	MemoryUsage     *float64         `json:"memoryUsage,omitempty" description:"in percent"`
	DiskUsage       *float64         `json:"diskUsage,omitempty" description:"of the disk that keeps what is not delivered, in percent"`
	Control         *channelResponse `json:"control,omitempty"`
	CompleteUntil   *time.Time       `json:"completeUntil,omitempty"`
	Streams         []streamResponse `json:"streams"`
	CreatedAt       time.Time        `json:"createdAt"`
}

// channelResponse is how the gateway says that its control channel is.
type channelResponse struct {
	State  string     `json:"state" enum:"waiting,connecting,connected,disconnected,refused,replaced"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
}

// channelStates are those of module control.
var channelStates = []string{"waiting", "connecting", "connected", "disconnected", "refused", "replaced"}

// channelOf reads what a gateway said of its network; nil if that says nothing of a channel.
func channelOf(network map[string]any) *channelResponse {
	said, _ := network["control"].(map[string]any)
	c := channelResponse{}
	c.State, _ = said["state"].(string)
	if !slices.Contains(channelStates, c.State) {
		return nil
	}
	reason, _ := said["reason"].(string)
	c.Reason = short(reason, maxChannelReason)
	text, _ := said["since"].(string)
	if since, err := time.Parse(time.RFC3339, text); err == nil {
		c.Since = &since
	}
	return &c
}

// maxChannelReason bounds what is shown of a gateway's words, in bytes.
const maxChannelReason = 300

type streamResponse struct {
	Epoch         string        `json:"epoch"`
	Stream        string        `json:"stream"`
	Watermark     int64         `json:"watermark"`
	Highest       int64         `json:"highest"`
	CompleteUntil *time.Time    `json:"completeUntil,omitempty"`
	Gaps          []gapResponse `json:"gaps"`
	GapsTotal     int64         `json:"gapsTotal"`
}

// gapResponse is a run of positions that is missing: not arrived yet, or dropped for the reason.
type gapResponse struct {
	First  int64     `json:"first"`
	Last   int64     `json:"last"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

func (m *Module) gateways() grid.List[gatewayResponse] {
	return grid.List[gatewayResponse]{
		Name: "gateways", Title: "gateways.list", Columns: columns, Sort: "serial", ID: idOfGateway, DB: m.service.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]gatewayResponse, db.Found, error) {
			rows, found, err := m.service.store.list(ctx, q.SQL())
			if err != nil {
				return nil, found, err
			}
			items, err := m.describe(ctx, rows)
			return items, found, err
		},
	}
}

// describe adds to gateways their newest reports and their positions.
func (m *Module) describe(ctx context.Context, found []gatewayRow) ([]gatewayResponse, error) {
	if len(found) == 0 {
		return nil, nil
	}
	ids := make([]id.UUID, len(found))
	for i, g := range found {
		ids[i] = g.ID
	}
	snapshots, err := m.service.store.latestSnapshots(ctx, ids)
	if err != nil {
		return nil, err
	}
	streams, err := m.service.store.streams(ctx, ids, maxGaps)
	if err != nil {
		return nil, err
	}
	items := make([]gatewayResponse, len(found))
	for i, g := range found {
		s := snapshots[g.ID]
		items[i] = gatewayResponse{
			ID: g.ID, Serial: g.Serial, Name: g.Name, OrganizationID: g.OrganizationID, Status: g.Status, StatusReason: g.StatusReason,
			StatusSince: g.StatusSince, LastSeenAt: g.LastSeenAt, Version: g.Version, ClockSkewMS: g.ClockSkewMS, CreatedAt: g.CreatedAt,
			BufferUsage: s.BufferUsage, QueueDepth: s.QueueDepth, ConnectedAgents: s.ConnectedAgents, SetAside: s.SetAside,
			CPUUsage: s.CPUUsage, MemoryUsage: s.MemoryUsage, DiskUsage: s.DiskUsage, Control: channelOf(s.NetworkStatus),
			Streams: []streamResponse{},
		}
		for _, w := range streams {
			if w.GatewayID == g.ID {
				items[i].Streams = append(items[i].Streams, streamOf(w))
			}
		}
		items[i].CompleteUntil = completeUntil(items[i].Streams)
	}
	return items, nil
}

// streamOf shows a stream with its first holes, the first runs dropped beyond the watermark and the last ones below it,
// as far as there is room.
func streamOf(w standing) streamResponse {
	s := streamResponse{
		Epoch: w.Epoch, Stream: w.Stream, Watermark: w.Watermark, Highest: w.Highest, CompleteUntil: w.CompleteUntil, Gaps: []gapResponse{},
		GapsTotal: w.Holes + w.dropped,
	}
	for _, g := range gapsOf(w.Watermark, runs(w.beyond)) {
		s.Gaps = append(s.Gaps, gapResponse{First: g.first, Last: g.last, Since: g.since})
	}
	for _, r := range slices.Concat(w.beyond, w.lost) {
		if r.State == dropped {
			s.Gaps = append(s.Gaps, gapResponse{First: r.First, Last: r.Last, Since: r.CreatedAt, Reason: r.Reason})
		}
	}
	s.Gaps = s.Gaps[:min(len(s.Gaps), maxGaps)]
	slices.SortFunc(s.Gaps, func(a, b gapResponse) int { return cmp.Compare(a.First, b.First) })
	return s
}

// completeUntil is the time up to which every stream of the newest buffer is complete; nil while one has a hole at its
// very beginning. A stream that has never carried anything says nothing.
func completeUntil(streams []streamResponse) (until *time.Time) {
	for _, s := range streams {
		switch {
		case s.Epoch != streams[0].Epoch:
		case s.CompleteUntil == nil && s.Highest > 0:
			return nil
		case s.CompleteUntil == nil:
		case until == nil || s.CompleteUntil.Before(*until):
			until = s.CompleteUntil
		}
	}
	return until
}

type registerRequest struct {
	Serial         string `json:"serial"`
	Name           string `json:"name,omitempty"`
	OrganizationID int64  `json:"organizationId,omitempty"`
}

// Validate wants a serial.
func (r *registerRequest) Validate() error {
	var f fault.Fields
	checkText(&f, "serial", r.Serial, 1)
	checkText(&f, "name", r.Name, 0)
	return f.Err()
}

// maxText bounds what people and gateways write, in characters.
const maxText = 255

func checkText(f *fault.Fields, field, text string, least int) {
	f.Text(field, text, least, maxText)
	if strings.ContainsFunc(text, unicode.IsControl) {
		f.Add(field, "wrong_format", nil)
	}
}

type registerResponse struct {
	GatewayID      id.UUID `json:"gatewayId"`
	OrganizationID int64   `json:"organizationId"`
	APIKey         string  `json:"apiKey"`
}

func (m *Module) register(ctx context.Context, in registerRequest) (out registerResponse, err error) {
	organizationID, err := organizationFor(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	e, err := m.service.register(ctx, organizationID, in.Serial, in.Name)
	return registerResponse{e.gateway.ID, e.gateway.OrganizationID, e.key}, err
}

// organizationFor is the actor's organization, or for an actor that crosses organizations the one that it named.
func organizationFor(ctx context.Context, named int64) (int64, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID != 0 {
		return a.OrganizationID, nil
	}
	if named == 0 {
		return 0, noOrganization("required")
	}
	return named, nil
}

type idRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

type rotateResponse struct {
	APIKey       string    `json:"apiKey"`
	OverlapUntil time.Time `json:"overlapUntil"`
}

func (m *Module) rotate(ctx context.Context, in idRequest) (rotateResponse, error) {
	key, until, err := m.service.rotate(ctx, in.ID, gateway.Write, nil)
	return rotateResponse{key, until}, err
}

func (m *Module) revoke(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, m.service.revoke(ctx, in.ID)
}

type createTokenRequest struct {
	OrganizationID int64  `json:"organizationId,omitempty"`
	ExpiresInHours int64  `json:"expiresInHours"`
	MaxUses        int64  `json:"maxUses"`
	Note           string `json:"note,omitempty"`
}

// Validate wants a token that ends: in at most a year and after at most a thousand uses.
func (r *createTokenRequest) Validate() error {
	var f fault.Fields
	checkRange(&f, "expiresInHours", r.ExpiresInHours, 24*366)
	checkRange(&f, "maxUses", r.MaxUses, 1000)
	checkText(&f, "note", r.Note, 0)
	return f.Err()
}

func checkRange(f *fault.Fields, field string, n, most int64) {
	switch {
	case n < 1:
		f.Add(field, "below_min", fault.Params{"Min": 1})
	case n > most:
		f.Add(field, "above_max", fault.Params{"Max": most})
	}
}

type tokenResponse struct {
	ID             id.UUID   `json:"id"`
	Token          string    `json:"token,omitempty"`
	OrganizationID int64     `json:"organizationId"`
	Note           string    `json:"note"`
	MaxUses        int64     `json:"maxUses"`
	Uses           int64     `json:"uses"`
	ExpiresAt      time.Time `json:"expiresAt"`
	CreatedAt      time.Time `json:"createdAt"`
}

func tokenOf(t tokenRow, token string) tokenResponse {
	return tokenResponse{t.ID, token, t.OrganizationID, t.Note, t.MaxUses, t.Uses, t.ExpiresAt, t.CreatedAt}
}

func (m *Module) createToken(ctx context.Context, in createTokenRequest) (out tokenResponse, err error) {
	organizationID, err := organizationFor(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	t, token, err := m.service.newToken(ctx, organizationID, in.Note, time.Duration(in.ExpiresInHours)*time.Hour, in.MaxUses)
	return tokenOf(t, token), err
}

func (m *Module) listTokens(ctx context.Context, in listRequest) (page httpx.Page[tokenResponse], err error) {
	var after id.UUID
	if in.After != "" {
		if err := db.ParseCursor(in.After, &after); err != nil {
			return page, err
		}
	}
	limit := db.Limit(in.Limit)
	found, err := m.service.store.tokens(ctx, limit, after)
	if err != nil {
		return page, err
	}
	found, page.Next = db.NextPage(found, limit, func(t tokenRow) []any { return []any{t.ID} })
	for _, t := range found {
		page.Items = append(page.Items, tokenOf(t, ""))
	}
	return page, nil
}

func (m *Module) revokeToken(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, m.service.revokeToken(ctx, in.ID)
}
