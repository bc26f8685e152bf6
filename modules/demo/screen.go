package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"time"
)

// The size of a screen, and of what stands on it.
const (
	screenWidth, screenHeight = 960, 540
	taskbar                   = 28
	titlebar                  = 24
)

// looks are how the windows of programs look, by the program; what is not here is a table.
var looks = map[string]func(*painter, image.Rectangle){
	"WINWORD.EXE": (*painter).letter, "OUTLOOK.EXE": (*painter).mail, browser: (*painter).page, "Code.exe": (*painter).code,
	"WindowsTerminal.exe": (*painter).code, "Telegram.exe": (*painter).mail, "Zoom.exe": (*painter).call, "POWERPNT.EXE": (*painter).page,
}

// screenOf draws what the person might have seen: no text of anybody's, only its shape, and the time.
func screenOf(p person, process string, at time.Time, seed uint64) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, screenWidth, screenHeight))
	d := &painter{img: img, rand: rand.New(rand.NewPCG(seed, uint64(p.number)))}
	d.fill(img.Bounds(), color.RGBA{uint8(20 + p.number*37%90), uint8(60 + p.number*53%90), uint8(90 + p.number*29%90), 255})
	for n := range 5 {
		d.fill(image.Rect(16, 16+n*64, 48, 48+n*64), d.shade(150))
	}
	window := image.Rect(64, 12, screenWidth-24, screenHeight-taskbar-12)
	d.fill(window, color.White)
	d.fill(image.Rect(window.Min.X, window.Min.Y, window.Max.X, window.Min.Y+titlebar), color.RGBA{40, 74, 120, 255})
	d.line(window.Min.X+10, window.Min.Y+9, 260, 6, color.White)
	look := looks[process]
	if look == nil {
		look = (*painter).table
	}
	look(d, image.Rect(window.Min.X+12, window.Min.Y+titlebar+12, window.Max.X-12, window.Max.Y-12))
	d.fill(image.Rect(0, screenHeight-taskbar, screenWidth, screenHeight), color.RGBA{24, 28, 36, 255})
	d.clock(screenWidth-92, screenHeight-taskbar+6, at)
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60})
	return b.Bytes(), err
}

// painter draws with rectangles.
type painter struct {
	img  *image.RGBA
	rand *rand.Rand
}

func (d *painter) fill(r image.Rectangle, c color.Color) {
	draw.Draw(d.img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// line draws a line of text, as long as that, as words.
func (d *painter) line(x, y, width, height int, c color.Color) {
	for end := x + width; x < end; {
		word := min(12+d.rand.IntN(50), end-x)
		d.fill(image.Rect(x, y, x+word, y+height), c)
		x += word + 6
	}
}

// shade is a light color, no darker than that.
func (d *painter) shade(least int) color.Color {
	some := func() uint8 { return uint8(least + d.rand.IntN(256-least)) }
	return color.RGBA{some(), some(), some(), 255}
}

var ink = color.RGBA{70, 74, 84, 255}

func (d *painter) table(r image.Rectangle) {
	d.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+18), color.RGBA{222, 232, 240, 255})
	for y := r.Min.Y + 22; y < r.Max.Y-14; y += 24 {
		for x := r.Min.X; x < r.Max.X-60; x += 96 {
			d.line(x+6, y, 20+d.rand.IntN(60), 6, ink)
		}
		d.fill(image.Rect(r.Min.X, y+11, r.Max.X, y+12), color.RGBA{225, 228, 232, 255})
	}
}

func (d *painter) letter(r image.Rectangle) {
	for y := r.Min.Y + 8; y < r.Max.Y-10; y += 14 {
		if d.rand.IntN(7) > 0 {
			d.line(r.Min.X+120, y, 300+d.rand.IntN(260), 5, ink)
		}
	}
}

func (d *painter) mail(r image.Rectangle) {
	side := r.Min.X + 230
	for y := r.Min.Y; y < r.Max.Y-40; y += 46 {
		d.fill(image.Rect(r.Min.X, y, r.Min.X+34, y+34), d.shade(120))
		d.line(r.Min.X+42, y+4, 60+d.rand.IntN(90), 6, ink)
		d.line(r.Min.X+42, y+20, 110+d.rand.IntN(60), 4, color.RGBA{150, 154, 162, 255})
		left := side + d.rand.IntN(2)*220
		d.fill(image.Rect(left, y, left+120+d.rand.IntN(220), y+36), d.shade(215))
	}
}

func (d *painter) page(r image.Rectangle) {
	d.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+20), color.RGBA{236, 238, 242, 255})
	for n := range 6 {
		x, y := r.Min.X+n%3*(r.Dx()/3), r.Min.Y+34+n/3*(r.Dy()/2-10)
		d.fill(image.Rect(x, y, x+r.Dx()/3-16, y+r.Dy()/4), d.shade(110))
		d.line(x, y+r.Dy()/4+10, 200, 6, ink)
		d.line(x, y+r.Dy()/4+26, 160, 4, color.RGBA{150, 154, 162, 255})
	}
}

func (d *painter) code(r image.Rectangle) {
	d.fill(r, color.RGBA{28, 30, 38, 255})
	for y := r.Min.Y + 10; y < r.Max.Y-10; y += 13 {
		d.line(r.Min.X+16+d.rand.IntN(5)*22, y, 30+d.rand.IntN(420), 5, d.shade(130))
	}
}

func (d *painter) call(r image.Rectangle) {
	for n := range 6 {
		x, y := r.Min.X+n%3*(r.Dx()/3), r.Min.Y+n/3*(r.Dy()/2)
		d.fill(image.Rect(x, y, x+r.Dx()/3-8, y+r.Dy()/2-8), color.RGBA{48, 52, 60, 255})
		middle := image.Pt(x+r.Dx()/6, y+r.Dy()/4)
		d.fill(image.Rect(middle.X-32, middle.Y-32, middle.X+32, middle.Y+32), d.shade(120))
	}
}

// segments are the bars of each digit of a clock: top, the upper two, middle, the lower two, bottom.
var segments = [...]string{"1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"}

// clock draws the time of day.
func (d *painter) clock(x, y int, at time.Time) {
	bars := [...]image.Rectangle{
		image.Rect(0, 0, 10, 2), image.Rect(0, 0, 2, 8), image.Rect(8, 0, 10, 8), image.Rect(0, 7, 10, 9),
		image.Rect(0, 8, 2, 16), image.Rect(8, 8, 10, 16), image.Rect(0, 14, 10, 16),
	}
	for i, r := range at.Format("15:04") {
		place := image.Pt(x+i*15, y)
		if r == ':' {
			d.fill(image.Rect(4, 4, 6, 6).Add(place), color.White)
			d.fill(image.Rect(4, 10, 6, 12).Add(place), color.White)
			continue
		}
		for n, on := range segments[r-'0'] {
			if on == '1' {
				d.fill(bars[n].Add(place), color.White)
			}
		}
	}
}
