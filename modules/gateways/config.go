package gateways

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "gateways".
type Config struct {
	BootstrapToken        config.Secret `koanf:"bootstrap_token" doc:"a provisioning token of one use that exists from the start, for gateways that start with the server"`
	BootstrapOrganization int64         `koanf:"bootstrap_organization" doc:"the organization of gateways that enrol with it"`
	OfflineAfter          time.Duration `koanf:"offline_after" doc:"silence after which a gateway counts as offline"`
	GapAfter              time.Duration `koanf:"gap_after" doc:"age at which a gap in what a gateway delivered becomes an alert"`
	RotationOverlap       time.Duration `koanf:"rotation_overlap" doc:"how long the old key of a gateway works beside the new one"`
	SnapshotsDays         int           `koanf:"snapshots_days" doc:"how many days of status reports are kept"`
}

func defaults() Config {
	return Config{
		BootstrapOrganization: 1, OfflineAfter: 90 * time.Second, GapAfter: 15 * time.Minute,
		RotationOverlap: 24 * time.Hour, SnapshotsDays: 30,
	}
}

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	var faults []error
	if c.BootstrapToken != "" && len(c.BootstrapToken.Reveal()) < 20 {
		faults = append(faults, config.Problem("bootstrap_token", "have at least 20 characters", c.BootstrapToken))
	}
	if c.OfflineAfter < time.Second {
		faults = append(faults, config.Problem("offline_after", "be at least 1s", c.OfflineAfter))
	}
	if c.GapAfter < time.Second {
		faults = append(faults, config.Problem("gap_after", "be at least 1s", c.GapAfter))
	}
	if c.RotationOverlap < 0 {
		faults = append(faults, config.Problem("rotation_overlap", "not be negative", c.RotationOverlap))
	}
	if c.SnapshotsDays < 1 {
		faults = append(faults, config.Problem("snapshots_days", "be at least 1", c.SnapshotsDays))
	}
	return errors.Join(faults...)
}
