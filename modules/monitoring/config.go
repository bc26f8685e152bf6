package monitoring

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "monitoring".
type Config struct {
	OldestDays     int           `koanf:"oldest_days" doc:"events that began longer ago than this are set aside; no less than the longest retention"`
	Ahead          time.Duration `koanf:"ahead" doc:"how far ahead of the server's clock an event may be"`
	TokenDays      int           `koanf:"token_days" doc:"how long the token of a stored batch is known"`
	LongestEvent   time.Duration `koanf:"longest_event" doc:"the longest that one window or page counts: an agent that reports more slept meanwhile"`
	QuarantineDays int           `koanf:"quarantine_days" doc:"how long events are kept that were set aside"`
	Failures       int           `koanf:"timescale_failures" doc:"after how many failures of TimescaleDB in a row, of writes and reads, the rows go to PostgreSQL"`
	ProbeEvery     time.Duration `koanf:"timescale_probe" doc:"how often TimescaleDB is tried while it is away"`
	Patience       time.Duration `koanf:"timescale_timeout" doc:"how long one write to TimescaleDB may take until it counts as failed, if a row of now fails too"`
}

const day = 24 * time.Hour

func defaults() Config {
	return Config{
		OldestDays: 400, Ahead: 10 * time.Minute, LongestEvent: 4 * time.Hour, TokenDays: 30, QuarantineDays: 90,
		Failures: 3, ProbeEvery: time.Minute, Patience: 10 * time.Second,
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
	must(c.OldestDays >= 1 && c.OldestDays <= 36500, "oldest_days", "be between 1 and 36500", c.OldestDays)
	must(c.Ahead >= 0 && c.Ahead <= day, "ahead", "be between 0s and 24h", c.Ahead)
	must(c.LongestEvent >= time.Minute && c.LongestEvent <= day, "longest_event", "be between 1m and 24h", c.LongestEvent)
	must(c.TokenDays >= 1 && c.TokenDays <= 3650, "token_days", "be between 1 and 3650", c.TokenDays)
	must(c.QuarantineDays >= 1 && c.QuarantineDays <= 3650, "quarantine_days", "be between 1 and 3650", c.QuarantineDays)
	must(c.Failures >= 1 && c.Failures <= 1000, "timescale_failures", "be between 1 and 1000", c.Failures)
	must(c.ProbeEvery >= 100*time.Millisecond && c.ProbeEvery <= day, "timescale_probe", "be between 100ms and 24h", c.ProbeEvery)
	must(c.Patience >= 100*time.Millisecond && c.Patience <= 10*time.Minute, "timescale_timeout", "be between 100ms and 10m", c.Patience)
	return errors.Join(errs...)
}

func (c *Config) oldest() time.Duration { return time.Duration(c.OldestDays) * day }
