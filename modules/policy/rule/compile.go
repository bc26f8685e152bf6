package rule

import (
	"fmt"
	"strings"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/hosts"
)

// Why rules are not put in force.
var (
	// ErrChecksum is of a policy, or a bundle, that is not what was released.
	ErrChecksum = fault.New(fault.Unprocessable, "rules.checksum")
	// ErrBundle is of a bundle that makes no sense.
	ErrBundle = fault.New(fault.Unprocessable, "rules.bundle")
	// ErrVersion is of a bundle that does not have the version that was to be put in force; it may have it later.
	ErrVersion = fault.New(fault.Unavailable, "rules.version")
)

// New makes one version ready to judge by, after a look at its checksum.
func New(r Released) (Rules, error) {
	c, err := compile(r)
	if err != nil {
		return nil, fmt.Errorf("policy %d version %s: %w", r.ID, r.Version, err)
	}
	return c, nil
}

// Compiled is a bundle made ready to judge by.
type Compiled struct {
	policies         map[int64]*compiled
	users, computers map[string]*compiled
	standard         *compiled
}

// Compile verifies the bundle, every policy with its checksum, and makes it ready.
func Compile(b Bundle) (*Compiled, error) {
	everything, err := Release(0, "0", Everything(), false)
	if err != nil {
		return nil, err
	}
	c := &Compiled{policies: map[int64]*compiled{}}
	for _, r := range append([]Released{everything}, b.Policies...) {
		if c.policies[r.ID] != nil {
			return nil, ErrBundle.Wrap(fmt.Errorf("policy %d is there twice", r.ID))
		}
		if c.policies[r.ID], err = compile(r); err != nil {
			return nil, fmt.Errorf("policy %d version %s: %w", r.ID, r.Version, err)
		}
	}
	if c.users, err = c.each(b.Users); err != nil {
		return nil, err
	}
	if c.computers, err = c.each(b.Computers); err != nil {
		return nil, err
	}
	c.standard, err = c.policy(b.DefaultID)
	return c, err
}

func (c *Compiled) each(ids map[string]int64) (_ map[string]*compiled, err error) {
	of := make(map[string]*compiled, len(ids))
	for name, id := range ids {
		if of[name], err = c.policy(id); err != nil {
			return nil, err
		}
	}
	return of, nil
}

func (c *Compiled) policy(id int64) (*compiled, error) {
	p := c.policies[id]
	if p == nil {
		return nil, ErrBundle.Wrap(fmt.Errorf("policy %d is meant and is not there", id))
	}
	return p, nil
}

// Of returns the rules of a Windows user on a computer; sid may be empty.
func (c *Compiled) Of(computerUID, sid string) Rules {
	p := c.users[known(sid)]
	if p == nil {
		p = c.computers[known(computerUID)]
	}
	if p == nil {
		p = c.standard
	}
	return p
}

// known is the name by which the server knows a computer or a user, whatever its agent wrote around it.
func known(name string) string {
	return strings.TrimSpace(withoutNUL(strings.ToValidUTF8(name, "\uFFFD")))
}

// Policy returns a policy of the bundle; ok is false if it is not there.
func (c *Compiled) Policy(id int64) (r Released, ok bool) {
	p := c.policies[id]
	if p == nil {
		return Released{}, false
	}
	return p.of, true
}

// compiled is one policy. It never changes.
type compiled struct {
	of           Released
	hours        *shifts
	titles       *words
	sites        map[string]bool
	foreign      bool // some site is in another alphabet
	applications map[string]bool
}

func compile(r Released) (*compiled, error) {
	sum, err := r.sum()
	if err != nil {
		return nil, ErrBundle.Wrap(err)
	}
	if sum != r.Checksum {
		return nil, ErrChecksum
	}
	p := &r.Content
	if err := p.Validate(); err != nil {
		return nil, ErrBundle.Wrap(err)
	}
	c := &compiled{of: r, titles: newWords(p.Exclude.Titles), sites: map[string]bool{}, applications: map[string]bool{}}
	for _, s := range p.Exclude.Sites {
		host := hosts.Normal(s)
		c.sites[host] = true
		c.foreign = c.foreign || strings.Contains(host, "xn--")
	}
	for _, a := range p.Exclude.Applications {
		c.applications[application(a)] = true
	}
	if p.Hours != nil {
		c.hours, err = newShifts(*p.Hours)
	}
	return c, err
}
