package monitoring

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// introductions parts what agents tell of computers and Windows users from what people do.
func introductions(events []activity.Event) (told, reported []activity.Event) {
	n := 0
	for i := range events {
		if isIntroduction(events[i].Kind) {
			n++
		}
	}
	if n == 0 {
		return nil, events
	}
	for _, e := range events {
		if isIntroduction(e.Kind) {
			told = append(told, e)
		} else {
			reported = append(reported, e)
		}
	}
	return told, reported
}

func isIntroduction(k activity.Kind) bool {
	return k == activity.Computer || k == activity.ComputerUser || k == activity.AgentState
}

// introduce passes on what agents tell to those who keep it. To do it twice is harmless, so it needs no part in the
// batch's transaction.
func (s *service) introduce(ctx context.Context, told []activity.Event) error {
	var seen []computer.Sighting
	var states []computer.Told
	for _, e := range told {
		var err error
		switch e.Kind {
		case activity.Computer:
			_, err = s.computers.Register(ctx, computerOf(e))
		case activity.ComputerUser:
			_, err = s.computers.RegisterUser(ctx, userOf(e))
		case activity.AgentState:
			if e.Details[activity.DetailPolicyVersion] != "" { // says no more than that it is there
				seen = append(seen, computer.Sighting{ComputerUID: clean(e.ComputerUID, activity.MaxUID), At: e.At.UTC()})
				continue
			}
			states = append(states, stateOf(e))
		}
		if err != nil {
			return err
		}
		if e.Kind != activity.Computer && e.ComputerUID != "" && e.UserSID != "" {
			seen = append(seen, computer.Sighting{ComputerUID: clean(e.ComputerUID, activity.MaxUID), UserSID: clean(e.UserSID, activity.MaxUID), At: e.At.UTC()})
		}
	}
	if len(states) > 0 {
		if err := s.computers.Report(ctx, states); err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		return nil
	}
	return s.computers.Seen(ctx, seen)
}

func stateOf(e activity.Event) computer.Told {
	t := computer.Told{
		UID: clean(e.ComputerUID, activity.MaxUID), At: e.At, Stopped: e.Details[activity.DetailState] == activity.Stopping,
		Reason: detail(e, activity.DetailReason), Detail: detail(e, activity.DetailDetail),
		Version: detail(e, activity.DetailAgentVersion), Address: detail(e, activity.DetailIPAddress),
	}
	if since, err := time.Parse(time.RFC3339Nano, e.Details[activity.DetailSince]); err == nil {
		t.Since = since
	}
	return t
}

func computerOf(e activity.Event) computer.Details {
	return computer.Details{
		UID: clean(e.ComputerUID, activity.MaxUID), Name: detail(e, activity.DetailName), OS: detail(e, activity.DetailOS),
		IPAddress: detail(e, activity.DetailIPAddress), MACAddress: detail(e, activity.DetailMACAddress),
		AgentVersion: detail(e, activity.DetailAgentVersion), At: e.At,
	}
}

func userOf(e activity.Event) computer.UserDetails {
	return computer.UserDetails{
		SID: clean(e.UserSID, activity.MaxUID), Name: detail(e, activity.DetailName), Domain: detail(e, activity.DetailDomain),
		Username: detail(e, activity.DetailUsername), Admin: detail(e, activity.DetailAdmin) == "true", InDomain: detail(e, activity.DetailInDomain) == "true",
	}
}

func detail(e activity.Event, name string) string { return clean(e.Details[name], activity.MaxTitle) }
