package certificates

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "certificates".
type Config struct {
	Listen  string   `koanf:"listen" doc:"address of the gateway's TLS listener for agents, such as :3444; empty: none"`
	Names   []string `koanf:"names" doc:"host names and IP addresses by which agents call it; empty: this machine's name and addresses"`
	Require bool     `koanf:"require" doc:"refuse agents that show no certificate, but for getting one"`
	// Interval bounds how long a revocation is unknown here.
	Interval time.Duration `koanf:"interval" doc:"how often the gateway asks which agents' certificates were revoked: one that was works for at most as long"`
}

func defaults() Config { return Config{Interval: 30 * time.Second} }

// maxNames is how many names agent-api certifies.
const maxNames = 20

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Require && c.Listen == "" {
		errs = append(errs, config.Problem("require", "go with certificates.listen: where else should certificates be shown?", c.Require))
	}
	if c.Interval < time.Second || c.Interval > 45*time.Second { // agent-api takes up to ten to know of a key that has ended
		errs = append(errs, config.Problem("interval", "be between 1s and 45s", c.Interval))
	}
	if len(c.Names) > maxNames {
		errs = append(errs, config.Problem("names", "be at most 20", len(c.Names)))
	}
	return errors.Join(errs...)
}

// names are those of the listener's certificate.
func (c *Config) names() (hosts []string, ips []net.IP) {
	all := c.Names
	if len(all) == 0 {
		all = machine()
	}
	for _, text := range all {
		if a, err := netip.ParseAddr(text); err == nil {
			ips = append(ips, a.Unmap().WithZone("").AsSlice())
			continue
		}
		hosts = append(hosts, text)
	}
	return hosts, ips
}

// machine are the names and addresses that this machine knows itself by.
func machine() []string {
	all := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		all = append(all, host)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() && len(all) < maxNames {
			all = append(all, p.Addr().String())
		}
	}
	return all
}
