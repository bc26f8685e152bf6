// Package jsonscan reads JSON in one pass, for the two bodies that carry events. Everywhere else encoding/json serves.
package jsonscan

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Scanner reads JSON from a text, from left to right, without building anything that it is not asked for.
// It is written by hand because it stands on the path of every event: encoding/json takes longer for a batch
// than the database does. Texts without escapes are parts of the input. It accepts exactly what
// encoding/json accepts; a fuzz test compares the two.
//
// Once bad is set, every method returns nothing at once, so callers check it at the end.
type Scanner struct {
	in  string
	at  int
	bad bool
}

// New returns a scanner of the text.
func New(in string) Scanner { return Scanner{in: in} }

// Bad reports whether the input turned out not to be what it should be.
func (s *Scanner) Bad() bool { return s.bad }

// Left is how many bytes have not been read.
func (s *Scanner) Left() int { return len(s.in) - s.at }

// MaxDepth bounds the nesting of values that are skipped.
const MaxDepth = 64

// Fail gives up: the input is not what it should be.
func (s *Scanner) Fail() { s.bad, s.at = true, len(s.in) }

// Next returns the first byte of the next token without taking it; 0 at the end.
func (s *Scanner) Next() byte {
	for s.at < len(s.in) {
		switch c := s.in[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take takes the byte if it is next.
func (s *Scanner) take(c byte) bool {
	if s.Next() != c || s.bad || s.at >= len(s.in) {
		return false
	}
	s.at++
	return true
}

// Open takes the beginning of an object or a list.
func (s *Scanner) Open(c byte) bool { return s.take(c) }

// More reports whether another member follows, before which first is true; it takes the comma, or the closing byte.
func (s *Scanner) More(first bool, closing byte) bool {
	if s.take(closing) {
		return false
	}
	if !first && !s.take(',') {
		s.Fail()
		return false
	}
	return !s.bad
}

// Name takes a member's name and the colon.
func (s *Scanner) Name() string {
	n := s.Text()
	if !s.take(':') {
		s.Fail()
	}
	return n
}

// Text takes a string. What is next must be one.
func (s *Scanner) Text() string {
	if !s.take('"') {
		s.Fail()
		return ""
	}
	from := s.at
	for i := from; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '"':
			s.at = i + 1
			return s.in[from:i]
		case c == '\\':
			return s.escaped(from, i)
		case c < ' ':
			s.Fail()
			return ""
		}
	}
	s.Fail()
	return ""
}

// escaped takes the rest of a string that began at from and has its first escape at i.
func (s *Scanner) escaped(from, i int) string {
	b := append(make([]byte, 0, i-from+32), s.in[from:i]...)
	for s.at = i; s.at < len(s.in); {
		c := s.in[s.at]
		s.at++
		switch {
		case c == '"':
			return string(b)
		case c < ' ':
			s.Fail()
		case c == '\\':
			b = s.escape(b)
		default:
			b = append(b, c)
		}
	}
	s.Fail()
	return ""
}

// escape appends what the escape after a backslash says.
func (s *Scanner) escape(b []byte) []byte {
	if s.at >= len(s.in) {
		s.Fail()
		return b
	}
	c := s.in[s.at]
	s.at++
	switch c {
	case '"', '\\', '/':
		return append(b, c)
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'u':
		return utf8.AppendRune(b, s.rune())
	}
	s.Fail()
	return b
}

// rune takes the four digits of \u, and the second half of a pair. Half a pair is U+FFFD.
func (s *Scanner) rune() rune {
	r := s.hex()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(s.in[s.at:], `\u`) {
		back := s.at
		s.at += 2
		if whole := utf16.DecodeRune(r, s.hex()); whole != utf8.RuneError || s.bad {
			return whole
		}
		s.at = back
	}
	return utf8.RuneError
}

func (s *Scanner) hex() rune {
	if len(s.in)-s.at < 4 {
		s.Fail()
		return 0
	}
	var r rune
	for _, c := range []byte(s.in[s.at : s.at+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			s.Fail()
			return 0
		}
		r = r<<4 | rune(c)
	}
	s.at += 4
	return r
}

// Number takes a number and returns its whole part; ok is false if that is not an int64.
func (s *Scanner) Number() (n int64, ok bool) {
	text := s.numeral()
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f >= math.MaxInt64 || f <= math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

// numeral takes a number as it is written.
func (s *Scanner) numeral() string {
	s.Next()
	from := s.at
	s.byte("-")
	if !s.byte("0") && !s.digits() {
		s.Fail()
		return ""
	}
	if s.byte(".") && !s.digits() {
		s.Fail()
		return ""
	}
	if s.byte("eE") {
		s.byte("+-")
		if !s.digits() {
			s.Fail()
			return ""
		}
	}
	if s.bad {
		return ""
	}
	return s.in[from:s.at]
}

// byte takes one of these bytes if it is next, without looking past spaces.
func (s *Scanner) byte(set string) bool {
	if s.at < len(s.in) && strings.IndexByte(set, s.in[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

func (s *Scanner) digits() bool {
	from := s.at
	for s.at < len(s.in) && '0' <= s.in[s.at] && s.in[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

// Word takes true, false or null.
func (s *Scanner) Word(w string) bool {
	if s.Next() == w[0] && strings.HasPrefix(s.in[s.at:], w) {
		s.at += len(w)
		return true
	}
	return false
}

// Skip takes any value.
func (s *Scanner) Skip(depth int) {
	if depth > MaxDepth {
		s.Fail()
	}
	switch c := s.Next(); c {
	case '"':
		s.Text()
	case '{':
		s.Open('{')
		for first := true; s.More(first, '}'); first = false {
			s.Name()
			s.Skip(depth + 1)
		}
	case '[':
		s.Open('[')
		for first := true; s.More(first, ']'); first = false {
			s.Skip(depth + 1)
		}
	case 't', 'f', 'n':
		if !s.Word("true") && !s.Word("false") && !s.Word("null") {
			s.Fail()
		}
	default:
		s.numeral()
	}
}

// End reports whether the whole text was taken and was JSON.
func (s *Scanner) End() bool { return s.Next() == 0 && s.at == len(s.in) && !s.bad }
