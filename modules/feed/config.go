package feed

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "feed".
type Config struct {
	MaxListeners  int           `koanf:"max_listeners" doc:"how many may listen to one dashboard process at once"`
	MaxPerUser    int           `koanf:"max_per_user" doc:"how many of those may be one user's"`
	Queue         int           `koanf:"queue" doc:"by how many events a listener may lag; a slower one is dropped, and told so where it comes again"`
	Heartbeat     time.Duration `koanf:"heartbeat" doc:"how long a listener to whom nothing happens waits for a sign of life"`
	CheckInterval time.Duration `koanf:"check_interval" doc:"how often the sign-in of a listener is checked"`
	Gather        time.Duration `koanf:"gather" doc:"how long after an event the next ones are told of together: a thousand listeners are as many answers to write"`
	SweepInterval time.Duration `koanf:"sweep_interval" doc:"how often a process looks for events of which no notice told it"`
	Keep          time.Duration `koanf:"keep" doc:"how long events are kept for listeners who come again"`
	KeepEvents    int64         `koanf:"keep_events" doc:"how many events are kept at most"`
}

func defaults() Config {
	return Config{
		MaxListeners: 2000, MaxPerUser: 20, Queue: 256, Heartbeat: 15 * time.Second, CheckInterval: 20 * time.Second,
		Gather: 250 * time.Millisecond, SweepInterval: 2 * time.Second, Keep: 24 * time.Hour, KeepEvents: 100_000,
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
	must(c.MaxListeners >= 1 && c.MaxListeners <= 100_000, "max_listeners", "be between 1 and 100000", c.MaxListeners)
	must(c.MaxPerUser >= 1 && c.MaxPerUser <= 100_000, "max_per_user", "be between 1 and 100000", c.MaxPerUser)
	must(c.Queue >= 1 && c.Queue <= 10_000, "queue", "be between 1 and 10000", c.Queue)
	must(c.Heartbeat >= least && c.Heartbeat <= time.Minute, "heartbeat", "be between 10ms and 1m", c.Heartbeat)
	must(c.CheckInterval >= least && c.CheckInterval <= 50*time.Second, "check_interval", "be between 10ms and 50s", c.CheckInterval)
	must(c.Gather >= least && c.Gather <= 5*time.Second, "gather", "be between 10ms and 5s", c.Gather)
	must(c.SweepInterval >= least && c.SweepInterval <= time.Minute, "sweep_interval", "be between 10ms and 1m", c.SweepInterval)
	must(c.Keep >= time.Minute && c.Keep <= 30*24*time.Hour, "keep", "be between 1m and 720h", c.Keep)
	must(c.KeepEvents >= 100 && c.KeepEvents <= 10_000_000, "keep_events", "be between 100 and 10000000", c.KeepEvents)
	return errors.Join(errs...)
}

// least is the shortest of the intervals: tests run faster than life.
const least = 10 * time.Millisecond
