package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// maxUnpacked bounds a workbook in memory, in bytes: ten thousand full rows take some ten megabytes.
const maxUnpacked = 24 << 20

func (t *table) readXLSX(file []byte) (err error) {
	if err := checkZip(file); err != nil {
		return err
	}
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return ErrFormat
	}
	defer f.Close()
	name := ""
	for _, s := range f.GetSheetList() {
		if shown, err := f.GetSheetVisible(s); err == nil && shown {
			name = s
			break
		}
	}
	if name == "" {
		return ErrFormat
	}
	return t.readSheet(f, name)
}

// readSheet reads each row as it is shown and as it is kept, of which both are needed to know its numbers.
func (t *table) readSheet(f *excelize.File, name string) error {
	shown, err := f.Rows(name)
	if err != nil {
		return ErrFormat
	}
	defer shown.Close()
	kept, err := f.Rows(name)
	if err != nil {
		return ErrFormat
	}
	defer kept.Close()
	for number := 1; shown.Next() && kept.Next(); number++ {
		cells, err := shown.Columns()
		if err != nil {
			return ErrFormat
		}
		if len(cells) > maxColumns { // each is made of all that is left of it, though nothing is there
			return ErrColumns
		}
		raw, err := kept.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return ErrFormat
		}
		for i := range cells {
			if i < len(raw) {
				cells[i] = cellText(raw[i], cells[i])
			}
		}
		if err := t.add(number, cells); err != nil {
			return err
		}
	}
	if shown.Error() != nil {
		return ErrFormat
	}
	return nil
}

// checkZip refuses what unpacks to too much, or is damaged: what cannot be read must not look like fewer rows.
func checkZip(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return ErrFormat
	}
	left := int64(maxUnpacked)
	for _, entry := range z.File {
		r, err := entry.Open()
		if err != nil {
			return ErrFormat
		}
		part := io.TeeReader(io.LimitReader(r, left+1), &counted{&left})
		err = checkPart(part)
		_, rest := io.Copy(io.Discard, part)
		if left < 0 {
			return ErrSize
		}
		if err != nil {
			return err
		}
		if err = errors.Join(rest, r.Close()); err != nil {
			return ErrFormat
		}
	}
	return nil
}

// counted takes what is written to it off what is left.
type counted struct{ left *int64 }

func (c *counted) Write(b []byte) (int, error) {
	*c.left -= int64(len(b))
	return len(b), nil
}

// What a small part of a workbook may make large: cells repeat a shared text, and each reads its format anew.
const (
	maxText    = 32_767 // characters, which is Excel's bound
	maxFormats = 4096
	maxFormat  = 1024 // bytes
)

// checkPart refuses a part by which few bytes become many when its cells are read. What is no XML is no part of a table.
func checkPart(part io.Reader) error {
	foreign := false
	in := xml.NewDecoder(part)
	in.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		foreign = true
		return nil, ErrFormat
	}
	var values, text, formats int
	shared := false
	for {
		token, err := in.RawToken()
		if foreign {
			return ErrFormat
		}
		if err != nil {
			return nil
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "row":
				values = 0
			case "v":
				values++
			case "si":
				text, shared = 0, true
			case "numFmt":
				formats++
				if slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return len(a.Value) > maxFormat }) {
					return ErrFormat
				}
			}
		case xml.EndElement:
			shared = shared && e.Name.Local != "si"
		case xml.CharData:
			if shared {
				text += utf8.RuneCount(e)
			}
		}
		switch {
		case values > maxColumns:
			return ErrColumns
		case text > maxText:
			return ErrSize
		case formats > maxFormats:
			return ErrFormat
		}
	}
}

// figures are what a number consists of that is shown as one.
var figures = regexp.MustCompile(`^[-+]?[0-9][0-9.,' \x{a0}\x{202f}]*([eE][-+]?[0-9]+)?$`)

// exact bounds the whole numbers that a workbook keeps without loss.
const exact = 1 << 53

// cellText is a cell's text: as it is shown, except for a whole number of which that leaves figures out or adds separators.
func cellText(raw, shown string) string {
	if raw == shown || !figures.MatchString(shown) || strings.HasPrefix(shown, "0") {
		return shown
	}
	n, err := strconv.ParseFloat(raw, 64)
	switch {
	case err != nil || n != math.Trunc(n):
		return shown
	case strings.Trim(raw, "0123456789") == "":
		return raw
	case math.Abs(n) < exact:
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return shown
}

// WriteXLSX writes a workbook of one row of headings above columns of texts, so that a spreadsheet makes no numbers of what is
// typed there.
func WriteXLSX(w io.Writer, headings []string) (err error) {
	f := excelize.NewFile()
	defer f.Close()
	const name, asText = "Sheet1", 49 // the built-in format "@"
	text, err := f.NewStyle(&excelize.Style{NumFmt: asText})
	if err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(max(len(headings), 1))
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return f.SetSheetRow(name, "A1", &headings) },
		func() error { return f.SetColStyle(name, "A:"+last, text) },
		func() error { return f.SetCellStyle(name, "A1", last+"1", bold) },
		func() error { return f.SetColWidth(name, "A", last, 22) },
		func() error {
			return f.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("write a workbook: %w", err)
		}
	}
	return f.Write(w)
}
