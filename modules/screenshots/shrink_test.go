package screenshots

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/staff-control/staff-control/platform/picture"
)

// page is a screen full of text, each letter so many times the font's 7 × 13 pixels, with other words for each seed.
func page(size image.Point, scale int, seed uint64) *image.Gray {
	words := image.NewGray(image.Rectangle{Max: size.Div(scale).Add(image.Pt(1, 1))})
	draw.Draw(words, words.Rect, image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: words, Src: image.Black, Face: basicfont.Face7x13}
	random := rand.New(rand.NewPCG(seed, 1))
	for y := 13; y < words.Rect.Dy(); y += 15 {
		d.Dot = fixed.P(2, y)
		for d.Dot.X.Floor() < words.Rect.Dx() {
			d.DrawString(string(rune('A' + random.IntN(26))))
		}
	}
	out := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			out.Pix[y*out.Stride+x] = words.Pix[y/scale*words.Stride+x/scale]
		}
	}
	return out
}

func prepared(t testing.TB, img image.Image) (thumbnail, blur image.Image) {
	t.Helper()
	size := img.Bounds().Size()
	thumbnail = picture.Shrunk(img, picture.Fit(size, small))
	data, err := picture.JPEG(blurred(thumbnail.(*image.RGBA), size), qualityBlurred)
	if err != nil {
		t.Fatal(err)
	}
	return thumbnail, opened(t, data)
}

// apart is the greatest difference of brightness between two pictures, inside a margin, and the greatest step between
// neighbours in the first.
func apart(a, b image.Image) (most, step int) {
	of := func(img image.Image, x, y int) int { return int(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y) }
	r := a.Bounds()
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		for x := r.Min.X + 1; x < r.Max.X; x++ {
			here := of(a, x, y)
			most = max(most, abs(here-of(b, x, y)))
			step = max(step, abs(here-of(a, x-1, y)), abs(here-of(a, x, y-1)))
		}
	}
	return most, step
}

func abs(n int) int { return max(n, -n) }

// Of a blurred picture nobody can tell which words stood there: it has no edges, and two pages with other words look
// the same. Of the thumbnail one can, or the test would show nothing.
func TestNobodyCanReadABlurredPicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size  image.Point
		scale int
	}{{image.Pt(1920, 1080), 1}, {image.Pt(1920, 1080), 2}, {image.Pt(2560, 1440), 3}, {image.Pt(640, 480), 1}, {image.Pt(100, 60), 1}, {image.Pt(3840, 1080), 2}} {
		t.Run(fmt.Sprint(c.size, " letters times ", c.scale), func(t *testing.T) {
			t.Parallel()
			firstThumb, first := prepared(t, page(c.size, c.scale, 1))
			secondThumb, second := prepared(t, page(c.size, c.scale, 2))
			if most, step := apart(first, second); most > 20 || step > 6 {
				t.Errorf("two pages differ by %d of 255, and neighbours by %d", most, step)
			}
			if most, _ := apart(firstThumb, secondThumb); most < 25 {
				t.Errorf("the thumbnails differ by %d only", most)
			}
		})
	}
}

// Where dark and light windows were is still to be seen.
func TestABlurredPictureShowsWhereThingsWere(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 1920, 1080))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, 960, 1080), image.NewUniform(color.RGBA{0, 0, 200, 255}), image.Point{}, draw.Src)
	_, blur := prepared(t, img)
	left, right := color.RGBAModel.Convert(blur.At(100, 130)).(color.RGBA), color.RGBAModel.Convert(blur.At(380, 130)).(color.RGBA)
	if left.R > 30 || left.B < 170 || right.R < 230 {
		t.Errorf("left %v, right %v", left, right)
	}
}

func TestShrinkingIsTheMean(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(10, 20, 17, 25)) // 7 × 5, not at the origin
	var sum int
	for y := 20; y < 25; y++ {
		for x := 10; x < 17; x++ {
			v := uint8(x*y) & 0x7f
			sum += int(v)
			img.SetRGBA(x, y, color.RGBA{v, 255, 0, 255})
		}
	}
	if got := picture.Shrunk(img, image.Pt(1, 1)).RGBAAt(0, 0); got != (color.RGBA{uint8((sum + 17) / 35), 255, 0, 255}) {
		t.Errorf("the mean of %d/35 is %v", sum, got)
	}
	same := picture.Shrunk(img, image.Pt(7, 5))
	if same.RGBAAt(3, 2) != img.RGBAAt(13, 22) {
		t.Errorf("in its own size it is another: %v", same.RGBAAt(3, 2))
	}
}

func TestSidesFit(t *testing.T) {
	t.Parallel()
	for in, want := range map[image.Point]image.Point{
		{1920, 1080}: {480, 270}, {1080, 1920}: {270, 480}, {480, 480}: {480, 480}, {481, 1}: {480, 1}, {20, 10}: {20, 10}, {65_536, 2}: {480, 1},
	} {
		if got := picture.Fit(in, 480); got != want {
			t.Errorf("%v fits as %v, want %v", in, got, want)
		}
	}
}

// Some ways to capture a screen write that nothing of it is to be seen.
func TestAScreenIsNotTransparent(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i] = 200
	}
	if got := picture.Shrunk(opaque(img), image.Pt(1, 1)).RGBAAt(0, 0); got != (color.RGBA{200, 0, 0, 255}) {
		t.Errorf("it is %v", got)
	}
}

func TestGreyHasNoColours(t *testing.T) {
	t.Parallel()
	red := image.NewRGBA(image.Rect(5, 5, 8, 9))
	draw.Draw(red, red.Rect, image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	if got := grey(red); got.Rect != image.Rect(0, 0, 3, 4) || got.GrayAt(2, 3).Y != 76 {
		t.Errorf("red is %v in %v", got.GrayAt(2, 3), got.Rect)
	}
}

// A screen has no transparency, whatever its picture says.
func TestTransparencyIsTakenOut(t *testing.T) {
	t.Parallel()
	r := image.Rect(0, 0, 4, 4)
	eight, sixteen, lossy := image.NewNRGBA(r), image.NewNRGBA64(r), image.NewNYCbCrA(r, image.YCbCrSubsampleRatio444)
	for i := range 16 {
		eight.SetNRGBA(i%4, i/4, color.NRGBA{R: 200, G: 200, B: 200})
		sixteen.SetNRGBA64(i%4, i/4, color.NRGBA64{R: 200 << 8, G: 200 << 8, B: 200 << 8})
		lossy.Y[i], lossy.Cb[i], lossy.Cr[i] = 200, 128, 128
	}
	for _, img := range []image.Image{eight, sixteen, lossy} {
		out := picture.Shrunk(opaque(img), image.Pt(1, 1)).RGBAAt(0, 0)
		if want := (color.RGBA{200, 200, 200, 255}); out != want {
			t.Errorf("%T is %v, want %v", img, out, want)
		}
	}
}
