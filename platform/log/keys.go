package log

import (
	"slices"
	"strings"
	"unicode"
)

// What follows decides by an attribute's name. The name's words are split at _ - . and at capitals,
// so that hostname is not name, and monkey is not key.

// secretWords make the whole value secret wherever they stand: password_hash, tokenOld.
var secretWords = words(`password passwd pwd passphrase parol secret token authorization cookie credential
	phone mobile email mail pinfl jshshir passport card birthday birthdate iban`)

// closingWords make it secret as the last word only: window_title is, title_count is not.
var closingWords = words(`name surname patronymic fio key title url uri query login username fullname firstname lastname address dsn apikey`)

// measures as the last word tell something about a secret, not the secret: token_count.
var measures = words(`count total size bytes length len limit id ids type kind version ttl seconds ms age at
	expires expiry valid state status set present ok changed rotated`)

// technical words before name, key and address name things of the program, not people.
var technical = words(`host module job table queue event metric service role stream loop check port driver policy
	section setting index column file function group idempotency primary foreign remote listen idle server error`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// sensitive reports whether an attribute of this name holds a secret or a person's data.
// A number may be a phone or a PINFL, but no name, title or key: keys=12 counts them.
func sensitive(name string, number bool) bool {
	parts := split(name)
	if len(parts) == 0 {
		return false
	}
	last := parts[len(parts)-1]
	if len(parts) > 1 && measures[last] {
		return false
	}
	if slices.ContainsFunc(parts, func(p string) bool { return secretWords[p] }) {
		return true
	}
	if number || len(parts) > 1 && technical[parts[len(parts)-2]] {
		return false
	}
	return closingWords[last]
}

// split returns the words of a name in lower case and singular.
func split(name string) []string {
	var parts []string
	runes := []rune(name)
	start := 0
	cut := func(end int) {
		if end > start {
			parts = append(parts, singular(strings.ToLower(string(runes[start:end]))))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			cut(i)
			start = i + 1
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			cut(i)
			start = i
		}
	}
	cut(len(runes))
	return parts
}

func singular(word string) string {
	if one, ok := strings.CutSuffix(word, "s"); ok && (secretWords[one] || closingWords[one]) {
		return one
	}
	return word
}
