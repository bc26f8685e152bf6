package modules

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/log"
	"github.com/staff-control/staff-control/platform/trace"
)

// settings are the process's own; modules have theirs.
type settings struct {
	root      rootSettings
	gateway   listenSettings
	agentAPI  listenSettings
	dashboard listenSettings
	database  databaseSettings
	redis     redisSettings
	http      httpSettings
	log       log.Config
	trace     trace.Config
}

type rootSettings struct {
	Role     string `koanf:"role" doc:"gateway, agent-api, dashboard, several of them with commas, or all"`
	Data     string `koanf:"data" doc:"directory for everything that this process keeps in files"`
	Language string `koanf:"language" doc:"language of texts for people who chose none: uz, uz-Cyrl, ru or en"`
}

type listenSettings struct {
	Listen  string `koanf:"listen" doc:"address that the role serves on"`
	TLSCert string `koanf:"tls_cert" doc:"certificate with its chain, a PEM file; with it the role serves HTTPS only"`
	TLSKey  string `koanf:"tls_key" doc:"its private key, a PEM file"`
}

// tls is nil without a certificate.
func (l listenSettings) tls() (*tls.Config, error) {
	if l.TLSCert == "" && l.TLSKey == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(l.TLSCert, l.TLSKey)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

type databaseSettings struct {
	URL               config.Secret `koanf:"url" doc:"postgres://staff_app…; empty: SQLite in the data directory"`
	OwnerURL          config.Secret `koanf:"owner_url" doc:"postgres://staff_owner…, for migrate only"`
	TimescaleURL      config.Secret `koanf:"timescale_url" doc:"postgres://staff_app…: a second database, with TimescaleDB, for time series; empty: the first"`
	TimescaleOwnerURL config.Secret `koanf:"timescale_owner_url" doc:"the second database as staff_owner, for migrate only"`
	CompressAfter     time.Duration `koanf:"compress_after" doc:"the age at which TimescaleDB compresses a day; set by migrate"`
}

// second reports whether time series have a database of their own.
func (d databaseSettings) second() bool { return d.TimescaleURL != "" }

func (d databaseSettings) validate() error {
	var faults []error
	for _, s := range []struct {
		key     string
		address config.Secret
	}{{"database.timescale_url", d.TimescaleURL}, {"database.timescale_owner_url", d.TimescaleOwnerURL}} {
		if s.address != "" && !db.IsPostgres(s.address.Reveal()) {
			faults = append(faults, config.Problem(s.key, "be an address of PostgreSQL: postgres://…", "something else"))
		}
	}
	if d.second() && !db.IsPostgres(d.URL.Reveal()) {
		faults = append(faults, config.Problem("database.url", "be an address of PostgreSQL where database.timescale_url is set", "something else"))
	}
	if d.CompressAfter < time.Hour {
		faults = append(faults, config.Problem("database.compress_after", "be 1h or more", d.CompressAfter))
	}
	return errors.Join(faults...)
}

type redisSettings struct {
	URL config.Secret `koanf:"url" doc:"accepted and not used: PostgreSQL does what Redis would"`
}

type httpSettings struct {
	TrustedProxies []string      `koanf:"trusted_proxies" doc:"networks whose X-Forwarded-For is believed, as CIDR"`
	DrainDelay     time.Duration `koanf:"drain_delay" doc:"how long to serve on after /health/ready says no"`
}

func defaults() *settings {
	return &settings{
		root:      rootSettings{Role: "all", Data: "./data", Language: "uz"},
		gateway:   listenSettings{Listen: ":3003"},
		agentAPI:  listenSettings{Listen: ":3001"},
		dashboard: listenSettings{Listen: ":3000"},
		database:  databaseSettings{CompressAfter: 7 * 24 * time.Hour},
		log:       log.Config{Level: "info", Format: "auto"},
		trace:     trace.Config{SampleRatio: 1},
	}
}

func (s *settings) sections() []config.Section {
	return []config.Section{
		{Name: "", Config: &s.root},
		{Name: kernel.Dashboard.Section(), Config: &s.dashboard},
		{Name: kernel.AgentAPI.Section(), Config: &s.agentAPI},
		{Name: kernel.Gateway.Section(), Config: &s.gateway},
		{Name: "database", Config: &s.database},
		{Name: "redis", Config: &s.redis},
		{Name: "http", Config: &s.http},
		{Name: "log", Config: &s.log},
		{Name: "trace", Config: &s.trace},
	}
}

// fill reads the tree into the settings.
func (s *settings) fill(tree *config.Tree) error {
	var faults []error
	for _, section := range s.sections() {
		faults = append(faults, tree.Into(section.Name, section.Config))
	}
	return errors.Join(append(faults, s.validate())...)
}

func (s *settings) validate() error {
	var faults []error
	roles, ok := rolesOf(s.root.Role)
	if !ok {
		faults = append(faults, config.Problem("role", "be all, or some of gateway, agent-api and dashboard", s.root.Role))
	}
	if !slices.Contains(i18n.Languages(), s.root.Language) {
		faults = append(faults, config.Problem("language", "be uz, uz-Cyrl, ru or en", s.root.Language))
	}
	if _, err := s.proxies(); err != nil {
		faults = append(faults, config.Problem("http.trusted_proxies", "be networks like 10.0.0.0/8", s.http.TrustedProxies))
	}
	faults = append(faults, config.Under("log", s.log.Validate()), config.Under("trace", s.trace.Validate()))
	if slices.ContainsFunc(roles, kernel.Role.Serves) {
		faults = append(faults, s.database.validate())
	}
	for _, r := range kernel.Roles {
		if _, err := s.listen(r).tls(); err != nil {
			faults = append(faults, config.Problem(r.Section()+".tls_cert", "be a certificate with the key of tls_key, both PEM files", err))
		}
	}
	return errors.Join(faults...)
}

func (s *settings) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range s.http.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (s *settings) listen(r kernel.Role) listenSettings {
	switch r {
	case kernel.Gateway:
		return s.gateway
	case kernel.AgentAPI:
		return s.agentAPI
	}
	return s.dashboard
}

// rolesOf reads "all", or names with commas, into roles in the order in which one process starts them.
func rolesOf(text string) (roles []kernel.Role, ok bool) {
	if text == "all" {
		return kernel.Roles[:], true
	}
	asked := strings.Split(text, ",")
	for _, name := range asked {
		if !slices.Contains(kernel.Roles[:], kernel.Role(strings.TrimSpace(name))) {
			return nil, false
		}
	}
	for _, r := range kernel.Roles {
		if slices.ContainsFunc(asked, func(name string) bool { return strings.TrimSpace(name) == string(r) }) {
			roles = append(roles, r)
		}
	}
	return roles, len(roles) == len(asked)
}
