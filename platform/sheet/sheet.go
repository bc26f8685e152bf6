// Package sheet reads and writes the tables that people keep in spreadsheets: XLSX, and CSV as the spreadsheets of
// different countries write it.
package sheet

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is wrong with a file as a whole.
var (
	ErrFormat  = errors.New("neither CSV nor XLSX")
	ErrLocked  = errors.New("an old workbook (XLS), or one with a password")
	ErrRows    = errors.New("more rows than are allowed")
	ErrColumns = errors.New("more columns than a table has")
	ErrSize    = errors.New("a workbook that is too large when it is unpacked")
)

// maxColumns bounds a row: a cell far to the right makes a row of all that is left of it.
const maxColumns = 200

// Row is a row with something in it. Number is what the spreadsheet shows beside it, from 1.
type Row struct {
	Number int
	Cells  []string
}

// Cell returns the text of the i-th cell, from 0; empty for one that is not there.
func (r Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i]
}

// Read returns the rows of a CSV file, or of the first sheet of a workbook that is not hidden. Texts have no space around
// them, no invisible signs, and not the apostrophe by which spreadsheets keep a text from being a number or a formula.
// Numbers are as they are shown, but always with all their digits. More than most rows are ErrRows.
func Read(file []byte, most int) ([]Row, error) {
	t := table{most: most}
	var err error
	switch {
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		err = t.readXLSX(file)
	case bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		err = ErrLocked
	default:
		err = t.readCSV(file)
	}
	return t.rows, err
}

// table collects rows.
type table struct {
	most int
	rows []Row
	size int // bytes of all texts
}

// add takes a row, unless nothing is in it.
func (t *table) add(number int, cells []string) error {
	last := 0
	for i, c := range cells {
		if t.size += len(c); t.size > maxUnpacked {
			return ErrSize
		}
		if cells[i] = clean(c); cells[i] != "" {
			last = i + 1
		}
	}
	switch {
	case last == 0:
		return nil
	case last > maxColumns:
		return ErrColumns
	case len(t.rows) >= t.most:
		return ErrRows
	}
	t.rows = append(t.rows, Row{number, append([]string(nil), cells[:last]...)})
	return nil
}

// clean makes of a cell what a person reads in it.
func clean(text string) string {
	text = strings.TrimSpace(strings.Map(visible, strings.ToValidUTF8(text, "")))
	if rest, marked := strings.CutPrefix(text, "'"); marked && startsFormula(rest) {
		return rest
	}
	return text
}

// visible drops what cannot be seen and no database keeps: control characters, and marks without a width.
func visible(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case unicode.IsControl(r), r == '\ufeff', r == '\u200b':
		return -1
	}
	return r
}

// startsFormula reports a text before which spreadsheets want an apostrophe: a formula, or a number that is a text.
func startsFormula(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("=+-@", r) || '0' <= r && r <= '9'
}
