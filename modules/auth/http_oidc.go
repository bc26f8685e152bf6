package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

const (
	oidcPath   = cookiePath + "/oidc"
	oidcCookie = "staff_oidc"
)

func (s *service) oidcRoutes(r httpx.Router) {
	r.POST(oidcPath, actor.Public, httpx.Handle(200, s.postOIDC), httpx.Doc("Begin to sign in at the provider of OpenID Connect: where to send the browser"))
	r.POST(oidcPath+"/login", actor.Public, httpx.Handle(200, s.postOIDCLogin), httpx.Doc("Sign in with what the provider sent back; the refresh token comes as a cookie"))
	const one = "/api/v2/users/:id/identity"
	r.GET(one, identity.ReadUsers, httpx.Handle(200, s.getIdentity), httpx.Doc("Who a user is at the provider of OpenID Connect"))
	r.PUT(one, identity.WriteUsers, httpx.Handle(204, s.putIdentity), httpx.Doc("Connect a user to somebody at the provider; if it was connected to somebody else, its sign-ins end"))
	r.DELETE(one, identity.WriteUsers, httpx.Handle(204, s.deleteIdentity), httpx.Doc("Disconnect a user from the provider; its sign-ins end"))
}

type methodsResponse struct {
	Methods  []string `json:"methods" enum:"password,oidc"`
	OIDCName string   `json:"oidcName,omitempty" doc:"what the provider is called"`
}

func (s *service) getMethods(context.Context, struct{}) (methodsResponse, error) {
	if s.provider == nil {
		return methodsResponse{Methods: []string{"password"}}, nil
	}
	return methodsResponse{[]string{"password", "oidc"}, s.cfg.OIDCName}, nil
}

type beginResponse struct {
	URL string `json:"url" doc:"at the provider, which sends the browser back to the page /sign-in"`
}

func (s *service) postOIDC(ctx context.Context, _ struct{}) (beginResponse, error) {
	if err := sameOrigin(ctx); err != nil {
		return beginResponse{}, err
	}
	address, kept, err := s.beginOIDC(ctx)
	if err != nil {
		return beginResponse{}, err
	}
	cookie := http.Cookie{
		Name: oidcCookie, Value: kept, Path: oidcPath, MaxAge: int(flowLife.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: s.cfg.SecureCookies || httpx.Request(ctx).TLS != nil,
	}
	httpx.SetHeader(ctx, "Set-Cookie", cookie.String())
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	return beginResponse{address}, nil
}

type oidcRequest struct {
	State string `json:"state"`
	Code  string `json:"code,omitempty" doc:"what the provider sent"`
	Error string `json:"error,omitempty" doc:"what it sent instead"`
	TOTP  string `json:"totp,omitempty" doc:"asked for by auth.code_required: a code of the app, or a recovery code; state and cookie come again"`
}

func (s *service) postOIDCLogin(ctx context.Context, in oidcRequest) (loginResponse, error) {
	if err := sameOrigin(ctx); err != nil {
		return loginResponse{}, err
	}
	back := returned{state: in.State, code: in.Code, denied: in.Error, totp: in.TOTP}
	if cookie, err := httpx.Request(ctx).Cookie(oidcCookie); err == nil {
		back.cookie = cookie.Value
	}
	g, err := s.signInOIDC(ctx, back, visitor(ctx))
	return s.grantResponse(ctx, g, err)
}

type identityResponse struct {
	Subject   string    `json:"subject,omitempty" doc:"empty: the user is not connected"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
}

func (s *service) getIdentity(ctx context.Context, in idRequest) (identityResponse, error) {
	row, err := s.identityOf(ctx, in.ID)
	if row == nil {
		return identityResponse{}, err
	}
	return identityResponse{row.Subject, row.CreatedAt.UTC()}, err
}

type identityRequest struct {
	ID      int64  `path:"id" json:"-"`
	Subject string `json:"subject" doc:"the claim sub, as the provider writes it"`
}

func (s *service) putIdentity(ctx context.Context, in identityRequest) (struct{}, error) {
	return struct{}{}, s.connectUser(ctx, in.ID, in.Subject)
}

func (s *service) deleteIdentity(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.disconnectUser(ctx, in.ID)
}
