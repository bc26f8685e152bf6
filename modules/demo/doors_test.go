package demo

import (
	"testing"
	"time"
)

// Doors see a person come before the computer does and leave after it, out and in by turns; a refused face is let in next.
func TestPassesGoWithTheDay(t *testing.T) {
	t.Parallel()
	refused, lunches := 0, 0
	days(t, 3, 40, func(p person, date time.Time, d day) {
		all := passings(p, d)
		for i, one := range all {
			if i > 0 && !one.at.After(all[i-1].at) {
				t.Errorf("person %d passes at %s after %s", p.number, one.at, all[i-1].at)
			}
			if one.refused {
				refused++
			}
		}
		if all[0].refused {
			all = all[1:]
		}
		lunches += len(all)/2 - 1
		if len(all)%2 != 0 || !all[0].at.Before(d.come) || !all[len(all)-1].at.After(d.leave) {
			t.Errorf("person %d, there from %s to %s, passes %+v", p.number, d.come, d.leave, all)
		}
		for i, one := range all {
			if way := []string{"ENTER", "EXIT"}[i%2]; one.refused || one.door.entry != way && one.door.entry != "BOTH" {
				t.Errorf("pass %d of person %d is %+v", i, p.number, one)
			}
		}
	})
	if refused == 0 || lunches == 0 {
		t.Errorf("%d are refused, %d have lunch elsewhere", refused, lunches)
	}
}
