package fold

import (
	"testing"
	"unicode/utf8"
)

func TestPartsOfTextsAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, alike := range [][]string{
		{"Oʻzbekiston", "O'ZBEKISTON", "o‘zbekiston", "O`zbekiston", "Ozbekiston", "oʼzbekiston"},
		{"Йод Ёлка", "йод ёлка", "ЙОД\u00a0ЁЛКА", "  йод \t ёлка  "},
		{"Ҳақиқат Ғалаба", "ҳАҚИҚАТ ғАЛАБА"},
		{"Inbox - Mail", "Inbox – Mail", "INBOX — MAIL", "Inbox −  Mail"},
		{"Microsoft Edge", "Microsoft\u200b Edge", "Micro\u00adsoft Edge", "Ｍｉｃｒｏｓｏｆｔ　Ｅｄｇｅ"},
		{"Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"},
	} {
		want := Text(alike[0])
		for _, text := range alike[1:] {
			if got := Text(text); got != want {
				t.Errorf("%q is %q, %q is %q", text, got, alike[0], want)
			}
		}
	}
	for _, differ := range [][2]string{{"C++", "C"}, {"Банк", "Bank"}, {"1:1", "11"}} {
		if Text(differ[0]) == Text(differ[1]) {
			t.Errorf("%q and %q are alike", differ[0], differ[1])
		}
	}
}

func TestReadingLettersTakesNoMemory(t *testing.T) {
	title := "Ҳисобот – O‘zbekiston.xlsx — Microsoft\u200b Excel"
	n := testing.AllocsPerRun(100, func() {
		for f := Letters(title); f.Next(); {
			continue
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzTextIsInItsForm(f *testing.F) {
	for _, seed := range []string{"Oʻktam 100%", "й", "\xff", "ﬁ", "İ", "ẞ", "a\u0301\u200b \u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if !utf8.ValidString(got) || got != "" && (got[0] == ' ' || got[len(got)-1] == ' ') {
			t.Errorf("%q is %q", text, got)
		}
	})
}
