package screenshots

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// samplesOf are the pictures of testdata: of each kind that decoders know, one.
func samplesOf(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/pictures/*")
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d pictures: %v", len(paths), err)
	}
	found := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(path)] = data
	}
	return found
}

func inspected(t testing.TB, data []byte) picture {
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
	for name, data := range samplesOf(t) {
		p := inspected(t, data)
		if p.ext != filepath.Ext(name) || p.width < 1 || p.height < 1 {
			t.Errorf("%s: %+v", name, p)
		}
		for _, greyscale := range []bool{false, true} {
			out, err := p.prints(greyscale, time.Now)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !greyscale && (!bytes.Equal(out.full, data) || out.contentType != p.contentType) {
				t.Errorf("%s: the picture is not kept as it came", name)
			}
			if greyscale {
				if img := opened(t, out.full); out.ext != ".jpg" || !isGrey(img) || img.Bounds().Dx() != p.width {
					t.Errorf("%s: in grey it is %s of %T", name, out.ext, img)
				}
			}
			for _, print := range [][]byte{out.thumbnail, out.blurred} {
				img := opened(t, print)
				if size := fit(image.Pt(p.width, p.height), 480); img.Bounds().Size() != size || isGrey(img) != greyscale {
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
	for name, data := range samplesOf(t) {
		for _, n := range []int{0, 1, 3, 7, 11, 15, 16, 30, 40, len(data) / 3, len(data) / 2, len(data) - 100, len(data) - 20} {
			if n >= len(data) || n < 0 {
				continue
			}
			p, err := cfg.inspect(data[:n])
			if err == nil {
				_, err = p.prints(false, time.Now)
			}
			if !errors.Is(err, errUnreadable) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	for _, data := range []string{
		"", "hello", "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "BM\x3a\x00", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "RIFF\x00\x00\x00\x00WAVEfmt ",
		"RIFF\x00\x00\x00\x00WEBP", "\xff\xd8\xff", "\xff\xd8\xff\xd9", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "<html><img></html>",
	} {
		if _, err := cfg.inspect([]byte(data)); !errors.Is(err, errUnreadable) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// claiming is the picture with other sides in its header: what comes after them is too short for them.
func claiming(t testing.TB, name string, data []byte, width, height int) []byte {
	t.Helper()
	out := bytes.Clone(data)
	switch filepath.Ext(name) {
	case ".png":
		binary.BigEndian.PutUint32(out[16:], uint32(width))
		binary.BigEndian.PutUint32(out[20:], uint32(height))
		binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	case ".jpg":
		for i := 2; ; i += 2 + int(binary.BigEndian.Uint16(out[i+2:])) {
			if out[i+1] >= 0xc0 && out[i+1] <= 0xc2 {
				binary.BigEndian.PutUint16(out[i+5:], uint16(height))
				binary.BigEndian.PutUint16(out[i+7:], uint16(width))
				return out
			}
		}
	case ".webp":
		switch string(out[12:16]) {
		case "VP8 ":
			binary.LittleEndian.PutUint16(out[26:], uint16(width))
			binary.LittleEndian.PutUint16(out[28:], uint16(height))
		case "VP8L":
			sides := binary.LittleEndian.Uint32(out[21:])&^(1<<28-1) | uint32(height-1)<<14 | uint32(width-1)
			binary.LittleEndian.PutUint32(out[21:], sides)
		case "VP8X":
			out[24], out[25], out[26] = byte(width-1), byte((width-1)>>8), byte((width-1)>>16)
			out[27], out[28], out[29] = byte(height-1), byte((height-1)>>8), byte((height-1)>>16)
		}
	}
	return out
}

// A few bytes that claim a huge picture are refused before anything is made for them.
func TestBombsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	for name, data := range samplesOf(t) {
		for _, sides := range []image.Point{{16_000, 16_000}, {16_383, 4_000}, {3, 16_000_000}, {1 << 30, 2}} {
			if filepath.Ext(name) != ".png" && max(sides.X, sides.Y) > 16_383 {
				continue
			}
			_, err := cfg.inspect(claiming(t, name, data, sides.X, sides.Y))
			if !errors.Is(err, errTooManyPixels) {
				t.Errorf("%s of %v: %v", name, sides, err)
			}
		}
	}
}

// Decoding takes no more memory than was asked for: pictures that claim to be large are decoded as far as that goes.
// It measures what the whole process takes, so nothing else may run.
func TestDecodingTakesNoMoreMemoryThanItAskedFor(t *testing.T) {
	cfg := defaults()
	cfg.DecodeMemory, cfg.MaxPixels = 1e9, 1e9
	near := 0
	for name, data := range samplesOf(t) {
		p, err := cfg.inspect(claiming(t, name, data, 3001, 2003))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		asked, _ := p.format.memory(p.data, colourOf(t, p), padded(p.width)*padded(p.height))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = p.decoded(time.Now)
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

func colourOf(t testing.TB, p picture) color.Model {
	t.Helper()
	shape, err := p.config(bytes.NewReader(p.data))
	if err != nil {
		t.Fatal(err)
	}
	return shape.ColorModel
}

// What people have on their desks fits the settings' defaults.
func TestUsualScreensFit(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	all := samplesOf(t)
	for name, of := range map[string]image.Point{
		"full.jpg": {3 * 3840, 2160}, "progressive.jpg": {5120, 2880}, "lossy.webp": {3 * 3840, 2160}, "lossless.webp": {3840, 2160}, "palette.png": {3 * 5120, 2880},
	} {
		if _, err := cfg.inspect(claiming(t, name, all[name], of.X, of.Y)); err != nil {
			t.Errorf("%s of %v: %v", name, of, err)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.inspect(claiming(t, "x.png", b.Bytes(), 4*3840, 2160)); err != nil {
		t.Errorf("four large screens as PNG: %v", err)
	}
}

// A decoder that walks for too long is stopped by its bytes, and one that panics is stopped by itself.
func TestDecodersAreStopped(t *testing.T) {
	t.Parallel()
	p := inspected(t, samplesOf(t)["full.jpg"])
	now := time.Now()
	slow := func() time.Time { now = now.Add(maxDecode / 4); return now }
	if _, err := p.decoded(slow); !errors.Is(err, errTooSlow) || !errors.Is(err, errUnreadable) {
		t.Errorf("a slow one: %v", err)
	}
	p.decode = func(io.Reader) (image.Image, error) { panic("index out of range") }
	if _, err := p.decoded(time.Now); !errors.Is(err, errUnreadable) || !strings.Contains(fmt.Sprint(err), "index out of range") {
		t.Errorf("one that panics: %v", err)
	}
	p.decode = func(io.Reader) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 1, 1)), nil }
	if _, err := p.decoded(time.Now); !errors.Is(err, errUnreadable) {
		t.Errorf("another picture than it said: %v", err)
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
	for name, data := range samplesOf(f) {
		f.Add(data[:min(len(data), short)])
		f.Add(claiming(f, name, data, 300, 7)[:min(len(data), short)])
	}
	for _, img := range []image.Image{image.NewGray(image.Rect(0, 0, 9, 8)), image.NewRGBA(image.Rect(0, 0, 8, 9))} {
		data, err := jpegOf(img, qualitySmall)
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
			_, err = p.prints(len(data)%2 == 0, time.Now)
		}
		if err != nil && !errors.Is(err, errUnreadable) && !errors.Is(err, errTooManyPixels) {
			t.Error(err)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Errorf("a decoder panics: %v", err)
		}
	})
}
