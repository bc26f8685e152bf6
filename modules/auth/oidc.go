package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// signInPage is where the provider sends people back to, a page: it brings the answer by POST, so that refusals are
	// shown where the sign-in began.
	signInPage = "/sign-in"
	// flowLife is how long a sign-in at the provider may take, second step included.
	flowLife = 10 * time.Minute
	// providerLimit is how long the provider may take to answer, all questions together.
	providerLimit = 10 * time.Second
	// metadataLife is how long the provider's addresses are taken for true, blindFor how long one that did not answer
	// is not asked again.
	metadataLife = time.Hour
	blindFor     = 5 * time.Second
	// sealedFlow is what a flow's secret is sealed as.
	sealedFlow = "oidc sign-in"
	flowSecret = 32
	// matchEmail is the one claim of which the provider says whether it is verified.
	matchEmail = "email"
)

// flow is one sign-in at the provider. All that it needs comes of a secret that the browser alone keeps, sealed: any
// replica goes on with it, and beginning fills no table.
type flow struct {
	hash                   string
	state, nonce, verifier string
}

// newFlow makes a flow of its secret.
func newFlow(of []byte) (flow, error) {
	f := flow{hash: secret.Hash(string(of))}
	for purpose, text := range map[string]*string{"oidc state": &f.state, "oidc nonce": &f.nonce, "oidc verifier": &f.verifier} {
		key, err := secret.Derive(of, purpose)
		if err != nil {
			return flow{}, err
		}
		*text = base64.RawURLEncoding.EncodeToString(key)
	}
	return f, nil
}

// sealFlow is how a browser keeps a flow's secret until a time.
func sealFlow(key, of []byte, until time.Time) (string, error) {
	sealed, err := secret.Seal(key, binary.BigEndian.AppendUint64(of, uint64(until.Unix())), sealedFlow)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// openFlow returns the flow that a browser keeps; errOIDCExpired for what is none, or none any more.
func openFlow(key []byte, cookie string, now time.Time) (flow, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return flow{}, errOIDCExpired.Wrap(err)
	}
	plain, err := secret.Open(key, sealed, sealedFlow)
	if err != nil {
		return flow{}, errOIDCExpired.Wrap(err)
	}
	if len(plain) != flowSecret+8 || now.Unix() >= int64(binary.BigEndian.Uint64(plain[flowSecret:])) {
		return flow{}, errOIDCExpired
	}
	return newFlow(plain[:flowSecret])
}

func newProvider(cfg *Config, now func() time.Time) *provider {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	return &provider{cfg: cfg, client: &http.Client{Timeout: providerLimit}, now: now}
}

// provider is that of OIDC sign-ins. It is asked about itself when somebody signs in: the server starts without it.
type provider struct {
	cfg    *Config
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	known *oidc.Provider
	at    time.Time // of the last question
}

// metadata returns what the provider says of itself, or errOIDCUnreachable.
func (p *provider) metadata(ctx context.Context) (*oidc.Provider, error) {
	known, fresh := p.remembered()
	if fresh {
		if known == nil {
			return nil, errOIDCUnreachable.After(blindFor)
		}
		return known, nil
	}
	// Whoever asked first may leave: what is found out is for all.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerLimit)
	defer cancel()
	next, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.OIDCIssuer)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.now()
	if err != nil && p.known == nil {
		return nil, errOIDCUnreachable.After(blindFor).Wrap(err)
	}
	if err == nil {
		p.known = next
	}
	return p.known, nil
}

func (p *provider) remembered() (known *oidc.Provider, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	life := metadataLife
	if p.known == nil {
		life = blindFor
	}
	return p.known, p.now().Sub(p.at) < life
}

func (p *provider) oauth(m *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.OIDCClientID, ClientSecret: p.cfg.OIDCClientSecret.Reveal(), Endpoint: m.Endpoint(),
		RedirectURL: p.cfg.OIDCRedirectURL, Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.OIDCScopes...),
	}
}

// address is where the browser goes to begin.
func (p *provider) address(ctx context.Context, f flow) (string, error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(m).AuthCodeURL(f.state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), nil
}

// voucher is what the provider says of who has signed in there.
type voucher struct {
	subject string
	id      *oidc.IDToken
	token   *oauth2.Token
	by      *oidc.Provider
}

// vouch exchanges the code that the browser brought, and returns for whom the provider vouches: errOIDCRefused if what it
// says does not belong to this flow or is not signed by it, errOIDCUnreachable if it says nothing.
func (p *provider) vouch(ctx context.Context, f flow, code string) (voucher, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	m, err := p.metadata(ctx)
	if err != nil {
		return voucher{}, err
	}
	token, err := p.oauth(m).Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		return voucher{}, refusedBy(err)
	}
	text, _ := token.Extra("id_token").(string)
	id, err := m.Verifier(&oidc.Config{ClientID: p.cfg.OIDCClientID, Now: p.now}).Verify(ctx, text)
	if err != nil {
		return voucher{}, refusedBy(err)
	}
	var party struct {
		Authorized string `json:"azp"`
	}
	switch err := id.Claims(&party); {
	case err != nil:
		return voucher{}, errOIDCRefused.Wrap(err)
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1:
		return voucher{}, errOIDCRefused.Wrap(errors.New("the ID token is of another sign-in"))
	case id.Subject == "" || len(id.Subject) > maxSubject || !db.KeepsText(id.Subject) || party.Authorized != "" && party.Authorized != p.cfg.OIDCClientID:
		return voucher{}, errOIDCRefused.Wrap(errors.New("the ID token is of nobody, or for another client"))
	}
	return voucher{id.Subject, id, token, m}, nil
}

// refusedBy tells a provider that is away from one that refuses.
func refusedBy(err error) error {
	var away *url.Error
	var answer *oauth2.RetrieveError
	if errors.As(err, &away) || errors.As(err, &answer) && answer.Response.StatusCode >= http.StatusInternalServerError {
		return errOIDCUnreachable.Wrap(err)
	}
	return errOIDCRefused.Wrap(err)
}

// username returns the claim by which a user may be connected: of the ID token or else of the UserInfo; "" if neither has
// it. It is errOIDCUnverified for an address that the provider has not verified, since anybody can claim one.
func (p *provider) username(ctx context.Context, v voucher) (string, error) {
	var claims map[string]any
	if err := v.id.Claims(&claims); err != nil {
		return "", errOIDCRefused.Wrap(err)
	}
	if claims[p.cfg.OIDCMatch] == nil && v.by.UserInfoEndpoint() != "" {
		ctx = oidc.ClientContext(ctx, p.client)
		info, err := v.by.UserInfo(ctx, oauth2.StaticTokenSource(v.token))
		if err != nil {
			return "", refusedBy(err)
		}
		claims = nil // an address and whether it is verified are of one answer
		if err := info.Claims(&claims); err != nil || info.Subject != v.subject {
			return "", errOIDCRefused.Wrap(errors.Join(err, errors.New("the UserInfo is of somebody else")))
		}
	}
	name, _ := claims[p.cfg.OIDCMatch].(string)
	if p.cfg.OIDCMatch == matchEmail && name != "" && claims["email_verified"] != true && claims["email_verified"] != "true" {
		return "", errOIDCUnverified
	}
	return name, nil
}
