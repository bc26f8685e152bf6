package config

import "strings"

// suggest returns the known key that an unknown one was probably meant to be.
func suggest(key string, known []*leaf) string {
	best, least := "", 1+len(lastPart(key))/4
	for _, l := range known {
		if strings.HasPrefix(key, l.key+".") {
			return l.key
		}
		d := distance(strings.ToLower(key), l.key)
		if d < least || d == least && best == "" {
			best, least = l.key, d
		}
	}
	if best != "" {
		return best
	}
	return elsewhere(key, known)
}

// elsewhere finds the one setting of this name in another section.
func elsewhere(key string, known []*leaf) string {
	found := ""
	for _, l := range known {
		if lastPart(l.key) != lastPart(key) {
			continue
		}
		if found != "" {
			return ""
		}
		found = l.key
	}
	return found
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance counts the letters to add, drop, change or swap that make b of a.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(change, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
