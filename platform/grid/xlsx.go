package grid

import (
	"archive/zip"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"
)

const (
	// maxSheetRows is what one sheet of Excel holds, with room for the lines above.
	maxSheetRows = 1_000_000
	columnWidth  = 22
)

// workbook writes rows into one sheet after another. What is written waits in a temporary file, not in memory.
type workbook struct {
	export *Export
	file   *excelize.File
	sheet  *excelize.StreamWriter
	sheets int
	line   int
	bold   int // styles
	time   int
}

func (e *Export) writeXLSX(w io.Writer) (err error) {
	b := &workbook{export: e, file: excelize.NewFile()}
	defer b.file.Close()
	if err := b.styles(); err != nil {
		return err
	}
	if err := b.begin(); err != nil {
		return err
	}
	for row, err := range e.rows {
		if err != nil {
			return err
		}
		if b.line >= maxSheetRows {
			if err := b.next(); err != nil {
				return err
			}
		}
		if err := b.add(row); err != nil {
			return err
		}
	}
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) }) // its own writer collects the file in memory
	_, err = b.file.WriteToBuffer()
	return err
}

func (b *workbook) styles() (err error) {
	if b.bold, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return err
	}
	format := "yyyy-mm-dd hh:mm:ss"
	b.time, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	return err
}

// begin starts a sheet with the lines that say what it is, and the headings, which stay in sight.
func (b *workbook) begin() (err error) {
	b.sheets, b.line = b.sheets+1, 0
	name := fmt.Sprint("Sheet", b.sheets)
	if b.sheets > 1 {
		if _, err := b.file.NewSheet(name); err != nil {
			return err
		}
	}
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	headings := len(b.export.lines) + 1
	if err := b.sheet.SetPanes(&excelize.Panes{
		Freeze: true, YSplit: headings, TopLeftCell: fmt.Sprint("A", headings+1), ActivePane: "bottomLeft",
	}); err != nil {
		return err
	}
	if err := b.sheet.SetColWidth(1, max(len(b.export.headings), 1), columnWidth); err != nil {
		return err
	}
	for _, line := range b.export.lines {
		if err := b.row([]any{line}); err != nil {
			return err
		}
	}
	titles := make([]any, len(b.export.headings))
	for i, h := range b.export.headings {
		titles[i] = excelize.Cell{StyleID: b.bold, Value: h}
	}
	return b.row(titles)
}

func (b *workbook) next() error {
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	return b.begin()
}

func (b *workbook) add(row []any) error {
	for i, v := range row {
		switch v := v.(type) {
		case string:
			row[i] = harmless(v)
		case bool:
			row[i] = b.export.yes(v)
		case time.Time:
			row[i] = excelize.Cell{StyleID: b.time, Value: b.export.reader.local(v)}
		}
	}
	return b.row(row)
}

func (b *workbook) row(cells []any) error {
	b.line++
	return b.sheet.SetRow(fmt.Sprint("A", b.line), cells)
}
