package picture

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
)

// Fit is the size of a picture whose longer side is at most longest.
func Fit(size image.Point, longest int) image.Point {
	longer := max(size.X, size.Y)
	if longer <= longest {
		return size
	}
	return image.Pt(max(1, size.X*longest/longer), max(1, size.Y*longest/longer))
}

// Shrunk is the picture in another size, no larger: each pixel is the mean of those that it stands for. It reads row
// by row, so it needs no copy of the picture.
func Shrunk(img image.Image, to image.Point) *image.RGBA {
	b := img.Bounds()
	row := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
	out := image.NewRGBA(image.Rectangle{Max: to})
	sums := make([]uint64, 4*to.X)
	for y := range to.Y {
		top, bottom := y*b.Dy()/to.Y, (y+1)*b.Dy()/to.Y
		clear(sums)
		for from := top; from < bottom; from++ {
			draw.Draw(row, row.Rect, img, image.Pt(b.Min.X, b.Min.Y+from), draw.Src)
			addRow(sums, row.Pix, b.Dx(), to.X)
		}
		line := out.Pix[y*out.Stride:]
		for x := range to.X {
			n := uint64(bottom-top) * uint64((x+1)*b.Dx()/to.X-x*b.Dx()/to.X)
			for c := range 4 {
				line[4*x+c] = uint8((sums[4*x+c] + n/2) / n)
			}
		}
	}
	return out
}

// addRow adds a row of a picture to the sums of a row that is smaller.
func addRow(sums []uint64, pix []byte, width, to int) {
	for x := range to {
		var r, g, b, a uint64
		for i := 4 * (x * width / to); i < 4*((x+1)*width/to); i += 4 {
			r += uint64(pix[i])
			g += uint64(pix[i+1])
			b += uint64(pix[i+2])
			a += uint64(pix[i+3])
		}
		sums[4*x] += r
		sums[4*x+1] += g
		sums[4*x+2] += b
		sums[4*x+3] += a
	}
}

// JPEG is the picture as JPEG, and nothing else of what came with it.
func JPEG(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}
