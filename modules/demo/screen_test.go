package demo

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
	"time"
)

func TestAScreenShowsItsProgramAndItsTime(t *testing.T) {
	t.Parallel()
	p := company(1, 40)[0]
	seen := map[string]string{}
	for _, process := range []string{"EXCEL.EXE", "WINWORD.EXE", "OUTLOOK.EXE", browser, "Code.exe", "Zoom.exe"} {
		picture, err := screenOf(p, process, noon, 7)
		if err != nil {
			t.Fatal(err)
		}
		again, err := screenOf(p, process, noon, 7)
		if err != nil || !bytes.Equal(picture, again) {
			t.Errorf("%s looks otherwise the second time (%v)", process, err)
		}
		if other, is := seen[string(picture)]; is {
			t.Errorf("%s looks like %s", process, other)
		}
		seen[string(picture)] = process
		c, err := jpeg.DecodeConfig(bytes.NewReader(picture))
		if err != nil || c.Width != screenWidth || c.Height != screenHeight || len(picture) > 100_000 {
			t.Errorf("%s is %+v of %d bytes (%v)", process, c, len(picture), err)
		}
	}
}

// A clock shows every digit, each another.
func TestTheClockHasTenDigits(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 10 {
		d := &painter{img: image.NewRGBA(image.Rect(0, 0, 80, 20))}
		d.clock(0, 0, time.Date(2026, 11, 23, n%10, 0, 0, 0, time.UTC))
		seen[string(d.img.SubImage(image.Rect(15, 0, 30, 20)).(*image.RGBA).Pix)] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d digits look different", len(seen))
	}
}

func TestScreensArePicturedWhileSomebodyWorks(t *testing.T) {
	t.Parallel()
	count, keys := 0, map[string]bool{}
	days(t, 3, 40, func(p person, date time.Time, d day) {
		count++
		if n := len(d.shots); n < 1 || n > 8 {
			t.Errorf("person %d has %d pictures on %s", p.number, n, date.Format(time.DateOnly))
		}
		for _, s := range d.shots {
			if keys[s.ID] || s.At.Before(d.come) || s.At.After(d.leave) || s.Title == "" || s.Process == "" {
				t.Errorf("%+v, where the day is from %s to %s", s, d.come, d.leave)
			}
			keys[s.ID] = true
		}
	})
	if len(keys) < 3*count {
		t.Errorf("%d pictures in %d days", len(keys), count)
	}
}
