package buffer

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "buffer".
type Config struct {
	Path           string        `koanf:"path" doc:"the buffer's file; empty is buffer.db in the data directory"`
	MaxSize        config.Bytes  `koanf:"max_size" doc:"bound of the file with its log and of the pictures beside it"`
	RetentionDays  int           `koanf:"retention_days" doc:"how long delivered rows are kept while there is room"`
	WarnAt         float64       `koanf:"warn_at" doc:"share of max_size from which delivered rows are deleted, with an alert"`
	RefuseAt       float64       `koanf:"refuse_at" doc:"share of max_size past which overflow says what happens"`
	Overflow       string        `koanf:"overflow" doc:"refuse new events, or drop_oldest undelivered ones, door events last"`
	CommitInterval time.Duration `koanf:"commit_interval" doc:"how long a commit waits for more requests to share it"`
	CommitRows     int           `koanf:"commit_rows" doc:"most events of one commit, but for a request that has more"`
}

// What happens past refuse_at.
const (
	refuse     = "refuse"
	dropOldest = "drop_oldest"
)

const minSize = 16e6

func defaults() Config {
	return Config{MaxSize: 1e9, RetentionDays: 7, WarnAt: 0.80, RefuseAt: 0.95, Overflow: refuse, CommitRows: 5000}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.MaxSize >= minSize, "max_size", "be at least 16MB", c.MaxSize)
	must(c.RetentionDays >= 0 && c.RetentionDays <= 3650, "retention_days", "be between 0 and 3650", c.RetentionDays)
	must(c.WarnAt >= 0.1 && c.WarnAt < 1, "warn_at", "be at least 0.1 and less than 1", c.WarnAt)
	must(c.RefuseAt > c.WarnAt && c.RefuseAt < 1, "refuse_at", "be more than warn_at and less than 1", c.RefuseAt)
	must(c.Overflow == refuse || c.Overflow == dropOldest, "overflow", "be refuse or drop_oldest", c.Overflow)
	must(c.CommitInterval >= 0 && c.CommitInterval <= time.Second, "commit_interval", "be between 0s and 1s", c.CommitInterval)
	must(c.CommitRows >= 1 && c.CommitRows <= 100_000, "commit_rows", "be between 1 and 100000", c.CommitRows)
	return errors.Join(errs...)
}

// fileLimit bounds the file itself. It leaves room for the log, and lies past refuse_at, so that it is met
// only by a request too large for what is left.
func (c *Config) fileLimit() int64 {
	return int64(float64(c.MaxSize) * (1 + c.RefuseAt) / 2)
}
