package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) tokenRoutes(r httpx.Router) {
	const own, users = cookiePath + "/tokens", "/api/v2/users"
	r.GET(own, actor.SignedIn, httpx.Handle(200, s.getTokens), httpx.Doc("Your tokens for programs, without the tokens themselves"))
	r.GET(own+"/scopes", actor.SignedIn, httpx.Handle(200, s.getScopes), httpx.Doc("The rights that you can give to a token"))
	r.POST(own, actor.SignedIn, httpx.Handle(201, s.postToken), httpx.Doc("Make a token for a program, which is shown once"))
	r.DELETE(own+"/:id", actor.SignedIn, httpx.Handle(204, s.deleteToken), httpx.Doc("Revoke one of your tokens for good"))
	r.GET(users+"/:id/tokens", identity.ReadUsers, httpx.Handle(200, s.getTokensOf), httpx.Doc("A user's tokens for programs, without the tokens themselves"))
	r.DELETE(users+"/tokens/:id", identity.WriteUsers, httpx.Handle(204, s.deleteAnyToken), httpx.Doc("Revoke any user's token for good"))
}

// byAPIToken finds programs by the token in Authorization.
func (s *service) byAPIToken(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	text := bearer(r)
	if !isAPIToken(text) {
		return actor.Actor{}, false, nil
	}
	var a actor.Actor
	err := s.guard.admitToken(ctx, showingOf(ctx, r, text), func() (err error) {
		a, err = s.byProgram(ctx, text)
		return err
	})
	return a, err == nil, err
}

// tokenResponse tells a token by its first characters.
type tokenResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	Prefix         string    `json:"prefix"`
	Scopes         []string  `json:"scopes"`
	CreatedAt      time.Time `json:"createdAt"`
	ExpiresAt      time.Time `json:"expiresAt"`
	LastUsedAt     time.Time `json:"lastUsedAt,omitzero" doc:"to the minute"`
}

func asToken(r tokenRow) tokenResponse {
	return tokenResponse{
		ID: r.ID, OrganizationID: r.OrganizationID, Name: r.Name, Prefix: r.Prefix, Scopes: r.scopes(),
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), LastUsedAt: r.LastUsedAt.UTC(),
	}
}

type tokensResponse struct {
	Items []tokenResponse `json:"items"`
}

func (s *service) getTokens(ctx context.Context, _ struct{}) (tokensResponse, error) {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return tokensResponse{}, errNotPerson
	}
	return s.getTokensOf(ctx, idRequest{a.UserID})
}

func (s *service) getTokensOf(ctx context.Context, in idRequest) (out tokensResponse, err error) {
	rows, err := s.tokensOf(ctx, in.ID)
	out.Items = make([]tokenResponse, len(rows))
	for i, r := range rows {
		out.Items[i] = asToken(r)
	}
	return out, err
}

type scopesResponse struct {
	Items []string `json:"items"`
}

func (s *service) getScopes(ctx context.Context, _ struct{}) (scopesResponse, error) {
	return scopesResponse{grantable(ctx, httpx.Permissions(ctx))}, nil
}

type newTokenResponse struct {
	tokenResponse
	Token string `json:"token" doc:"shown this once"`
}

func (s *service) postToken(ctx context.Context, in tokenInput) (newTokenResponse, error) {
	row, text, err := s.createToken(ctx, in, grantable(ctx, httpx.Permissions(ctx)))
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	return newTokenResponse{asToken(row), text}, err
}

func (s *service) deleteToken(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.revokeToken(ctx, in.ID, true)
}

func (s *service) deleteAnyToken(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.revokeToken(ctx, in.ID, false)
}
