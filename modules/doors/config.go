package doors

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "doors".
type Config struct {
	Ahead       time.Duration `koanf:"ahead" doc:"how far ahead of the server's clock a terminal's may be"`
	ForgetAfter time.Duration `koanf:"forget_after" doc:"where a terminal does not know the direction: how long after an entry the next pass is an exit; later somebody forgot to leave, and it is an entry"`
	KeepDays    int           `koanf:"keep_days" doc:"how long events of doors are kept, and reports that count for nothing"`
	MaxBatch    int           `koanf:"max_batch" doc:"the most reports of one request"`
	MaxBody     config.Bytes  `koanf:"max_body" doc:"largest request body of a terminal, after decompression; reports may hold a picture"`
}

const day = 24 * time.Hour

func defaults() Config {
	return Config{Ahead: 10 * time.Minute, ForgetAfter: 16 * time.Hour, KeepDays: 365, MaxBatch: 1000, MaxBody: 8 << 20}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.Ahead >= 0 && c.Ahead <= day, "ahead", "be between 0s and 24h", c.Ahead)
	must(c.ForgetAfter >= time.Hour && c.ForgetAfter <= 14*day, "forget_after", "be between 1h and 336h", c.ForgetAfter)
	must(c.KeepDays >= 1 && c.KeepDays <= 36500, "keep_days", "be between 1 and 36500", c.KeepDays)
	must(c.MaxBatch >= 1 && c.MaxBatch <= 100_000, "max_batch", "be between 1 and 100000", c.MaxBatch)
	must(c.MaxBody >= 1<<10 && c.MaxBody <= 64<<20, "max_body", "be between 1 KiB and 64 MiB", c.MaxBody)
	return errors.Join(errs...)
}
