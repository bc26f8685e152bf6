package log

import (
	"regexp"
	"slices"
	"strings"
)

// shape is a text that gives a person or a secret away wherever it stands. Its form is tried only
// on a text that holds one of its words, in lower case, and as many digits, so many in a row.
type shape struct {
	words       []string
	digits, row int
	form        *regexp.Regexp
	replace     string
}

// shapes in the order in which they are applied. Go's \b knows ASCII only: a Cyrillic letter beside
// digits is a boundary to it, one beside a Latin letter must be looked for.
var shapes = []shape{
	{[]string{"authorization", "cookie"}, 0, 0, regexp.MustCompile(`(?i)((?:authorization|cookie)["']?\s*[=:]\s*)(?:(?:bearer|basic|digest)\s+)?\S+`), "${1}***"},
	{[]string{"key"}, 0, 0, regexp.MustCompile(`(?i)` + apiKey + assigned), "api_key=***"},
	{[]string{"pass", "pwd", "parol", "пароль", "secret", "token"}, 0, 0, regexp.MustCompile(`(?i)(` + password + `)` + assigned), "${1}=***"},
	{[]string{"@"}, 0, 0, regexp.MustCompile(`://(?:[^\s/?#:@]*:\S*|[^\s/?#@]+)@`), "://***:***@"},
	{[]string{"bearer", "basic"}, 0, 0, regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{8,}=*`), "${1} ***"},
	{[]string{"eyj"}, 0, 0, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), "[jwt]"},
	{[]string{"sk_", "pk_", "sg"}, 0, 0, regexp.MustCompile(`\b(?:sk|pk|sg[a-z])_[A-Za-z0-9_-]{8,}`), "[key]"},
	{[]string{"@"}, 0, 0, regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`), "***@***.***"},
	{[]string{"998"}, 12, 3, regexp.MustCompile(`(?:\+|\b)998[\s(-]{0,2}\d{2}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}\b`), "+998*********"},
	{[]string{"+"}, 10, 10, regexp.MustCompile(`\+[1-9]\d{9,14}\b`), "+***"},
	{nil, 7, 7, regexp.MustCompile(`(^|[^\p{L}\p{N}])[A-ZА-Я]{2}\s?\d{7}\b`), "${1}**-*******"},
	{nil, 14, 14, regexp.MustCompile(`(\b|_)\d{14}(\b|_)`), "${1}**************${2}"},
}

const (
	password = `(?:pass(?:word|wd|phrase)|pwd|parol|пароль|secret)[a-z0-9_]*|(?:[a-z]+[_-])?token`
	apiKey   = `(?:(?:api|access|private|signing)[_-]?key|[?&]key)`
	// named is the end of a name, with the quotes of JSON or of %q around it.
	named = `(?:\\?["'])?\s*[=:]\s*`
	// assigned is what follows a name. Another name in the value's place belongs to it, or the
	// value after that would be left behind without its name.
	assigned = named + `(?:(?:` + password + `|` + apiKey + `)` + named + `|(?:bearer|basic)\s+)*` +
		`(?:\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|'[^']*'|\S+)`
)

// card is sixteen digits. The first branch takes ids of digits only, which are no cards.
var card = regexp.MustCompile(`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?:\b|_)\d{4}(?:[-\s]?\d{4}){3}(?:\b|_)`)

const uuidLength = 36

// ScrubText removes from a text what has the shape of a secret or of a person's data: passwords,
// keys, tokens, cards, e-mail addresses, phones, PINFL and passports.
func ScrubText(s string) string {
	lower := strings.ToLower(s)
	digits, row := count(s)
	for _, shape := range shapes {
		if digits >= shape.digits && row >= shape.row && holdsOne(lower, shape.words) {
			s = shape.form.ReplaceAllString(s, shape.replace)
		}
	}
	if digits < 16 {
		return s
	}
	return card.ReplaceAllStringFunc(s, func(found string) string {
		if len(found) == uuidLength {
			return found
		}
		return "****-****-****-****"
	})
}

func holdsOne(s string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// count returns how many digits a text has, and how many at most in a row.
func count(s string) (digits, row int) {
	run := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			run = 0
			continue
		}
		digits++
		run++
		row = max(row, run)
	}
	return digits, row
}
