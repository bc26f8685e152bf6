package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"testing"
)

// held is a JPEG whose Exif says how the camera was held.
func held(t testing.TB, order binary.AppendByteOrder, how int) []byte {
	t.Helper()
	data, err := JPEG(image.NewGray(image.Rect(0, 0, 4, 2)), 90)
	if err != nil {
		t.Fatal(err)
	}
	mark := map[binary.AppendByteOrder]string{binary.LittleEndian: "II", binary.BigEndian: "MM"}[order]
	tiff := order.AppendUint16([]byte(mark), 42)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	tiff = append(tiff, make([]byte, 12)...) // another tag
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, uint16(how))
	tiff = order.AppendUint16(tiff, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
	return bytes.Join([][]byte{head, segment, data[2:]}, nil)
}

// Each of the eight ways to hold a camera shows the same: the marked corner is at the upper left.
func TestPicturesAreTurnedUpright(t *testing.T) {
	t.Parallel()
	corner := map[int]image.Point{1: {0, 0}, 2: {3, 0}, 3: {3, 1}, 4: {0, 1}, 5: {0, 0}, 6: {0, 1}, 7: {3, 1}, 8: {3, 0}}
	for how, at := range corner {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			data := held(t, order, how)
			if got := orientation(data); got != how {
				t.Errorf("held %d is read as %d", how, got)
			}
			img := image.NewRGBA(image.Rect(0, 0, 4, 2))
			img.Set(at.X, at.Y, color.White)
			out := Upright(img, data)
			want := image.Pt(4, 2)
			if how >= 5 {
				want = image.Pt(2, 4)
			}
			if r, _, _, _ := out.At(0, 0).RGBA(); out.Rect.Size() != want || r == 0 {
				t.Errorf("held %d: %v, upper left %v", how, out.Rect, out.At(0, 0))
			}
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(held(f, binary.BigEndian, 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		img := image.NewRGBA(image.Rect(0, 0, 3, 2))
		if out := Upright(img, data); len(out.Pix) != len(img.Pix) {
			t.Errorf("%v", out.Rect)
		}
	})
}
