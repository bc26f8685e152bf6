package screenshots

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "screenshots".
type Config struct {
	MaxSize      config.Bytes  `koanf:"max_size" doc:"largest picture of a screen, as it is sent"`
	MaxPixels    int64         `koanf:"max_pixels" doc:"most pixels of a picture; larger ones are refused before they are decoded"`
	InFlight     config.Bytes  `koanf:"in_flight" doc:"bytes of pictures that are taken in at one time; past it senders are told to wait"`
	Decoders     int           `koanf:"decoders" doc:"pictures that are decoded at one time; 0: one for each processor"`
	DecodeMemory config.Bytes  `koanf:"decode_memory" doc:"memory for the pictures that are decoded at one time; one that needs more is refused"`
	OpenFor      time.Duration `koanf:"open_for" doc:"how long who gave a reason may see the picture before the next reason is needed"`
}

func defaults() Config {
	return Config{MaxSize: 10e6, MaxPixels: 64e6, InFlight: 32e6, DecodeMemory: 144e6, OpenFor: 5 * time.Minute}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.MaxSize >= 10e3 && c.MaxSize <= 100e6, "max_size", "be between 10kB and 100MB", c.MaxSize)
	must(c.MaxPixels >= 10_000 && c.MaxPixels <= 1e9, "max_pixels", "be between 10000 and 1000000000", c.MaxPixels)
	must(c.InFlight >= 2*c.MaxSize, "in_flight", "be at least twice max_size", c.InFlight)
	must(c.Decoders >= 0 && c.Decoders <= 1000, "decoders", "be between 0 and 1000", c.Decoders)
	must(c.DecodeMemory >= 16e6 && c.DecodeMemory <= 16e9, "decode_memory", "be between 16MB and 16GB", c.DecodeMemory)
	must(c.OpenFor >= 10*time.Second && c.OpenFor <= time.Hour, "open_for", "be between 10s and 1h", c.OpenFor)
	return errors.Join(errs...)
}
