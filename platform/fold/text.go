package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text brings a text to the form in which parts of texts are looked for: small letters of the same script, one kind of
// dash, one space where there are some, and without what cannot be seen or is left out, as the sign of Uzbek oʻ and gʻ.
// Unlike Name it keeps signs: of C++ more than c is left.
func Text(text string) string {
	var b strings.Builder
	for f := Letters(text); f.Next(); {
		b.WriteRune(f.Letter)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// Reader reads a text in the form of Text, letter by letter.
type Reader struct {
	Letter rune
	text   string
	spaced bool
}

// Letters returns a reader of the text. It takes no memory unless the text has letters in pieces.
func Letters(text string) Reader { return Reader{text: norm.NFC.String(text), spaced: true} }

// Next reads the next letter and reports whether there was one.
func (f *Reader) Next() bool {
	for f.text != "" {
		r, size := rune(f.text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(f.text)
		}
		f.text = f.text[size:]
		switch r = letter(r); {
		case r == 0, r == ' ' && f.spaced:
			continue
		}
		f.Letter, f.spaced = r, r == ' '
		return true
	}
	return false
}

// letter is what a letter is looked for as; 0 for one that is not looked at.
func letter(r rune) rune {
	if r < utf8.RuneSelf {
		return ascii[r]
	}
	switch {
	case r >= '！' && r <= '～': // wide forms
		return ascii[r-'！'+'!']
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Pd, r), r == '−':
		return '-'
	case isApostrophe(r), unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector):
		return 0
	}
	return unicode.ToLower(unicode.ToUpper(r)) // final sigma is a sigma
}

// ascii is letter of the first half of a byte.
var ascii = func() (table [utf8.RuneSelf]rune) {
	for i := range table {
		switch r := rune(i); {
		case r == ' ' || r >= '\t' && r <= '\r':
			table[i] = ' '
		case isApostrophe(r), unicode.IsControl(r):
		default:
			table[i] = unicode.ToLower(r)
		}
	}
	return table
}()
