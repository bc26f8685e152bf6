package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func (t *table) readCSV(file []byte) error {
	text, err := decode(file)
	if err != nil {
		return err
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n") // as old Macs ended lines
	}
	number := 0
	comma, rest := separator(text)
	if len(rest) < len(text) {
		number++
	}
	r := csv.NewReader(strings.NewReader(rest))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = comma, true, -1, true
	for begin := int64(0); ; begin = r.InputOffset() {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrFormat
		}
		// The reader passes over empty lines, which are rows of the sheet.
		record := rest[begin:r.InputOffset()]
		number += len(record) - len(strings.TrimLeft(record, "\n")) + 1
		if err := t.add(number, cells); err != nil {
			return err
		}
	}
}

// decode makes a text of bytes in UTF-8, UTF-16 or else Windows-1251, as Excel writes CSV in Uzbekistan and Russia.
func decode(file []byte) (string, error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(file[3:]), "\ufffd"), nil
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		return decoded(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), file)
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		return decoded(unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), file)
	case zeros(file, 1):
		return decoded(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), file)
	case zeros(file, 0):
		return decoded(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), file)
	case bytes.IndexByte(file, 0) >= 0:
		return "", ErrFormat
	case utf8.Valid(file):
		return string(file), nil
	}
	return decoded(charmap.Windows1251, file)
}

func decoded(e encoding.Encoding, file []byte) (string, error) {
	text, err := e.NewDecoder().Bytes(file)
	if err != nil || e != charmap.Windows1251 && bytes.ContainsRune(text, utf8.RuneError) {
		return "", ErrFormat
	}
	return string(text), nil
}

// zeros reports UTF-16 without a mark: separators and ends of lines have a zero byte, at one side always, and at the
// other never.
func zeros(file []byte, side int) bool {
	head := file[:min(len(file), 4096)]
	n := [2]int{}
	for i, b := range head {
		if b == 0 {
			n[i%2]++
		}
	}
	return n[side] > 0 && n[1-side] == 0
}

const (
	separators = "\t;," // the rarer in texts, the earlier
	// titleLines are the first lines of a file, among which are the headings: above them there may be a title.
	titleLines = 10
)

// separator finds what parts cells: what a line "sep=;" says, else what parts one of the first lines into most cells. It
// returns the rest of the text.
func separator(text string) (rune, string) {
	if named, rest, ok := strings.Cut(text, "\n"); ok {
		if s, ok := strings.CutPrefix(strings.ToLower(named), "sep="); ok && len(s) == 1 && strings.Contains(separators, s) {
			return rune(s[0]), rest
		}
	}
	most, line, lines, quoted := map[rune]int{}, map[rune]int{}, 0, false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n':
			line = map[rune]int{}
			lines++
		case strings.ContainsRune(separators, r):
			line[r]++
			most[r] = max(most[r], line[r])
		}
		if lines == titleLines {
			break
		}
	}
	best := '\t'
	for _, r := range separators {
		if most[r] > most[best] {
			best = r
		}
	}
	return best, text
}

// WriteCSV writes one row of headings to w. The separator and the mark are those by which Excel opens it as a table where
// decimals have a comma.
func WriteCSV(w *bytes.Buffer, headings []string) {
	w.WriteString("\ufeff")
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	_ = out.Write(headings) // a buffer takes all
	out.Flush()
}
