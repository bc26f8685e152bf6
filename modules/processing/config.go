package processing

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "processing".
type Config struct {
	MaxWaiting      int           `koanf:"max_waiting" doc:"the most jobs of an organization that are not finished; more are refused until some are"`
	MaxWaitingBytes config.Bytes  `koanf:"max_waiting_bytes" doc:"the most bytes of these"`
	MaxBatch        int           `koanf:"max_batch" doc:"the most jobs of one request"`
	MaxBody         config.Bytes  `koanf:"max_body" doc:"largest request body, after decompression"`
	Attempts        int           `koanf:"attempts" doc:"how often a job is tried that fails for a while, waiting 2, 4, 8 … seconds, at most 5 minutes"`
	Keep            time.Duration `koanf:"keep" doc:"how long finished jobs can be seen"`
	MaxFinished     int           `koanf:"max_finished" doc:"the most finished jobs of an organization that can be seen"`
	Turn            int           `koanf:"turn" doc:"the most jobs of one organization that are done before others have their turn"`
}

func defaults() Config {
	return Config{
		MaxWaiting: 10_000, MaxWaitingBytes: 256 << 20, MaxBatch: 1000, MaxBody: 8 << 20,
		Attempts: 10, Keep: 24 * time.Hour, MaxFinished: 50_000, Turn: 50,
	}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.MaxWaiting >= 1 && c.MaxWaiting <= 1_000_000, "max_waiting", "be between 1 and 1000000", c.MaxWaiting)
	must(c.MaxWaitingBytes >= 1<<10 && c.MaxWaitingBytes <= 64<<30, "max_waiting_bytes", "be between 1 KiB and 64 GiB", c.MaxWaitingBytes)
	must(c.MaxBatch >= 1 && c.MaxBatch <= 100_000, "max_batch", "be between 1 and 100000", c.MaxBatch)
	must(c.MaxBody >= 1<<10 && c.MaxBody <= 64<<20, "max_body", "be between 1 KiB and 64 MiB", c.MaxBody)
	must(c.Attempts >= 1 && c.Attempts <= 100, "attempts", "be between 1 and 100", c.Attempts)
	must(c.Keep >= time.Minute && c.Keep <= 365*24*time.Hour, "keep", "be between 1m and 8760h", c.Keep)
	must(c.MaxFinished >= 1 && c.MaxFinished <= 10_000_000, "max_finished", "be between 1 and 10000000", c.MaxFinished)
	must(c.Turn >= 1 && c.Turn <= 1000, "turn", "be between 1 and 1000", c.Turn)
	return errors.Join(errs...)
}
