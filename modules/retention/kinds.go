package retention

import (
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/storage/file"
)

// kind is something that is kept by itself, and whose rule says how long.
type kind struct {
	name string
	rule string        // the resource type whose rule and holds it follows
	rows activity.Kind // empty where there are only files
	file file.Kind     // of its rows, or all that it is; empty for none
}

// kinds are all of them, in the order in which a run takes them.
func kinds() []kind {
	return []kind{
		{"active_window", "active_window", activity.ActiveWindow, ""},
		{"idle_period", "active_window", activity.IdlePeriod, ""},
		{"visited_site", "visited_site", activity.VisitedSite, ""},
		{"screenshot", "screenshot", activity.Screenshot, file.Screenshot},
		{"user_session", "user_session", activity.UserSession, ""},
		{"credential", "credential", "", file.Credential},
		{"profile", "profile", "", file.Profile},
	}
}

// kindOf returns the kind of a name.
func kindOf(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

const day = 24 * time.Hour

// dayOf is the UTC day that the time is in.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// rule is how long what an organization keeps of a resource type.
type rule struct {
	Type   string
	Days   int64
	Action string
	Active bool
}

// before is the day from which on everything stays: what began before it is older than the rule's days, whole days of it.
func (r rule) before(now time.Time) time.Time { return dayOf(now.Add(-time.Duration(r.Days) * day)) }

// covers reports whether the hold is on the day of what follows this rule.
func (h holdRow) covers(ruleType string, on time.Time) bool {
	return h.concerns(ruleType) && (h.From == nil || !on.Before(*h.From)) && (h.Until == nil || on.Before(*h.Until))
}

func (h holdRow) concerns(ruleType string) bool { return h.Type == ruleType || h.Type == everything }

// covering returns the first of the holds that is on the day; nil for none.
func covering(holds []holdRow, ruleType string, on time.Time) *holdRow {
	for i := range holds {
		if holds[i].covers(ruleType, on) {
			return &holds[i]
		}
	}
	return nil
}
