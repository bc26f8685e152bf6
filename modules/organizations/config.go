package organizations

import (
	"strings"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "organizations".
type Config struct {
	FirstName string `koanf:"first_name" doc:"name of the organization that a new database begins with"`
}

func defaults() Config { return Config{FirstName: "Staff Control"} }

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	if n := len([]rune(strings.TrimSpace(c.FirstName))); n < 1 || n > maxName {
		return config.Problem("first_name", "have 1 to 100 characters", c.FirstName)
	}
	return nil
}
