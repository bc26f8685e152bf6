package storage

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

// during is a body in the midst of which something happens.
type during func() error

func (f during) Read([]byte) (int, error) {
	if err := f(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// Whoever puts a lost file again while another mends it, or deletes it, is not told that there is no such file.
func TestAnUploadWhosePathChangesMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for name, meanwhile := range map[string]func(context.Context) error{
			"mended": func(ctx context.Context) error {
				_, err := o.Put(ctx, photo("a.jpg"), strings.NewReader("picture"))
				return err
			},
			"deleted": func(ctx context.Context) error { return o.Delete(ctx, "a.jpg") },
		} {
			mustPut(t, o, hr(1), photo("a.jpg"), "picture")
			if err := os.Remove(filepath.Join(o.dir, blobAt(t, o, hr(1), "a.jpg"))); err != nil {
				t.Fatal(err)
			}
			body := io.MultiReader(strings.NewReader("picture"), during(func() error { return meanwhile(hr(1)) }))
			if _, err := o.Put(hr(1), photo("a.jpg"), body); err != nil {
				t.Errorf("%s meanwhile: %v", name, err)
			}
			if got, left := content(t, o, hr(1), "a.jpg"), stored(t, o); got != "picture" || len(left) != 1 {
				t.Errorf("%s meanwhile: the content is %q, the store has %q", name, got, left)
			}
		}
	})
}

// A path that the store cannot keep beside what it has is wrong, and not the store's bad moment.
func TestAPathBelowAnotherFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a.jpg"), "picture")
	below := strings.TrimPrefix(blobAt(t, o, hr(1), "a.jpg"), "org-1/") + "/b.jpg"
	_, err := o.Put(hr(1), photo(below), strings.NewReader("x"))
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Details) != 1 || f.Details[0].Field != "path" {
		t.Errorf("error is %v", err)
	}
}
