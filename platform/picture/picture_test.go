package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

func inspect(data []byte) (Picture, error) { return Inspect(data, Limits{Pixels: 64e6, Memory: 144e6}) }

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"", "hello", "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "BM\x3a\x00", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "RIFF\x00\x00\x00\x00WAVEfmt ",
		"RIFF\x00\x00\x00\x00WEBP", "\xff\xd8\xff", "\xff\xd8\xff\xd9", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "<html><img></html>",
	} {
		if _, err := inspect([]byte(data)); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// A few bytes that claim a huge picture are refused before anything is made for them.
func TestBombsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	t.Parallel()
	for name, data := range picturetest.Samples(t) {
		for _, sides := range []image.Point{{16_000, 16_000}, {16_383, 4_000}, {3, 16_000_000}, {1 << 30, 2}} {
			if filepath.Ext(name) != ".png" && max(sides.X, sides.Y) > 16_383 {
				continue
			}
			_, err := inspect(picturetest.Claiming(t, name, data, sides.X, sides.Y))
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s of %v: %v", name, sides, err)
			}
		}
	}
}

// Decoding takes no more memory than was asked for: pictures that claim to be large are decoded as far as that goes.
// It measures what the whole process takes, so nothing else may run.
func TestDecodingTakesNoMoreMemoryThanItAskedFor(t *testing.T) {
	near := 0
	for name, data := range picturetest.Samples(t) {
		p, err := Inspect(picturetest.Claiming(t, name, data, 3001, 2003), Limits{1e9, 1e9})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		asked, _ := p.format.memory(p.Data, colourOf(t, p), padded(p.Width)*padded(p.Height))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = p.Decoded(time.Now)
		runtime.ReadMemStats(&after)
		took := int64(after.TotalAlloc - before.TotalAlloc)
		if took > asked+1<<20 {
			t.Errorf("%s: took %d MB, asked for %d MB (%v)", name, took>>20, asked>>20, err)
		}
		if took > asked/3 {
			near++
		}
	}
	if near < 8 {
		t.Errorf("only %d of them took about what they asked for: so little is decoded that this shows nothing", near)
	}
}

func colourOf(t testing.TB, p Picture) color.Model {
	t.Helper()
	shape, err := p.config(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	return shape.ColorModel
}

// A decoder that walks for too long is stopped by its bytes, and one that panics is stopped by itself.
func TestDecodersAreStopped(t *testing.T) {
	t.Parallel()
	p, err := inspect(picturetest.Samples(t)["full.jpg"])
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	slow := func() time.Time { now = now.Add(MaxDecode / 4); return now }
	if _, err := p.Decoded(slow); !errors.Is(err, ErrTooSlow) || !errors.Is(err, ErrUnreadable) {
		t.Errorf("a slow one: %v", err)
	}
	p.decode = func(io.Reader) (image.Image, error) { panic("index out of range") }
	if _, err := p.Decoded(time.Now); !errors.Is(err, ErrUnreadable) || !strings.Contains(fmt.Sprint(err), "index out of range") {
		t.Errorf("one that panics: %v", err)
	}
	p.decode = func(io.Reader) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 1, 1)), nil }
	if _, err := p.Decoded(time.Now); !errors.Is(err, ErrUnreadable) {
		t.Errorf("another picture than it said: %v", err)
	}
}
