package computers

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The states of a computer.
const (
	online  = "online"
	offline = "offline"
	unknown = "unknown"
)

// The reasons of a state that nobody told. What an agent says when it stops is kept as it says it.
const (
	reporting      = "reporting"
	noContact      = "no_contact"
	gatewayOffline = "gateway_offline"
	neverReported  = "never_reported"
)

// turn is a change of a computer's state: what its history shows.
type turn struct {
	At      time.Time `json:"at"`
	State   string    `json:"state" enum:"online,offline,unknown"`
	Reason  string    `json:"reason" enum:"reporting,no_contact,gateway_offline,shutdown,suspend,logout,update,uninstall,error,never_reported"`
	Detail  string    `json:"detail"`
	Version string    `json:"version"`
}

// timeline is what the rows of a computer come to. It depends on which rows there are and not on the order in which
// they came: that is what keeps late and repeated events from doing harm.
type timeline struct {
	turns []turn // the oldest first
	// since is when the present state began, heard when the computer was last heard of.
	since, heard time.Time
	online       bool
	// version and address are the last ones that were told.
	version, address string
}

// newTimeline puts the rows together; of one instant, the stop is the later one. Runs that follow each other within
// silence are one; after a longer silence the computer was offline meanwhile.
func newTimeline(rows []stateRow, silence time.Duration) (t timeline) {
	slices.SortFunc(rows, func(a, b stateRow) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(b.State, a.State), slices.Compare(a.ID[:], b.ID[:]))
	})
	var ended string // why nothing came after heard
	for _, r := range rows {
		if r.State == offline && t.online && t.heard.After(r.At.Add(silence)) {
			continue // another gateway heard it run long afterwards, so it did not stop
		}
		if t.online && r.At.Sub(t.heard) > silence {
			t.turn(turn{At: t.heard.UTC(), State: offline, Reason: cmp.Or(ended, noContact), Version: t.version})
		}
		changed := r.Version != "" && r.Version != t.version
		t.version, t.address = cmp.Or(r.Version, t.version), cmp.Or(r.Address, t.address)
		if r.State == offline {
			t.turn(turn{At: r.At.UTC(), State: offline, Reason: r.Reason, Detail: r.Detail, Version: t.version})
			t.heard = r.At
			continue
		}
		if !t.online {
			t.turn(turn{At: r.At.UTC(), State: online, Reason: reporting, Version: t.version})
			t.heard = r.Until
		} else if changed {
			t.turns = append(t.turns, turn{At: r.At.UTC(), State: online, Reason: reporting, Version: t.version})
		}
		if !r.Until.Before(t.heard) {
			t.heard, ended = r.Until, r.Reason
		}
	}
	return t
}

// turn adds a turn that changes the state, or the reason of an offline one.
func (t *timeline) turn(next turn) {
	t.online, t.since = next.State == online, next.At
	t.turns = append(t.turns, next)
}
