package collector

import (
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "collector".
type Config struct {
	Enabled    bool          `koanf:"enabled" doc:"whether agents are listened to"`
	MaxBatch   int           `koanf:"max_batch" doc:"the most events of one request"`
	MaxBody    config.Bytes  `koanf:"max_body" doc:"largest request body, after decompression"`
	MaxPicture config.Bytes  `koanf:"max_picture" doc:"largest picture of a screen"`
	TellEvery  time.Duration `koanf:"tell_every" doc:"how often the server is told of an agent that just runs on; at most half of computers.offline_after"`
}

func defaults() Config {
	return Config{Enabled: true, MaxBatch: 10_000, MaxBody: 8 << 20, MaxPicture: 10e6, TellEvery: 5 * time.Minute}
}

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	if c.MaxBatch < 1 || c.MaxBatch > 100_000 {
		return config.Problem("max_batch", "be between 1 and 100000", c.MaxBatch)
	}
	if c.MaxBody < 1<<10 || c.MaxBody > 64<<20 {
		return config.Problem("max_body", "be between 1 KiB and 64 MiB", c.MaxBody)
	}
	if c.MaxPicture < 10e3 || c.MaxPicture > 100e6 {
		return config.Problem("max_picture", "be between 10 kB and 100 MB", c.MaxPicture)
	}
	if c.TellEvery < time.Second || c.TellEvery > time.Hour {
		return config.Problem("tell_every", "be between 1s and 1h", c.TellEvery)
	}
	return nil
}
