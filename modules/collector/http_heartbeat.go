package collector

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

type heartbeatRequest struct {
	ComputerUID  string `json:"computerUid"`
	UserSID      string `json:"userSid,omitempty" doc:"who is signed in"`
	AgentVersion string `json:"agentVersion,omitempty"`
	State        string `json:"state,omitempty" enum:"running,stopping" doc:"running if absent"`
	Reason       string `json:"reason,omitempty" enum:"shutdown,suspend,logout,update,uninstall,error" doc:"why the agent stops"`
	Detail       string `json:"detail,omitempty" doc:"more of the reason, for people"`
	IPAddress    string `json:"ipAddress,omitempty"`
	// Since is not believed beyond a month: an agent's clock may say anything.
	Since time.Time `json:"since,omitzero" doc:"since when it runs, where it ran before it could say so"`
}

// reasons are why agents stop.
var reasons = [...]string{"shutdown", "suspend", "logout", "update", "uninstall", "error"}

// Validate wants a computer, and a reason of an agent that stops.
func (r *heartbeatRequest) Validate() error {
	var f fault.Fields
	require(&f, "computerUid", r.ComputerUID, activity.MaxUID)
	if len(r.UserSID) > activity.MaxUID {
		f.Add("userSid", "too_long", fault.Params{"Max": activity.MaxUID})
	}
	switch r.State {
	case "", activity.Running:
	case activity.Stopping:
		if r.Reason == "" {
			f.Add("reason", "required", nil)
		} else if !slices.Contains(reasons[:], r.Reason) {
			f.Add("reason", "collector.reason_unknown", nil)
		}
	default:
		f.Add("state", "collector.state_unknown", nil)
	}
	return f.Err()
}

type heardResponse struct {
	Success    bool      `json:"success"`
	ServerTime time.Time `json:"serverTime"`
}

func (m *Module) heartbeat(ctx context.Context, in heartbeatRequest) (heardResponse, error) {
	w := word{
		uid: in.ComputerUID, sid: in.UserSID, version: cut(in.AgentVersion, activity.MaxUID), address: cut(in.IPAddress, activity.MaxUID), greeting: true,
		since: in.Since.UTC(), stopping: in.State == activity.Stopping, reason: in.Reason, detail: cut(in.Detail, activity.MaxUID),
	}
	err := m.service.hear(ctx, sourceAPI, w)
	return heardResponse{err == nil, m.service.now().UTC()}, err
}
