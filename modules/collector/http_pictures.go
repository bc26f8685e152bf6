package collector

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

const (
	// maxMetadata is the most that may be said of a picture, with the form around it.
	maxMetadata = 64 << 10
	// pictureTime is how long a picture may be on its way.
	pictureTime = 5 * time.Minute
)

// pictureRequest describes the part "metadata" to readers of the API; decodePicture reads it.
type pictureRequest struct {
	ID          string    `json:"id,omitempty" doc:"a UUID: two pictures with the same one are one, the first"`
	ComputerUID string    `json:"computerUid"`
	UserSID     string    `json:"userSid"`
	At          time.Time `json:"at"`
	Title       string    `json:"title,omitempty"`
	ProcessName string    `json:"processName,omitempty"`
	URL         string    `json:"url,omitempty" doc:"what the foreground window shows; not kept"`
	Private     bool      `json:"private,omitempty" doc:"a browser window in private mode is in the foreground"`
}

type pictureResponse struct {
	Success bool `json:"success"`
	// Known is true when the picture was here before.
	Known      bool      `json:"known"`
	SHA256     string    `json:"sha256,omitempty"`
	Size       int64     `json:"size,omitempty"`
	ServerTime time.Time `json:"serverTime"`
}

// picture takes one picture. It is not held in memory: what is known of it comes first, and then the file, which goes
// where it is kept as it comes.
func (m *Module) picture(c *echo.Context) error {
	ctx := c.Request().Context()
	e, file, err := readForm(c.Request())
	if err != nil {
		return err
	}
	r, err := m.service.takePicture(ctx, sourceAPI, e, file)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pictureResponse{true, r.Known, r.Event.SHA256, r.Event.FileSize, m.service.now().UTC()})
}

// readForm reads the form up to the file.
func readForm(r *http.Request) (e activity.Event, file io.Reader, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return e, nil, errPictureForm.Wrap(err)
	}
	metadata, err := part(form, "metadata")
	if err != nil {
		return e, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(metadata, maxMetadata))
	if err != nil {
		return e, nil, err
	}
	if e, err = decodePicture(string(text)); err != nil {
		return e, nil, err
	}
	file, err = part(form, "file")
	return e, file, err
}

// part is the next part of the form, which must have that name.
func part(form *multipart.Reader, name string) (io.Reader, error) {
	p, err := form.NextPart()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errPictureForm
	case err != nil:
		return nil, broken(err)
	case p.FormName() != name:
		return nil, errPictureForm
	}
	return content{p}, nil
}

// content is that of a part; its errors are faults.
type content struct{ io.Reader }

// Read reads some of it.
func (c content) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err != nil && err != io.EOF {
		err = broken(err)
	}
	return n, err
}

// broken makes a fault of an error of a form: the body's own, or that it is none.
func broken(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return errMalformed.Wrap(err)
}
