package employees

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/sheet"
)

// maxImportMetadata bounds what is said of a file.
const maxImportMetadata = 4 << 10

// The types of the files that are given out.
const (
	typeCSV  = "text/csv"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func (s *service) importRoutes(r httpx.Router) {
	const path = "/api/v2/employees/import"
	// Twice the file, so that one that is a little too large is told so in its own words.
	form := []httpx.Option{httpx.TakesFile[importMetadata](), httpx.BodyLimit(2 * maxImport)}
	r.GET(path+"/template", employee.Write, httpx.Raw(s.getTemplate), httpx.GivesFile(typeCSV, typeXLSX), httpx.Doc("A file to fill in, with headings in the reader's language"),
		httpx.Asks(grid.Parameter{Name: "format", Kind: grid.Enum, Doc: "csv if not given, or xlsx"}))
	r.POST(path+"/preview", employee.Write, httpx.Raw(s.postPreview), append(form, httpx.Gives[importPreview](http.StatusOK),
		httpx.Doc("Say what an import of a file (CSV or XLSX) would do, row by row, and what is wrong with it; nothing is written"))...)
	r.POST(path, employee.Write, httpx.Raw(s.postImport), append(form, httpx.Gives[importCounts](http.StatusOK),
		httpx.Doc("Import a file as its preview said, all of it or nothing; 409 if it would be something else by now"))...)
}

// importMetadata is the part metadata of the form.
type importMetadata struct {
	OrganizationID int64  `json:"organizationId,omitempty" doc:"from an actor of no organization"`
	Mode           string `json:"mode" enum:"add,update" doc:"add leaves people as they are who are there already; update writes what the file says of them"`
	Digest         string `json:"digest,omitempty" doc:"of the preview; needed to import"`
}

// importPreview is what an import would do.
type importPreview struct {
	Digest  string       `json:"digest" doc:"of the file, the mode and what would be done"`
	Counts  importCounts `json:"counts"`
	Unknown []string     `json:"unknown" doc:"headings of columns that are not read"`
	Rows    []importRow  `json:"rows"`
}

// importRow is what would become of a row.
type importRow struct {
	Row        int             `json:"row" doc:"as the spreadsheet numbers it"`
	State      string          `json:"state" enum:"new,changed,unchanged,error"`
	EmployeeID int64           `json:"employeeId,omitempty" doc:"who is there already"`
	Name       string          `json:"name"`
	Department string          `json:"department"`
	Changes    []importChange  `json:"changes"`
	Problems   []importProblem `json:"problems"`
}

// importChange is a value that would be written.
type importChange struct {
	Column  string `json:"column"`
	Heading string `json:"heading"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after"`
}

// importProblem is what is wrong with a row, or only worth knowing.
type importProblem struct {
	Column  string `json:"column"`
	Heading string `json:"heading" doc:"the column as the file calls it"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Value   string `json:"value,omitempty"`
	Warning bool   `json:"warning" doc:"the row is imported all the same"`
}

func (s *service) getTemplate(c *echo.Context) error {
	format := c.QueryParam("format")
	headings := template(httpx.Texts(c.Request().Context()))
	var file bytes.Buffer
	kind := typeCSV + "; charset=utf-8"
	switch format {
	case "", grid.CSV:
		format = grid.CSV
		sheet.WriteCSV(&file, headings)
	case grid.XLSX:
		kind = typeXLSX
		if err := sheet.WriteXLSX(&file, headings); err != nil {
			return err
		}
	default:
		var f fault.Fields
		f.Add("format", "not_one_of", fault.Params{"Values": grid.CSV + ", " + grid.XLSX})
		return f.Err()
	}
	c.Response().Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "employees."+format))
	return c.Blob(http.StatusOK, kind, file.Bytes())
}

func (s *service) postPreview(c *echo.Context) error {
	in, err := readImport(c.Request())
	if err != nil {
		return err
	}
	preview, err := s.previewImport(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, preview)
}

func (s *service) postImport(c *echo.Context) error {
	in, err := readImport(c.Request())
	if err != nil {
		return err
	}
	if in.Digest == "" {
		var f fault.Fields
		f.Add("digest", "required", nil)
		return f.Err()
	}
	counts, err := s.applyImport(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, counts)
}

// readImport reads the form: first metadata, then file.
func readImport(r *http.Request) (in importInput, err error) {
	in.text = httpx.Texts(r.Context())
	form, err := r.MultipartReader()
	if err != nil {
		return in, errImportForm.Wrap(err)
	}
	metadata, err := formPart(form, "metadata")
	if err != nil {
		return in, err
	}
	text, err := io.ReadAll(io.LimitReader(metadata, maxImportMetadata))
	if err != nil {
		return in, formFault(err)
	}
	known := json.NewDecoder(bytes.NewReader(text))
	known.DisallowUnknownFields()
	if err := known.Decode(&in.importMetadata); err != nil {
		return in, errImportForm.Wrap(err)
	}
	file, err := formPart(form, "file")
	if err != nil {
		return in, err
	}
	if in.file, err = io.ReadAll(io.LimitReader(file, maxImport+1)); err != nil {
		return in, formFault(err)
	}
	if len(in.file) > maxImport {
		return in, errImportTooLarge.With("Megabytes", maxImport>>20)
	}
	in.fileName = nameOf(file)
	return in, nil
}

// nameOf is what its sender calls a file, as it is written down.
func nameOf(file *multipart.Part) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(file.FileName(), ""))
	if all := []rune(name); len(all) > maxFileName {
		return string(all[:maxFileName])
	}
	return name
}

// formPart is the next part of the form, which must have that name.
func formPart(form *multipart.Reader, name string) (*multipart.Part, error) {
	part, err := form.NextPart()
	if err != nil {
		return nil, formFault(err)
	}
	if part.FormName() != name {
		return nil, errImportForm
	}
	return part, nil
}

// formFault makes a fault of an error of a form: the body's own, or that it is none.
func formFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return errImportForm.Wrap(err)
}
