package i18n

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cyrillic is Uzbek in Cyrillic letters. Its texts are made from the Latin ones. The pages do the same to theirs
// (web/src/i18n/translit.ts); testdata/cyrillic.json holds both to one spelling.
const Cyrillic = "uz-Cyrl"

var (
	// foreign is what is not Uzbek and stays: parameters, tags, addresses, names, code, abbreviations.
	foreign = regexp.MustCompile(`\{\{[^}]*\}\}|<[^>]*>|https?:\S+|\bStaff Control\b|\bstaff-control\b(?: [a-z]+)*|` +
		`\b(?:Chrome|Enter|Linux|Shift)\b|\w+(?:[._@=]\w+)+|[A-Z]{2,}`)
	latinWord = regexp.MustCompile("[A-Za-zʻʼ‘’'`]+")
	// notUzbek are letters that no Uzbek word has.
	notUzbek = regexp.MustCompile(`w|c[^h]|c$`)
)

// wholeWords are words, with all that begin with them, whose Cyrillic spelling their letters do not tell.
var wholeWords = strings.Fields(`aprel апрель avtomobil автомобиль dekabr декабрь fevral февраль intervyu интервью
	iyul июль iyun июнь kompyuter компьютер konsert концерт modul модуль noyabr ноябрь obyekt объект oktabr октябрь
	parol пароль profil профиль rol роль sentabr сентябрь subyekt субъект yanvar январь`)

// pairs are letters that are written with several; the first that fits counts.
var pairs = strings.Fields(`oʻ ў gʻ ғ sʼh сҳ tsiya ция sh ш ch ч yoʻ йў yo ё yu ю ya я ye е ʼ ъ
	a а b б d д e е f ф g г h ҳ i и j ж k к l л m м n н o о p п q қ r р s с t т u у v в x х y й z з`)

// spellCyrillic writes a Latin text in Cyrillic letters.
func spellCyrillic(s string) string {
	var b strings.Builder
	end := 0
	for _, place := range foreign.FindAllStringIndex(s, -1) {
		b.WriteString(latinWord.ReplaceAllStringFunc(s[end:place[0]], spellWord))
		b.WriteString(s[place[0]:place[1]])
		end = place[1]
	}
	b.WriteString(latinWord.ReplaceAllStringFunc(s[end:], spellWord))
	return b.String()
}

func spellWord(word string) string {
	latin := lowerLatin(word)
	if notUzbek.MatchString(latin) {
		return word
	}
	var b strings.Builder
	for rest, original := latin, []rune(word); rest != ""; {
		letters, length := nextLetters(rest, latin[:len(latin)-len(rest)])
		if unicode.IsUpper(original[0]) {
			first, size := utf8.DecodeRuneInString(letters)
			letters = string(unicode.ToUpper(first)) + letters[size:]
		}
		b.WriteString(letters)
		original = original[utf8.RuneCountInString(rest[:length]):]
		rest = rest[length:]
	}
	return b.String()
}

// lowerLatin is a word in small letters with its apostrophes told apart: ʻ after o and g, ʼ elsewhere.
func lowerLatin(word string) string {
	var before rune
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if strings.ContainsRune("ʻʼ‘’'`", r) {
			if before != 'o' && before != 'g' {
				return 'ʼ'
			}
			before, r = 0, 'ʻ'
		}
		before = r
		return r
	}, word)
}

// nextLetters returns what rest begins with in Cyrillic, and the length of that in Latin.
func nextLetters(rest, before string) (letters string, length int) {
	if before == "" {
		for i := 0; i < len(wholeWords); i += 2 {
			if after, ok := strings.CutPrefix(rest, wholeWords[i]); ok {
				return soften(wholeWords[i+1], after), len(wholeWords[i])
			}
		}
	}
	if rest[0] == 'e' && (before == "" || endsInVowel(before)) {
		return "э", 1
	}
	for i := 0; i < len(pairs); i += 2 {
		if strings.HasPrefix(rest, pairs[i]) {
			return pairs[i+1], len(pairs[i])
		}
	}
	_, length = utf8.DecodeRuneInString(rest)
	return rest[:length], length
}

// endsInVowel says so of oʻ, too, but not of gʻ.
func endsInVowel(latin string) bool {
	latin = strings.TrimSuffix(latin, "ʻ")
	last := latin[len(latin)-1]
	return strings.IndexByte("aeiou", last) >= 0
}

// soften drops a word's soft sign before a vowel: parol is пароль, but paroli is пароли.
func soften(word, after string) string {
	if after != "" && strings.IndexByte("aeiou", after[0]) >= 0 {
		return strings.TrimSuffix(word, "ь")
	}
	return word
}

// cyrillic is the text in Cyrillic letters; its parameters keep their names.
func (t text) cyrillic() text {
	t.One, t.Few, t.Many, t.Other = spellCyrillic(t.One), spellCyrillic(t.Few), spellCyrillic(t.Many), spellCyrillic(t.Other)
	return t
}
