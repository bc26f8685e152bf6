package modules

import (
	"errors"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/pki"
	"github.com/staff-control/staff-control/modules/uplink"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/kernel"
)

// ownGateway refuses settings by which agent-api would refuse the gateway of the same process: that comes over plain HTTP, on
// which no certificate is shown, unless it is told another way.
func (p *Process) ownGateway() error {
	var certificates pki.Config
	var link uplink.Config
	if errors.Join(p.tree.Into("pki", &certificates), p.tree.Into("uplink", &link)) != nil {
		return nil // that is told already
	}
	both := slices.Contains(p.roles, kernel.AgentAPI) && slices.Contains(p.roles, kernel.Gateway)
	if !both || !certificates.Require || strings.HasPrefix(strings.ToLower(link.URL), "https://") {
		return nil
	}
	return config.Problem("pki.require", "be false where the gateway runs in the same process and shows no certificate: set uplink.url to pki.listen's address "+
		"(https://…), uplink.ca_file to what `ca show` prints and uplink.token, or run the roles apart", true)
}
