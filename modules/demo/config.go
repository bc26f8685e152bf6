package demo

import (
	"errors"
	"net/url"

	"github.com/staff-control/staff-control/platform/config"
)

// Config is the section "demo".
type Config struct {
	Employees    int     `koanf:"employees" doc:"people of a made-up company that a new, empty server begins with; 0 makes none"`
	Days         int     `koanf:"days" doc:"how long the company has been there when it is made"`
	Speed        float64 `koanf:"speed" doc:"how many times faster than life its past is sent; 0 is as fast as it is taken"`
	Seed         int64   `koanf:"seed" doc:"the same seed makes the same people do the same things"`
	Organization int64   `koanf:"organization" doc:"whose the company is: the organization of the gateway to which its agents report"`
	Gateway      string  `koanf:"gateway" doc:"where its agents report to"`
	Dashboard    string  `koanf:"dashboard" doc:"where its people are entered"`
}

func defaults() Config {
	return Config{Days: 14, Seed: 1, Organization: 1, Gateway: "http://127.0.0.1:3003", Dashboard: "http://127.0.0.1:3000"}
}

// The bounds of a company.
const (
	minEmployees = 20 // so that each department has somebody, and there is a PC-17
	maxEmployees = 2000
	maxDays      = 365
)

// Validate returns all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	must := func(ok bool, key, must string, got any) {
		if !ok {
			errs = append(errs, config.Problem(key, must, got))
		}
	}
	must(c.Employees == 0 || c.Employees >= minEmployees && c.Employees <= maxEmployees, "employees", "be 0, or between 20 and 2000", c.Employees)
	must(c.Days >= 1 && c.Days <= maxDays, "days", "be between 1 and 365", c.Days)
	must(c.Speed >= 0 && c.Speed <= 1e6, "speed", "be between 0 and 1000000", c.Speed)
	must(isURL(c.Gateway), "gateway", "be the address of a gateway", c.Gateway)
	must(isURL(c.Dashboard), "dashboard", "be the address of a dashboard", c.Dashboard)
	return errors.Join(errs...)
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
