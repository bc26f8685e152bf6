package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
)

// Open makes an empty store whose clock is now. Its addresses work while the test runs.
type Open func(t *testing.T, now func() time.Time) blob.Store

// Store checks that a store keeps each promise of blob.Store.
func Store(t *testing.T, open Open) {
	for name, check := range map[string]func(*testing.T, blob.Store){
		"what is put comes back":                      roundTrip,
		"the last to put wins":                        overwrite,
		"a body that fails changes nothing":           failingBody,
		"a body of another size is refused":           otherSize,
		"a cancelled upload leaves nothing":           cancelled,
		"paths that lead elsewhere are refused":       badPaths,
		"any other path works":                        goodPaths,
		"metadata comes back":                         metadata,
		"what is not there":                           missing,
		"lists are in order, by prefix and page":      lists,
		"an open file stays as it is":                 undisturbed,
		"of several at once one wins":                 concurrent,
		"an address works":                            address,
		"an address that was changed does not work":   changedAddress,
		"the store says that it works, and is closed": checked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t, time.Now))
		})
	}
	t.Run("an address expires", func(t *testing.T) {
		t.Parallel()
		s := open(t, func() time.Time { return time.Now().Add(-time.Hour) })
		put(t, s, "a/b.txt", []byte("text"), blob.Options{})
		if status, body := get(t, sign(t, s, "a/b.txt", 59*time.Minute)); status < 400 || strings.Contains(body, "text") {
			t.Errorf("an hour old address of 59 minutes gives %d %s", status, body)
		}
		if status, body := get(t, sign(t, s, "a/b.txt", 90*time.Minute)); status != http.StatusOK || body != "text" {
			t.Errorf("an hour old address of 90 minutes gives %d %s", status, body)
		}
	})
}

// large is more than one part, and not a whole number of them.
const large = 40<<20 + 17

// content is n bytes that no other seed gives.
func content(n int, seed byte) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // it never fails
	return b
}

func put(t *testing.T, s blob.Store, path string, body []byte, o blob.Options) blob.Object {
	t.Helper()
	got, err := s.Put(t.Context(), path, bytes.NewReader(body), o)
	if err != nil {
		t.Fatalf("put %.100s: %v", path, err)
	}
	return got
}

func read(t *testing.T, s blob.Store, path string) ([]byte, blob.Object) {
	t.Helper()
	r, o, err := s.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open %.100s: %v", path, err)
	}
	body, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %.100s: %v", path, err)
	}
	return body, o
}

// holds fails unless the store has exactly the files.
func holds(t *testing.T, s blob.Store, paths ...string) {
	t.Helper()
	files, err := List(t.Context(), s, "")
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if got := names(files); !reflect.DeepEqual(got, append([]string{}, paths...)) {
		t.Errorf("the store holds %q, want %q", got, paths)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(24*time.Hour)); n != 0 || err != nil {
		t.Errorf("the store holds %d unfinished uploads, %v", n, err)
	}
}

func names(files []blob.Object) []string {
	all := []string{}
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func roundTrip(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 100_000, 16 << 20, large} {
		want := content(size, 1)
		made := put(t, s, "dir/file.bin", want, blob.Options{Size: int64(size)})
		got, opened := read(t, s, "dir/file.bin")
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back as %d others", size, len(got))
		}
		seen, err := s.Stat(t.Context(), "dir/file.bin")
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []blob.Object{made, opened, seen} {
			if o.Size != int64(size) || o.Path != "dir/file.bin" || o.ContentType != "application/octet-stream" || o.Locator == "" || o.Locator != made.Locator {
				t.Errorf("of %d bytes is known: %+v", size, o)
			}
			if age := time.Since(o.Modified); age > time.Minute || age < -time.Minute {
				t.Errorf("it was modified %s ago", age)
			}
		}
	}
	holds(t, s, "dir/file.bin")
}

func overwrite(t *testing.T, s blob.Store) {
	put(t, s, "a", []byte("first"), blob.Options{ContentType: "text/csv", Metadata: map[string]string{"one": "1"}})
	put(t, s, "a", []byte("2nd"), blob.Options{})
	got, o := read(t, s, "a")
	if string(got) != "2nd" || o.ContentType != "application/octet-stream" || len(o.Metadata) != 0 || o.Size != 3 {
		t.Errorf("it is %q, %+v", got, o)
	}
}

var errBody = errors.New("the body broke")

// breaking gives n bytes, calls then, and gives its error if there is one.
func breaking(n int, then func() error) io.Reader {
	return io.MultiReader(bytes.NewReader(content(n, 2)), readerFunc(func() error { return then() }), strings.NewReader("and the end"))
}

type readerFunc func() error

func (f readerFunc) Read([]byte) (int, error) {
	if err := f(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

func failingBody(t *testing.T, s blob.Store) {
	put(t, s, "old", []byte("old"), blob.Options{})
	for _, n := range []int{10, 20 << 20} {
		for _, path := range []string{"old", "dir/new"} {
			if _, err := s.Put(t.Context(), path, breaking(n, func() error { return errBody }), blob.Options{}); !errors.Is(err, errBody) {
				t.Errorf("error is %v, want the body's", err)
			}
		}
	}
	if got, _ := read(t, s, "old"); string(got) != "old" {
		t.Errorf("the old file is %.100q", got)
	}
	holds(t, s, "old")
}

func otherSize(t *testing.T, s blob.Store) {
	for _, size := range []int64{1, 3, 5, large} {
		if _, err := s.Put(t.Context(), "a", strings.NewReader("four"), blob.Options{Size: size}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("four bytes as %d: error is %v", size, err)
		}
	}
	holds(t, s)
}

func cancelled(t *testing.T, s blob.Store) {
	put(t, s, "old", []byte("old"), blob.Options{})
	for _, n := range []int{0, 10, 20 << 20} {
		for _, path := range []string{"old", "dir/new"} {
			ctx, cancel := context.WithCancel(t.Context())
			body := breaking(n, func() error { cancel(); return nil })
			if _, err := s.Put(ctx, path, body, blob.Options{}); !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v, want the context's", err)
			}
		}
	}
	if got, _ := read(t, s, "old"); string(got) != "old" {
		t.Errorf("the old file is %.100q", got)
	}
	holds(t, s, "old")
}

func metadata(t *testing.T, s blob.Store) {
	want := map[string]string{"employee": "Ўткир O‘g‘li", "empty": "", "a-b": "100% \"a\"\n/?&=+"}
	for path, contentType := range map[string]string{"a.jpg": "image/png", "b.png": "image/png", "c": "text/csv; charset=utf-8"} {
		o := blob.Options{ContentType: contentType, Metadata: want}
		made := put(t, s, path, []byte("text"), o)
		_, opened := read(t, s, path)
		seen, err := s.Stat(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []blob.Object{made, opened, seen} {
			if o.ContentType != contentType || !reflect.DeepEqual(o.Metadata, want) {
				t.Errorf("%s came back with %q, %q", path, o.ContentType, o.Metadata)
			}
		}
	}
	for _, bad := range []map[string]string{{"": "x"}, {"Upper": "x"}, {"a b": "x"}, {"a\r\nb": "x"}, {"long": strings.Repeat("x", 2000)}} {
		if _, err := s.Put(t.Context(), "d", strings.NewReader(""), blob.Options{Metadata: bad}); !errors.Is(err, blob.ErrMetadata) {
			t.Errorf("metadata %.50q: error is %v", bad, err)
		}
	}
	holds(t, s, "a.jpg", "b.png", "c")
}

func missing(t *testing.T, s blob.Store) {
	put(t, s, "dir/file", []byte("text"), blob.Options{})
	for _, path := range []string{"nothing", "dir/nothing", "dir", "dir/file/below"} {
		if _, err := s.Stat(t.Context(), path); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("stat %s: error is %v", path, err)
		}
		if _, _, err := s.Open(t.Context(), path); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("open %s: error is %v", path, err)
		}
		if err := s.Delete(t.Context(), path); err != nil {
			t.Errorf("delete %s: %v", path, err)
		}
	}
	holds(t, s, "dir/file")
	if err := s.Delete(t.Context(), "dir/file"); err != nil {
		t.Error(err)
	}
	holds(t, s)
	put(t, s, "dir", []byte("the name of a directory that is gone"), blob.Options{})
}

func undisturbed(t *testing.T, s blob.Store) {
	want := content(3<<20, 3)
	put(t, s, "a", want, blob.Options{})
	r, _, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	first := make([]byte, 10)
	if _, err := io.ReadFull(r, first); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", []byte("another"), blob.Options{})
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(append(first, rest...), want) {
		t.Errorf("the rest has %d bytes, %v", len(rest), err)
	}
}

func checked(t *testing.T, s blob.Store) {
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	holds(t, s)
}
