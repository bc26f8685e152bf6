package employees

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/staff-control/staff-control/platform/actor"
)

// BenchmarkImport previews and imports workbooks of 10,000 people with cards into an organization of one.
func BenchmarkImport(b *testing.B) {
	onEach(b, 1, func(b *testing.B, s *service) {
		round := 0
		file := func() []byte {
			f := excelize.NewFile()
			defer f.Close()
			w, err := f.NewStreamWriter("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			if err := w.SetRow("A1", []any{"F.I.Sh.", "Boʻlim", "JSHSHIR", "Telefon", "Lavozim", "Karta"}); err != nil {
				b.Fatal(err)
			}
			for i := range maxImportRows {
				row := []any{
					fmt.Sprintf("Karimov Alisher %d-%d", round, i), "Sex", fmt.Sprintf("%014d", round*maxImportRows+i), "+998901234567", "ishchi", fmt.Sprint(round*maxImportRows + i),
				}
				if err := w.SetRow(fmt.Sprint("A", i+2), row); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			var out bytes.Buffer
			if err := f.Write(&out); err != nil {
				b.Fatal(err)
			}
			round++
			return out.Bytes()
		}
		b.Run("preview", func(b *testing.B) {
			in := importOf(importUpdate, string(file()))
			for b.Loop() {
				if preview, err := s.previewImport(as(actor.HR, 1), in); err != nil || preview.Counts.New != maxImportRows {
					b.Fatalf("%+v, %v", preview.Counts, err)
				}
			}
		})
		b.Run("import", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				in := importOf(importUpdate, string(file()))
				preview, err := s.previewImport(as(actor.HR, 1), in)
				if err != nil {
					b.Fatal(err)
				}
				in.Digest = preview.Digest
				b.StartTimer()
				if counts, err := s.applyImport(as(actor.HR, 1), in); err != nil || counts.New != maxImportRows {
					b.Fatalf("%+v, %v", counts, err)
				}
			}
		})
	})
}
