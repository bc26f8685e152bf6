package auth

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/log"
)

const (
	cookieName = "staff_refresh"
	cookiePath = "/api/v2/auth"
)

func (s *service) routes(r httpx.Router) {
	r.GET(cookiePath+"/login", actor.Public, httpx.Handle(200, s.getMethods), httpx.Doc("The ways to sign in"))
	r.POST(cookiePath+"/login", actor.Public, httpx.Handle(200, s.postLogin), httpx.Doc("Sign in; the refresh token comes as a cookie"))
	r.POST(cookiePath+"/refresh", actor.Public, httpx.Handle(200, s.postRefresh), httpx.Doc("The next access token, for the cookie"))
	r.POST(cookiePath+"/logout", actor.Public, httpx.Handle(204, s.postLogout), httpx.Doc("End the sign-in of the cookie and of the access token"))
	r.GET(cookiePath+"/me", actor.SignedIn, httpx.Handle(200, s.getMe), httpx.Doc("Who you are"))
	r.PUT(cookiePath+"/me/language", actor.SignedIn, httpx.Handle(204, s.putLanguage), httpx.Doc("Choose the language of your texts"))
	r.PUT(cookiePath+"/me/password", actor.SignedIn, httpx.Handle(204, s.putPassword), httpx.Doc("Change your password; all your sign-ins end"))
	s.userRoutes(r)
	s.oidcRoutes(r)
	s.sessionRoutes(r)
	s.totpRoutes(r)
	s.keyRoutes(r)
	s.addressRoutes(r)
	s.tokenRoutes(r)
}

// byAccessToken finds people by the access token in Authorization.
func (s *service) byAccessToken(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	token := bearer(r)
	if !isToken(token) {
		return actor.Actor{}, false, nil
	}
	a, err := s.byToken(ctx, token)
	return a, err == nil, err
}

// byAPIKey finds machines by the key in X-API-Key or Authorization. A key in a URL, which v1 took, would stand in
// logs and histories: it is no credential.
func (s *service) byAPIKey(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	key := r.Header.Get("X-API-Key")
	if key == "" {
		key = bearer(r)
	}
	if key == "" || isGatewayKey(key) || isToken(key) || isAPIToken(key) {
		return actor.Actor{}, false, nil
	}
	p, err := s.guard.admit(ctx, showingOf(ctx, r, key))
	tellRate(ctx, p)
	return p.actor, err == nil, err
}

// showingOf is a key as a request shows it.
func showingOf(ctx context.Context, r *http.Request, key string) showing {
	return showing{key: key, from: addressOf(httpx.ClientIP(ctx)), agent: named(r.UserAgent(), key), path: httpx.Pattern(ctx), method: r.Method}
}

// tellRate tells a client what is left of its key's limit, in v1's headers.
func tellRate(ctx context.Context, p pass) {
	if p.limit == 0 {
		return
	}
	httpx.SetHeader(ctx, "X-RateLimit-Limit", strconv.Itoa(p.limit))
	httpx.SetHeader(ctx, "X-RateLimit-Remaining", strconv.Itoa(max(p.rest, 0)))
	if p.rest < 0 {
		httpx.SetHeader(ctx, "X-RateLimit-Reset", strconv.FormatInt(p.reset.UnixMilli(), 10))
	}
}

// named is what a client calls itself, unless it says its key there too.
func named(agent, key string) string {
	if strings.Contains(agent, key) {
		return ""
	}
	return clip(log.ScrubText(agent))
}

// wrongType writes down that a key was shown where its type may not go.
func (s *service) wrongType(ctx context.Context, a actor.Actor) {
	id, isKey := strings.CutPrefix(a.ID, "key:")
	if !isKey {
		return
	}
	r := httpx.Request(ctx)
	n, _ := strconv.ParseInt(id, 10, 64)
	s.guard.misused(a.OrganizationID, n, showing{
		from: addressOf(httpx.ClientIP(ctx)), agent: clip(log.ScrubText(r.UserAgent())), path: httpx.Pattern(ctx), method: r.Method,
	})
}

func bearer(r *http.Request) string {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credential)
}

type loginRequest struct {
	Username    string `json:"username"`
	Password    string `json:"password"`
	Code        string `json:"code,omitempty" doc:"asked for by auth.code_required: a code of the app, or a recovery code"`
	NewPassword string `json:"newPassword,omitempty" doc:"asked for by auth.password_change_required: the password from now on; all older sign-ins end"`
}

// person is a signed-in user as its own page knows it.
type person struct {
	ID             int64   `json:"id"`
	Username       string  `json:"username"`
	Name           string  `json:"name"`
	Role           string  `json:"role" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
	OrganizationID int64   `json:"organizationId,omitzero"`
	DepartmentIDs  []int64 `json:"departmentIds,omitempty"`
	Language       string  `json:"language,omitempty" enum:"uz,uz-Cyrl,ru,en"`
	Zone           string  `json:"zone,omitempty" doc:"in which its organization counts days; a GUARD may not ask for organizations"`
}

func (s *service) person(ctx context.Context, u userRow, departments []int64) person {
	p := person{
		ID: u.ID, Username: u.Username, Name: u.Name, Role: u.Role, OrganizationID: u.organization(),
		DepartmentIDs: departments, Language: u.Language,
	}
	if p.OrganizationID == 0 {
		return p
	}
	o, err := s.tree.ByID(actor.With(ctx, actorOf(u)), p.OrganizationID)
	if err != nil { // who is signed in stays so without it
		s.log.WarnContext(ctx, "the zone of a user's organization is not known", "error", err)
		return p
	}
	p.Zone = o.Zone.String()
	return p
}

type loginResponse struct {
	AccessToken string `json:"accessToken"`
	ExpiresIn   int64  `json:"expiresIn" doc:"seconds"`
	User        person `json:"user"`
}

func (s *service) postLogin(ctx context.Context, in loginRequest) (loginResponse, error) {
	if err := sameOrigin(ctx); err != nil {
		return loginResponse{}, err
	}
	v := visitor(ctx).as(in.Username, in.Password)
	v.code, v.newPassword = in.Code, in.NewPassword
	g, err := s.signIn(ctx, v)
	return s.grantResponse(ctx, g, err)
}

func (s *service) postRefresh(ctx context.Context, _ struct{}) (loginResponse, error) {
	if err := sameOrigin(ctx); err != nil {
		return loginResponse{}, err
	}
	cookie, err := httpx.Request(ctx).Cookie(cookieName)
	if err != nil {
		return loginResponse{}, errRefresh
	}
	g, err := s.refresh(ctx, cookie.Value, visitor(ctx))
	return s.grantResponse(ctx, g, err)
}

func (s *service) grantResponse(ctx context.Context, g grant, err error) (loginResponse, error) {
	if err != nil {
		return loginResponse{}, err
	}
	s.setCookie(ctx, g.refresh, int(s.cfg.RefreshLife.Seconds()))
	return loginResponse{AccessToken: g.access, ExpiresIn: int64(s.cfg.AccessLife.Seconds()), User: s.person(ctx, g.user, nil)}, nil
}

func (s *service) postLogout(ctx context.Context, _ struct{}) (struct{}, error) {
	if err := sameOrigin(ctx); err != nil {
		return struct{}{}, err
	}
	r, refresh := httpx.Request(ctx), ""
	if cookie, err := r.Cookie(cookieName); err == nil {
		refresh = cookie.Value
	}
	s.setCookie(ctx, "", -1)
	return struct{}{}, s.signOut(ctx, bearer(r), refresh)
}

// setCookie gives the refresh token to the browser, out of reach of its scripts; a negative age takes it back.
func (s *service) setCookie(ctx context.Context, value string, maxAge int) {
	cookie := http.Cookie{
		Name: cookieName, Value: value, Path: cookiePath, MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: s.cfg.SecureCookies || httpx.Request(ctx).TLS != nil,
	}
	httpx.SetHeader(ctx, "Set-Cookie", cookie.String())
}

// sameOrigin refuses a request that another site's page made in the visitor's browser. A request of no browser passes.
func sameOrigin(ctx context.Context) error {
	if err := http.NewCrossOriginProtection().Check(httpx.Request(ctx)); err != nil {
		return errCrossOrigin.Wrap(err)
	}
	return nil
}

func (s *service) getMe(ctx context.Context, _ struct{}) (person, error) {
	u, departments, err := s.me(ctx)
	if err != nil {
		return person{}, err
	}
	return s.person(ctx, u, departments), nil
}

type languageRequest struct {
	Language string `json:"language" enum:"uz,uz-Cyrl,ru,en"`
}

func (s *service) putLanguage(ctx context.Context, in languageRequest) (struct{}, error) {
	return struct{}{}, s.speak(ctx, in.Language)
}

type passwordRequest struct {
	CurrentPassword string `json:"currentPassword"`
	NewPassword     string `json:"newPassword"`
	Code            string `json:"code,omitempty" doc:"where you have a second step: a code of the app, or a recovery code"`
}

func (s *service) putPassword(ctx context.Context, in passwordRequest) (struct{}, error) {
	if err := s.changePassword(ctx, proof{in.CurrentPassword, in.Code}, in.NewPassword); err != nil {
		return struct{}{}, err
	}
	s.setCookie(ctx, "", -1)
	return struct{}{}, nil
}

var (
	_ identity.Keys    = (*service)(nil)
	_ identity.KeyList = (*service)(nil)
)
