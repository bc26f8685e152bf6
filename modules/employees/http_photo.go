package employees

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/picture"
)

// photoTimeout is for a photo on a slow line.
const photoTimeout = 2 * time.Minute

func (s *service) photoRoutes(r httpx.Router) {
	const path = "/api/v2/employees/:id/photo"
	r.GET(path, employee.Read, httpx.Raw(s.getPhoto), httpx.Asks(grid.Parameter{Name: "size", Kind: grid.Text, Doc: "small: a square of 96 pixels"}),
		httpx.GivesRanges(picture.JPEGType),
		httpx.Doc("The photo of an employee, as JPEG; its ETag is photoVersion"))
	r.PUT(path, employee.Write, httpx.Raw(s.putPhoto), httpx.BodyLimit(maxPhoto), httpx.BodyTimeout(photoTimeout), httpx.TakesBytes("*/*"), httpx.Gives[employeeResponse](http.StatusOK),
		httpx.Doc("Give an employee a photo: the body is a JPEG, PNG or WebP of at most 5 MB, of which a JPEG of at most 640 pixels is kept"))
	r.DELETE(path, employee.Write, httpx.Handle(http.StatusNoContent, s.deletePhoto), httpx.Doc("Take an employee's photo away"))
}

func (s *service) photoRoutesV1(r httpx.Router) {
	r.GET(uploads+"/:name", employee.Read, httpx.Raw(s.getUploadV1), httpx.GivesRanges(picture.JPEGType), httpx.Doc("The photo of an employee, by the path that its field photo has"))
}

func (s *service) getPhoto(c *echo.Context) error {
	employeeID, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return employee.ErrUnknown.Wrap(err)
	}
	size := c.QueryParam("size")
	if size != "" && size != "small" {
		var f fault.Fields
		f.Add("size", "not_one_of", fault.Params{"Values": "small"})
		return f.Err()
	}
	return s.sendPhoto(c, employeeID, size == "small")
}

func (s *service) getUploadV1(c *echo.Context) error {
	digits, photo := strings.CutPrefix(c.Param("name"), "employee_")
	digits, jpg := strings.CutSuffix(digits, picture.JPEGExt)
	employeeID, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !photo || !jpg {
		return errNoPhoto.Wrap(err)
	}
	if err = s.sendPhoto(c, employeeID, false); errors.Is(err, employee.ErrUnknown) { // as of any other name that is nobody's
		return errNoPhoto.Wrap(err)
	}
	return err
}

// sendPhoto answers with a photo. The reader's browser may keep it for itself; after an hour it asks whether it is the same.
func (s *service) sendPhoto(c *echo.Context, employeeID int64, small bool) error {
	data, row, err := s.photo(c.Request().Context(), employeeID, small)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", picture.JPEGType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Vary", "Authorization")
	tag := row.photoVersion()
	if small {
		tag += "-small"
	}
	h.Set("ETag", `"`+tag+`"`)
	return httpx.SendFile(c, row.UpdatedAt, bytes.NewReader(data))
}

func (s *service) putPhoto(c *echo.Context) error {
	ctx := c.Request().Context()
	employeeID, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return employee.ErrUnknown.Wrap(err)
	}
	data, err := httpx.ReadBody(ctx)
	if err != nil {
		return err
	}
	answer, err := s.shown(ctx)(s.setPhoto(ctx, employeeID, data))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

func (s *service) deletePhoto(ctx context.Context, in employeeRequest) (struct{}, error) {
	_, err := s.changePhoto(ctx, in.ID, "")
	return struct{}{}, err
}
