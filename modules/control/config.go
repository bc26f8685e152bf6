package control

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "control".
type Config struct {
	URL           string        `koanf:"url" doc:"address of the control channel, wss://…/v2/gateway/socket; empty is that of uplink.url"`
	MinDelay      time.Duration `koanf:"min_delay" doc:"the first wait before the channel is opened again is between nothing and this"`
	MaxDelay      time.Duration `koanf:"max_delay" doc:"later waits grow up to between nothing and this"`
	PingInterval  time.Duration `koanf:"ping_interval" doc:"how often the gateway asks whether agent-api still is at the other end"`
	PingTimeout   time.Duration `koanf:"ping_timeout" doc:"how long an answer to that may take; when nothing comes while two in a row wait the channel is opened anew"`
	AckRepeat     time.Duration `koanf:"ack_repeat" doc:"how often the answer to a command is repeated until agent-api has it"`
	AllowInsecure bool          `koanf:"allow_insecure" doc:"allow ws:// to another machine"`
}

func defaults() Config {
	return Config{
		MinDelay: time.Second, MaxDelay: time.Minute, PingInterval: 30 * time.Second, PingTimeout: 10 * time.Second, AckRepeat: 15 * time.Second,
	}
}

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	between := func(key string, d, low, high time.Duration) {
		if d < low || d > high {
			errs = append(errs, config.Problem(key, "be between "+low.String()+" and "+high.String(), d))
		}
	}
	errs = append(errs, c.validateURL())
	between("min_delay", c.MinDelay, time.Millisecond, c.MaxDelay)
	between("max_delay", c.MaxDelay, time.Millisecond, time.Hour)
	between("ping_interval", c.PingInterval, 10*time.Millisecond, time.Hour)
	between("ping_timeout", c.PingTimeout, 10*time.Millisecond, 10*time.Minute)
	between("ack_repeat", c.AckRepeat, 10*time.Millisecond, time.Hour)
	return errors.Join(errs...)
}

func (c *Config) validateURL() error {
	if c.URL == "" {
		return nil
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "wss" && u.Scheme != "ws":
		return config.Problem("url", "be an address such as wss://agent-api.example.uz/v2/gateway/socket", c.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return config.Problem("url", "have no user, query or fragment", u.Redacted())
	case u.Scheme == "ws" && !c.AllowInsecure && !loopback(u.Hostname()):
		return config.Problem("url", "be wss:// (ws:// only to this machine, or with control.allow_insecure)", c.URL)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
