package auth

import (
	"errors"
	"net/netip"
	"net/url"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "auth".
type Config struct {
	TokenKey      config.Secret `koanf:"token_key" doc:"signs access tokens, at least 32 characters, the same on all replicas; required on PostgreSQL, else made in the data directory"`
	AdminPassword config.Secret `koanf:"admin_password" doc:"first password of user admin in a database without users; one is made if this is empty"`
	AccessLife    time.Duration `koanf:"access_life" doc:"how long an access token is good"`
	RefreshLife   time.Duration `koanf:"refresh_life" doc:"how long a sign-in lasts without use"`
	LockAfter     int           `koanf:"lock_after" doc:"wrong passwords in a row that lock a user name"`
	LockFor       time.Duration `koanf:"lock_for" doc:"first lock-out; each further one is twice as long, up to a day"`
	FailuresPerIP int           `koanf:"failures_per_ip" doc:"wrong passwords from one address within 15 minutes after which it must wait"`
	BlockAfter    int           `koanf:"block_after" doc:"refused keys from one address within 5 minutes that block it; 0: never"`
	BlockFor      time.Duration `koanf:"block_for" doc:"how long such an address is blocked; keys in force still pass"`
	KeepEvents    time.Duration `koanf:"keep_events" doc:"how long security events are kept"`
	MinPassword   int           `koanf:"min_password" doc:"shortest password that may be chosen"`
	PasswordLife  time.Duration `koanf:"password_life" doc:"how long a password is good; then another must be chosen at the next sign-in; 0: for ever"`
	SecureCookies bool          `koanf:"secure_cookies" doc:"mark cookies Secure also when a proxy ends TLS"`

	OIDCIssuer       string        `koanf:"oidc_issuer" doc:"a provider of OpenID Connect to sign in with, as it writes its issuer; empty: passwords only"`
	OIDCClientID     string        `koanf:"oidc_client_id" doc:"as which this server is registered there"`
	OIDCClientSecret config.Secret `koanf:"oidc_client_secret" doc:"the secret of that client; empty for a public one"`
	OIDCRedirectURL  string        `koanf:"oidc_redirect_url" doc:"where the provider sends people back to: the address of the pages and /sign-in"`
	OIDCName         string        `koanf:"oidc_name" doc:"what the button of the sign-in page calls the provider"`
	OIDCScopes       []string      `koanf:"oidc_scopes" doc:"scopes asked for; openid is always"`
	OIDCMatch        string        `koanf:"oidc_match" doc:"claim that is a user's name here, which connects it at its first sign-in, ADMIN never; email counts if verified; empty: administrators connect users"`
}

func defaults() Config {
	return Config{
		AccessLife: 15 * time.Minute, RefreshLife: 7 * 24 * time.Hour, LockAfter: 5, LockFor: 15 * time.Minute, FailuresPerIP: 50,
		MinPassword: minPassword, BlockAfter: 10, BlockFor: 30 * time.Minute, KeepEvents: 30 * 24 * time.Hour,
		OIDCName: "SSO", OIDCScopes: []string{"profile", "email"},
	}
}

const (
	minTokenKey = 32
	// maxPassword is how many bytes of a password bcrypt sees.
	maxPassword = 72
)

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	n := len(c.TokenKey.Reveal())
	must(n == 0 || n >= minTokenKey, "token_key", "have at least 32 characters", c.TokenKey)
	must(len(c.AdminPassword.Reveal()) <= maxPassword, "admin_password", "have at most 72 bytes", c.AdminPassword)
	must(c.AccessLife >= time.Minute && c.AccessLife <= time.Hour, "access_life", "be between 1m and 1h", c.AccessLife)
	must(c.RefreshLife > c.AccessLife && c.RefreshLife <= 90*24*time.Hour, "refresh_life", "be more than access_life and at most 2160h", c.RefreshLife)
	must(c.LockAfter >= 3 && c.LockAfter <= 100, "lock_after", "be between 3 and 100", c.LockAfter)
	must(c.LockFor >= time.Minute && c.LockFor <= maxLock, "lock_for", "be between 1m and 24h", c.LockFor)
	must(c.FailuresPerIP >= 5, "failures_per_ip", "be at least 5", c.FailuresPerIP)
	must(c.BlockAfter == 0 || c.BlockAfter >= 2 && c.BlockAfter <= 1000, "block_after", "be 0 or between 2 and 1000", c.BlockAfter)
	must(c.BlockFor >= time.Minute && c.BlockFor <= 24*time.Hour, "block_for", "be between 1m and 24h", c.BlockFor)
	must(c.KeepEvents >= time.Hour && c.KeepEvents <= 366*24*time.Hour, "keep_events", "be between 1h and 8784h", c.KeepEvents)
	must(c.MinPassword >= minPassword && c.MinPassword <= 64, "min_password", "be between 8 and 64", c.MinPassword)
	must(c.PasswordLife == 0 || c.PasswordLife >= 24*time.Hour, "password_life", "be 0 or at least 24h", c.PasswordLife)
	if c.OIDCIssuer != "" {
		must(safeURL(c.OIDCIssuer, ""), "oidc_issuer", "be an https address, of this machine also http", c.OIDCIssuer)
		must(c.OIDCClientID != "", "oidc_client_id", "be set with oidc_issuer", c.OIDCClientID)
		must(safeURL(c.OIDCRedirectURL, signInPage), "oidc_redirect_url", "be an https address, of this machine also http, with the path /sign-in", c.OIDCRedirectURL)
		must(c.OIDCName != "" && len(c.OIDCName) <= maxName, "oidc_name", "have 1 to 100 bytes", c.OIDCName)
	}
	return errors.Join(errs...)
}

// safeURL reports whether nobody on the way reads what goes to an address; one with a path must have that.
func safeURL(text, path string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || path != "" && u.Path != path {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}
