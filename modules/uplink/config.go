package uplink

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "uplink".
type Config struct {
	URL               string        `koanf:"url" doc:"address of agent-api, https://…"`
	Token             config.Secret `koanf:"token" doc:"provisioning token, used once to enrol"`
	OrganizationID    int64         `koanf:"organization_id" doc:"organization that the token must belong to; 0 is any"`
	Serial            string        `koanf:"serial" doc:"serial number of this gateway; empty is one made at the first start"`
	Name              string        `koanf:"name" doc:"name of this gateway in the list of gateways"`
	Interval          time.Duration `koanf:"interval" doc:"how long an event waits at most for its batch to fill"`
	BatchSize         int           `koanf:"batch_size" doc:"most events in a batch"`
	BatchBytes        config.Bytes  `koanf:"batch_bytes" doc:"largest batch before compression"`
	Pictures          int           `koanf:"pictures" doc:"pictures of screens that are sent at one time"`
	Compression       string        `koanf:"compression" doc:"zstd, gzip or none"`
	HeartbeatInterval time.Duration `koanf:"heartbeat_interval" doc:"how often the gateway says that it is there"`
	KeysInterval      time.Duration `koanf:"keys_interval" doc:"how often the agents' keys are fetched: a revoked key works for at most as long"`
	Timeout           time.Duration `koanf:"timeout" doc:"longest that one request may take"`
	AllowInsecure     bool          `koanf:"allow_insecure" doc:"allow plain http to another machine"`
	CAFile            string        `koanf:"ca_file" doc:"further certificate authorities, PEM"`
	PinSHA256         string        `koanf:"pin_sha256" doc:"SHA-256 of a public key in the server's chain, hex or base64"`
	Proxy             string        `koanf:"proxy" doc:"HTTP proxy, http://host:port"`
}

// Compressions of a batch.
const (
	zstdCompression = "zstd"
	gzipCompression = "gzip"
	noCompression   = "none"
)

func defaults() Config {
	return Config{
		Interval: 2 * time.Second, BatchSize: 1000, BatchBytes: 1 << 20, Pictures: 4, Compression: zstdCompression,
		HeartbeatInterval: 30 * time.Second, KeysInterval: time.Minute, Timeout: 30 * time.Second,
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
	between := func(key string, d, low, high time.Duration) {
		must(d >= low && d <= high, key, "be between "+low.String()+" and "+high.String(), d)
	}
	errs = append(errs, c.validateURL())
	must(c.OrganizationID >= 0, "organization_id", "be 0 or an organization's id", c.OrganizationID)
	must(len(c.Serial) <= 255, "serial", "have at most 255 bytes", len(c.Serial))
	must(c.BatchSize >= 1 && c.BatchSize <= 10_000, "batch_size", "be between 1 and 10000", c.BatchSize)
	must(c.BatchBytes >= 1<<10 && c.BatchBytes <= 16<<20, "batch_bytes", "be between 1KiB and 16MiB", c.BatchBytes)
	must(c.Pictures >= 1 && c.Pictures <= 64, "pictures", "be between 1 and 64", c.Pictures)
	must(c.Compression == zstdCompression || c.Compression == gzipCompression || c.Compression == noCompression,
		"compression", "be zstd, gzip or none", c.Compression)
	between("interval", c.Interval, 0, time.Hour)
	between("heartbeat_interval", c.HeartbeatInterval, time.Second, time.Hour)
	between("keys_interval", c.KeysInterval, time.Second, 24*time.Hour)
	between("timeout", c.Timeout, time.Second, 10*time.Minute)
	_, err := parsePin(c.PinSHA256)
	must(err == nil, "pin_sha256", "be 32 bytes in hex or base64", c.PinSHA256)
	proxy, err := url.Parse(c.Proxy)
	must(c.Proxy == "" || err == nil && proxy.Host != "", "proxy", "be an address such as http://proxy:3128", c.Proxy)
	return errors.Join(errs...)
}

func (c *Config) validateURL() error {
	if c.URL == "" {
		return config.Problem("url", "be set in role gateway", "empty")
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return config.Problem("url", "be an address such as https://agent-api.example.uz", c.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return config.Problem("url", "have no user, query or fragment", u.Redacted())
	case u.Scheme == "http" && !c.AllowInsecure && !loopback(u.Hostname()):
		return config.Problem("url", "be https:// (plain http only to this machine, or with uplink.allow_insecure)", c.URL)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
