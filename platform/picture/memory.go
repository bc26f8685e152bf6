package picture

import "image/color"

// pngMemory is of an 8-bit picture four bytes a pixel, of a 16-bit one eight, and half as much again where it is
// interlaced, since its passes are pictures too.
func pngMemory(data []byte, model color.Model, pixels int64) (bytes int64, alone bool) {
	bytes = 4 * pixels
	if _, has := model.(color.Palette); has {
		bytes = pixels
	}
	const depth, interlace = 24, 28 // in the file, since its header has a fixed place
	if len(data) > interlace {
		if data[depth] == 16 {
			bytes = 8 * pixels
		}
		if data[interlace] != 0 {
			bytes += bytes / 2
		}
	}
	return bytes, false
}

// webpMemory is of a lossy picture its three planes. A lossless one, or one with transparency, has them as colours
// and again while it is turned into them; and its trees may take 130 MB, however small it is.
func webpMemory(data []byte, _ color.Model, pixels int64) (bytes int64, alone bool) {
	if len(data) >= 16 && string(data[12:16]) == "VP8 " {
		return 2 * pixels, false
	}
	return 10 * pixels, true
}

// jpegMemory is of its planes; of a progressive picture also of the coefficients, four bytes each, which are kept until
// the last has come; and of one that is in no standard colours of a copy in those.
func jpegMemory(data []byte, model color.Model, pixels int64) (bytes int64, alone bool) {
	s := jpegShapeOf(data)
	planes, copied := 3*pixels, 4*pixels
	switch {
	case model == color.GrayModel:
		planes, copied = pixels, 0
	case model == color.CMYKModel:
		planes = 4 * pixels
	case s.samples > 0:
		planes = pixels + 2*pixels/s.samples
		fallthrough
	default:
		if s.standard {
			copied = 0
		}
	}
	if s.progressive {
		planes *= 5
	}
	return planes + copied, false
}

// jpegShape is what a JPEG says of itself before its first pixels.
type jpegShape struct {
	standard    bool  // JFIF: its colours are YCbCr
	samples     int64 // of brightness to one of each of the two colours; 0 where there are no two
	progressive bool
}

// jpegShapeOf walks over the segments in front of the pixels.
func jpegShapeOf(data []byte) (s jpegShape) {
	s.progressive = true // what is not understood is the worst
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		marker, length := data[i+1], int(data[i+2])<<8|int(data[i+3])
		if marker == 0xff { // a fill byte
			i++
			continue
		}
		segment := data[i+4 : max(i+4, min(i+2+length, len(data)))]
		switch marker {
		case 0xe0:
			s.standard = s.standard || len(segment) >= 5 && string(segment[:5]) == "JFIF\x00"
		case 0xc0, 0xc1, 0xc2:
			s.progressive = marker == 0xc2
			s.samples = samples(segment)
			return s
		case 0xda:
			return s
		}
		i += 2 + length
	}
	return s
}

// samples reads a frame's header: precision, two sides, the number of planes, and of each its id, sampling and table.
func samples(frame []byte) int64 {
	const planes = 6
	if len(frame) < planes+9 || frame[planes-1] != 3 {
		return 0
	}
	of := func(plane int) int64 {
		sampling := frame[planes+3*plane+1]
		return int64(sampling>>4) * int64(sampling&15)
	}
	if of(1) == 0 || of(1) != of(2) {
		return 0
	}
	return of(0) / of(1)
}
