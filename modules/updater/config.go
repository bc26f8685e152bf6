package updater

import (
	"errors"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "updater".
type Config struct {
	Enabled       bool          `koanf:"enabled" doc:"install versions that the server offers or orders; what somebody brings as a file is installed anyway"`
	Slots         string        `koanf:"slots" doc:"directory of the two places for new versions; the launcher sets it. Empty: the program does not replace itself"`
	Auto          bool          `koanf:"auto" doc:"install new versions of the channel without an order"`
	Interval      time.Duration `koanf:"interval" doc:"auto: how often it is asked for a new version"`
	Window        string        `koanf:"window" doc:"auto: hours of the day in which versions are installed, such as 01-05 or 22-04; any if empty"`
	Channel       string        `koanf:"channel" doc:"which releases are taken"`
	Keys          []string      `koanf:"keys" doc:"minisign public keys that may sign releases, beside those of the product; a minus before one withdraws it"`
	ConfirmAfter  time.Duration `koanf:"confirm_after" doc:"how long a new version has to be healthy until it stays"`
	HealthTimeout time.Duration `koanf:"health_timeout" doc:"when a new version that did not stay makes way for the previous one"`
	Timeout       time.Duration `koanf:"timeout" doc:"how long the download of a version may take"`
}

func defaults() Config {
	return Config{
		Enabled: true, Interval: 6 * time.Hour, Channel: "stable",
		ConfirmAfter: time.Minute, HealthTimeout: 3 * time.Minute, Timeout: 2 * time.Hour,
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
	must(c.Interval >= time.Minute && c.Interval <= 30*24*time.Hour, "interval", "be between 1m and 720h", c.Interval)
	must(word(c.Channel), "channel", "be letters, digits and dots", c.Channel)
	must(c.ConfirmAfter >= 0, "confirm_after", "be at least 0s", c.ConfirmAfter)
	must(c.HealthTimeout > c.ConfirmAfter, "health_timeout", "be longer than confirm_after", c.HealthTimeout)
	must(c.Timeout >= time.Second, "timeout", "be at least 1s", c.Timeout)
	_, err := parseWindow(c.Window)
	must(err == nil, "window", "be two hours such as 01-05", c.Window)
	_, err = parseKeys(c.Keys)
	must(err == nil, "keys", "be minisign public keys, the second line of minisign.pub, with or without a minus before", c.Keys)
	return errors.Join(errs...)
}

// window is a part of the day, from the hour to the other; both the same is all day.
type window struct{ from, to int }

func parseWindow(s string) (w window, err error) {
	if s == "" {
		return w, nil
	}
	if n, err := fmt.Sscanf(s, "%d-%d", &w.from, &w.to); err != nil || n != 2 || s != w.String() && s != fmt.Sprintf("%d-%d", w.from, w.to) {
		return window{}, errors.New("not two hours")
	}
	if min(w.from, w.to) < 0 || max(w.from, w.to) > 24 {
		return window{}, errors.New("not hours of a day")
	}
	return w, nil
}

func (w window) String() string { return fmt.Sprintf("%02d-%02d", w.from, w.to) }

// open reports whether the time is in the window, by the clock of the machine.
func (w window) open(at time.Time) bool {
	hour := at.Hour()
	switch {
	case w.from < w.to:
		return hour >= w.from && hour < w.to
	case w.from > w.to:
		return hour >= w.from || hour < w.to
	}
	return true
}
