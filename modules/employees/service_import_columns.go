package employees

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/sheet"
)

// The columns of an import, by the names of their fields.
const (
	colName       = "name"
	colSurname    = "surname"    // with the name in other columns
	colPatronymic = "patronymic" // the same
	colDepartment = "department"
	colPosition   = "position"
	colPersonal   = "personalId"
	colPhone      = "phone"
	colEmail      = "email"
	colAddress    = "address"
	colNotes      = "additionalDetails"
	colCards      = "cards"
	colCars       = "cars"
	colActive     = "isActive"
)

// importColumn is a column of an import. Its headings are its title in any language, and what else people write.
type importColumn struct {
	name     string
	title    string // a code; a column without one is in no template
	required bool
	headings []string
}

var importColumns = []importColumn{
	{colName, "employees.column_name", true, []string{
		"fish", "ф.и.о.", "ф.и.ш.", "фиш", "full name", "name", "employee", "ism", "ismi", "имя", "xodim", "сотрудник", "работник",
		"familiya ism sharif", "familiyasi ismi sharifi", "фамилия имя отчество", "фамилия и имя",
	}},
	{colSurname, "", false, []string{"familiya", "familiyasi", "фамилия", "surname", "last name"}},
	{colPatronymic, "", false, []string{"sharif", "sharifi", "otasining ismi", "отчество", "patronymic", "middle name"}},
	{colDepartment, "employees.column_department", true, []string{
		"boʻlim", "boʻlinma", "boʻlimi", "отдел", "подразделение", "структурное подразделение", "department", "unit", "departament", "департамент",
	}},
	{colPosition, "employees.import_position", false, []string{"lavozim", "lavozimi", "должность", "position", "job title", "title"}},
	{colPersonal, "employees.import_personal_id", false, []string{
		"jshshir", "pinfl", "пинфл", "жшшир", "shaxsiy raqam", "shaxsiy raqami", "персональный номер", "личный номер", "personal id", "personal number", "pnfl", "пнфл",
	}},
	{colPhone, "column.phone", false, []string{"telefon", "telefoni", "telefon raqami", "телефон", "номер телефона", "мобильный телефон", "phone", "phone number", "mobile", "тел"}},
	{colEmail, "column.email", false, []string{"e-pochta", "email", "e-mail", "elektron pochta", "эл. почта", "электронная почта", "почта", "mail"}},
	{colAddress, "column.address", false, []string{"manzil", "manzili", "yashash manzili", "адрес", "адрес проживания", "address"}},
	{colNotes, "employees.import_notes", false, []string{
		"izoh", "примечание", "примечания", "комментарий", "notes", "note", "comment", "qoʻshimcha maʼlumot", "дополнительно", "further details", "additional details",
	}},
	{colCards, "employees.import_cards", false, []string{"karta", "karta raqami", "kartalar", "карта", "карты", "номер карты", "пропуск", "card", "cards", "card number"}},
	{colCars, "employees.import_cars", false, []string{
		"mashina", "mashina raqami", "mashinalar", "avtomobil", "автомобиль", "автомобили", "машина", "номер машины", "госномер", "avto", "авто", "car", "cars", "car number", "plate",
	}},
	{colActive, "employees.import_active", false, []string{"ishlaydi", "faol", "holati", "работает", "активен", "состояние", "статус", "active", "works here", "state", "status"}},
}

// columnOf finds the column of a heading.
var columnOf = func() map[string]string {
	known := map[string]string{}
	for _, c := range importColumns {
		for _, h := range c.headings {
			known[headingKey(h)] = c.name
		}
	}
	return known
}()

// aside is what stands in brackets behind a heading.
var aside = regexp.MustCompile(`\([^)]*\)`)

// headingKey is a heading without what people write differently: case, scripts, spaces, signs.
func headingKey(heading string) string {
	return strings.ReplaceAll(fold.Name(aside.ReplaceAllString(heading, "")), " ", "")
}

// importTable is a file whose headings have been understood.
type importTable struct {
	columns  map[string][]int // the cells of each column
	headings map[string]string
	unknown  []string
	rows     []sheet.Row
}

// headingsWithin is among how many rows the headings are looked for: above them a file may have a title.
const headingsWithin = 10

// readTable understands the headings. A file without a column that every row needs is refused as a whole.
func readTable(rows []sheet.Row, text texts) (importTable, error) {
	if len(rows) == 0 {
		return importTable{}, errImportEmpty
	}
	best, at := tableBelow(rows, 0), 0
	for i := range min(len(rows), headingsWithin) {
		if t := tableBelow(rows, i); len(t.columns) > len(best.columns) {
			best, at = t, i
		}
	}
	var missing []string
	for _, c := range importColumns {
		if c.required && best.columns[c.name] == nil {
			missing = append(missing, text(c.title, nil))
		}
	}
	if len(missing) > 0 {
		return best, errImportColumns.With("Columns", strings.Join(missing, ", "))
	}
	if at == len(rows)-1 {
		return best, errImportEmpty
	}
	return best, nil
}

// tableBelow takes the i-th row for the headings.
func tableBelow(rows []sheet.Row, i int) importTable {
	t := importTable{columns: map[string][]int{}, headings: map[string]string{}, rows: rows[i+1:]}
	for cell, heading := range rows[i].Cells {
		name, known := columnOf[headingKey(heading)]
		several := name == colCards || name == colCars
		switch {
		case known && (several || t.columns[name] == nil):
			if t.columns[name] == nil {
				t.headings[name] = heading
			}
			t.columns[name] = append(t.columns[name], cell)
		case heading != "":
			t.unknown = append(t.unknown, heading)
		}
	}
	if t.columns[colName] == nil && t.columns[colSurname] != nil {
		t.columns[colName], t.headings[colName] = t.columns[colSurname], t.headings[colSurname]
		t.columns[colSurname] = nil
	}
	return t
}

// cell is the text of a row in a column; of several cells with something in them each on its own line.
func (t importTable) cell(r sheet.Row, column string) string {
	var all []string
	for _, i := range t.columns[column] {
		if text := r.Cell(i); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n")
}

// at is where a column stands in the file; one that is not there stands before all.
func (t importTable) at(column string) int {
	if cells := t.columns[column]; len(cells) > 0 {
		return cells[0]
	}
	return -1
}

// name is a person's whole name, which may stand in up to three columns.
func (t importTable) name(r sheet.Row) string {
	return strings.Join(strings.Fields(t.cell(r, colSurname)+" "+t.cell(r, colName)+" "+t.cell(r, colPatronymic)), " ")
}

// heading is what the file calls a column; a column that it has not by what a template calls it.
func (t importTable) heading(column string, text texts) string {
	if h := t.headings[column]; h != "" {
		return h
	}
	for _, c := range importColumns {
		if c.name == column {
			return text(c.title, nil)
		}
	}
	return ""
}

// template are the headings of a file to fill in. Those that every row needs have a star.
func template(text texts) (headings []string) {
	for _, c := range importColumns {
		switch {
		case c.required:
			headings = append(headings, text(c.title, nil)+" *")
		case c.title != "":
			headings = append(headings, text(c.title, nil))
		}
	}
	return headings
}

// texts gives the text of a code in the language of who imports.
type texts = func(code string, p fault.Params) string

// yes and no are what people write for them.
var (
	yes = wordsOf("ha", "ҳа", "ха", "да", "yes", "y", "true", "истина", "1", "+", "ishlaydi", "faol", "работает", "активен", "works here", "active")
	no  = wordsOf("yoʻq", "йўқ", "йук", "нет", "no", "n", "false", "ложь", "0", "-", "ishlamaydi", "ketgan", "faol emas", "не работает", "не активен", "уволен", "has left", "inactive")
)

func wordsOf(words ...string) map[string]bool {
	known := map[string]bool{}
	for _, w := range words {
		known[wordKey(w)] = true
	}
	return known
}

func wordKey(word string) string {
	if key := fold.Name(word); key != "" {
		return key
	}
	return strings.TrimSpace(word)
}

// codesOf are the cards or cars of a cell, each once.
func codesOf(cell string) []string {
	all := map[string]bool{}
	for _, code := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		if code = strings.TrimSpace(code); code != "" {
			all[code] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// branches finds departments by what people call them.
type branches struct {
	byID        map[int64]branchRow
	full, short map[string][]int64
}

func branchesOf(rows []branchRow) branches {
	b := branches{byID: map[int64]branchRow{}, full: map[string][]int64{}, short: map[string][]int64{}}
	for _, d := range rows {
		b.byID[d.ID] = d
		b.full[d.FullNameSearch] = append(b.full[d.FullNameSearch], d.ID)
		b.short[d.ShortNameSearch] = append(b.short[d.ShortNameSearch], d.ID)
	}
	delete(b.full, "")
	delete(b.short, "")
	return b
}

// find returns the departments that a text may mean: by their full name, else by their short one, else by a path
// "Department / Department below it".
func (b branches) find(text string) []int64 {
	if found := b.named(text); len(found) > 0 {
		return found
	}
	path := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(`/\>→`, r) })
	if len(path) < 2 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(b.named(path[len(path)-1])), func(id int64) bool { return !b.below(id, path[:len(path)-1]) })
}

func (b branches) named(name string) []int64 {
	if found := b.full[fold.Name(name)]; len(found) > 0 {
		return found
	}
	return b.short[fold.Name(name)]
}

// below reports whether the departments above id end with those of the path.
func (b branches) below(id int64, path []string) bool {
	for _, name := range slices.Backward(path) {
		above, ok := b.byID[b.byID[id].ParentID]
		if name = fold.Name(name); !ok || name != above.FullNameSearch && name != above.ShortNameSearch {
			return false
		}
		id = above.ID
	}
	return true
}

// path is a department with those above it, as find understands it.
func (b branches) path(id int64) string {
	d := b.byID[id]
	text := d.FullName
	for range len(b.byID) { // a circle must not last for ever
		above, ok := b.byID[d.ParentID]
		if !ok {
			break
		}
		text, d = above.FullName+" / "+text, above
	}
	return text
}

// paths names several departments.
func (b branches) paths(ids []int64) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = b.path(id)
		if slices.Contains(all[:i], all[i]) {
			all[i] = fmt.Sprintf("%s (%d)", all[i], id)
		}
	}
	return strings.Join(all, "; ")
}
