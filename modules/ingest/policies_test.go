package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/id"
)

// notebook writes down which policies agents work by.
type notebook struct {
	gateway.Fleet
	lines []string
	err   error
}

func (n *notebook) PoliciesApplied(_ context.Context, gatewayID id.UUID, versions map[string]string) error {
	n.lines = append(n.lines, fmt.Sprint(gatewayID, versions))
	return n.err
}

func TestWhatAgentsSayOfTheirPoliciesIsKept(t *testing.T) {
	t.Parallel()
	server, s := newServer(t, defaults(), &sink{}, &positions{})
	kept := &notebook{}
	s.fleet = kept
	said := func(uid, version string, kind activity.Kind) activity.Event {
		return activity.Event{Kind: kind, Key: uid + version, ComputerUID: uid, At: noon, Details: map[string]string{activity.DetailPolicyVersion: version}}
	}
	send := func(events ...activity.Event) int {
		return post(server, strings.NewReader(`{"gatewayId":"`+me+`","epoch":"e","stream":"agent","data":`+dataOf(t, 1, events)+`}`)).Code
	}
	if code := send(said("PC-1", "7.2", activity.AgentState), said("PC-2", "8.1", activity.AgentState), said("PC-1", "7.3", activity.AgentState), said("PC-3", "9.9", activity.Computer)); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	if code := send(activity.Event{Kind: activity.AgentState, Key: "k", ComputerUID: "PC-4", At: noon}); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	if want := fmt.Sprintf("[%s map[PC-1:7.3 PC-2:8.1]]", me); fmt.Sprint(kept.lines) != want {
		t.Errorf("kept %v, want %s", kept.lines, want)
	}
	kept.err = errors.New("away")
	if code := send(said("PC-1", "7.4", activity.AgentState)); code < 500 {
		t.Errorf("status %d for what could not be kept", code)
	}
}
