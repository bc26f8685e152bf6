package blob_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/blob/blobtest"
)

// openLocal opens a store on dir whose addresses work.
func openLocal(t testing.TB, dir string, now func() time.Time) blob.Store {
	t.Helper()
	signer := &blob.Signer{Key: []byte("a key of this test"), Now: now}
	s := open(t, blob.Config{Driver: blob.Local, Dir: dir, Signer: signer, Now: now})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, err := (&blob.Signer{Key: signer.Key, Now: time.Now}).Path(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		body, _, err := s.Open(r.Context(), path)
		if errors.Is(err, blob.ErrNotFound) {
			http.NotFound(w, r)
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer body.Close()
		_, _ = io.Copy(w, body)
	}))
	t.Cleanup(server.Close)
	signer.Base = server.URL + "/"
	return s
}

func open(t testing.TB, cfg blob.Config) blob.Store {
	t.Helper()
	s, err := blob.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestLocal(t *testing.T) {
	t.Parallel()
	blobtest.Store(t, func(t *testing.T, now func() time.Time) blob.Store {
		return openLocal(t, filepath.Join(t.TempDir(), "made", "when", "missing"), now)
	})
}

func TestADriverThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := blob.New(blob.Config{Driver: "ftp"}); err == nil || err.Error() != "Unsupported storage driver: ftp" {
		t.Errorf("error is %v", err)
	}
}

func TestFilesKeepTheirNamesOnTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openLocal(t, dir, time.Now)
	o, err := s.Put(t.Context(), "org-1/a/b.jpg", strings.NewReader("picture"), blob.Options{ContentType: "image/jpeg"})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "org-1", "a", "b.jpg"); o.Locator != want {
		t.Errorf("it is at %s, want %s", o.Locator, want)
	}
	if got, err := os.ReadFile(o.Locator); string(got) != "picture" {
		t.Errorf("there is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".known")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the name says is written down again: %v", err)
	}
	if err := s.Delete(t.Context(), "org-1/a/b.jpg"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "org-1")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("empty directories stay: %v", err)
	}
}

// Links that somebody made in the directory lead nowhere outside it.
func TestLinksOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openLocal(t, dir, time.Now)
	for name, target := range map[string]string{"out": outside, "file": filepath.Join(outside, "secret"), "up": "../" + filepath.Base(outside)} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"out/secret", "file", "up/secret"} {
		if body, _, err := s.Open(t.Context(), path); err == nil {
			got, _ := io.ReadAll(body)
			t.Errorf("%s gives %q", path, got)
		}
		if o, err := s.Stat(t.Context(), path); err == nil {
			t.Errorf("%s is known: %+v", path, o)
		}
	}
	for _, path := range []string{"out/new", "up/new", "out/secret", "out/dir/new"} {
		if _, err := s.Put(t.Context(), path, strings.NewReader("x"), blob.Options{}); err == nil {
			t.Errorf("%s was stored", path)
		}
		if err := s.Delete(t.Context(), path); err == nil {
			t.Errorf("%s was deleted", path)
		}
	}
	files, err := blobtest.List(t.Context(), s, "")
	if err != nil || len(files) != 0 {
		t.Errorf("the list has %+v, %v", files, err)
	}
	entries, err := os.ReadDir(outside)
	if got, _ := os.ReadFile(filepath.Join(outside, "secret")); err != nil || len(entries) != 1 || string(got) != "secret" {
		t.Errorf("outside is %v, %v", entries, err)
	}
}

func TestAFileWhereThereIsADirectory(t *testing.T) {
	t.Parallel()
	s := openLocal(t, t.TempDir(), time.Now)
	if _, err := s.Put(t.Context(), "a/b", strings.NewReader("x"), blob.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a", "a/b/c"} {
		if _, err := s.Put(t.Context(), path, strings.NewReader("y"), blob.Options{Metadata: map[string]string{"k": "v"}}); !errors.Is(err, blob.ErrPath) {
			t.Errorf("%s: error is %v", path, err)
		}
	}
	body, _, err := s.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, _ := io.ReadAll(body); !bytes.Equal(got, []byte("x")) {
		t.Errorf("it is %q", got)
	}
}

// A process that ends in the middle of an upload leaves what the next one sweeps away.
func TestSweepRemovesWhatProcessesLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openLocal(t, dir, time.Now)
	if n, err := s.Sweep(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("of nothing were removed %d, %v", n, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "new": time.Hour} {
		path := filepath.Join(dir, ".uploads", name)
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(-24*time.Hour)); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".uploads")); err != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("left is %v, %v", left, err)
	}
}

// Deleting the last file of a directory takes the directory away, which must not trip who is storing another one there.
func TestDirectoriesComeAndGo(t *testing.T) {
	t.Parallel()
	s := openLocal(t, t.TempDir(), time.Now)
	var wait sync.WaitGroup
	for _, name := range []string{"org-1/2026/11/23/a", "org-1/2026/11/23/b", "org-1/2026/11/22/c"} {
		wait.Go(func() {
			for range 60 {
				if _, err := s.Put(t.Context(), name, strings.NewReader(name), blob.Options{Metadata: map[string]string{"name": name}}); err != nil {
					t.Errorf("put: %v", err)
				}
				if o, err := s.Stat(t.Context(), name); err != nil || o.Metadata["name"] != name {
					t.Errorf("stat: %+v, %v", o, err)
				}
				if err := s.Delete(t.Context(), name); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wait.Wait()
}

func TestADirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.New(blob.Config{Driver: blob.Local, Dir: file}); err == nil {
		t.Error("a file was taken for a directory")
	}
}
