package ingest

import (
	"errors"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "ingest".
type Config struct {
	MaxBody   config.Bytes `koanf:"max_body" doc:"largest batch, after decompression"`
	MaxEvents int          `koanf:"max_events" doc:"most events of one batch"`
	InFlight  config.Bytes `koanf:"in_flight" doc:"bytes of batches that are taken in at one time; past it gateways are told to wait"`
}

func defaults() Config { return Config{MaxBody: 10e6, MaxEvents: 10_000, InFlight: 64e6} }

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.MaxBody >= 64e3 && c.MaxBody <= 1e9, "max_body", "be between 64kB and 1GB", c.MaxBody)
	must(c.MaxEvents >= 1 && c.MaxEvents <= 1_000_000, "max_events", "be between 1 and 1000000", c.MaxEvents)
	must(c.InFlight >= c.MaxBody, "in_flight", "be at least max_body", c.InFlight)
	return errors.Join(errs...)
}
