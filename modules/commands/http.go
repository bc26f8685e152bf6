package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

const prefix = "/api/v2/commands"

func (m *Module) routesOfPeople(r httpx.Router) {
	httpx.List(r, prefix, command.Read, m.service.commands(), httpx.Doc("Commands to gateways, the latest first."))
	r.POST(prefix, command.Write, httpx.Handle(http.StatusCreated, m.service.order), httpx.BodyLimit(maxPayload), httpx.Doc("Order something of a gateway. Policies order what is theirs themselves."))
	r.GET(prefix+"/:id", command.Read, httpx.Handle(http.StatusOK, m.service.one), httpx.Doc("One command."))
	r.POST(prefix+"/:id/cancel", command.Write, httpx.Handle(http.StatusNoContent, m.service.cancelOne), httpx.Doc("Take an order back that has not come to its end."))
	r.GET(prefix+"/:id/diagnostics", command.Write, httpx.Raw(m.serveBundle), httpx.GivesFile("application/gzip"), httpx.Doc("The diagnostics that the gateway has sent, a .tar.gz without secrets."))
}

type commandResponse struct {
	ID             id.UUID        `json:"id"`
	OrganizationID int64          `json:"organizationId"`
	GatewayID      id.UUID        `json:"gatewayId"`
	Type           command.Type   `json:"type" enum:"policy_update,restart_agent,device_command,sync_devices,rotate_key,collect_diagnostics,update"`
	Payload        map[string]any `json:"payload"`
	Status         command.Status `json:"status" enum:"pending,sent,completed,failed,expired,cancelled"`
	Code           string         `json:"code,omitempty"`
	Error          string         `json:"error,omitempty"`
	Result         any            `json:"result,omitempty"`
	PolicyVersion  string         `json:"policyVersion,omitempty"`
	Attempts       int            `json:"attempts" doc:"deliveries that no end of the connection cut off"`
	MaxAttempts    int            `json:"maxAttempts"`
	Deliveries     int            `json:"deliveries"`
	OrderedBy      string         `json:"orderedBy"`
	OrderedFor     string         `json:"orderedFor,omitempty"`
	CreatedAt      time.Time      `json:"createdAt"`
	SentAt         *time.Time     `json:"sentAt,omitempty"`
	AckAt          *time.Time     `json:"ackAt,omitempty"`
	EndedAt        *time.Time     `json:"endedAt,omitempty"`
	ExpiresAt      time.Time      `json:"expiresAt"`
	Diagnostics    bool           `json:"diagnostics,omitempty" doc:"there is a file to be downloaded"`
}

func asCommand(c commandRow) commandResponse {
	r := commandResponse{
		ID: c.ID, OrganizationID: c.OrganizationID, GatewayID: c.GatewayID, Type: c.Type, Payload: map[string]any{}, Status: c.Status,
		Code: c.Code, Error: c.Error, PolicyVersion: c.PolicyVersion, Attempts: c.Attempts, MaxAttempts: c.MaxAttempts, Deliveries: c.Deliveries,
		OrderedBy: c.By, OrderedFor: c.For, CreatedAt: c.CreatedAt, SentAt: c.SentAt, AckAt: c.AckAt, EndedAt: c.EndedAt, ExpiresAt: c.ExpiresAt,
		Diagnostics: c.Bundle != "",
	}
	_ = json.Unmarshal(c.Payload, &r.Payload) // it was an object when it was ordered
	if len(c.Result) > 0 {
		_ = json.Unmarshal(c.Result, &r.Result)
	}
	return r
}

func (s *service) commands() grid.List[commandResponse] {
	return grid.List[commandResponse]{
		Name: "commands", Title: "commands.list", Columns: columns, Sort: "-createdAt", ID: idOfCommand,
		Read: func(ctx context.Context, q grid.Query) ([]commandResponse, db.Found, error) {
			rows, found, err := s.store.list(ctx, q.SQL())
			return grid.Items(rows, asCommand), found, err
		},
	}
}

type commandRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (s *service) one(ctx context.Context, in commandRequest) (commandResponse, error) {
	row, err := s.seen(ctx, in.ID, "commands.read")
	return asCommand(row), err
}

// seen returns a command that the actor may see.
func (s *service) seen(ctx context.Context, commandID id.UUID, action string) (commandRow, error) {
	row, err := s.store.byID(ctx, commandID)
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*commandRow)(nil), commandID, "command", action)
		return row, errUnknown.Wrap(err)
	}
	return row, err
}

func (s *service) cancelOne(ctx context.Context, in commandRequest) (struct{}, error) {
	return struct{}{}, s.cancel(ctx, in.ID)
}

type orderRequest struct {
	GatewayID   id.UUID         `json:"gatewayId"`
	Type        command.Type    `json:"type" enum:"restart_agent,device_command,sync_devices,collect_diagnostics,rotate_key,update"`
	Payload     json.RawMessage `json:"payload,omitempty" doc:"what belongs to the type; see the guide of the control channel"`
	LifeSeconds int64           `json:"lifeSeconds,omitempty" doc:"how long the order is good for: from 10 seconds to 30 days; a day if it is not said"`
}

const (
	minLife = 10
	maxLife = 30 * 24 * 3600
)

// Validate wants a gateway, a type that there is, and a life within its bounds.
func (r *orderRequest) Validate() error {
	var f fault.Fields
	if r.GatewayID == id.Nil {
		f.Add("gatewayId", "required", nil)
	}
	if !slices.Contains(command.Types[:], r.Type) {
		f.Add("type", "not_one_of", fault.Params{"Values": "restart_agent device_command sync_devices collect_diagnostics rotate_key update"})
	}
	switch {
	case r.LifeSeconds == 0:
	case r.LifeSeconds < minLife:
		f.Add("lifeSeconds", "below_min", fault.Params{"Min": minLife})
	case r.LifeSeconds > maxLife:
		f.Add("lifeSeconds", "above_max", fault.Params{"Max": maxLife})
	}
	return f.Err()
}

// adminOnly are the commands that change how the gateway itself runs, and those to devices, which are the administrator's.
var adminOnly = []command.Type{command.RotateKey, command.Update, command.DeviceCommand, command.SyncDevices}

// mayOrder reports whether the actor may order commands of a type, and take them back.
func mayOrder(ctx context.Context, t command.Type) bool {
	a, _ := actor.From(ctx)
	return a.Role == actor.Admin || !slices.Contains(adminOnly, t)
}

// order puts what a person orders in the queue.
func (s *service) order(ctx context.Context, in orderRequest) (out commandResponse, err error) {
	switch {
	case in.Type == command.PolicyUpdate:
		return out, errPolicy
	case !mayOrder(ctx, in.Type):
		return out, errNotAllowed
	}
	payload, err := payloadOf(in.Type, in.Payload)
	if err != nil {
		return out, err
	}
	known, err := s.gateways.ByIDs(ctx, []id.UUID{in.GatewayID})
	if err != nil {
		return out, err
	}
	g, ok := known[in.GatewayID]
	if !ok {
		return out, gateway.ErrUnknown
	}
	order := command.Order{
		OrganizationID: g.OrganizationID, GatewayID: g.ID, Type: in.Type, Payload: payload, Life: time.Duration(in.LifeSeconds) * time.Second,
	}
	var commandID id.UUID
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if commandID, err = s.Order(ctx, tx, order); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			OrganizationID: g.OrganizationID, Action: "commands.order", Permission: command.Write, Object: "command:" + commandID.String(),
			After: map[string]any{"gateway": g.Serial, "type": in.Type, "payload": payload},
		})
	})
	if err != nil {
		return out, err
	}
	return s.one(ctx, commandRequest{commandID})
}

// payloadOf reads what a person says to a command of the type; what does not belong to it is refused.
func payloadOf(t command.Type, raw json.RawMessage) (any, error) {
	var payload any = &struct{}{}
	switch t {
	case command.RestartAgent:
		payload = &command.RestartPayload{}
	case command.DeviceCommand:
		payload = &command.DevicePayload{}
	case command.Update:
		payload = &command.UpdatePayload{}
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(payload); err != nil {
			return nil, errWrongOrder.Wrap(err)
		}
	}
	if d, ok := payload.(*command.DevicePayload); ok && (d.DeviceID <= 0 || d.Command == "") {
		return nil, errWrongOrder
	}
	return payload, nil
}
