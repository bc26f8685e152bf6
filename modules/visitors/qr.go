package visitors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/staff-control/staff-control/platform/httpx"
)

const (
	dot    = 8 // pixels of one module of the picture
	margin = 1 // modules of white around it, as v1 had it in mind
)

// qrData is what the picture of a code says, by v1's names.
type qrData struct {
	VisitorID   int64        `json:"visitorId"`
	CodeID      int64        `json:"codeId"`
	Code        string       `json:"code"`
	VisitorName string       `json:"visitorName"`
	ValidFrom   httpx.TimeV1 `json:"validFrom"`
	ValidTo     httpx.TimeV1 `json:"validTo"`
	CodeType    string       `json:"codeType"`
}

func qrOf(c codeRow, v visitorRow) qrData {
	return qrData{
		VisitorID: v.ID, CodeID: c.ID, Code: c.Code, VisitorName: v.FirstName + " " + v.LastName,
		ValidFrom: httpx.TimeV1(c.StartDate), ValidTo: httpx.TimeV1(c.EndDate), CodeType: c.CodeType,
	}
}

// picture is the data as JSON in a PNG of black and white.
func (d qrData) picture() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode what a code says: %w", err)
	}
	code, err := qr.Encode(string(text), qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("draw a code: %w", err)
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*margin) * dot
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * dot {
		for x := range modules * dot {
			if grey, _, _, _ := code.At(x/dot, y/dot).RGBA(); grey == 0 {
				img.SetColorIndex(x+margin*dot, y+margin*dot, 1)
			}
		}
	}
	var out bytes.Buffer
	err = png.Encode(&out, img)
	return out.Bytes(), err
}

// scanned is the code in what a reader read: the code itself, or what its picture says.
func scanned(text string) string {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		return text
	}
	var d struct {
		Code string `json:"code"`
	}
	if json.Unmarshal([]byte(text), &d) != nil {
		return ""
	}
	return d.Code
}
