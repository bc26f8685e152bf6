// Package fold writes names in one form, in which they are searched and compared.
package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// cyrillic writes the letters of Uzbek and Russian Cyrillic in Latin, without the signs that people leave out.
var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ғ': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "j", 'з': "z", 'и': "i",
	'й': "y", 'к': "k", 'қ': "q", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t",
	'у': "u", 'ў': "o", 'ф': "f", 'х': "x", 'ҳ': "h", 'ц': "s", 'ч': "ch", 'ш': "sh", 'щ': "sh", 'ъ': "", 'ы': "i",
	'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'ş': "sh", 'ç': "ch", 'ı': "i", // the alphabets of neighbours and of reform
}

// latin makes the spellings of one sound one.
var latin = strings.NewReplacer("shch", "sh", "kh", "x", "zh", "j", "ts", "s", "ye", "e", "w", "v")

// Name brings a name to the form in which names are searched: small Latin letters and digits, words parted
// by one space. A name in Cyrillic and the same name in Latin fold alike.
func Name(name string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(name)) {
		if isApostrophe(r) { // before some of them fall apart into a space and a sign
			continue
		}
		if letters, ok := cyrillic[r]; ok {
			b.WriteString(letters)
			continue
		}
		b.WriteRune(r)
	}
	var plain strings.Builder
	for _, r := range norm.NFKD.String(b.String()) {
		switch {
		case unicode.Is(unicode.Mn, r), isApostrophe(r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			plain.WriteRune(r)
		default:
			plain.WriteByte(' ')
		}
	}
	return latin.Replace(strings.Join(strings.Fields(plain.String()), " "))
}

// People write some letters of Uzbek as those of Russian that sound near: ў as у, ҳ as х, қ as к. Names that differ in nothing else
// are found for each other, though they are sorted and compared as they are: LooseFrom's letters of a folded name are LooseTo's.
const (
	LooseFrom = "uhq"
	LooseTo   = "oxk"
)

// Loose is a folded name as it is searched for.
func Loose(folded string) string { return loose.Replace(folded) }

var loose = strings.NewReplacer("u", "o", "h", "x", "q", "k")

// Search is what a search of several texts looks in: as they are, in small letters, and folded.
func Search(texts ...string) string {
	all := strings.Join(texts, " ")
	return strings.ToLower(all) + " " + Name(all)
}

// SearchFor are the forms of a word, of which one is in what Search wrote: folded too, unless that would lose a sign.
func SearchFor(word string) []string {
	forms := []string{strings.ToLower(word)}
	if folded := Name(word); folded != "" && folded != forms[0] && !strings.ContainsAny(word, signs) {
		forms = append(forms, folded)
	}
	return forms
}

const signs = "!\"#$%&()*+,-./:;<=>?@[\\]^_{|}~"

// isApostrophe reports the many ways to type the sign of Uzbek oʻ and gʻ, and the one of maʼno.
func isApostrophe(r rune) bool { return strings.ContainsRune("'`ʻʼʹʾʿ‘’′´", r) }
