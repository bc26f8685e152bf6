package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/log"
)

func (s *service) sessionRoutes(r httpx.Router) {
	const own, users = cookiePath + "/sessions", "/api/v2/users"
	r.GET(own, actor.SignedIn, httpx.Handle(200, s.getSessions), httpx.Doc("Your sign-ins that last, the newest first"))
	r.DELETE(own, actor.SignedIn, httpx.Handle(204, s.deleteSessions), httpx.Doc("End your sign-ins but this one"))
	r.DELETE(own+"/:id", actor.SignedIn, httpx.Handle(204, s.deleteSession), httpx.Doc("End one of your sign-ins"))
	r.GET(users+"/:id/sessions", identity.ReadUsers, httpx.Handle(200, s.getSessionsOf), httpx.Doc("The sign-ins of a user that last, the newest first"))
	r.DELETE(users+"/:id/sessions", identity.WriteUsers, httpx.Handle(204, s.deleteSessionsOf), httpx.Doc("End all sign-ins of a user"))
	r.DELETE(users+"/sessions/:id", identity.WriteUsers, httpx.Handle(204, s.deleteAnySession), httpx.Doc("End one sign-in of any user"))
}

// visitor is where a request comes from.
func visitor(ctx context.Context) visit {
	return visit{ip: httpx.ClientIP(ctx), agent: log.ScrubText(httpx.Request(ctx).UserAgent())}
}

// as is the visitor with a name and a password.
func (v visit) as(username, password string) visit {
	v.username, v.password = username, password
	return v
}

// sessionResponse is a sign-in and where it was used last.
type sessionResponse struct {
	ID        id.UUID   `json:"id"`
	Current   bool      `json:"current" doc:"whether it is that of this request"`
	Method    string    `json:"method" enum:"password,totp,recovery,oidc"`
	ClientIP  string    `json:"clientIp"`
	UserAgent string    `json:"userAgent"`
	CreatedAt time.Time `json:"createdAt"`
	UsedAt    time.Time `json:"usedAt" doc:"when its access token was made"`
	ExpiresAt time.Time `json:"expiresAt"`
}

type sessionsResponse struct {
	Items []sessionResponse `json:"items"`
}

// current is the sign-in that the request came with.
func (s *service) current(ctx context.Context) id.UUID {
	_, session, err := s.tokens.read(bearer(httpx.Request(ctx)))
	if err != nil {
		return id.Nil
	}
	return session
}

func (s *service) getSessions(ctx context.Context, _ struct{}) (sessionsResponse, error) {
	a, _ := actor.From(ctx)
	if a.UserID == 0 {
		return sessionsResponse{}, errNotPerson
	}
	return s.getSessionsOf(ctx, idRequest{a.UserID})
}

func (s *service) getSessionsOf(ctx context.Context, in idRequest) (out sessionsResponse, err error) {
	rows, err := s.sessionsOf(ctx, in.ID)
	current := s.current(ctx)
	out.Items = make([]sessionResponse, len(rows))
	for i, r := range rows {
		out.Items[i] = sessionResponse{
			r.ID, r.ID == current, r.Method, r.ClientIP, r.UserAgent, r.CreatedAt.UTC(), r.UsedAt.UTC(), r.ExpiresAt.UTC(),
		}
	}
	return out, err
}

type sessionRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (s *service) deleteSession(ctx context.Context, in sessionRequest) (struct{}, error) {
	return struct{}{}, s.endSession(ctx, in.ID, true)
}

func (s *service) deleteSessions(ctx context.Context, _ struct{}) (struct{}, error) {
	return struct{}{}, s.endOthers(ctx, s.current(ctx))
}

func (s *service) deleteSessionsOf(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.endAllOf(ctx, in.ID)
}

func (s *service) deleteAnySession(ctx context.Context, in sessionRequest) (struct{}, error) {
	return struct{}{}, s.endSession(ctx, in.ID, false)
}
