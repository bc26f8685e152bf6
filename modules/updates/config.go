package updates

import (
	"net/url"
	"strings"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "updates".
type Config struct {
	Path    string `koanf:"path" doc:"directory of the releases for gateways, one directory for each version; none are offered if empty"`
	Channel string `koanf:"channel" doc:"which releases are offered to a gateway that does not say"`
	URL     string `koanf:"url" doc:"where gateways find the same directory, https://…; this server gives them the files if empty"`
}

func defaults() Config { return Config{Channel: "stable"} }

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	if c.URL == "" {
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Path, "/") {
		return config.Problem("url", "be an address such as https://releases.example.uz/gateway", c.URL)
	}
	return nil
}
