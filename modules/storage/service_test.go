package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAFileComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		n := file.New{Path: "credentials/7/паспорт.jpg", Kind: file.Credential, ContentType: "image/jpeg", Metadata: map[string]string{"page": "1", "name": "Ўткир"}}
		made := mustPut(t, o, hr(1), n, "the picture")
		if made.Size != 11 || made.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("the picture"))) || made.OrganizationID != 1 {
			t.Errorf("made is %+v", made)
		}
		seen, err := o.Stat(hr(1), n.Path)
		if err != nil || !reflect.DeepEqual(seen, made) || !reflect.DeepEqual(seen.Metadata, n.Metadata) || seen.Kind != n.Kind || seen.ContentType != n.ContentType {
			t.Errorf("seen is %+v, %v, made was %+v", seen, err, made)
		}
		if got := content(t, o, hr(1), n.Path); got != "the picture" {
			t.Errorf("the content is %q", got)
		}
		if kept := stored(t, o); len(kept) != 1 || !strings.HasPrefix(kept[0], "org-1/credentials/7/паспорт.") || !strings.HasSuffix(kept[0], ".jpg") {
			t.Errorf("the store has %q", kept)
		}
		empty := mustPut(t, o, hr(1), file.New{Path: "empty", Kind: file.Archive}, "")
		if empty.Size != 0 || empty.ContentType != "application/octet-stream" || content(t, o, hr(1), "empty") != "" {
			t.Errorf("an empty file is %+v", empty)
		}
	})
}

// A server that stops between a file and its row would leave a file that nothing names.
func TestAnUploadGetsItsRowThoughItsSenderGoesAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		ctx, cancel := context.WithCancel(hr(1))
		row, err := o.draft(ctx, photo("a.jpg"))
		if err := errors.Join(err, o.upload(ctx, &row, strings.NewReader("one"))); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := o.settle(ctx, row); err != nil {
			t.Fatal(err)
		}
		if got := content(t, o, hr(1), "a.jpg"); got != "one" {
			t.Errorf("the content is %q", got)
		}
	})
}

func TestTheSamePathAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		first := mustPut(t, o, hr(1), photo("a.jpg"), "one")
		if again := mustPut(t, o, hr(1), photo("a.jpg"), "one"); !reflect.DeepEqual(again, first) {
			t.Errorf("the same again is %+v, was %+v", again, first)
		}
		for _, other := range []string{"two", "one and more", ""} {
			if _, err := o.Put(hr(1), photo("a.jpg"), strings.NewReader(other)); !errors.Is(err, file.ErrExists) {
				t.Errorf("%q at the same path: error is %v", other, err)
			}
		}
		if got := content(t, o, hr(1), "a.jpg"); got != "one" || len(stored(t, o)) != 1 {
			t.Errorf("the content is %q, the store has %q", got, stored(t, o))
		}
		mustPut(t, o, hr(2), photo("a.jpg"), "of the other organization")
		if got := content(t, o, hr(1), "a.jpg"); got != "one" {
			t.Errorf("another organization's file of this path made it %q", got)
		}
	})
}

// Many put one path at once: one content wins, those who brought it are told so, and nothing of the others stays.
func TestOneOfSeveralUploadsOfAPathWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var wait sync.WaitGroup
		var mu sync.Mutex
		won := map[string]int{}
		for i := range 9 {
			wait.Go(func() {
				text := fmt.Sprintf("content %d", i%3)
				_, err := o.Put(hr(1), photo("a.jpg"), strings.NewReader(text))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won[text]++
				} else if !errors.Is(err, file.ErrExists) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if got := content(t, o, hr(1), "a.jpg"); len(won) != 1 || won[got] != 3 || len(stored(t, o)) != 1 {
			t.Errorf("won %v, the content is %q, the store has %q", won, got, stored(t, o))
		}
	})
}

func TestWhatCannotBeAFileIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for field, n := range map[string]file.New{
		"path":        {Path: "../a", Kind: file.Profile},
		"metadata":    {Path: "a", Kind: file.Profile, Metadata: map[string]string{"Ключ": "x"}},
		"kind":        {Path: "a", Kind: "film"},
		"contentType": {Path: "a", Kind: file.Profile, ContentType: "a/b\r\nc"},
	} {
		_, err := o.Put(hr(1), n, strings.NewReader("x"))
		if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Details) != 1 || f.Details[0].Field != field {
			t.Errorf("%+v: error is %v, want one of %s", n, err, field)
		}
	}
	for _, path := range []string{"", "/etc/passwd", "a/../../b", "a\x00b", ".a", strings.Repeat("x", 250), strings.Repeat("a/", 445) + "a"} {
		if _, err := o.Put(hr(1), photo(path), strings.NewReader("x")); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("path %.20q: error is %v", path, err)
		}
		if _, _, err := o.Open(hr(1), path); !errors.Is(err, file.ErrUnknown) {
			t.Errorf("open %.20q: error is %v", path, err)
		}
	}
	if kept := stored(t, o); len(kept) != 0 {
		t.Errorf("the store has %q", kept)
	}
}

// A body that breaks says so itself, and leaves neither file nor row.
func TestABodyThatBreaks(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	broken := fault.New(fault.TooLarge, "too_large")
	body := func() io.Reader { return io.MultiReader(strings.NewReader("half"), failing{broken}) }
	if _, err := o.Put(hr(1), photo("a"), body()); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	if _, err := o.Stat(hr(1), "a"); !errors.Is(err, file.ErrUnknown) || len(stored(t, o)) != 0 {
		t.Errorf("stat: %v; the store has %q", err, stored(t, o))
	}
	mustPut(t, o, hr(1), photo("a"), "half")
	if _, err := o.Put(hr(1), photo("a"), body()); !errors.Is(err, broken) {
		t.Errorf("again: error is %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnActorOfNoOrganizationNamesOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a"), "x")
	for _, ctx := range []context.Context{as(actor.Admin, 0), system} {
		_, putErr := o.Put(ctx, photo("a"), strings.NewReader("x"))
		_, _, openErr := o.Open(ctx, "a")
		_, statErr := o.Stat(ctx, "a")
		_, _, listErr := o.List(ctx, file.Query{})
		_, urlErr := o.URL(ctx, "a", time.Minute)
		_, usageErr := o.Usage(ctx)
		for _, err := range []error{putErr, openErr, statErr, listErr, urlErr, usageErr, o.Delete(ctx, "a")} {
			if f := fault.Of(err); f == nil || f.Kind != fault.Invalid {
				t.Errorf("error is %v", err)
			}
		}
	}
	a, _ := actor.From(system)
	if _, err := o.Stat(actor.With(system, a.In(1)), "a"); err != nil {
		t.Errorf("narrowed: %v", err)
	}
}

func TestDeletedFilesAreGone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var paths []string
		for i := range 30 {
			paths = append(paths, fmt.Sprintf("%d.jpg", i))
			mustPut(t, o, hr(1), photo(paths[i]), paths[i])
		}
		mustPut(t, o, hr(2), photo("1.jpg"), "theirs")
		if err := o.Delete(hr(1), slices.Concat(paths[1:], []string{"unknown", "../x", "a\x00", "\xff"})...); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Stat(hr(1), "1.jpg"); !errors.Is(err, file.ErrUnknown) {
			t.Errorf("stat: %v", err)
		}
		if got := stored(t, o); len(got) != 2 || content(t, o, hr(1), "0.jpg") != "0.jpg" || content(t, o, hr(2), "1.jpg") != "theirs" {
			t.Errorf("the store has %q", got)
		}
		if err := o.Delete(hr(1)); err != nil {
			t.Errorf("nothing: %v", err)
		}
	})
}

func TestListsAndUsage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		all := []string{"a-b", "a.b", "a/1", "a/10", "a/2", "A", "a_%", "Ж"}
		for i, path := range all {
			o.now = func() time.Time { return start.AddDate(0, 0, i) }
			n := photo(path)
			if i%2 == 0 {
				n.Kind = file.Archive
			}
			mustPut(t, o, hr(1), n, strings.Repeat("x", i))
		}
		mustPut(t, o, hr(2), photo("a/theirs"), "theirs")
		for _, c := range []struct {
			q    file.Query
			want string
		}{
			{file.Query{}, "A a-b a.b a/1 a/10 a/2 a_% Ж"},
			{file.Query{Prefix: "a/"}, "a/1 a/10 a/2"},
			{file.Query{Prefix: "a_"}, "a_%"},
			{file.Query{Prefix: "%"}, ""},
			{file.Query{Prefix: "a\x00"}, ""},
			{file.Query{Prefix: "a\xff"}, ""},
			{file.Query{Kind: file.Archive}, "a-b a/1 a/2 a_%"},
			{file.Query{Before: start.AddDate(0, 0, 2)}, "a-b a.b"},
			{file.Query{Kind: file.Profile, Before: start.AddDate(0, 0, 6), Prefix: "a"}, "a.b a/10"},
		} {
			for _, limit := range []int{0, 1, 3} {
				c.q.Limit, c.q.After = limit, ""
				var got []string
				for more := true; more; more = c.q.After != "" {
					files, next, err := o.List(hr(1), c.q)
					if err != nil || limit > 0 && len(files) > limit {
						t.Fatalf("%d files, %v", len(files), err)
					}
					for _, f := range files {
						got = append(got, f.Path)
					}
					c.q.After = next
				}
				if text := strings.Join(got, " "); text != c.want {
					t.Errorf("%+v gives %q, want %q", c.q, text, c.want)
				}
			}
		}
		if _, _, err := o.List(hr(1), file.Query{After: "no cursor"}); !errors.Is(err, db.ErrCursor) {
			t.Errorf("error is %v", err)
		}
		want := file.Usage{Files: 8, Bytes: 28, ByKind: []file.KindUsage{{Kind: file.Archive, Files: 4, Bytes: 12}, {Kind: file.Profile, Files: 4, Bytes: 16}}}
		if got, err := o.Usage(hr(1)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("usage is %+v, %v, want %+v", got, err, want)
		}
		if got, err := o.Usage(as(actor.HR, 3)); err != nil || got.ByKind == nil || got.Files != 0 {
			t.Errorf("usage of nothing is %+v, %v", got, err)
		}
	})
}

// A file that is missing in the store, or has become another, is not given out as if nothing were; put again it is there.
func TestALostFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustPut(t, o, hr(1), photo("a.jpg"), "picture")
		disk := filepath.Join(o.dir, blobAt(t, o, hr(1), "a.jpg"))
		if err := os.WriteFile(disk, []byte("PICTURE"), 0o600); err != nil {
			t.Fatal(err)
		}
		r, _, err := o.Open(hr(1), "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, errDamaged) {
			t.Errorf("a damaged file: error is %v", err)
		}
		r.Close()
		for _, damage := range []func() error{
			func() error { return os.Remove(disk) },
			func() error { return os.WriteFile(disk, []byte("pict"), 0o600) },
		} {
			disk = filepath.Join(o.dir, blobAt(t, o, hr(1), "a.jpg"))
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Put(hr(1), photo("a.jpg"), strings.NewReader("another")); !errors.Is(err, file.ErrExists) {
				t.Errorf("another: error is %v", err)
			}
			mustPut(t, o, hr(1), photo("a.jpg"), "picture")
			if got := content(t, o, hr(1), "a.jpg"); got != "picture" {
				t.Errorf("put again it is %q", got)
			}
		}
		if err := os.Remove(filepath.Join(o.dir, blobAt(t, o, hr(1), "a.jpg"))); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.Open(hr(1), "a.jpg"); !errors.Is(err, file.ErrLost) {
			t.Errorf("a lost file: error is %v", err)
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a.jpg"), "picture")
	if link, err := o.URL(hr(1), "a.jpg", time.Minute); err != nil || !strings.HasPrefix(link, "/api/v2/storage/signed?t=") {
		t.Errorf("the address is %s, %v", link, err)
	}
	if _, err := o.URL(hr(2), "a.jpg", time.Minute); !errors.Is(err, file.ErrUnknown) {
		t.Errorf("another organization's: %v", err)
	}
	for _, expiresIn := range []time.Duration{-time.Second, 0, time.Millisecond, 8 * 24 * time.Hour} {
		if _, err := o.URL(hr(1), "a.jpg", expiresIn); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("for %s: error is %v", expiresIn, err)
		}
	}
}

// A full or broken disk is said as what it is: come back later.
func TestAStoreThatDoesNotWork(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a.jpg"), "picture")
	if err := o.blobs.Close(); err != nil {
		t.Fatal(err)
	}
	_, putErr := o.Put(hr(1), photo("b.jpg"), bytes.NewReader(nil))
	_, againErr := o.Put(hr(1), photo("a.jpg"), strings.NewReader("picture"))
	_, _, openErr := o.Open(hr(1), "a.jpg")
	for _, err := range []error{putErr, againErr, openErr} {
		if f := fault.Of(err); f == nil || !f.Is(errUnavailable) || f.RetryAfter <= 0 {
			t.Errorf("error is %v", err)
		}
	}
	if err := o.Delete(hr(1), "a.jpg"); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := o.Stat(hr(1), "a.jpg"); !errors.Is(err, file.ErrUnknown) {
		t.Errorf("it was deleted, and stat says %v", err)
	}
}
