package buffer

import (
	"slices"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// rows are events as they go into the file, column by column.
type rows struct {
	organizations []int64
	kinds         []string
	payloads      []string
	bytes         int64
}

func (r *rows) len() int {
	if r == nil {
		return 0
	}
	return len(r.payloads)
}

func (r *rows) add(more *rows) {
	if more == nil {
		return
	}
	r.organizations = append(r.organizations, more.organizations...)
	r.kinds = append(r.kinds, more.kinds...)
	r.payloads = append(r.payloads, more.payloads...)
	r.bytes += more.bytes
}

// encode makes the rows of one batch. It runs in the sender's goroutine; the writer only inserts.
func encode(organizationID int64, events []activity.Event) (*rows, error) {
	n := len(events)
	r := &rows{organizations: slices.Repeat([]int64{organizationID}, n), kinds: make([]string, n), payloads: make([]string, n)}
	ends := make([]int, n)
	text := make([]byte, 0, n*400)
	for i := range events {
		e := &events[i]
		if !known(e.Kind) {
			return nil, errUnknownKind.With("Kind", e.Kind)
		}
		if !storable(e) {
			return nil, errBadTime
		}
		r.kinds[i] = string(e.Kind)
		text = appendEvent(text, e)
		ends[i] = len(text)
	}
	whole, from := string(text), 0
	for i, end := range ends {
		r.payloads[i] = whole[from:end]
		from = end
	}
	r.bytes = int64(len(text))
	return r, nil
}

func known(k activity.Kind) bool {
	return k == activity.Computer || k == activity.ComputerUser || k == activity.AgentState || slices.Contains(activity.Kinds[:], k)
}

// storable reports whether JSON can say the event's times: years have four digits.
func storable(e *activity.Event) bool {
	for _, y := range [...]int{e.At.UTC().Year(), e.End.UTC().Year()} {
		if y < 0 || y > 9999 {
			return false
		}
	}
	return true
}
