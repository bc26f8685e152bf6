package rule

import (
	"unicode/utf8"

	"github.com/staff-control/staff-control/platform/fold"
)

// words finds whether any of several texts is part of another: it reads that once, however many there are
// (Aho and Corasick), and takes no memory for it. Texts are compared as fold.Text writes them.
type words struct {
	class   [256]int32 // of a byte, from 1; 0 is in none of the texts
	classes int32
	next    []int32 // by state and class
	final   []bool  // by state: a text ends here
}

// newWords returns nil if there is nothing to look for.
func newWords(texts []string) *words {
	w := &words{classes: 1}
	var list []string
	for _, t := range texts {
		if t = fold.Text(t); t != "" {
			list = append(list, t)
		}
		for i := range len(t) {
			if c := &w.class[t[i]]; *c == 0 {
				*c = w.classes
				w.classes++
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	w.state()
	for _, t := range list {
		w.add(t)
	}
	w.connect()
	return w
}

// state adds one, that nothing follows yet, and returns it.
func (w *words) state() int32 {
	w.next = append(w.next, make([]int32, w.classes)...)
	w.final = append(w.final, false)
	return int32(len(w.final) - 1)
}

func (w *words) add(text string) {
	at := int32(0)
	for i := range len(text) {
		step := at*w.classes + w.class[text[i]]
		if at = w.next[step]; at == 0 {
			at = w.state()
			w.next[step] = at
		}
	}
	w.final[at] = true
}

// connect has each state go on where the longest end of what was read goes on, so that nothing is read twice.
func (w *words) connect() {
	fail := make([]int32, len(w.final))
	queue := []int32{0}
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		w.final[at] = w.final[at] || w.final[fail[at]]
		for c := range w.classes {
			to, other := &w.next[at*w.classes+c], w.next[fail[at]*w.classes+c]
			switch {
			case *to == 0:
				*to = other
			default:
				if at != 0 {
					fail[*to] = other
				}
				queue = append(queue, *to)
			}
		}
	}
}

// in reports whether one of the texts is part of the text.
func (w *words) in(text string) bool {
	at, letters := int32(0), fold.Letters(text)
	var b [utf8.UTFMax]byte
	for letters.Next() {
		n := utf8.EncodeRune(b[:], letters.Letter)
		for _, c := range b[:n] {
			if at = w.next[at*w.classes+w.class[c]]; w.final[at] {
				return true
			}
		}
	}
	return false
}
