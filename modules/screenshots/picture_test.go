package screenshots

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/picture"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

func inspected(t testing.TB, data []byte) picture.Picture {
	t.Helper()
	cfg := defaults()
	p, err := cfg.inspect(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachKindOfPictureHasPrints(t *testing.T) {
	t.Parallel()
	for name, data := range picturetest.Samples(t) {
		p := inspected(t, data)
		if p.Ext() != filepath.Ext(name) || p.Width < 1 || p.Height < 1 {
			t.Errorf("%s: %+v", name, p)
		}
		for _, greyscale := range []bool{false, true} {
			out, err := printsOf(p, greyscale, time.Now)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !greyscale && (!bytes.Equal(out.full, data) || out.contentType != p.ContentType()) {
				t.Errorf("%s: the picture is not kept as it came", name)
			}
			if greyscale {
				if img := opened(t, out.full); out.ext != ".jpg" || !isGrey(img) || img.Bounds().Dx() != p.Width {
					t.Errorf("%s: in grey it is %s of %T", name, out.ext, img)
				}
			}
			for _, print := range [][]byte{out.thumbnail, out.blurred} {
				img := opened(t, print)
				if size := picture.Fit(image.Pt(p.Width, p.Height), 480); img.Bounds().Size() != size || isGrey(img) != greyscale {
					t.Errorf("%s: a small one is %T of %v, want %v", name, img, img.Bounds(), size)
				}
			}
		}
	}
}

func isGrey(img image.Image) bool { _, is := img.(*image.Gray); return is }

func opened(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A picture that was cut off anywhere is refused, also where only its end is missing.
func TestPicturesThatWereCutOffAreRefused(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	for name, data := range picturetest.Samples(t) {
		for _, n := range []int{0, 1, 3, 7, 11, 15, 16, 30, 40, len(data) / 3, len(data) / 2, len(data) - 100, len(data) - 20} {
			if n >= len(data) || n < 0 {
				continue
			}
			p, err := cfg.inspect(data[:n])
			if err == nil {
				_, err = printsOf(p, false, time.Now)
			}
			if !errors.Is(err, errUnreadable) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
	}
}

// What people have on their desks fits the settings' defaults.
func TestUsualScreensFit(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	all := picturetest.Samples(t)
	for name, of := range map[string]image.Point{
		"full.jpg": {3 * 3840, 2160}, "progressive.jpg": {5120, 2880}, "lossy.webp": {3 * 3840, 2160}, "lossless.webp": {3840, 2160}, "palette.png": {3 * 5120, 2880},
	} {
		if _, err := cfg.inspect(picturetest.Claiming(t, name, all[name], of.X, of.Y)); err != nil {
			t.Errorf("%s of %v: %v", name, of, err)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.inspect(picturetest.Claiming(t, "x.png", b.Bytes(), 4*3840, 2160)); err != nil {
		t.Errorf("four large screens as PNG: %v", err)
	}
}

func TestBytesAreHeldAsTheyCome(t *testing.T) {
	t.Parallel()
	var held, most int64
	reserve := func(n int64) bool {
		held += n
		most = max(most, held)
		return held <= 3e6
	}
	data := bytes.Repeat([]byte("x"), 1e6)
	got, err := readAll(bytes.NewReader(data), 1e6, reserve)
	if err != nil || !bytes.Equal(got, data) || held < 1e6 || most > 2e6+2 {
		t.Errorf("%d bytes, %v; %d held, %d at most", len(got), err, held, most)
	}
	if _, err := readAll(bytes.NewReader(append(data, 'x')), 1e6, func(int64) bool { return true }); !errors.Is(err, errTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	if _, err := readAll(bytes.NewReader(data), 1e6, func(n int64) bool { return n < 1e5 }); !errors.Is(err, errBusy) {
		t.Errorf("no room: %v", err)
	}
	broken := errors.New("gone")
	if _, err := readAll(io.MultiReader(strings.NewReader("x"), failing{broken}), config.Bytes(10), func(int64) bool { return true }); !errors.Is(err, broken) {
		t.Errorf("a broken body: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Whatever the bytes, there are prints or a refusal, and neither takes long.
func FuzzPictures(f *testing.F) {
	const short = 1000 // or the fuzzer spends its time on making its finds shorter
	for name, data := range picturetest.Samples(f) {
		f.Add(data[:min(len(data), short)])
		f.Add(picturetest.Claiming(f, name, data, 300, 7)[:min(len(data), short)])
	}
	for _, img := range []image.Image{image.NewGray(image.Rect(0, 0, 9, 8)), image.NewRGBA(image.Rect(0, 0, 8, 9))} {
		data, err := picture.JPEG(img, qualitySmall)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	cfg := defaults()
	cfg.MaxPixels, cfg.DecodeMemory = 250_000, 16e6
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := cfg.inspect(data)
		if err == nil {
			_, err = printsOf(p, len(data)%2 == 0, time.Now)
		}
		if err != nil && !errors.Is(err, errUnreadable) && !errors.Is(err, errTooManyPixels) {
			t.Error(err)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Errorf("a decoder panics: %v", err)
		}
	})
}
