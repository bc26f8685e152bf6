package collector

import (
	"context"
	"io"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
)

// sift leaves of the events those that may be stored. It comes before anything is written, counted by kind or cut to
// length; who sent the others has done its part, and is not told.
func (s *service) sift(ctx context.Context, events []activity.Event) ([]activity.Event, error) {
	var rules rule.Rules
	uid, sid := "", ""
	kept := events[:0]
	for i := range events {
		e := &events[i]
		if aboutItself(e.Kind) {
			kept = append(kept, *e)
			continue
		}
		if rules == nil || e.ComputerUID != uid || e.UserSID != sid {
			var err error
			if rules, err = s.rules.Of(ctx, e.ComputerUID, e.UserSID); err != nil {
				return nil, err
			}
			uid, sid = e.ComputerUID, e.UserSID
		}
		if ok, why := rules.Keeps(e); !ok {
			s.excluded(why)
			continue
		}
		kept = append(kept, *e)
	}
	return kept, nil
}

// aboutItself reports whether an event of the kind is what an agent tells of itself and its computer.
func aboutItself(k activity.Kind) bool {
	return k == activity.Computer || k == activity.ComputerUser || k == activity.AgentState
}

// keepsPicture reports whether the picture may be stored. Of one that may not, the file is read to its end, so that the
// sender reads the answer and not a broken connection, and goes nowhere.
func (s *service) keepsPicture(ctx context.Context, e *activity.Event, file io.Reader) (bool, error) {
	rules, err := s.rules.Of(ctx, e.ComputerUID, e.UserSID)
	if err != nil {
		return false, err
	}
	ok, why := rules.Keeps(e)
	if ok {
		return true, nil
	}
	s.excluded(why)
	if b, can := file.(shot.Skipper); can {
		return false, b.Skip(s.maxPicture)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(file, s.maxPicture))
	return false, err
}
