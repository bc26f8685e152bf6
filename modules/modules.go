// Package modules lists the product's modules and makes processes of them.
package modules

import (
	"github.com/staff-control/staff-control/modules/activitywatch"
	"github.com/staff-control/staff-control/modules/agents"
	"github.com/staff-control/staff-control/modules/alerts"
	"github.com/staff-control/staff-control/modules/auth"
	"github.com/staff-control/staff-control/modules/buffer"
	"github.com/staff-control/staff-control/modules/certificates"
	"github.com/staff-control/staff-control/modules/collector"
	"github.com/staff-control/staff-control/modules/commands"
	"github.com/staff-control/staff-control/modules/computers"
	"github.com/staff-control/staff-control/modules/control"
	"github.com/staff-control/staff-control/modules/demo"
	"github.com/staff-control/staff-control/modules/doors"
	"github.com/staff-control/staff-control/modules/employees"
	"github.com/staff-control/staff-control/modules/executor"
	"github.com/staff-control/staff-control/modules/feed"
	"github.com/staff-control/staff-control/modules/gateways"
	"github.com/staff-control/staff-control/modules/ingest"
	"github.com/staff-control/staff-control/modules/monitoring"
	"github.com/staff-control/staff-control/modules/organizations"
	"github.com/staff-control/staff-control/modules/pages"
	"github.com/staff-control/staff-control/modules/pki"
	"github.com/staff-control/staff-control/modules/policy"
	"github.com/staff-control/staff-control/modules/presence"
	"github.com/staff-control/staff-control/modules/processing"
	"github.com/staff-control/staff-control/modules/retention"
	"github.com/staff-control/staff-control/modules/rules"
	"github.com/staff-control/staff-control/modules/schedules"
	"github.com/staff-control/staff-control/modules/screenshots"
	"github.com/staff-control/staff-control/modules/storage"
	"github.com/staff-control/staff-control/modules/updater"
	"github.com/staff-control/staff-control/modules/updates"
	"github.com/staff-control/staff-control/modules/uplink"
	"github.com/staff-control/staff-control/modules/visitors"
	"github.com/staff-control/staff-control/platform/kernel"
)

// All returns new modules, in the order in which they are built where their needs leave it open.
func All() []kernel.Module {
	return []kernel.Module{
		organizations.New(),
		auth.New(),
		employees.New(),
		computers.New(),
		alerts.New(),
		storage.New(),
		visitors.New(),
		doors.New(),
		pki.New(),
		gateways.New(),
		commands.New(),
		updates.New(),
		monitoring.New(),
		policy.New(),
		screenshots.New(),
		ingest.New(),
		processing.New(),
		buffer.New(),
		uplink.New(),
		updater.New(),
		rules.New(),
		certificates.New(),  // before those that know agents by their keys
		agents.New(),        // likewise: what begins like a token is none of their keys
		activitywatch.New(), // before collector, whose way to know a key is not all of its own
		collector.New(),
		executor.New(),
		control.New(),
		schedules.New(),
		presence.New(),
		retention.New(),
		feed.New(),
		pages.New(),
		demo.New(),
	}
}
