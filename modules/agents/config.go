package agents

import "github.com/staff-control/staff-control/platform/config"

// Config is the section "agents".
type Config struct {
	MaxEnrolled int `koanf:"max_enrolled" doc:"the most computers whose agents have a token of their own"`
	MaxWaiting  int `koanf:"max_waiting" doc:"the most long polls and streams of agents that wait at once"`
}

func defaults() Config { return Config{MaxEnrolled: 10_000, MaxWaiting: 10_000} }

// Validate reports a setting that is out of its bounds.
func (c *Config) Validate() error {
	if c.MaxEnrolled < 1 || c.MaxEnrolled > 100_000 {
		return config.Problem("max_enrolled", "be between 1 and 100000", c.MaxEnrolled)
	}
	if c.MaxWaiting < 1 || c.MaxWaiting > 100_000 {
		return config.Problem("max_waiting", "be between 1 and 100000", c.MaxWaiting)
	}
	return nil
}
