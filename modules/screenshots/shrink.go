package screenshots

import (
	"image"
	"image/draw"

	"github.com/staff-control/staff-control/platform/picture"
)

const (
	// small is the longer side of the small pictures, in pixels.
	small = 480
	// A blurred picture is made of cells that are each one colour of the screen: at most so many along the longer
	// side, and each of at least so many pixels, so that no line of text is seen in them, nor a headline read.
	blurCells = 32
	blurCell  = 40

	qualityFull, qualitySmall, qualityBlurred = 85, 75, 60
)

// blurred is the picture as nobody can read it, in a size that a gallery shows.
func blurred(thumbnail *image.RGBA, original image.Point) *image.RGBA {
	cells := min(blurCells, max(1, max(original.X, original.Y)/blurCell))
	return stretched(picture.Shrunk(thumbnail, picture.Fit(thumbnail.Rect.Size(), cells)), thumbnail.Rect.Size())
}

// stretched is the picture in a larger size, with its pixels running into each other.
func stretched(img *image.RGBA, to image.Point) *image.RGBA {
	from := img.Rect.Size()
	out := image.NewRGBA(image.Rectangle{Max: to})
	for y := range to.Y {
		top, bottom, down := between(y, from.Y, to.Y)
		for x := range to.X {
			left, right, along := between(x, from.X, to.X)
			for c := range 4 {
				at := func(x, y int) int { return int(img.Pix[y*img.Stride+4*x+c]) }
				above := at(left, top)*(one-along) + at(right, top)*along
				below := at(left, bottom)*(one-along) + at(right, bottom)*along
				out.Pix[y*out.Stride+4*x+c] = uint8((above*(one-down) + below*down) >> (2 * oneBits))
			}
		}
	}
	return out
}

const (
	oneBits = 10
	one     = 1 << oneBits
)

// between returns the two pixels that a pixel of a larger picture lies between, and how near to the second.
func between(i, from, to int) (first, second, part int) {
	middle := max(0, ((2*i+1)*from*one/to-one)/2)
	first = min(middle>>oneBits, from-1)
	return first, min(first+1, from-1), middle & (one - 1)
}

// opaque takes the transparency out of a picture: a screen has none, though some ways to capture it write zero.
func opaque(img image.Image) image.Image {
	switch p := img.(type) {
	case *image.NRGBA:
		for i := 3; i < len(p.Pix); i += 4 {
			p.Pix[i] = 0xff
		}
		return &image.RGBA{Pix: p.Pix, Stride: p.Stride, Rect: p.Rect}
	case *image.NRGBA64:
		for i := 6; i < len(p.Pix); i += 8 {
			p.Pix[i], p.Pix[i+1] = 0xff, 0xff
		}
		return &image.RGBA64{Pix: p.Pix, Stride: p.Stride, Rect: p.Rect}
	case *image.NYCbCrA:
		return &p.YCbCr
	}
	return img
}

// grey is the picture without its colours. Of a picture that has its brightness apart, that is it.
func grey(img image.Image) *image.Gray {
	switch p := img.(type) {
	case *image.Gray:
		return p
	case *image.YCbCr:
		return &image.Gray{Pix: p.Y, Stride: p.YStride, Rect: p.Rect}
	}
	b := img.Bounds()
	row := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		draw.Draw(row, row.Rect, img, image.Pt(b.Min.X, b.Min.Y+y), draw.Src)
		line := out.Pix[y*out.Stride:]
		for x := range b.Dx() {
			p := row.Pix[4*x : 4*x+3 : 4*x+3]
			line[x] = uint8((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2]) + 500) / 1000)
		}
	}
	return out
}
