package commands

import (
	"errors"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "commands".
type Config struct {
	PingInterval    time.Duration `koanf:"ping_interval" doc:"how often agent-api pings the sockets of gateways; one is closed when nothing comes while two pings in a row wait"`
	CheckInterval   time.Duration `koanf:"check_interval" doc:"how often agent-api asks the database whether the sockets that it holds still are their gateways'"`
	SweepInterval   time.Duration `koanf:"sweep_interval" doc:"how often agent-api looks for commands that are due and that no notice told it of"`
	Lease           time.Duration `koanf:"lease" doc:"how long a gateway may take to answer a command before it is sent again; doubles each time (an update has ten times as long, diagnostics four times)"`
	MaxAttempts     int           `koanf:"max_attempts" doc:"how often a command is sent to a gateway that stays connected and does not answer"`
	MaxWaiting      int           `koanf:"max_waiting" doc:"how many commands may wait for one gateway"`
	KeepDays        int           `koanf:"keep_days" doc:"how many days commands are kept after their end"`
	DiagnosticsDays int           `koanf:"diagnostics_days" doc:"how many days the diagnostics that gateways have sent are kept"`
}

func defaults() Config {
	return Config{
		PingInterval: 30 * time.Second, CheckInterval: 30 * time.Second, SweepInterval: 3 * time.Second, Lease: 30 * time.Second,
		MaxAttempts: 3, MaxWaiting: 1000, KeepDays: 30, DiagnosticsDays: 7,
	}
}

// least is the shortest of the intervals: tests and trials run faster than life.
const least = 10 * time.Millisecond

// Validate reports every setting that is out of its bounds.
func (c *Config) Validate() error {
	var faults []error
	interval := func(name string, d, most time.Duration) {
		if d < least || d > most {
			faults = append(faults, config.Problem(name, "be between "+least.String()+" and "+most.String(), d))
		}
	}
	count := func(name string, n, most int) {
		if n < 1 || n > most {
			faults = append(faults, config.Problem(name, "be between 1 and "+strconv.Itoa(most), n))
		}
	}
	interval("ping_interval", c.PingInterval, 5*time.Minute)
	interval("check_interval", c.CheckInterval, time.Minute)
	interval("sweep_interval", c.SweepInterval, time.Minute)
	interval("lease", c.Lease, time.Hour)
	count("max_attempts", c.MaxAttempts, 100)
	count("max_waiting", c.MaxWaiting, 100_000)
	count("keep_days", c.KeepDays, 3650)
	count("diagnostics_days", c.DiagnosticsDays, 3650)
	return errors.Join(faults...)
}
