package auth

import (
	"context"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

// addressRoutes are of what keeps keys of agents and terminals safe. An address has slashes, so it stands in the query.
func (s *service) addressRoutes(r httpx.Router) {
	const path = "/api/v2/security"
	r.GET(path+"/addresses", identity.ReadSecurity, httpx.Handle(200, s.getAddresses), httpx.Doc("Addresses from which keys are refused now, the latest block first"))
	r.POST(path+"/addresses", identity.WriteSecurity, httpx.Handle(201, s.postAddress), httpx.Doc("Refuse an organization's keys from an address or a network"))
	r.DELETE(path+"/addresses", identity.WriteSecurity, httpx.Handle(204, s.deleteAddress), httpx.Doc("Take the blocks of an address back, also those that came by themselves"))
	httpx.List(r, path+"/events", identity.ReadSecurity, s.securityEvents(), httpx.Doc("What was refused of keys, and addresses that were blocked"))
}

type addressResponse struct {
	OrganizationID int64     `json:"organizationId,omitzero" doc:"not there where keys were shown that are nobody's"`
	Address        string    `json:"ipAddress" doc:"an address, or a network as CIDR"`
	Reason         string    `json:"reason"`
	IsAutomatic    bool      `json:"isAutomatic" doc:"it came by itself, of too many refusals"`
	CreatedAt      time.Time `json:"createdAt"`
	ExpiresAt      time.Time `json:"expiresAt,omitzero" doc:"for ever if it is not there"`
}

func asAddress(b blockRow) addressResponse {
	return addressResponse{b.organization(), b.Address, b.Reason, b.IsAutomatic, b.CreatedAt.UTC(), b.ExpiresAt.UTC()}
}

// blockPlace is where a page of blocks ended.
type blockPlace struct {
	at           time.Time
	address      string
	organization int64
}

func (s *service) getAddresses(ctx context.Context, in listRequest) (page httpx.Page[addressResponse], err error) {
	var after blockPlace
	if in.After != "" {
		if err := db.ParseCursor(in.After, &after.at, &after.address, &after.organization); err != nil {
			return page, err
		}
	}
	if err := s.guard.flush(ctx); err != nil {
		return page, err
	}
	limit := db.Limit(in.Limit)
	var rows []blockRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.store.blocksPage(ctx, tx, s.time(), in.OrganizationID, after, limit+1)
		return err
	})
	rows, page.Next = db.NextPage(rows, limit, func(b blockRow) []any { return []any{b.CreatedAt, b.Address, b.organization()} })
	for _, b := range rows {
		page.Items = append(page.Items, asAddress(b))
	}
	return page, err
}

type addressInput struct {
	OrganizationID int64     `json:"organizationId,omitzero"`
	Address        string    `json:"ipAddress" doc:"an address, or a network as CIDR"`
	Reason         string    `json:"reason"`
	ExpiresAt      time.Time `json:"expiresAt,omitzero" doc:"for ever if it is not there"`
}

// Validate wants a reason.
func (in *addressInput) Validate() error {
	var f fault.Fields
	in.Reason = strings.TrimSpace(in.Reason)
	f.Text("reason", in.Reason, 1, maxText)
	if !db.KeepsText(in.Reason) {
		f.Add("reason", "not_text", nil)
	}
	return f.Err()
}

func (s *service) postAddress(ctx context.Context, in addressInput) (addressResponse, error) {
	var f fault.Fields
	now := s.time()
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		f.Add("expiresAt", codePast, nil)
	}
	who, _ := actor.From(ctx)
	switch {
	case in.OrganizationID == 0 && who.CrossesOrganizations():
		f.Add("organizationId", "required", nil)
	case in.OrganizationID != 0 && !who.CrossesOrganizations() && in.OrganizationID != who.OrganizationID:
		f.Add("organizationId", "unknown_reference", nil)
	}
	if err := f.Err(); err != nil {
		return addressResponse{}, err
	}
	if in.OrganizationID != 0 {
		ctx = actor.With(ctx, who.In(in.OrganizationID))
	}
	var during time.Duration
	if !in.ExpiresAt.IsZero() {
		during = min(in.ExpiresAt.Sub(now), maxBlock)
	}
	row, err := s.blockAddress(ctx, in.Address, in.Reason, during, addressOf(httpx.ClientIP(ctx)))
	return asAddress(row), s.keyFault(ctx, "block", 0, err)
}

type noAddressRequest struct {
	Address        string `query:"ipAddress"`
	OrganizationID int64  `query:"organizationId" doc:"whose block; of all that you see if it is not there"`
}

func (s *service) deleteAddress(ctx context.Context, in noAddressRequest) (struct{}, error) {
	if _, err := network("ipAddress", in.Address); err != nil {
		return struct{}{}, err
	}
	who, _ := actor.From(ctx)
	switch {
	case in.OrganizationID == 0:
	case who.CrossesOrganizations():
		ctx = actor.With(ctx, who.In(in.OrganizationID))
	case in.OrganizationID != who.OrganizationID:
		return struct{}{}, nil // there is none that the actor could see
	}
	return struct{}{}, s.unblockAddress(ctx, in.Address)
}

type eventResponse struct {
	ID             id.UUID   `json:"id"`
	OrganizationID int64     `json:"organizationId,omitzero" doc:"not there where the key is nobody's"`
	EventType      string    `json:"eventType" doc:"INVALID_API_KEY, RATE_LIMIT_EXCEEDED, SUSPICIOUS_ACTIVITY, UNAUTHORIZED_ACCESS, IP_BLOCKED or another that an agent told of"`
	IPAddress      string    `json:"ipAddress"`
	UserAgent      string    `json:"userAgent"`
	KeyID          int64     `json:"keyId,omitzero"`
	RequestPath    string    `json:"requestPath,omitempty"`
	RequestMethod  string    `json:"requestMethod,omitempty"`
	Severity       int       `json:"severity" doc:"1 to 10"`
	Times          int       `json:"times" doc:"how many like this there were within its minute"`
	LastAt         time.Time `json:"lastAt"`
}

func (s *service) securityEvents() grid.List[eventResponse] {
	return grid.List[eventResponse]{
		Name: "security-events", Title: "auth.security_events", Columns: eventColumns, Sort: "-lastAt", ID: idOfEvent,
		Read: func(ctx context.Context, q grid.Query) ([]eventResponse, db.Found, error) {
			if err := s.guard.flush(ctx); err != nil {
				return nil, db.Found{}, err
			}
			rows, found, err := s.store.listEvents(ctx, q.SQL())
			return grid.Items(rows, func(e eventRow) eventResponse {
				return eventResponse{
					e.ID, e.organization(), e.EventType, e.IPAddress, e.UserAgent, e.KeyID, e.RequestPath, e.RequestMethod, e.Severity, e.Times, e.LastAt.UTC(),
				}
			}), found, err
		},
	}
}
