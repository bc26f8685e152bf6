// Package picture reads pictures that strangers sent: what they are their bytes say, how large they are is known before
// they are decoded, and a decoder neither takes more memory than it was given nor goes on for ever.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/webp"
)

var (
	// ErrUnreadable is returned for bytes that are no whole picture of a kind that is taken.
	ErrUnreadable = errors.New("no picture that can be read")
	// ErrTooLarge is returned, with the picture's sides, for one of more pixels or memory than the limits have.
	ErrTooLarge = errors.New("picture has too many pixels")
	// ErrTooSlow is an ErrUnreadable: a decoder took too long.
	ErrTooSlow = errors.New("takes too long")
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

// Exts are the endings of the kinds that are taken.
func Exts() (all []string) {
	for _, f := range formats {
		all = append(all, f.ext)
	}
	return all
}

// What a JPEG is called.
const (
	JPEGType = "image/jpeg"
	JPEGExt  = ".jpg"
)

// Limits bound what is decoded.
type Limits struct {
	Pixels int64
	Memory int64 // bytes that decoding may take
}

// Picture is what a sender sent, before it is decoded.
type Picture struct {
	format
	Data          []byte
	Width, Height int
	Memory        int64 // that decoding takes at most
}

// ContentType is its type, as image/jpeg.
func (p Picture) ContentType() string { return p.contentType }

// Ext is the ending of its files, as .jpg.
func (p Picture) Ext() string { return p.ext }

// maxSide bounds the pixels of a row, which are worked on at one time.
const maxSide = 1 << 16

// Inspect says what the bytes are by what they begin with, and refuses what is too large, before anything is decoded:
// a few bytes may claim any size.
func Inspect(data []byte, l Limits) (Picture, error) {
	for _, f := range formats {
		if !f.is(data) {
			continue
		}
		shape, err := f.config(bytes.NewReader(data))
		if err != nil || shape.Width < 1 || shape.Height < 1 {
			return Picture{}, errors.Join(ErrUnreadable, err)
		}
		p := Picture{format: f, Data: data, Width: shape.Width, Height: shape.Height}
		if p.Width > maxSide || p.Height > maxSide || int64(p.Width)*int64(p.Height) > l.Pixels {
			return p, ErrTooLarge
		}
		var alone bool
		p.Memory, alone = f.memory(data, shape.ColorModel, padded(p.Width)*padded(p.Height))
		if p.Memory > l.Memory {
			return p, ErrTooLarge
		}
		if alone {
			p.Memory = l.Memory
		}
		return p, nil
	}
	return Picture{}, ErrUnreadable
}

// padded is a side with the rest of the last block, of which there is none larger.
func padded(side int) int64 { return (int64(side) + 31) &^ 31 }

// MaxDecode is how long the decoding of one picture may take: a small JPEG may ask for any number of walks over it.
const MaxDecode = 15 * time.Second

// Decoded is the picture's pixels. All of them are read, so a picture that was cut off is ErrUnreadable.
func (p Picture) Decoded(now func() time.Time) (img image.Image, err error) {
	defer func() {
		if v := recover(); v != nil { // of a decoder: these bytes would do it again
			err = errors.Join(ErrUnreadable, fmt.Errorf("decode %s: %v", p.contentType, v))
		}
	}()
	img, err = p.decode(&patience{bytes.NewReader(p.Data), now, now().Add(MaxDecode)})
	if err != nil {
		return nil, errors.Join(ErrUnreadable, err)
	}
	if size := img.Bounds().Size(); size.X != p.Width || size.Y != p.Height {
		return nil, ErrUnreadable
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
		return 0, ErrTooSlow
	}
	return p.Reader.Read(b[:min(len(b), 512)])
}
