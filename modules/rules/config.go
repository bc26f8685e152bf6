package rules

import (
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "rules".
type Config struct {
	Interval time.Duration `koanf:"interval" doc:"how often the gateway asks for its policies beside being told of them"`
	Timeout  time.Duration `koanf:"timeout" doc:"longest that one request may take"`
}

func defaults() Config { return Config{Interval: 5 * time.Minute, Timeout: 30 * time.Second} }

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	if c.Interval < time.Second || c.Interval > 24*time.Hour {
		return config.Problem("interval", "be between 1s and 24h", c.Interval)
	}
	if c.Timeout < time.Second || c.Timeout > 10*time.Minute {
		return config.Problem("timeout", "be between 1s and 10m", c.Timeout)
	}
	return nil
}
