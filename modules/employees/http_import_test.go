package employees

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
)

const importPath = "/api/v2/employees/import"

// form is a request's body, and its Content-Type.
func form(t testing.TB, metadata, name, file string) ([]byte, map[string]string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("metadata", metadata); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(file)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), map[string]string{"Content-Type": w.FormDataContentType()}
}

func TestImportRoutes(t *testing.T) {
	t.Parallel()
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	ru := func(h map[string]string) map[string]string { h["Accept-Language"] = "ru"; return h }
	sent := func(name, path, metadata, file string, status int, contains ...string) httptestx.Scenario {
		body, header := form(t, metadata, "xodimlar.csv", file)
		return httptestx.Scenario{Name: name, As: hr, Path: path, Body: body, Header: ru(header), Status: status, Contains: contains}
	}
	const file, bad = "ФИО;Отдел;Телефон\nАли;Sex;1\n", "ФИО;Отдел;Почта\nАли;Sex;x\n;Нет;=cmd\n"
	digest := digestOf(t, file)
	httptestx.Run(t, newServer(t, kernel.Dashboard),
		httptestx.Scenario{Name: "a template", As: hr, Path: importPath + "/template", Status: 200, Contains: []string{
			"\ufeffF.I.Sh. *;Boʻlim *;Lavozim;JSHSHIR;Telefon;Elektron pochta;Manzil;Izoh;Kartalar;Mashinalar;Ishlaydi\r\n"}},
		httptestx.Scenario{Name: "a template in Russian", As: hr, Path: importPath + "/template?format=csv", Header: ru(map[string]string{}), Status: 200, Contains: []string{
			"\ufeffФ. И. О. *;Отдел *;Должность;ПИНФЛ;Телефон;Эл. почта;Адрес;Примечание;Карты;Автомобили;Работает\r\n"}},
		httptestx.Scenario{Name: "a workbook", As: hr, Path: importPath + "/template?format=xlsx", Status: 200, Contains: []string{"xl/worksheets/sheet1.xml"}},
		httptestx.Scenario{Name: "a template in no format", As: hr, Path: importPath + "/template?format=pdf", Status: 400, Contains: []string{`"field":"format"`}},
		sent("errors", importPath+"/preview", `{"mode":"add"}`, bad, 200, `"errors":2`, `"row":3,"state":"error"`,
			`"column":"department","heading":"Отдел","code":"employees.import_department_unknown","message":"Такого отдела нет","value":"Нет"`,
			`"column":"email","heading":"Почта","code":"wrong_format"`, `"column":"name","heading":"ФИО","code":"required"`),
		sent("a file without columns", importPath+"/preview", `{"mode":"add"}`, "Телефон\n1\n", 422, "В файле нет столбцов: Ф. И. О., Отдел"),
		sent("no choice", importPath+"/preview", `{}`, file, 400, `"field":"mode"`),
		sent("an unknown wish", importPath+"/preview", `{"mode":"add","all":true}`, file, 400, "employees.import_form"),
		sent("too large", importPath+"/preview", `{"mode":"add"}`, file+strings.Repeat("x", maxImport), 413, "Файл больше 5 МБ"),
		sent("far too large", importPath+"/preview", `{"mode":"add"}`, strings.Repeat("x", 3*maxImport), 413),
		sent("without a preview", importPath, `{"mode":"add"}`, file, 400, `"field":"digest"`),
		sent("after another preview", importPath, `{"mode":"add","digest":"00"}`, file, 409, "employees.import_changed", "После проверки"),
		sent("a preview", importPath+"/preview", `{"mode":"add"}`, file, 200, `{"digest":"`+digest+`","counts":{"new":1,"changed":0,"unchanged":0,"errors":0},"unknown":[],`+
			`"rows":[{"row":2,"state":"new","name":"Али","department":"Sex","changes":[{"column":"name","heading":"ФИО","after":"Али"},`, `"problems":[]`),
		sent("imported", importPath, `{"mode":"add","digest":"`+digest+`"}`, file, 200, `{"new":1,"changed":0,"unchanged":0,"errors":0}`),
		sent("imported again", importPath, `{"mode":"add","digest":"`+digest+`"}`, file, 409),
		httptestx.Scenario{Name: "there", As: hr, Path: "/api/v2/employees?q=Ali", Status: 200, Contains: []string{"Али"}},
		httptestx.Scenario{Name: "no form", As: hr, Path: importPath + "/preview", Body: `{"mode":"add"}`, Status: 400, Contains: []string{"employees.import_form"}},
		httptestx.Scenario{Name: "half a form", As: hr, Path: importPath, Body: "--x\r\n", Header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, Status: 400},
	)
}

// digestOf is what a preview answers to HR of organization 1: the same for the same file and rows.
func digestOf(t *testing.T, file string) string {
	t.Helper()
	preview, err := newService(t, dbtest.SQLite(t)).previewImport(as(actor.HR, 1), importOf(importAdd, file))
	if err != nil {
		t.Fatal(err)
	}
	return preview.Digest
}

func TestOnlyAdministratorsAndHRImport(t *testing.T) {
	t.Parallel()
	const allowed = actor.Admin | actor.HR
	var scenarios []httptestx.Scenario
	for _, path := range []string{importPath + "/template", importPath + "/preview", importPath} {
		for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent, actor.Hikvision} {
			sc := httptestx.Scenario{Name: fmt.Sprint(path, role), As: &actor.Actor{Role: role, ID: "test", OrganizationID: 1, DepartmentIDs: []int64{1}}, Path: path, Status: 403}
			if path != importPath+"/template" {
				sc.Body, sc.Header = form(t, `{"mode":"add","digest":"00"}`, "x.csv", "ФИО;Отдел\nАли;Sex\n")
			}
			if role&allowed != 0 {
				sc.Status, sc.Excludes = 0, []string{"ACCESS_DENIED", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
	}
	httptestx.Run(t, newServer(t, kernel.Dashboard), scenarios...)
}
