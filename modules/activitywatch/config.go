package activitywatch

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "activitywatch".
type Config struct {
	Enabled    bool     `koanf:"enabled" doc:"whether ActivityWatch's watchers are listened to"`
	Unknown    string   `koanf:"unknown" doc:"what happens to watchers of other computers that show no key: refuse, or quarantine"`
	Listen     string   `koanf:"listen" doc:"one more address of this computer for browser extensions, 127.0.0.1:5600; empty is none"`
	Origins    []string `koanf:"origins" doc:"origins that are let in beside those of ActivityWatch's own browser extensions"`
	MaxBuckets int      `koanf:"max_buckets" doc:"most buckets, which are kept in memory; a computer has about three"`
}

// What happens to watchers of other computers that show no key.
const (
	refuse     = "refuse"
	quarantine = "quarantine"
)

func defaults() Config { return Config{Enabled: true, Unknown: refuse, MaxBuckets: 10_000} }

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.Unknown == refuse || c.Unknown == quarantine, "unknown", "be refuse or quarantine", c.Unknown)
	must(c.Listen == "" || onLoopback(c.Listen), "listen", "be a port of a loopback address, such as 127.0.0.1:5600", c.Listen)
	must(c.MaxBuckets >= 1 && c.MaxBuckets <= 1_000_000, "max_buckets", "be between 1 and 1000000", c.MaxBuckets)
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		must(err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == o, "origins", "be origins, such as moz-extension://0f6d3a1c", o)
	}
	return errors.Join(errs...)
}

// onLoopback reports whether nobody but this computer reaches the address.
func onLoopback(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 0 && n <= 65535 && loopback(host)
}

// loopback reports whether the host is this computer and no other, whoever asks.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
