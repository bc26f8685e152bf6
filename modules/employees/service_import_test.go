package employees

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/i18n"
)

// newImports is a service with a deeper tree: Brigada (2) stands below Sex (1), another Brigada (5) below Ombor (3), and
// Ombor is Omb in short.
func newImports(t testing.TB, d *db.DB) *service {
	t.Helper()
	s := newService(t, d)
	write(t, d, "UPDATE departments SET parent_id = 1 WHERE id = 2")
	write(t, d, `INSERT INTO departments (organization_id, parent_id, full_name, full_name_search, short_name, created_at, updated_at) VALUES (1, 3, 'Бригада', ?1, 'b', ?0, ?0)`, noon, fold.Name("Бригада"))
	write(t, d, "UPDATE departments SET short_name = 'Omb', short_name_search = 'omb' WHERE id = 3")
	return s
}

func importOf(mode, file string) importInput {
	in := importInput{importMetadata: importMetadata{Mode: mode}, fileName: "people.csv", file: []byte(file)}
	in.text = func(code string, _ fault.Params) string { return code }
	return in
}

// imported previews a file and does what the preview says.
func imported(t testing.TB, s *service, ctx context.Context, in importInput) importCounts {
	t.Helper()
	preview, err := s.previewImport(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Digest = preview.Digest
	counts, err := s.applyImport(ctx, in)
	if err != nil {
		t.Fatalf("%v: %s", err, told(preview))
	}
	if counts != preview.Counts {
		t.Fatalf("did %+v, said %+v", counts, preview.Counts)
	}
	return counts
}

// told is a preview as text: 2 new; 3 error department:employees.x (warnings in brackets).
func told(p importPreview) string {
	var rows []string
	for _, r := range p.Rows {
		text := fmt.Sprint(r.Row, " ", r.State)
		for _, problem := range r.Problems {
			at := problem.Column + ":" + strings.TrimPrefix(problem.Code, "employees.import_")
			if problem.Warning {
				at = "(" + at + ")"
			}
			text += " " + at
		}
		for _, c := range r.Changes {
			if r.State == rowChanged {
				text += fmt.Sprintf(" %s=%s→%s", c.Column, c.Before, c.After)
			}
		}
		rows = append(rows, text)
	}
	return strings.Join(rows, "; ")
}

func everybody(t testing.TB, s *service, organizationID int64) string {
	t.Helper()
	var rows []employeeRow
	err := s.store.db.Read(admin(), func(ctx context.Context, tx db.Tx) (err error) {
		rows, err = s.store.everybody(ctx, tx, organizationID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range rows {
		all = append(all, fmt.Sprint(e.Name, "|", e.DepartmentID, "|", e.PersonalID, "|", e.Position, "|", e.Phone, "|", e.Email, "|", e.Address, "|", e.AdditionalDetails, "|", e.IsActive))
	}
	return strings.Join(all, "\n")
}

func TestPeopleComeFromFilesOfAllPrograms(t *testing.T) {
	t.Parallel()
	const text = "ТАБЕЛЬ НА НОЯБРЬ\r\n\r\nПИНФЛ;Ф.И.О.;Подразделение;Должность;Тел. ;E-mail;Адрес;Примечание;Карта;Авто;Работает;Оклад\r\n" +
		"31001011234567;Ўткир Ғаниев;сех;уста;'+998901234567;u@x.uz;\"Навоий, 1\r\nхона 5\";-нет-;001,002;01 A 123 BC;ҳа;5000000\r\n" +
		"31001011234568;Anvar;OMB;;=1+1;;;@x;;;нет;\r\n"
	const want = "Ўткир Ғаниев|1|31001011234567|уста|+998901234567|u@x.uz|Навоий, 1\nхона 5|-нет-|true\nAnvar|3|31001011234568||=1+1|||@x|false"
	files := map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with a mark": []byte("\ufeff" + text),
		"UTF-16 with tabs": encoded(t, strings.ReplaceAll(text, ";", "\t"), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()),
		"a workbook":       workbook(t),
	}
	// Windows-1251 has no Ғ and Ҳ: there people write Г.
	plain := strings.NewReplacer("Ғ", "Г", "ҳ", "х")
	files["Windows-1251"] = encoded(t, plain.Replace(text), charmap.Windows1251.NewEncoder())
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		for name, file := range files {
			if counts := imported(t, s, as(actor.HR, 1), importOf(importAdd, string(file))); counts != (importCounts{New: 2}) {
				t.Errorf("%s: %+v", name, counts)
			}
			expected := want
			if name == "Windows-1251" {
				expected = plain.Replace(want)
			}
			if got := everybody(t, s, 1); got != expected {
				t.Errorf("%s gave\n%s\nwant\n%s", name, got, expected)
			}
			if n := counted(t, d, "SELECT count(*) FROM credentials WHERE (type, code) IN (('CARD', '001'), ('CARD', '002'), ('CAR', '01 A 123 BC'))"); n != 3 {
				t.Errorf("%s gave %d cards and cars", name, n)
			}
			write(t, d, "DELETE FROM credentials WHERE organization_id = 1")
			write(t, d, "DELETE FROM employees WHERE organization_id = 1")
		}
	})
}

func encoded(t testing.TB, text string, in interface {
	Bytes([]byte) ([]byte, error)
}) []byte {
	t.Helper()
	b, err := in.Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// workbook is the same table as Excel keeps it: the number as a number, in a column too narrow for it.
func workbook(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	wide := "0.00E+00"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &wide})
	if err != nil {
		t.Fatal(err)
	}
	for cell, row := range map[string][]any{
		"A1": {"ТАБЕЛЬ НА НОЯБРЬ"},
		"B3": {"PINFL", "Familiya", "Ism", "boʻlim (toʻliq nomi)", "Lavozim", "telefon", "Email", "Manzil", "IZOH", "Karta raqami", "Mashina", "Karta", "Faol"},
		"B4": {31001011234567, "Ўткир", "Ғаниев", "Sex", "уста", "+998901234567", "u@x.uz", "Навоий, 1\nхона 5", "-нет-", "001", "01 A 123 BC", "002", true},
		"B6": {31001011234568, "Anvar", nil, "Ombor", nil, "=1+1", nil, nil, "@x", nil, nil, nil, "yo‘q"},
	} {
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetColStyle("Sheet1", "B", style); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEachErrorIsNamedByItsRowAndColumn(t *testing.T) {
	t.Parallel()
	const head = "name;department;personalid;email;card;car;active\n"
	long := strings.Repeat("я", 101)
	tests := map[string]struct{ rows, want string }{
		"good":                           {"Ali;Sex;31001011234567;a@b.uz;1;2;yes", "2 new"},
		"nothing that is needed":         {";;;a@b.uz;;;", "2 error name:required department:required"},
		"all at once":                    {";Cex;123;mail;" + long + ";;maybe", "2 error name:required department:department_unknown personalId:employees.personal_id_form email:wrong_format cards:too_long isActive:yes_no"},
		"too long":                       {long + ";Sex;;;;;", "2 error name:too_long"},
		"a department of two":            {"Ali;brigada;;;;;", "2 error department:department_ambiguous"},
		"its path":                       {"Ali;Sex / Brigada;;;;;\nVali;Omb/Бригада;;;;;", "2 new; 3 new"},
		"a wrong path":                   {"Ali;Sex/Ombor;;;;;", "2 error department:department_unknown"},
		"another organization's":         {"Ali;Boshqa;;;;;", "2 error department:department_unknown"},
		"a number twice":                 {"Ali;Sex;31001011234567;;;;\nVali;Ombor;3100 1011 234567;;;;", "2 new; 3 error personalId:twice"},
		"a name twice":                   {"Ali;Sex;;;;;\nали;Sex;;;;;", "2 new; 3 error name:twice"},
		"a name with and without number": {"Ali;Sex;31001011234567;;;;\nAli;Sex;;;;;", "2 new; 3 error name:twice"},
		"two of one name":                {"Ali;Sex;31001011234567;;;;\nAli;Sex;31001011234568;;;;", "2 new; 3 new"},
		"a card twice":                   {"Ali;Sex;;;7;;\nVali;Sex;;;7;7;", "2 new; 3 error cards:twice"},
		"somebody's card":                {"Ali;Sex;;;99;;", "2 error cards:thing_taken"},
		"somebody by name":               {"КАРИМ;sex;;;;;", "2 unchanged (name:by_name)"},
		"somebody twice":                 {"Karim;sex;;;;;\nKarim;Sex;31001011234567;;;;", "2 unchanged (name:by_name); 3 error (name:by_name) name:twice"},
		"somebody elsewhere":             {"Karim;Ombor;;;;;", "2 new (name:elsewhere)"},
		"somebody by number":             {"Other;Ombor;31001019999999;;;;", "2 unchanged"},
		"somebody who left":              {"Nodir;Ombor;;;;;", "2 unchanged (name:by_name) (isActive:left)"},
		"one of two":                     {"Twin;Ombor;;;;;", "2 error name:ambiguous"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		karim := newEmployee(t, s, 1, "Karim")
		if _, err := s.equip(admin(), karim, credentialInput{Type: card, Code: "99"}); err != nil {
			t.Fatal(err)
		}
		number, home, name, off := "31001019999999", int64(1), "Sanjar", false
		if _, err := s.create(admin(), employeeInput{Name: &name, DepartmentID: &home, PersonalID: &number}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.update(admin(), newEmployee(t, s, 3, "Nodir"), employeeInput{IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		newEmployee(t, s, 3, "Twin")
		newEmployee(t, s, 3, "Twin")
		before := everybody(t, s, 1)
		for name, tt := range tests {
			in := importOf(importAdd, head+tt.rows)
			preview, err := s.previewImport(as(actor.HR, 1), in)
			if err != nil || told(preview) != tt.want {
				t.Errorf("%s: %s, %v, want %s", name, told(preview), err, tt.want)
			}
			if in.Digest = preview.Digest; preview.Counts.Errors > 0 {
				if _, err := s.applyImport(as(actor.HR, 1), in); !errors.Is(err, errImportErrors) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if after := everybody(t, s, 1); after != before {
			t.Errorf("previews wrote\n%s\nwant\n%s", after, before)
		}
	})
}

func TestAFileIsImportedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		const file = "Name,Department,PINFL,Phone,Card\nAli,Sex,31001011234567,1,7\nVali,Ombor,,2,8\n"
		hr := as(actor.HR, 1)
		if counts := imported(t, s, hr, importOf(importAdd, file)); counts != (importCounts{New: 2}) {
			t.Errorf("first: %+v", counts)
		}
		first := everybody(t, s, 1)
		for _, mode := range []string{importAdd, importUpdate} {
			if counts := imported(t, s, hr, importOf(mode, file)); counts != (importCounts{Unchanged: 2}) {
				t.Errorf("again, %s: %+v", mode, counts)
			}
		}
		if again := everybody(t, s, 1); again != first {
			t.Errorf("the second time changed\n%s\ninto\n%s", first, again)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action IN ('employee.created', 'employee.credential_given') AND actor = 'user:2'"); n != 4 {
			t.Errorf("%d single records, want those of two people and their cards", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'employee.updated'"); n != 0 {
			t.Errorf("%d changes were written down", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'employees.imported' AND object = 'organization:1' AND organization_id = 1 AND CAST(after AS text) LIKE '%people.csv%'"); n != 3 {
			t.Errorf("%d imports were written down", n)
		}
	})
}

func TestWhatAFileSaysOfPeopleIsWrittenOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		hr := as(actor.HR, 1)
		imported(t, s, hr, importOf(importAdd, "Name;Department;PINFL;Phone;Position\nAli;Sex;31001011234567;1;usta\nVali;Sex;;2;\n"))
		const second = "Name;Department;PINFL;Phone;Position;Card;Active\nAli Aliyev;Ombor;31001011234567;3;;7;\nVali;Sex;31001011234568;;;;no\n"
		if counts := imported(t, s, hr, importOf(importAdd, second)); counts != (importCounts{Unchanged: 2}) {
			t.Errorf("add: %+v", counts)
		}
		preview, err := s.previewImport(hr, importOf(importUpdate, second))
		const want = "2 changed name=Ali→Ali Aliyev department=Sex→Ombor phone=1→3 cards=→7; 3 changed (name:by_name) personalId=→31001011234568 isActive=grid.yes→grid.no"
		if err != nil || told(preview) != want {
			t.Errorf("preview %s, %v, want %s", told(preview), err, want)
		}
		imported(t, s, hr, importOf(importUpdate, second))
		if got := everybody(t, s, 1); got != "Ali Aliyev|3|31001011234567|usta|3||||true\nVali|1|31001011234568||2||||false" {
			t.Errorf("now\n%s", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'employee.updated' AND CAST(before AS text) LIKE '%usta%' AND CAST(after AS text) LIKE '%Aliyev%'"); n != 1 {
			t.Errorf("%d records of the change", n)
		}
		// Only a card is new: the person stays as she is.
		imported(t, s, hr, importOf(importUpdate, "Name;Department;Card\nAli Aliyev;Ombor;7, 8\n"))
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'employee.updated'"); n != 2 {
			t.Errorf("%d changes written down, want 2", n)
		}
	})
}

func TestOnlyWhatWasPreviewedIsDone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		hr := as(actor.HR, 1)
		in := importOf(importUpdate, "Name;Department;PINFL;Phone\nAli;Sex;31001011234567;1\nKarim;Sex;;5\n")
		karim := newEmployee(t, s, 1, "Karim")
		preview, err := s.previewImport(hr, in)
		if err != nil {
			t.Fatal(err)
		}
		refused := func(name string, in importInput) {
			t.Helper()
			if _, err := s.applyImport(hr, in); !errors.Is(err, errImportChanged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		in.Digest = preview.Digest
		other := in
		other.file = append(bytes.Clone(in.file), "Zokir;Sex;;\n"...)
		refused("another file", other)
		other = in
		other.Mode = importAdd
		refused("another choice", other)
		phone := "4"
		if _, err := s.update(hr, karim, employeeInput{Phone: &phone}); err != nil {
			t.Fatal(err)
		}
		refused("another phone before", in)
		if got := everybody(t, s, 1); got != "Karim|1|||4||||true" {
			t.Errorf("a refused import wrote\n%s", got)
		}
		if counts := imported(t, s, hr, in); counts != (importCounts{New: 1, Changed: 1}) {
			t.Errorf("after a new preview: %+v", counts)
		}
	})
}

// The import ends at each of its writes in turn, as by a kill: then nothing of it is there.
func TestAnImportIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		in := importOf(importUpdate, "Name;Department;Card\nKarim;Sex;1\nAli;Sex;2\nVali;Sex;3\n")
		newEmployee(t, s, 1, "Karim")
		preview, err := s.previewImport(as(actor.HR, 1), in)
		if err != nil {
			t.Fatal(err)
		}
		in.Digest = preview.Digest
		before := everybody(t, s, 1)
		const records = 6 // a card, twice a person with a card, the import
		for at := 1; at <= records; at++ {
			ctx, cancel := context.WithCancel(as(actor.HR, 1))
			n := 0
			s.audit = audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler), ClientIP: func(context.Context) string {
				if n++; n == at {
					cancel()
				}
				return ""
			}})
			if _, err := s.applyImport(ctx, in); err == nil {
				t.Fatalf("it was done though its caller was gone at record %d", at)
			}
			if after := everybody(t, s, 1); after != before {
				t.Fatalf("ended at record %d it left\n%s", at, after)
			}
			if n := counted(t, d, "SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM audit_log WHERE actor = 'user:2')"); n != 0 {
				t.Fatalf("ended at record %d it left %d rows", at, n)
			}
		}
		if counts, err := s.applyImport(as(actor.HR, 1), in); err != nil || counts != (importCounts{New: 2, Changed: 1}) {
			t.Errorf("in the end: %+v, %v", counts, err)
		}
	})
}

func TestTheSameFileTwiceAtOnceIsImportedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		in := importOf(importAdd, "Name;Department\nAli;Sex\nVali;Sex\n")
		preview, err := s.previewImport(as(actor.HR, 1), in)
		if err != nil {
			t.Fatal(err)
		}
		in.Digest = preview.Digest
		// Whoever writes waits a while for another who would decide meanwhile over what is not committed yet.
		var planned atomic.Int32
		decided := make(chan struct{}, 4)
		s.now = func() time.Time {
			planned.Add(1)
			decided <- struct{}{}
			return noon
		}
		var once sync.Once
		s.audit = audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler), ClientIP: func(context.Context) string {
			once.Do(func() {
				<-decided // our own
				select {
				case <-decided:
					t.Error("another import decides while this one writes")
				case <-time.After(200 * time.Millisecond):
				}
			})
			return ""
		}})
		var done atomic.Int32
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				switch _, err := s.applyImport(as(actor.HR, 1), in); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, errImportChanged):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := counted(t, d, "SELECT count(*) FROM employees"); n != 2 || done.Load() != 1 || planned.Load() != 2 {
			t.Errorf("%d of %d were done and %d people are there", done.Load(), planned.Load(), n)
		}
	})
}

// Whoever writes first, what the other then writes begins with it.
func TestAnImportAndAnEditOfOnePersonKeepEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		in := importOf(importUpdate, "Name;Department;Phone\nKarim;Sex;5\n")
		id := newEmployee(t, s, 1, "Karim")
		edit := func() error {
			position := "usta"
			_, err := s.update(as(actor.HR, 1), id, employeeInput{Position: &position})
			return err
		}
		apply := func() error {
			_, err := s.applyImport(as(actor.HR, 1), in)
			return err
		}
		for name, order := range map[string][2]func() error{"an edit first": {edit, apply}, "an import first": {apply, edit}} {
			preview, err := s.previewImport(as(actor.HR, 1), in)
			if err != nil {
				t.Fatal(err)
			}
			in.Digest = preview.Digest
			var once sync.Once
			var second sync.WaitGroup
			s.audit = audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler), ClientIP: func(context.Context) string {
				once.Do(func() { // the person is written, and not yet for others to see
					second.Go(func() {
						if err := order[1](); err != nil {
							t.Errorf("%s: the second: %v", name, err)
						}
					})
					<-time.After(200 * time.Millisecond) // it may read meanwhile, if it would not wait
				})
				return ""
			}})
			if err := order[0](); err != nil {
				t.Errorf("%s: the first: %v", name, err)
			}
			second.Wait()
			if got := everybody(t, s, 1); got != "Karim|1||usta|5||||true" {
				t.Errorf("%s: together they made\n%s", name, got)
			}
			write(t, d, "UPDATE employees SET position = '', phone = ''")
		}
	})
}

func TestAnImportStaysInItsOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newImports(t, d)
		const file = "Name;Department;PINFL;Card\nAli;Boshqa;31001011234567;7\n"
		imported(t, s, as(actor.HR, 2), importOf(importAdd, file))
		theirs := everybody(t, s, 2)
		// The number, the card and the person are another tenant's: here they are free.
		own := strings.Replace(file, "Boshqa", "Sex", 1)
		if counts := imported(t, s, as(actor.HR, 1), importOf(importUpdate, own)); counts != (importCounts{New: 1}) {
			t.Errorf("%+v", counts)
		}
		named := importOf(importUpdate, file)
		named.OrganizationID = 2
		if _, err := s.previewImport(as(actor.HR, 1), named); !errors.Is(err, organization.ErrUnknown) {
			t.Errorf("a preview of another's organization: %v", err)
		}
		if _, err := s.applyImport(as(actor.HR, 1), named); !errors.Is(err, organization.ErrUnknown) {
			t.Errorf("an import into another's organization: %v", err)
		}
		if _, err := s.previewImport(admin(), importOf(importAdd, file)); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("an administrator named no organization: %v", err)
		}
		if counts := imported(t, s, admin(), named); counts != (importCounts{Unchanged: 1}) {
			t.Errorf("an administrator: %+v", counts)
		}
		named.file = []byte("Name;Department\nBobur;boshqa\n")
		if counts := imported(t, s, admin(), named); counts != (importCounts{New: 1}) {
			t.Errorf("an administrator: %+v", counts)
		}
		if got := everybody(t, s, 2); got != theirs+"\nBobur|4|||||||true" {
			t.Errorf("the other organization has\n%s", got)
		}
	})
}

// Who has hung up does not wait for the files of others.
func TestAnImportWaitsNoLongerThanItsReader(t *testing.T) {
	t.Parallel()
	s := newImports(t, dbtest.SQLite(t))
	if err := s.importing.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(as(actor.HR, 1))
	hangUp()
	in := importInput{importMetadata: importMetadata{Mode: importAdd}, file: []byte("Name;Department\nAli;Sex\n")}
	if _, err := s.previewImport(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("while another file is read: %v", err)
	}
}

func TestAFileWithoutItsColumnsIsRefused(t *testing.T) {
	t.Parallel()
	s := newImports(t, dbtest.SQLite(t))
	tests := map[string]struct {
		file string
		want *fault.Error
	}{
		"nothing":            {"", errImportEmpty},
		"only headings":      {"Name;Department\n", errImportEmpty},
		"no department":      {"Name;Phone\nAli;1\n", errImportColumns},
		"no known column":    {"a;b\nc;d\n", errImportColumns},
		"a picture":          {"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", errImportFormat},
		"an old workbook":    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", errImportLocked},
		"too many rows":      {"Name;Department\n" + strings.Repeat("A;B\n", maxImportRows+1), errImportRows},
		"far too many rows":  {"Name;Department\n" + strings.Repeat("A;B\n", 2*maxImportRows), errImportRows},
		"columns to the end": {strings.Repeat("x;", 300) + "\n", errImportUnpacked},
	}
	for name, tt := range tests {
		if _, err := s.previewImport(as(actor.HR, 1), importOf(importAdd, tt.file)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	_, err := s.previewImport(as(actor.HR, 1), importOf(importAdd, "Phone\n1\n"))
	if got := fault.Of(err).Params["Columns"]; got != "employees.column_name, employees.column_department" {
		t.Errorf("missing are %v", got)
	}
	if preview, err := s.previewImport(as(actor.HR, 1), importOf(importAdd, "Name;Оклад;Department;Name\nAli;5;Sex;x\n")); err != nil || fmt.Sprint(preview.Unknown) != "[Оклад Name]" {
		t.Errorf("not read are %v, %v", preview.Unknown, err)
	}
}

// What a template calls a column is understood in every language, and no heading means two columns.
func TestHeadingsOfAllLanguagesAreKnown(t *testing.T) {
	t.Parallel()
	catalog, err := i18n.New("uz", messages, httpx.Messages)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, c := range importColumns {
		for _, h := range c.headings {
			if other, twice := seen[headingKey(h)]; twice && other != c.name {
				t.Errorf("%q is of %s and of %s", h, other, c.name)
			}
			seen[headingKey(h)] = c.name
		}
		for _, language := range i18n.Languages() {
			if c.title == "" {
				continue
			}
			for _, heading := range []string{catalog.Text(language, c.title, nil), strings.ToUpper(catalog.Text(language, c.title, nil)) + " *"} {
				if columnOf[headingKey(heading)] != c.name {
					t.Errorf("%s: %q is not known as %s", language, heading, c.name)
				}
			}
		}
	}
	for heading, want := range map[string]string{
		"Bo'lim": colDepartment, "BO‘LIM": colDepartment, "бўлим": colDepartment, "bo`lim ": colDepartment, "  Ф. И. О. ": colName, "Ф И О (полностью)": colName,
		"E mail": colEmail, "F.I.SH": colName, "JSHSHIR:": colPersonal, "№": "", "Оклад": "",
	} {
		if columnOf[headingKey(heading)] != want {
			t.Errorf("%q is %q, want %q", heading, columnOf[headingKey(heading)], want)
		}
	}
}
