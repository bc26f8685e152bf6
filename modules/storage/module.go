// Package storage keeps whole files of organizations: what is in them in a store of files, what is known of them in a
// table. A row names its file, so there is never a row before its file.
package storage

import (
	"context"
	_ "embed"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/secret"
)

//go:embed messages.json
var messages []byte

const (
	// longestScan bounds one comparison, which begins anew when it is tried again.
	longestScan  = 12 * time.Hour
	scanAttempts = 3
)

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "storage",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[alert.Log](), kernel.PortOf[organization.Tree]()},
		Provides: []kernel.Port{kernel.PortOf[file.Store]()},
		Paths:    []string{prefix},
		Jobs:     []jobs.Handler{jobs.On("scan", m.scan, jobs.Timeout(longestScan), jobs.Attempts(scanAttempts))},
		Commands: []kernel.Command{{Name: "storage", Usage: "storage scan [--delete [--force]]   compare the stored files with the rows that name them", Run: m.command}},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	if m.cfg.SigningKey == "" && m.cfg.Driver == blob.Local && h.Role == kernel.Dashboard {
		h.Log.Info("storage.signing_key is not set: addresses of files work with this process only, until it ends")
	}
	blobs, signer, err := m.open(h.Data)
	if err != nil {
		return err
	}
	h.Defer(func(context.Context) error { return blobs.Close() })
	s := &service{
		store: store{h.DB}, blobs: blobs, signer: signer, tree: kernel.Get[organization.Tree](h), alerts: kernel.Get[alert.Log](h),
		audit: h.Audit, cfg: &m.cfg, log: h.Log, now: time.Now,
	}
	if s.metrics, err = newMetrics(h.Metrics); err != nil {
		return err
	}
	kernel.Put[file.Store](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	m.service = s
	h.HealthOfPart("storage", (&health{ask: blobs.Check, now: time.Now, log: h.Log}).check)
	if h.Role == kernel.AgentAPI {
		h.Cron("scan", "17 4 * * 0", func(ctx context.Context) error {
			// A tick has a minute, and millions of files take longer.
			return h.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				return h.Jobs.Enqueue(ctx, tx, scanOrder{s.now().UTC()}, jobs.Unique("scan"))
			})
		})
	}
	return nil
}

// scanOrder is the order to compare files with rows. Its time stays the same when it is tried again.
type scanOrder struct{ At time.Time }

func (m *Module) scan(ctx context.Context, o scanOrder) error { return m.service.scanWeekly(ctx, o.At) }

// open opens the store of the settings, and who signs its addresses where it cannot.
func (m *Module) open(data string) (blob.Store, *blob.Signer, error) {
	key := m.cfg.SigningKey.Reveal()
	if key == "" {
		key = secret.New("")
	}
	signer := &blob.Signer{Key: []byte(key), Base: signed + "?t=", Now: time.Now}
	dir := m.cfg.BasePath
	if dir == "" {
		dir = filepath.Join(data, "files")
	}
	blobs, err := blob.New(blob.Config{Driver: m.cfg.Driver, Dir: dir, Signer: signer, Bucket: blob.S3Config{
		Bucket: m.cfg.Bucket, Region: m.cfg.Region, Endpoint: m.cfg.Endpoint, PublicEndpoint: m.cfg.PublicEndpoint,
		AccessKey: m.cfg.AccessKey.Reveal(), SecretKey: m.cfg.SecretKey.Reveal(), PathStyle: m.cfg.PathStyle, Timeout: m.cfg.Timeout,
	}})
	return blobs, signer, err
}
