package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) keyRoutes(r httpx.Router) {
	const path = "/api/v2/api-keys"
	r.GET(path, identity.WriteKeys, httpx.Handle(200, s.getKeys), httpx.Doc("API keys, without the keys themselves"))
	r.POST(path, identity.WriteKeys, httpx.Handle(201, s.postKey), httpx.Doc("Make a key, which is shown once, or take one over"))
	r.DELETE(path+"/:id", identity.WriteKeys, httpx.Handle(204, s.deleteKey), httpx.Doc("Revoke a key for good"))
}

// keyResponse tells a key by its first characters.
type keyResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Type           string    `json:"type" enum:"AGENT,HIKVISION,ADMIN"`
	Prefix         string    `json:"prefix"`
	Description    string    `json:"description"`
	AllowedIPs     []string  `json:"allowedIps,omitempty"`
	RateLimit      int       `json:"rateLimit,omitzero"`
	IsActive       bool      `json:"isActive"`
	ExpiresAt      time.Time `json:"expiresAt,omitzero"`
	RevokedAt      time.Time `json:"revokedAt,omitzero"`
	LastUsedAt     time.Time `json:"lastUsedAt,omitzero"`
	CreatedAt      time.Time `json:"createdAt"`
}

func asKey(k keyRow) keyResponse {
	return keyResponse{
		ID: k.ID, OrganizationID: k.OrganizationID, Type: k.Type, Prefix: k.Prefix, Description: k.Description,
		AllowedIPs: k.networks(), RateLimit: k.RateLimit,
		IsActive: k.IsActive && k.RevokedAt.IsZero(), ExpiresAt: k.ExpiresAt.UTC(), RevokedAt: k.RevokedAt.UTC(),
		LastUsedAt: k.LastUsedAt.UTC(), CreatedAt: k.CreatedAt.UTC(),
	}
}

func (s *service) getKeys(ctx context.Context, in listRequest) (page httpx.Page[keyResponse], err error) {
	after, err := in.place()
	if err != nil {
		return page, err
	}
	rows, next, err := s.listKeys(ctx, in.OrganizationID, after, db.Limit(in.Limit))
	page.Next = next
	for _, k := range rows {
		page.Items = append(page.Items, asKey(k))
	}
	return page, err
}

type newKeyResponse struct {
	keyResponse
	Key string `json:"key" doc:"shown this once"`
}

func (s *service) postKey(ctx context.Context, in keyInput) (newKeyResponse, error) {
	row, key, err := s.createKey(ctx, in)
	return newKeyResponse{asKey(row), key}, err
}

func (s *service) deleteKey(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.revokeKey(ctx, in.ID)
}
