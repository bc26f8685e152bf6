// Package hosts finds the host in an address as browsers do, and writes it in one form.
package hosts

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// wrappers are the schemes before an address with a scheme of its own.
var wrappers = [...]string{"view-source:", "blob:", "filesystem:", "feed:", "wyciwyg:", "about:reader?url="}

// Of returns the host of an address in the form of Normal, or "" if it has none. What no browser would send anywhere
// still has one if it looks like it: my.bank.uz/login. It takes no memory for an address as browsers write it.
func Of(address string) string {
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(address, "\t\r\n") { // which browsers leave out
		address = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(address)
	}
	scheme, rest := split(unwrap(address))
	if !slashed(scheme) {
		return ""
	}
	if rest = strings.TrimLeft(rest, `/\`); scheme == "wyciwyg" {
		_, rest, _ = strings.Cut(rest, "/")
	}
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	return Normal(withoutPort(rest))
}

// unwrap takes away what browsers put before an address to show it otherwise.
func unwrap(address string) string {
	for range 4 {
		found := false
		for _, w := range wrappers {
			if len(address) > len(w) && strings.EqualFold(address[:len(w)], w) {
				address, found = address[len(w):], true
				if plain, err := url.QueryUnescape(address); err == nil && strings.HasSuffix(w, "=") {
					address = plain
				}
			}
		}
		if !found {
			break
		}
	}
	return address
}

// split parts the scheme off; that of what names none is "".
func split(address string) (scheme, rest string) {
	i := strings.IndexAny(address, `:/\?#@[`)
	if i < 1 || address[i] != ':' {
		return "", address
	}
	scheme, rest = address[:i], address[i+1:]
	port := rest != "" && rest[0] >= '0' && rest[0] <= '9' // bank.uz:8443
	if !isScheme(scheme) || port && !web(scheme) || strings.Contains(scheme, ".") && !strings.HasPrefix(rest, "/") {
		return "", address
	}
	return scheme, rest
}

func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(text[i]))) {
			return false
		}
	}
	return true
}

// web reports whether the scheme is one of those after which browsers want no slashes.
func web(scheme string) bool {
	for _, s := range [...]string{"http", "https", "ws", "wss", "ftp"} {
		if strings.EqualFold(scheme, s) {
			return true
		}
	}
	return false
}

// slashed reports whether what follows the scheme is a host. After others it is a path, or words.
func slashed(scheme string) bool {
	for _, s := range [...]string{"about", "data", "javascript", "mailto", "tel", "urn", "file"} {
		if strings.EqualFold(scheme, s) {
			return false
		}
	}
	return true
}

// withoutPort cuts the port off, and the brackets of an address of version 6.
func withoutPort(host string) string {
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
		return host
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Count(host, ":") == 1 {
		return host[:i]
	}
	return host
}

// profile maps as browsers do, and refuses little: what it cannot write is compared as it is.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(false))

// Normal writes a host in one form: small letters, other alphabets as xn--, no dot at its end, addresses shortened.
func Normal(host string) string {
	if strings.Contains(host, "%") {
		if plain, err := url.PathUnescape(host); err == nil {
			host = plain
		}
	}
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf {
			if ascii, err := profile.ToASCII(host); err == nil {
				host = ascii
			}
			break
		}
	}
	host = strings.ToLower(strings.TrimRight(host, "."))
	if strings.Contains(host, ":") {
		if ip, err := netip.ParseAddr(host); err == nil {
			return ip.WithZone("").Unmap().String()
		}
	}
	return host
}

// Valid reports whether the text, in the form of Normal, may be a host's name or address.
func Valid(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(host) <= 253
}
