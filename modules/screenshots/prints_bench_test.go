package screenshots

import (
	"bytes"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/picture"
)

// BenchmarkPrints is what one picture of a usual screen costs, from its bytes to its three prints.
func BenchmarkPrints(b *testing.B) {
	text := page(image.Pt(1920, 1080), 1, 1)
	jpg, err := picture.JPEG(text, 80)
	if err != nil {
		b.Fatal(err)
	}
	var lossless bytes.Buffer
	if err := png.Encode(&lossless, text); err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{"jpeg": jpg, "png": lossless.Bytes()} {
		b.Run(name, func(b *testing.B) {
			p := inspected(b, data)
			b.ReportMetric(float64(len(data)), "bytes")
			for b.Loop() {
				if _, err := printsOf(p, false, time.Now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
