package employees

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/staff-control/staff-control/platform/picture"
)

const (
	// maxPhoto is the largest picture that is taken, in bytes.
	maxPhoto = 5 << 20
	// The sides of what is kept, in pixels: the longer one of the photo, and both of the small one.
	photoSide, smallSide = 640, 96
	photoQuality         = 85
	// maxPhotoWait is how long a photo waits for its turn to be decoded.
	maxPhotoWait = 20 * time.Second
)

// photoLimits let a camera's picture in, and bound what decoding it takes.
var photoLimits = picture.Limits{Pixels: 50e6, Memory: 144e6}

// studio develops one photo at a time, so that many at once take no more memory.
type studio struct{ turn *semaphore.Weighted }

func newStudio() studio { return studio{semaphore.NewWeighted(1)} }

// photos are what is kept of one picture, as JPEG without anything that came beside the pixels.
type photos struct{ full, small []byte }

func (s studio) develop(ctx context.Context, data []byte, now func() time.Time) (out photos, err error) {
	if len(data) > maxPhoto {
		return out, errPhotoTooLarge
	}
	p, err := picture.Inspect(data, photoLimits)
	if errors.Is(err, picture.ErrTooLarge) {
		return out, errPhotoTooLarge.Wrap(err)
	}
	if err != nil {
		return out, errPhotoUnreadable.Wrap(err)
	}
	waiting, cancel := context.WithTimeout(ctx, maxPhotoWait)
	defer cancel()
	if err := s.turn.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		return out, errPhotoBusy.Wrap(err)
	}
	defer s.turn.Release(1)
	img, err := p.Decoded(now)
	if err != nil {
		return out, errPhotoUnreadable.Wrap(err)
	}
	full := onWhite(picture.Upright(picture.Shrunk(img, picture.Fit(img.Bounds().Size(), photoSide)), data))
	if out.full, err = picture.JPEG(full, photoQuality); err != nil {
		return out, err
	}
	out.small, err = picture.JPEG(middle(full), photoQuality)
	return out, err
}

// onWhite puts white behind what is transparent.
func onWhite(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, img.Rect.Min, draw.Over)
	return out
}

// middle is the square in the middle of the picture, in small.
func middle(img *image.RGBA) image.Image {
	size := img.Rect.Size()
	side := min(size.X, size.Y)
	at := img.Rect.Min.Add(size.Sub(image.Pt(side, side)).Div(2))
	square := img.SubImage(image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))})
	return picture.Shrunk(square, picture.Fit(image.Pt(side, side), smallSide))
}

// fromBase64 returns the picture that v1's clients write into the field photo: a data URL, or its base64 alone. Any other text is
// a path or an address, and false.
func fromBase64(text string) (data []byte, is bool) {
	if head, body, found := strings.Cut(text, ";base64,"); found && strings.HasPrefix(head, "data:image/") {
		data, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			data = nil // and no picture
		}
		return data, true
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, false
	}
	for _, begin := range []string{"\xff\xd8\xff", "\x89PNG", "RIFF"} {
		if bytes.HasPrefix(data, []byte(begin)) {
			return data, true
		}
	}
	return nil, false
}

// photoPath is where v1's clients find the photo of an employee.
func photoPath(id int64) string { return fmt.Sprintf("%s/employee_%d.jpg", uploads, id) }

const uploads = "/uploads/photos"
