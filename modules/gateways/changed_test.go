package gateways

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
)

func TestAChangedGatewayIsToldOfAsItIs(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 2, 17, 0, 0, 0, time.FixedZone("", 5*60*60))
	row := gatewayRow{ID: id.New(), Serial: "S", Name: "N", Status: offline, StatusReason: "no_heartbeat", StatusSince: &since}
	row.OrganizationID = 1
	want := gateway.Changed{ID: row.ID, OrganizationID: 1, Serial: "S", Name: "N", Status: "offline", Reason: "no_heartbeat", At: since.UTC()}
	if got := row.changed(); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
}
