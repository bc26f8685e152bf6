package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/staff-control/staff-control/platform/sheet"
)

func encoded(t testing.TB, text string, in interface {
	Bytes([]byte) ([]byte, error)
}) string {
	t.Helper()
	b, err := in.Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// told are rows as one text: 2:a|b 4:c.
func told(rows []sheet.Row) string {
	var all []string
	for _, r := range rows {
		all = append(all, fmt.Sprintf("%d:%s", r.Number, strings.Join(r.Cells, "|")))
	}
	return strings.Join(all, " ")
}

func TestCSVIsReadAsItsProgramWroteIt(t *testing.T) {
	t.Parallel()
	const text = "Имя;Тел\r\nЎткир;1\r\n"
	const want = "1:Имя|Тел 2:Ўткир|1"
	tests := map[string]struct{ file, want string }{
		"UTF-8":                    {text, want},
		"UTF-8 with a mark":        {"\ufeff" + text, want},
		"Windows-1251":             {encoded(t, text, charmap.Windows1251.NewEncoder()), want},
		"UTF-16LE with a mark":     {encoded(t, text, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()), want},
		"UTF-16BE with a mark":     {encoded(t, text, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()), want},
		"UTF-16LE without":         {encoded(t, text, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()), want},
		"UTF-16BE without":         {encoded(t, text, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()), want},
		"commas":                   {"a,b\n1,2\n", "1:a|b 2:1|2"},
		"tabs":                     {"a\tb\n1\t2;3\n", "1:a|b 2:1|2;3"},
		"one column":               {"a\nb", "1:a 2:b"},
		"below a title":            {"List, of people\n\na\tb\tc\n1\t2\t3\n", "1:List, of people 3:a|b|c 4:1|2|3"},
		"a comma in quotes":        {"\"a,b,c\";d\n1;2\n", "1:a,b,c|d 2:1|2"},
		"old Macs":                 {"a;b\r1;2\r", "1:a|b 2:1|2"},
		"the separator is said":    {"sep=,\na,b;c\n", "2:a|b;c"},
		"lines in a cell":          {"a;b\n\"x\ny\";2\n3;4", "1:a|b 2:x\ny|2 3:3|4"},
		"empty rows keep numbers":  {"a;b\n\n;\n\n1;2\n", "1:a|b 5:1|2"},
		"empty rows before":        {"\n\na;b\n", "3:a|b"},
		"quotes inside":            {"a;b\nООО \"Чинор\";2\n", "1:a|b 2:ООО \"Чинор\"|2"},
		"kept texts":               {"a;b\n'=1+1;'007\n'Umar;''x\n", "1:a|b 2:=1+1|007 3:'Umar|''x"},
		"formulas are texts":       {"a;b\n=1+1;@x\n-5;+998\n", "1:a|b 2:=1+1|@x 3:-5|+998"},
		"space and what is unseen": {"a;b\n \u00a0x\u200b\x01 ; \n", "1:a|b 2:x"},
		"nothing":                  {"", ""},
		"nothing but separators":   {";;;\n;;\n", ""},
		"trailing cells are none":  {"a;b;;\n1;;;\n", "1:a|b 2:1"},
	}
	for name, tt := range tests {
		rows, err := sheet.Read([]byte(tt.file), 100)
		if err != nil || told(rows) != tt.want {
			t.Errorf("%s: got %q, %v, want %q", name, told(rows), err, tt.want)
		}
	}
}

// workbook makes a real workbook.
func workbook(t testing.TB, fill func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNumbersOfAWorkbookKeepTheirDigits(t *testing.T) {
	t.Parallel()
	const general = ""
	tests := []struct {
		value  any
		format string
		want   string
	}{
		{31001011234567, general, "31001011234567"},
		{31001011234567.0, general, "31001011234567"},
		{31001011234567, "0.00E+00", "31001011234567"},
		{31001011234567, "#,##0.00", "31001011234567"},
		{31001011234567, "# ##0", "31001011234567"},
		{31001011234567, "0", "31001011234567"},
		{"31001011234567", "@", "31001011234567"},
		{"31001011234567", general, "31001011234567"},
		{1234567, "0000000000", "0001234567"},
		{int64(8600123412341230), general, "8600123412341230"},
		{998901234567, "+000 00 000-00-00", "+998 90 123-45-67"},
		{1.5, general, "1.5"},
		{true, general, "TRUE"},
		{"1E5", general, "1E5"},
		{"0012", general, "0012"},
		{"Ўткир", general, "Ўткир"},
		{"=1+1", general, "=1+1"},
		{44197, "yyyy-mm-dd", "2021-01-01"},
	}
	for _, tt := range tests {
		file := workbook(t, func(f *excelize.File) error {
			if tt.format != general {
				id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &tt.format})
				if err != nil {
					return err
				}
				if err := f.SetCellStyle("Sheet1", "A1", "A1", id); err != nil {
					return err
				}
			}
			return f.SetCellValue("Sheet1", "A1", tt.value)
		})
		rows, err := sheet.Read(file, 10)
		if err != nil || told(rows) != "1:"+tt.want {
			t.Errorf("%v as %q: got %q, %v, want %q", tt.value, tt.format, told(rows), err, tt.want)
		}
	}
}

// Other programs write large numbers with an exponent into the file itself.
func TestANumberWithAnExponentInTheFileKeepsItsDigits(t *testing.T) {
	t.Parallel()
	file := workbook(t, func(f *excelize.File) error { return f.SetCellInt("Sheet1", "A1", 7) })
	file = rewritten(t, file, "xl/worksheets/sheet1.xml", "<v>7</v>", "<v>3.1001011234567E+13</v>")
	rows, err := sheet.Read(file, 10)
	if err != nil || told(rows) != "1:31001011234567" {
		t.Errorf("got %q, %v", told(rows), err)
	}
}

func TestTheFirstSheetInSightIsRead(t *testing.T) {
	t.Parallel()
	file := workbook(t, func(f *excelize.File) error {
		if _, err := f.NewSheet("Second"); err != nil {
			return err
		}
		return errors.Join(
			f.SetCellStr("Sheet1", "A1", "hidden"), f.SetCellStr("Second", "B3", "seen"), f.SetCellFormula("Second", "C3", "1+1"),
			f.SetSheetVisible("Second", true), setActive(f, 1), f.SetSheetVisible("Sheet1", false),
		)
	})
	rows, err := sheet.Read(file, 10)
	if err != nil || told(rows) != "3:|seen" {
		t.Errorf("got %q, %v", told(rows), err)
	}
}

func setActive(f *excelize.File, i int) error {
	f.SetActiveSheet(i)
	return nil
}

func TestFilesThatAreNoTablesAreRefused(t *testing.T) {
	t.Parallel()
	good := workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "A1", strings.Repeat("x", 4000)) })
	wide := workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "XFD1", "far") })
	tests := map[string]struct {
		file []byte
		want error
	}{
		"a picture":          {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"), sheet.ErrFormat},
		"an old workbook":    {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), sheet.ErrLocked},
		"half a workbook":    {good[:len(good)/2], sheet.ErrFormat},
		"a damaged workbook": {damaged(good), sheet.ErrFormat},
		"another archive":    {archive(t, "mimetype", []byte("application/epub+zip")), sheet.ErrFormat},
		"a bomb":             {archive(t, "xl/media/a", make([]byte, 40<<20)), sheet.ErrSize},
		"a cell at the end":  {wide, sheet.ErrColumns},
		"rows of nothing":    {rewritten(t, good, "xl/worksheets/sheet1.xml", "</sheetData>", strings.Repeat(`<row><c r="XFD1"><f/></c></row>`, 100)+"</sheetData>"), sheet.ErrColumns},
		"a long text":        {repeated(t, 40_000, 1), sheet.ErrSize},
		"texts of one text":  {repeated(t, 30_000, 2000), sheet.ErrSize},
		"many columns":       {[]byte(strings.Repeat("a;", 201)), sheet.ErrColumns},
		"too many rows":      {[]byte("a\nb\nc\nd\n"), sheet.ErrRows},
	}
	for name, tt := range tests {
		if rows, err := sheet.Read(tt.file, 3); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %.100q, %v, want %v", name, told(rows), err, tt.want)
		}
	}
}

// damaged changes a byte of the file that the archive's checksum covers.
func damaged(file []byte) []byte {
	other := bytes.Clone(file)
	other[60] ^= 0xff
	return other
}

// repeated is a workbook of many cells that all say the same.
func repeated(t testing.TB, length, cells int) []byte {
	t.Helper()
	const in = "xl/sharedStrings.xml"
	file := workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "A1", "seed") })
	file = rewritten(t, file, in, "seed", strings.Repeat("\u200bЎ", length/2)) // of what is not seen each cell makes a copy
	row := "<row>" + strings.Repeat(`<c t="s"><v>0</v></c>`, 200) + "</row>"
	return rewritten(t, file, "xl/worksheets/sheet1.xml", "</sheetData>", strings.Repeat(row, (cells+199)/200)+"</sheetData>")
}

func archive(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rewritten is the archive with a text of one of its files replaced.
func rewritten(t testing.TB, file []byte, name, before, after string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, entry := range z.File {
		var content bytes.Buffer
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := content.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		text := content.String()
		if entry.Name == name {
			if !strings.Contains(text, before) {
				t.Fatalf("%s has no %s: %s", name, before, text)
			}
			text = strings.ReplaceAll(text, before, after)
		}
		w, err := out.Create(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheTemplateIsReadBack(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := sheet.WriteXLSX(&b, []string{"F.I.Sh.", "Boʻlim"}); err != nil {
		t.Fatal(err)
	}
	rows, err := sheet.Read(b.Bytes(), 10)
	if err != nil || told(rows) != "1:F.I.Sh.|Boʻlim" {
		t.Errorf("got %q, %v", told(rows), err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if id, err := f.GetCellStyle("Sheet1", "B7"); err != nil || id == 0 {
		t.Errorf("what is typed below the headings has style %d, %v", id, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\r\n\"x\ny\";2\r\n"))
	f.Add([]byte("\xff\xfea\x00;\x00b\x00\n\x00"))
	f.Add([]byte("\xc8\xec\xff;\xd2\xe5\xeb\n"))
	f.Fuzz(readsSomething)
}

// FuzzWorkbook changes what is inside a sound archive, which FuzzRead hardly meets.
func FuzzWorkbook(f *testing.F) {
	file := workbook(f, func(x *excelize.File) error { return x.SetCellInt("Sheet1", "A1", 7) })
	const cell = `<row r="1"><c r="A1"><v>7</v></c></row>`
	f.Add(cell)
	f.Add(`<row r="3"><c r="B3" t="s"><v>1</v></c><c t="b"><v>1</v></c><c s="1"><f>1+1</f></c></row>`)
	f.Add(`<row><c t="inlineStr"><is><t>x</t></is></c><c t="d"><v>2026-01-01</v></c><c t="str"><v>1E+9</v></c></row>`)
	f.Fuzz(func(t *testing.T, row string) {
		readsSomething(t, rewritten(t, file, "xl/worksheets/sheet1.xml", cell, row))
	})
}

// readsSomething says what holds for any file.
func readsSomething(t *testing.T, file []byte) {
	const most = 50
	rows, _ := sheet.Read(file, most)
	if len(rows) > most {
		t.Fatalf("%d rows", len(rows))
	}
	last := 0
	for _, r := range rows {
		if r.Number <= last {
			t.Fatalf("row %d after %d", r.Number, last)
		}
		last = r.Number
		if text := strings.Join(r.Cells, ""); text == "" || strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text {
			t.Fatalf("row %d is %q", r.Number, r.Cells)
		}
	}
}
