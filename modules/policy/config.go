package policy

import (
	"errors"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "policy".
type Config struct {
	FailurePercent int64 `koanf:"failure_percent" doc:"a roll-out is stopped and rolled back when more of its answers than so many percent are failures"`
	LeastAnswers   int64 `koanf:"least_answers" doc:"how many gateways must have answered before failures count; fewer where a roll-out has reached fewer"`
}

func defaults() Config { return Config{FailurePercent: 5, LeastAnswers: 5} }

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.FailurePercent < 1 || c.FailurePercent > 100 {
		errs = append(errs, config.Problem("failure_percent", "be between 1 and 100", c.FailurePercent))
	}
	if c.LeastAnswers < 1 {
		errs = append(errs, config.Problem("least_answers", "be at least 1", c.LeastAnswers))
	}
	return errors.Join(errs...)
}
