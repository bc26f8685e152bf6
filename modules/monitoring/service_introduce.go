package monitoring

import (
	"context"
	"slices"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// introduce takes out of the batch what agents tell of computers and Windows users, and passes it on to those who keep
// it. It returns how much that was. To do it twice is harmless, so it needs no part in the batch's transaction.
func (s *service) introduce(ctx context.Context, b *activity.Batch) (told int, err error) {
	if !slices.ContainsFunc(b.Events, isIntroduction) {
		return 0, nil
	}
	var rest []activity.Event
	var seen []computer.Sighting
	for _, e := range b.Events {
		switch e.Kind {
		case activity.Computer:
			_, err = s.computers.Register(ctx, computerOf(e))
		case activity.ComputerUser:
			_, err = s.computers.RegisterUser(ctx, userOf(e))
			if e.ComputerUID != "" {
				seen = append(seen, computer.Sighting{ComputerUID: clean(e.ComputerUID, activity.MaxUID), UserSID: clean(e.UserSID, activity.MaxUID), At: e.At.UTC()})
			}
		default:
			rest = append(rest, e)
			continue
		}
		if err != nil {
			return told, storage(err)
		}
		told++
	}
	b.Events = rest
	if err := s.computers.Seen(ctx, seen); err != nil {
		return told, storage(err)
	}
	return told, nil
}

func isIntroduction(e activity.Event) bool {
	return e.Kind == activity.Computer || e.Kind == activity.ComputerUser
}

func computerOf(e activity.Event) computer.Details {
	return computer.Details{
		UID: clean(e.ComputerUID, activity.MaxUID), Name: detail(e, activity.DetailName), OS: detail(e, activity.DetailOS),
		IPAddress: detail(e, activity.DetailIPAddress), MACAddress: detail(e, activity.DetailMACAddress),
		AgentVersion: detail(e, activity.DetailAgentVersion),
	}
}

func userOf(e activity.Event) computer.UserDetails {
	return computer.UserDetails{
		SID: clean(e.UserSID, activity.MaxUID), Name: detail(e, activity.DetailName), Domain: detail(e, activity.DetailDomain),
		Username: detail(e, activity.DetailUsername), Admin: detail(e, activity.DetailAdmin) == "true", InDomain: detail(e, activity.DetailInDomain) == "true",
	}
}

func detail(e activity.Event, name string) string { return clean(e.Details[name], activity.MaxTitle) }
