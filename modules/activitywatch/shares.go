package activitywatch

import (
	"strings"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
)

// maxPerComputer bounds the buckets of one computer.
const maxPerComputer = 64

// holder is whose share of the buckets one counts for.
type holder struct {
	organizationID  int64
	owner, computer string
}

func holderOf(b bucket.Bucket) holder { return holder{b.OrganizationID, b.Owner, b.ComputerUID} }

// actor is who showed the key, or that none was shown: what the sender cannot choose.
func (h holder) actor() string {
	id, _, _ := strings.Cut(h.owner, " ")
	return id
}

// shares are how many buckets there are of whom, so that nobody takes those of all: senders choose the names of
// buckets and of computers.
type shares struct {
	all       int
	computers map[holder]int
	actors    map[string]int
}

func newShares(all int) shares {
	return shares{all: all, computers: map[holder]int{}, actors: map[string]int{}}
}

// add counts buckets of a holder.
func (s shares) add(of holder, n int) {
	if s.computers[of] += n; s.computers[of] == 0 {
		delete(s.computers, of)
	}
	if s.actors[of.actor()] += n; s.actors[of.actor()] == 0 {
		delete(s.actors, of.actor())
	}
}

// room reports whether the holder may have one more: a key has half of all, which a whole company may share, and
// those who show none a tenth.
func (s shares) room(of holder) bool {
	most := (s.all + 1) / 2
	if a := of.actor(); a == localID || a == unidentifiedID {
		most = (s.all + 9) / 10
	}
	return s.computers[of] < maxPerComputer && s.actors[of.actor()] < most
}
