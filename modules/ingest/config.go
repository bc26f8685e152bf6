package ingest

import (
	"errors"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "ingest".
type Config struct {
	MaxBody   config.Bytes `koanf:"max_body" doc:"largest batch, after decompression"`
	MaxEvents int          `koanf:"max_events" doc:"most events of one batch"`
	Writers   int          `koanf:"writers" doc:"batches that are stored at one time; more of them wait for each other in PostgreSQL 15 and older, where a table grows for one at a time"`
	InFlight  config.Bytes `koanf:"in_flight" doc:"memory for batches that are taken in at one time, of which each takes about seven times its text; past it gateways are told to wait"`
}

func defaults() Config { return Config{MaxBody: 10e6, MaxEvents: 10_000, Writers: 4, InFlight: 128e6} }

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
	must(c.Writers >= 1 && c.Writers <= 20, "writers", "be between 1 and 20", c.Writers)
	least := config.Bytes(held(int64(c.MaxBody), c.MaxEvents))
	must(c.InFlight >= least, "in_flight", "be at least "+least.String()+", which the largest batch takes", c.InFlight)
	return errors.Join(errs...)
}
