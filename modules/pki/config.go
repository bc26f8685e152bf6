package pki

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "pki".
type Config struct {
	Listen          string        `koanf:"listen" doc:"address of agent-api's TLS listener that takes client certificates, such as :3443; empty: none"`
	Names           []string      `koanf:"names" doc:"host names and IP addresses in that listener's certificate; empty: this machine's name and localhost"`
	TLSCert         string        `koanf:"tls_cert" doc:"that listener's certificate with its chain, a PEM file; empty: one of the authority's"`
	TLSKey          string        `koanf:"tls_key" doc:"its private key, a PEM file"`
	Require         bool          `koanf:"require" doc:"refuse gateways that show no certificate: an API key alone does not do, but for enrolment"`
	CACert          string        `koanf:"ca_cert" doc:"your own authority: its certificate, then others to trust, a PEM file; empty: the server makes one"`
	CAKey           config.Secret `koanf:"ca_key" doc:"its private key, PEM or a PEM file"`
	Life            time.Duration `koanf:"life" doc:"how long a certificate is good; it is renewed after two thirds"`
	AuthorityLife   time.Duration `koanf:"authority_life" doc:"how long an authority that the server makes is good"`
	RotationOverlap time.Duration `koanf:"rotation_overlap" doc:"how long a new authority is told before it issues"`
}

const day = 24 * time.Hour

func defaults() Config {
	return Config{Life: 90 * day, AuthorityLife: 10 * 365 * day, RotationOverlap: 7 * day}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(!c.Require || c.Listen != "", "require", "go with pki.listen: where else should certificates be shown?", c.Require)
	_, _, err := parseNames(c.Names)
	must(err == nil, "names", "be host names and IP addresses", c.Names)
	must((c.TLSCert == "") == (c.TLSKey == ""), "tls_key", "be set together with pki.tls_cert", c.TLSKey)
	must((c.CACert == "") == (c.CAKey == ""), "ca_key", "be set together with pki.ca_cert", c.CAKey)
	must(c.Life >= time.Hour && c.Life <= 396*day, "life", "be between 1h and 9504h", c.Life)
	must(c.AuthorityLife >= 4*c.Life && c.AuthorityLife <= 30*365*day, "authority_life", "be at least 4 times pki.life and at most 262800h", c.AuthorityLife)
	must(c.RotationOverlap >= 0 && c.RotationOverlap <= c.AuthorityLife/4, "rotation_overlap", "be between 0s and a quarter of pki.authority_life", c.RotationOverlap)
	return errors.Join(errs...)
}
