package auth

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// networks finds the networks that hold an address in a time that does not grow with their number.
type networks struct {
	bits  []int // the lengths there are
	until map[netip.Prefix]time.Time
}

// add holds a network until a time; zero is for ever.
func (n *networks) add(p netip.Prefix, until time.Time) {
	if n.until == nil {
		n.until = map[netip.Prefix]time.Time{}
	}
	if !slices.Contains(n.bits, p.Bits()) {
		n.bits = append(n.bits, p.Bits())
	}
	n.until[p] = until
}

// prune forgets what has ended.
func (n *networks) prune(now time.Time) {
	maps.DeleteFunc(n.until, func(_ netip.Prefix, until time.Time) bool { return !until.IsZero() && !now.Before(until) })
}

// holds reports whether a network holds the address now. No networks hold nothing.
func (n *networks) holds(a netip.Addr, now time.Time) bool {
	if n == nil {
		return false
	}
	for _, bits := range n.bits {
		p, err := a.Prefix(bits)
		if err != nil {
			continue // an IPv4 address has no network of more bits
		}
		if until, held := n.until[p]; held && (until.IsZero() || now.Before(until)) {
			return true
		}
	}
	return false
}

// addressOf reads a client's address; the zero address is none.
func addressOf(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// parseNetwork reads an address or a network as CIDR, whose host bits do not count.
func parseNetwork(text string) (netip.Prefix, bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// networkText is a network as clients write it: without its length where it is one address.
func networkText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// hostOf is whom an address is taken for: with IPv6 one host has a whole /64 to choose from.
func hostOf(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // there is no other reason to fail than the bits
	return p
}
