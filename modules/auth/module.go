// Package auth is the feature of signing in: people by password, machines by API key.
package auth

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/secret"
)

//go:embed messages.json
var messages []byte

// Module is the feature; see Manifest.
type Module struct {
	cfg  Config
	now  func() time.Time
	cost int // of bcrypt
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults(), now: time.Now, cost: bcryptCost} }

// Cheap makes a password cost as little as it can. It is for tests, which sign in hundreds of times; no setting leads here.
func (m *Module) Cheap() { m.cost = bcrypt.MinCost }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "auth",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[organization.Tree]()},
		Provides: []kernel.Port{kernel.PortOf[identity.Keys](), kernel.PortOf[identity.KeyList](), kernel.PortOf[identity.Secret]()},
		Paths:    []string{"/api/v2/auth", "/api/v2/users", "/api/v2/api-keys", "/api", "/api/v1", "/api/auth", "/api/security"},
		Commands: []kernel.Command{
			{Name: "apikey", Usage: usage, Run: m.apikey},
			{Name: "user", Usage: usageUser, Run: m.user},
		},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module. Where people sign in it also makes the first user of a new database.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	s := &service{
		store: store{h.DB}, tree: kernel.Get[organization.Tree](h), audit: h.Audit, cfg: &m.cfg, log: h.Log, now: m.now,
		attempts: newAttempts(), sessions: newSessions(), guard: newGuard(store{h.DB}, &m.cfg, h.Log, m.now),
	}
	if err := s.guard.meter(h.Metrics); err != nil {
		return err
	}
	kernel.Put[identity.Keys](h, s)
	kernel.Put[identity.KeyList](h, s)
	kernel.Put[identity.Secret](h, derived{func() ([]byte, error) { return m.secret(h) }})
	for _, r := range []kernel.Role{kernel.AgentAPI, kernel.Dashboard} {
		h.Authenticate(r, s.byAPIKey)
		h.Forbidden(r, s.wrongType)
	}
	s.routesSecurity(h.RoutesV1(kernel.AgentAPI))
	h.Go("security events", s.guard.run)
	h.Defer(s.guard.flush)
	if h.Role != kernel.Dashboard {
		return nil // no passwords, so neither their cost at the start nor a key for tokens
	}
	return m.signingIn(ctx, h, s)
}

func (m *Module) signingIn(ctx context.Context, h *kernel.Host, s *service) (err error) {
	if s.tokens, err = m.tokens(h); err != nil {
		return err
	}
	s.passwords, s.provider = newPasswords(m.cost), newProvider(&m.cfg, m.now)
	s.sealKey = func() ([]byte, error) { return secret.Derive(s.tokens.key, sealPurpose) }
	if s.count, err = newSignIns(h.Metrics); err != nil {
		return err
	}
	if err := m.firstUser(ctx, h, s); err != nil {
		return fmt.Errorf("first user: %w", err)
	}
	h.Authenticate(kernel.Dashboard, s.byAccessToken)
	h.Authenticate(kernel.Dashboard, s.byAPIToken)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.Dashboard))
	h.Cron("sweep", "17 * * * *", s.sweep)
	return nil
}

// tokens signs with the server's secret.
func (m *Module) tokens(h *kernel.Host) (*tokens, error) {
	key, err := m.secret(h)
	return &tokens{key: key, life: m.cfg.AccessLife, now: m.now}, err
}

// secret is the server's: that of the settings. A database of one process may do with a file beside it.
func (m *Module) secret(h *kernel.Host) ([]byte, error) {
	if key := m.cfg.TokenKey.Reveal(); key != "" {
		return []byte(key), nil
	}
	if h.DB.Name() != "sqlite" {
		return nil, config.Problem("auth.token_key", "be set on PostgreSQL", "")
	}
	key, err := keyFile(filepath.Join(h.Data, "secret.key"))
	if err != nil {
		return nil, fmt.Errorf("the server's secret: %w", err)
	}
	return key, nil
}

// passwordFile is where a password that was made for the first user stands: a log is no place for it.
const passwordFile = "admin-password"

// firstUser makes the user admin in a database without users. A password that it makes is on the disk before the user
// is in the database, and then told to the person at the terminal: nobody else will ever know it.
func (m *Module) firstUser(ctx context.Context, h *kernel.Host, s *service) error {
	some, err := s.anyUser(ctx)
	if err != nil || some {
		return err
	}
	password, path := m.cfg.AdminPassword.Reveal(), filepath.Join(h.Data, passwordFile)
	made := password == ""
	if made {
		if password, err = firstPassword(path); err != nil {
			return err
		}
	}
	err = s.makeAdmin(ctx, password)
	switch {
	case errors.Is(err, db.ErrConflict) && made: // another replica was faster, and its password counts
		return s.dropPassword(ctx, path, password)
	case errors.Is(err, db.ErrConflict):
		return nil
	case err != nil || !made:
		return err
	}
	h.Announce(fmt.Sprintf("Sign in as user admin with the password %s\nIt also stands in %s: change it, then delete the file.", password, path))
	return nil
}

// apikey is the command of that name.
func (m *Module) apikey(ctx context.Context, h *kernel.CommandHost, args []string) error {
	return m.commanded(h).command(ctx, h, args)
}

// user is the command of that name.
func (m *Module) user(ctx context.Context, h *kernel.CommandHost, args []string) error {
	return m.commanded(h).commandUser(ctx, h, args)
}

// commanded is the service of a command, which may run beside a server's.
func (m *Module) commanded(h *kernel.CommandHost) *service {
	return &service{
		store: store{h.DB}, audit: audit.New(audit.Options{DB: h.DB, Log: h.Log}), cfg: &m.cfg, log: h.Log, now: m.now,
		passwords: newPasswords(m.cost), sessions: newSessions(), guard: newGuard(store{h.DB}, &m.cfg, h.Log, m.now),
	}
}
