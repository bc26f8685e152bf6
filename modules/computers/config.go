package computers

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "computers".
type Config struct {
	OfflineAfter time.Duration `koanf:"offline_after" doc:"silence after which a computer counts as offline; at least twice collector.tell_every of the gateways"`
	HistoryDays  int           `koanf:"history_days" doc:"how many days the history of computers' states is kept"`
}

func defaults() Config { return Config{OfflineAfter: 10 * time.Minute, HistoryDays: 365} }

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	var faults []error
	if c.OfflineAfter < time.Minute {
		faults = append(faults, config.Problem("offline_after", "be at least 1m", c.OfflineAfter))
	}
	if c.HistoryDays < 1 {
		faults = append(faults, config.Problem("history_days", "be at least 1", c.HistoryDays))
	}
	return errors.Join(faults...)
}
