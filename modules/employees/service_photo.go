package employees

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/picture"
)

// The files of one photo are its path with one of these.
const (
	extPhoto = picture.JPEGExt
	extSmall = ".small" + picture.JPEGExt
)

// setPhoto gives an employee the photo that data is, in place of another.
func (s *service) setPhoto(ctx context.Context, employeeID int64, data []byte) (row employeeRow, err error) {
	if row, err = s.get(ctx, employeeID); err != nil { // before the work of decoding
		return row, err
	}
	made, err := s.studio.develop(ctx, data, s.now)
	if err != nil {
		return row, err
	}
	return s.keepPhoto(ctx, row, made)
}

// keepPhoto stores the files, and then names them in the employee's row. Each photo has a path of its own, so what is ordered to
// be erased is never a photo that somebody has.
func (s *service) keepPhoto(ctx context.Context, row employeeRow, made photos) (employeeRow, error) {
	where := fmt.Sprintf("profiles/employees/%d/%s", row.ID, id.New())
	in := s.inside(ctx, row.OrganizationID)
	for _, f := range []struct {
		ext  string
		data []byte
	}{{extSmall, made.small}, {extPhoto, made.full}} {
		n := file.New{Path: where + f.ext, Kind: file.Profile, ContentType: picture.JPEGType}
		if _, err := s.files.Put(in, n, bytes.NewReader(f.data)); err != nil {
			return row, err
		}
	}
	row, err := s.changePhoto(ctx, row.ID, where)
	if err != nil {
		_ = s.files.Delete(in, where+extSmall, where+extPhoto) // what stays, nobody is shown
	}
	return row, err
}

// changePhoto names another photo in the employee's row, or none, and has the one before erased.
func (s *service) changePhoto(ctx context.Context, employeeID int64, where string) (row employeeRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := holdPhoto(ctx, tx, employeeID); err != nil {
			return err
		}
		if row, err = s.store.byID(ctx, tx, sightOf(ctx), employeeID); err != nil {
			return err
		}
		before := row
		action := "employee.photo_set"
		row.Photo, row.PhotoFile, row.UpdatedAt = photoPath(employeeID), where, s.time()
		if where == "" {
			row.Photo, action = "", "employee.photo_removed"
		}
		if before.Photo == row.Photo && before.PhotoFile == row.PhotoFile {
			return nil
		}
		if err := s.store.namePhoto(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.eraseLater(ctx, tx, before); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry(action, row, recordOf(before), recordOf(row)))
	})
	return row, s.faultOf(ctx, "photo", employeeID, err)
}

// photoWritten keeps a text that was written in place of a photo.
func (s *service) photoWritten(ctx context.Context, tx db.Tx, before, row employeeRow) error {
	if row.Photo == before.Photo && row.PhotoFile == before.PhotoFile {
		return nil
	}
	if err := s.store.namePhoto(ctx, tx, &row); err != nil {
		return err
	}
	if row.PhotoFile == before.PhotoFile {
		return nil
	}
	return s.eraseLater(ctx, tx, before)
}

// erasure is the order to remove the files of a photo that nobody has any more.
type erasure struct {
	OrganizationID int64  `json:"organizationId"`
	Photo          string `json:"photo"`
}

// eraseLater has the photo of a row erased that does not name it any more: after the transaction, and again until it is done.
func (s *service) eraseLater(ctx context.Context, tx db.Tx, before employeeRow) error {
	if before.PhotoFile == "" {
		return nil
	}
	return s.orders.Enqueue(ctx, tx, erasure{before.OrganizationID, before.PhotoFile})
}

func (s *service) erase(ctx context.Context, e erasure) error {
	return s.files.Delete(s.inside(ctx, e.OrganizationID), e.Photo+extSmall, e.Photo+extPhoto)
}

// photo opens the photo of an employee that the actor may see, or its small one.
func (s *service) photo(ctx context.Context, employeeID int64, small bool) (data []byte, row employeeRow, err error) {
	if row, err = s.get(ctx, employeeID); err != nil {
		return nil, row, err
	}
	if row.PhotoFile == "" {
		return nil, row, errNoPhoto
	}
	ext := extPhoto
	if small {
		ext = extSmall
	}
	body, _, err := s.files.Open(s.inside(ctx, row.OrganizationID), row.PhotoFile+ext)
	if err != nil && (fault.Of(err).Kind == fault.NotFound || fault.Of(err).Kind == fault.Gone) { // it was kept for as long as such are
		return nil, row, errNoPhoto.Wrap(err)
	}
	if err != nil {
		return nil, row, err
	}
	defer body.Close()
	data, err = io.ReadAll(body)
	return data, row, err
}

// inside is the context of the employee's organization, which files are kept for.
func (s *service) inside(ctx context.Context, organizationID int64) context.Context {
	a, _ := actor.From(ctx)
	return actor.With(ctx, a.In(organizationID))
}

// photoVersion is another for each photo; empty for none.
func (e employeeRow) photoVersion() string {
	if e.PhotoFile == "" {
		return ""
	}
	return path.Base(e.PhotoFile)
}
