package screenshots

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"sync"
	"time"

	"golang.org/x/image/webp"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/config"
)

// format is a kind of picture that is taken.
type format struct {
	contentType, ext string
	is               func(data []byte) bool
	config           func(io.Reader) (image.Config, error)
	decode           func(io.Reader) (image.Image, error)
	// memory is at most how many bytes decoding takes. Alone says that it may be a good deal more, whatever the size,
	// so that nothing else should be decoded meanwhile.
	memory func(data []byte, model color.Model, pixels int64) (bytes int64, alone bool)
}

var formats = [...]format{
	{"image/jpeg", ".jpg", begins("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode, jpegMemory},
	{"image/png", ".png", begins("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode, pngMemory},
	{"image/webp", ".webp", isWebP, webp.DecodeConfig, webp.Decode, webpMemory},
}

func begins(with string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(with)) }
}

func isWebP(data []byte) bool {
	return len(data) >= 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// picture is what a sender sent, before it is decoded.
type picture struct {
	format
	data          []byte
	width, height int
	memory        int64 // that decoding takes at most
}

// maxSide bounds the pixels of a row, which are worked on at one time.
const maxSide = 1 << 16

// inspect says what the bytes are by what they begin with, and refuses what is too large, before anything is decoded:
// a few bytes may claim any size.
func (c *Config) inspect(data []byte) (picture, error) {
	for _, f := range formats {
		if !f.is(data) {
			continue
		}
		shape, err := f.config(bytes.NewReader(data))
		if err != nil || shape.Width < 1 || shape.Height < 1 {
			return picture{}, errUnreadable.Wrap(err)
		}
		p := picture{format: f, data: data, width: shape.Width, height: shape.Height}
		if p.width > maxSide || p.height > maxSide || int64(p.width)*int64(p.height) > c.MaxPixels {
			return picture{}, p.tooLarge()
		}
		var alone bool
		p.memory, alone = f.memory(data, shape.ColorModel, padded(p.width)*padded(p.height))
		if p.memory > int64(c.DecodeMemory) {
			return picture{}, p.tooLarge()
		}
		if alone {
			p.memory = int64(c.DecodeMemory)
		}
		return p, nil
	}
	return picture{}, errUnreadable
}

func (p picture) tooLarge() error {
	return errTooManyPixels.With("Width", p.width).With("Height", p.height)
}

// padded is a side with the rest of the last block, of which there is none larger.
func padded(side int) int64 { return (int64(side) + 31) &^ 31 }

// maxDecode is how long the decoding of one picture may take: a small JPEG may ask for any number of walks over it.
const maxDecode = 15 * time.Second

var errTooSlow = errors.New("takes too long")

// slow counts how often a picture took too long.
type slow struct {
	mu    sync.Mutex
	tries map[activity.ScreenshotID]int
}

const (
	slowTries = 3
	maxSlow   = 1000 // pictures that are counted at one time
)

// again reports whether the picture may come again: at first it may be the host that was slow.
func (s *slow) again(at activity.ScreenshotID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries) >= maxSlow {
		clear(s.tries)
	}
	s.tries[at]++
	if s.tries[at] < slowTries {
		return true
	}
	delete(s.tries, at)
	return false
}

// decoded is the picture's pixels. All of them are read, so a picture that was cut off is refused.
func (p picture) decoded(now func() time.Time) (img image.Image, err error) {
	defer func() {
		if v := recover(); v != nil { // of a decoder: these bytes would do it again
			err = errUnreadable.Wrap(fmt.Errorf("decode %s: %v", p.contentType, v))
		}
	}()
	img, err = p.decode(&patience{bytes.NewReader(p.data), now, now().Add(maxDecode)})
	if err != nil {
		return nil, errUnreadable.Wrap(err)
	}
	if size := img.Bounds().Size(); size.X != p.width || size.Y != p.height {
		return nil, errUnreadable
	}
	return img, nil
}

// patience gives a decoder its bytes a few at a time, until the time is over.
type patience struct {
	io.Reader
	now   func() time.Time
	until time.Time
}

func (p *patience) Read(b []byte) (int, error) {
	if p.now().After(p.until) {
		return 0, errTooSlow
	}
	return p.Reader.Read(b[:min(len(b), 512)])
}

// readAll reads what is at most max bytes. Each part of it is reserved first.
func readAll(r io.Reader, max config.Bytes, reserve func(more int64) bool) ([]byte, error) {
	var held int64
	buf := []byte{}
	for {
		if len(buf) == cap(buf) {
			room := min(2*held+64<<10, int64(max)+1)
			if !reserve(room) { // the old ones live until they are copied
				return nil, errBusy
			}
			buf = append(make([]byte, 0, room), buf...)
			reserve(-held)
			held = room
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > int64(max):
			return nil, errTooLarge.With("Limit", max)
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		}
	}
}
