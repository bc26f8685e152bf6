package picture

import (
	"encoding/binary"
	"image"
)

// Upright is the picture as it is to be seen: cameras write how they were held beside the pixels, which is lost
// where the picture is written anew.
func Upright(img *image.RGBA, data []byte) *image.RGBA {
	held := orientation(data)
	if held < 2 || held > 8 {
		return img
	}
	size := img.Rect.Size()
	to := size
	if held >= 5 { // it lies on its side
		to = image.Pt(size.Y, size.X)
	}
	out := image.NewRGBA(image.Rectangle{Max: to})
	for y := range to.Y {
		for x := range to.X {
			from := source(held, x, y, to)
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(img.Rect.Min.X+from.X, img.Rect.Min.Y+from.Y):][:4])
		}
	}
	return out
}

// source is which pixel of the picture as it was written stands at a place of the upright one.
func source(held, x, y int, to image.Point) image.Point {
	right, bottom := to.X-1-x, to.Y-1-y
	switch held {
	case 2:
		return image.Pt(right, y)
	case 3:
		return image.Pt(right, bottom)
	case 4:
		return image.Pt(x, bottom)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(y, right)
	case 7:
		return image.Pt(bottom, right)
	}
	return image.Pt(bottom, x)
}

// orientation is how the camera of a JPEG was held, from 1 to 8 as Exif numbers it; 0 where nothing is said.
func orientation(data []byte) int {
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		marker, length := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
		if marker == 0xff { // a fill byte
			i++
			continue
		}
		if marker == 0xda || length < 2 || i+2+length > len(data) {
			return 0
		}
		if segment := data[i+4 : i+2+length]; marker == 0xe1 && len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return orientationOf(segment[6:])
		}
		i += 2 + length
	}
	return 0
}

// orientationOf looks for the tag in the first directory of a TIFF.
func orientationOf(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	const tag, entry = 0x0112, 12
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := int64(order.Uint16(tiff[at:]))
	for e := at + 2; entries > 0 && e+entry <= int64(len(tiff)); e, entries = e+entry, entries-1 {
		if order.Uint16(tiff[e:]) == tag {
			return int(order.Uint16(tiff[e+8:]))
		}
	}
	return 0
}
