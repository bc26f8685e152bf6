package auth

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// errMalformed is the server's own fault for a body that cannot be read.
var errMalformed = fault.New(fault.Malformed, "malformed")

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (s *service) routesV1(r httpx.Router) {
	r.GET("/api/v1", actor.SignedIn, httpx.Handle(200, s.greet), httpx.Doc("A greeting"))
	for _, path := range []string{"/api/v1/auth", "/api/auth"} {
		r.GET(path+"/login", actor.Public, httpx.Handle(200, s.getLogin), httpx.Doc("The ways to sign in"))
		r.POST(path+"/login", actor.Public, httpx.Raw(s.loginV1), httpx.Takes[loginRequestV1](), httpx.Gives[loginResponseV1](200), httpx.Doc("Sign in"))
		r.POST(path+"/refresh", actor.Public, httpx.Raw(s.refreshV1), httpx.Takes[refreshRequestV1](), httpx.Gives[pairV1](200), httpx.Doc("The next pair of tokens"))
		r.POST(path+"/refresh-token", actor.Public, httpx.Handle(200, s.refreshTokenV1), httpx.Enveloped(httpx.API), httpx.Doc("The next pair of tokens, as v1's specification has it"))
		r.POST(path+"/logout", actor.SignedIn, httpx.Raw(s.logoutV1), httpx.Takes[refreshRequestV1](), httpx.Gives[struct{}](204), httpx.Doc("End the sign-in"))
		r.POST(path+"/validate", actor.SignedIn, httpx.Handle(200, s.validateV1), httpx.Doc("Whose the access token is"))
	}
	s.userRoutesV1(r)
}

type greetingV1 struct {
	Message string `json:"message"`
}

func (s *service) greet(context.Context, struct{}) (greetingV1, error) {
	return greetingV1{"Hello API"}, nil
}

type loginMethods struct {
	Methods []string `json:"methods"`
}

func (s *service) getLogin(context.Context, struct{}) (loginMethods, error) {
	return loginMethods{[]string{"password"}}, nil
}

type loginRequestV1 struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type pairV1 struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
}

type loginResponseV1 struct {
	pairV1
	User personV1 `json:"user"`
}

type personV1 struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name,omitempty"`
	Role     string `json:"role"`
}

type refreshRequestV1 struct {
	RefreshToken string `json:"refreshToken"`
}

func (s *service) loginV1(c *echo.Context) error {
	ctx := c.Request().Context()
	in, err := readV1(ctx, "username", "password")
	if err != nil {
		return err
	}
	v := visitor(ctx).as(in["username"], in["password"])
	v.v1 = true
	g, err := s.signIn(ctx, v)
	if err != nil {
		return err
	}
	return secretJSON(c, loginResponseV1{
		pairV1{g.access, g.refresh}, personV1{g.user.ID, g.user.Username, g.user.Name, g.user.Role},
	})
}

func (s *service) refreshV1(c *echo.Context) error {
	in, err := readV1(c.Request().Context(), "refreshToken")
	if err != nil {
		return err
	}
	g, err := s.refresh(c.Request().Context(), in["refreshToken"], visitor(c.Request().Context()))
	if err != nil {
		return err
	}
	return secretJSON(c, pairV1{g.access, g.refresh})
}

// The names and the shape of the specification, which v1 did not serve.
type (
	refreshTokenRequestV1 struct {
		RefreshToken string `json:"refresh_token"`
	}
	tokensV1 struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int64  `json:"expires_in" doc:"seconds that the access token is good"`
	}
)

// Validate wants a token.
func (r *refreshTokenRequestV1) Validate() error {
	var f fault.Fields
	if r.RefreshToken == "" {
		f.Add("refresh_token", "required", nil)
	}
	return f.Err()
}

func (s *service) refreshTokenV1(ctx context.Context, in refreshTokenRequestV1) (tokensV1, error) {
	g, err := s.refresh(ctx, in.RefreshToken, visitor(ctx))
	httpx.SetHeader(ctx, "Cache-Control", "no-store")
	return tokensV1{g.access, g.refresh, int64(s.cfg.AccessLife / time.Second)}, err
}

func (s *service) logoutV1(c *echo.Context) error {
	in, err := readV1(c.Request().Context(), "refreshToken")
	if err != nil {
		return err
	}
	if err := s.signOut(c.Request().Context(), bearer(c.Request()), in["refreshToken"]); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// secretJSON answers what nobody on the way may keep.
func secretJSON(c *echo.Context, v any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, v)
}

type validationV1 struct {
	Valid bool     `json:"valid"`
	User  personV1 `json:"user"`
}

func (s *service) validateV1(ctx context.Context, _ struct{}) (validationV1, error) {
	u, _, err := s.me(ctx)
	return validationV1{true, personV1{ID: u.ID, Username: u.Username, Role: u.Role}}, err
}

// readV1 reads a body of texts as v1 did: JSON or a form, any other type as if it were empty, each named text
// present and not empty, and nothing besides.
func readV1(ctx context.Context, names ...string) (map[string]string, error) {
	body, err := bodyV1(ctx)
	if err != nil {
		return nil, err
	}
	var f fault.Fields
	given := make([]string, 0, len(body))
	for name := range body {
		given = append(given, name)
	}
	slices.Sort(given)
	for _, name := range given {
		if !slices.Contains(names, name) {
			f.Add(name, codeV1Unknown, fault.Params{"Name": name})
		}
	}
	texts := map[string]string{}
	for _, name := range names {
		text, isText := body[name].(string)
		if body[name] == nil || isText && text == "" {
			f.Add(name, codeV1Empty, fault.Params{"Name": name})
		}
		if !isText || !db.KeepsText(text) {
			f.Add(name, codeV1Text, fault.Params{"Name": name})
		}
		texts[name] = text
	}
	return texts, f.Err()
}

func bodyV1(ctx context.Context) (map[string]any, error) {
	raw, err := httpx.ReadBody(ctx)
	if err != nil {
		return nil, err
	}
	mediaType, _, _ := mime.ParseMediaType(httpx.Request(ctx).Header.Get("Content-Type"))
	switch {
	case mediaType == "application/x-www-form-urlencoded":
		return formV1(string(raw))
	case mediaType != "application/json" || len(raw) == 0:
		return nil, nil
	case !utf8.Valid(raw): // Go's decoder would make another text of it
		return nil, errMalformed
	case strings.HasPrefix(strings.TrimSpace(string(raw)), "["):
		if !json.Valid(raw) {
			return nil, errMalformed
		}
		return nil, nil // a list has none of the names
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil || body == nil {
		return nil, errMalformed.Wrap(err)
	}
	return body, nil
}

func formV1(raw string) (map[string]any, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errMalformed.Wrap(err)
	}
	body := map[string]any{}
	for name, texts := range values {
		body[name] = any(texts)
		if len(texts) == 1 {
			body[name] = texts[0]
		}
	}
	return body, nil
}
