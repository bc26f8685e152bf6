package rules

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
)

// book is a bundle that was verified. It never changes.
type book struct {
	text      json.RawMessage
	sum       string // of the text's canonical JSON
	fetchedAt time.Time
	bundle    rule.Bundle
	rules     *rule.Compiled
}

func newBook(text json.RawMessage) (*book, error) {
	sum, err := canonical.Sum(text)
	if err != nil {
		return nil, rule.ErrBundle.Wrap(err)
	}
	b := &book{text: text, sum: sum}
	if err := json.Unmarshal(text, &b.bundle); err != nil {
		return nil, rule.ErrBundle.Wrap(err)
	}
	b.rules, err = rule.Compile(b.bundle)
	return b, err
}

// has says whether the policy is there in this version with this checksum; a newer version is as good.
func (b *book) has(policyID int64, version, checksum string) error {
	if policyID == 0 {
		return nil
	}
	r, ok := b.rules.Policy(policyID)
	switch {
	case !ok, r.Version != version && !newer(r.Version, version):
		return rule.ErrVersion
	case r.Version == version && r.Checksum != checksum:
		return rule.ErrChecksum
	}
	return nil
}

// newer compares versions, which are counted.
func newer(is, than string) bool {
	a, err := strconv.ParseInt(is, 10, 64)
	b, other := strconv.ParseInt(than, 10, 64)
	return err == nil && other == nil && a > b
}
