package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
)

func badPaths(t *testing.T, s blob.Store) {
	for _, path := range []string{
		"", ".", "..", "/", "/etc/passwd", "../a", "a/../../b", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", "..\\a", "a\\b",
		"a\x00b", "a\nb", "a\x7f", "\xff\xfe", ".hidden", "a/.hidden/b", ".uploads/a", ".known/a",
		strings.Repeat("a", 256), strings.Repeat("a/", 450) + "a",
	} {
		_, err := s.Put(t.Context(), path, strings.NewReader("x"), blob.Options{})
		_, _, openErr := s.Open(t.Context(), path)
		_, statErr := s.Stat(t.Context(), path)
		_, urlErr := s.URL(t.Context(), path, time.Minute, "")
		for _, err := range []error{err, openErr, statErr, urlErr, s.Delete(t.Context(), path)} {
			if !errors.Is(err, blob.ErrPath) {
				t.Errorf("path %.50q: error is %v", path, err)
			}
		}
	}
	holds(t, s)
}

func goodPaths(t *testing.T, s blob.Store) {
	var want []string
	for i, path := range []string{
		"a", "A", "a.b.c", "a..b", "with space/and + plus", "100%/%2e%2e/%2F", "q?x=1&y=2#z", "quote\"'<>|*:;,$@!~^`{}[]()=",
		"Ўзбекистон/скриншот 1.jpg", "O‘zbekiston/gʻisht.png", "文件/写真.webp", "😀.txt", "é/é",
		strings.Repeat("ш", 127) + "/" + strings.Repeat("x", 255) + "/" + strings.Repeat("y", 255), strings.Repeat("d/", 200) + "deep",
	} {
		body := fmt.Appendf(nil, "%d", i)
		put(t, s, path, body, blob.Options{Metadata: map[string]string{"number": string(body)}})
		if got, o := read(t, s, path); !bytes.Equal(got, body) || o.Path != path || o.Metadata["number"] != string(body) {
			t.Errorf("%q came back as %q, %+v", path, got, o)
		}
		if status, got := get(t, sign(t, s, path, time.Minute)); status != http.StatusOK || got != string(body) {
			t.Errorf("the address of %q gives %d %.300s", path, status, got)
		}
		want = append(want, path)
	}
	slices.Sort(want)
	holds(t, s, want...)
	for _, path := range want {
		if err := s.Delete(t.Context(), path); err != nil {
			t.Errorf("delete %q: %v", path, err)
		}
	}
	holds(t, s)
}

func lists(t *testing.T, s blob.Store) {
	all := []string{"a-b/1", "a.b", "a/1", "a/10", "a/2/x", "a/2/y", "a0", "b", "org-1/a", "org-10/a", "org-2/z", "Ж/1"}
	for _, i := range []int{5, 2, 11, 0, 7, 9, 1, 3, 10, 4, 8, 6} {
		put(t, s, all[i], make([]byte, i), blob.Options{})
	}
	with := func(prefix string) (some []string) {
		for _, path := range all {
			if strings.HasPrefix(path, prefix) {
				some = append(some, path)
			}
		}
		return some
	}
	for _, prefix := range []string{"", "a", "a/", "a/1", "a/2", "a/2/", "org-1", "org-1/", "Ж", "nothing", "b/", "../", "/", "a//", "a/./"} {
		if got, err := List(t.Context(), s, prefix); err != nil || !slices.Equal(names(got), with(prefix)) {
			t.Errorf("prefix %q gives %q, %v, want %q", prefix, names(got), err, with(prefix))
		}
	}
	files, err := List(t.Context(), s, "a/10")
	if err != nil || len(files) != 1 || files[0].Size != 3 || time.Since(files[0].Modified).Abs() > time.Minute {
		t.Errorf("listed is %+v, %v", files, err)
	}
	if _, err := List(t.Context(), s, "a\x00"); !errors.Is(err, blob.ErrPath) {
		t.Errorf("a prefix with a NUL: %v", err)
	}
	for o, err := range s.List(t.Context(), "") {
		if err != nil || o.Path != all[0] {
			t.Errorf("the first is %+v, %v", o, err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := List(ctx, s, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("of a list that nobody waits for, the error is %v", err)
	}
}

// List collects what the store gives.
func List(ctx context.Context, s blob.Store, prefix string) (all []blob.Object, err error) {
	for o, err := range s.List(ctx, prefix) {
		if err != nil {
			return all, err
		}
		all = append(all, o)
	}
	return all, nil
}

// Writers and readers of one path: what is read is always the whole of what one writer put, with what it said of it.
func concurrent(t *testing.T, s blob.Store) {
	const writers, rounds = 4, 5
	bodies := make([][]byte, writers)
	for i := range bodies {
		bodies[i] = content(200_000+i, byte(i))
	}
	write := func(i int) error {
		_, err := s.Put(t.Context(), "dir/one", bytes.NewReader(bodies[i]), blob.Options{})
		return err
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			for range rounds {
				if err := write(i); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Go(func() {
			for range rounds {
				r, _, err := s.Open(t.Context(), "dir/one")
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				if err = errors.Join(err, r.Close()); err != nil || !slices.ContainsFunc(bodies, func(b []byte) bool { return bytes.Equal(b, got) }) {
					t.Errorf("%d bytes of nobody, %v", len(got), err)
				}
			}
		})
	}
	wait.Wait()
	holds(t, s, "dir/one")
}

func sign(t *testing.T, s blob.Store, path string, expiresIn time.Duration) string {
	t.Helper()
	url, err := s.URL(t.Context(), path, expiresIn, "")
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(got)
}

func address(t *testing.T, s blob.Store) {
	put(t, s, "a/b.jpg", []byte("text"), blob.Options{ContentType: "image/jpeg"})
	if status, body := get(t, sign(t, s, "a/b.jpg", time.Minute)); status != http.StatusOK || body != "text" {
		t.Errorf("the address gives %d %s", status, body)
	}
	if status, _ := get(t, sign(t, s, "a/nothing", time.Minute)); status != http.StatusNotFound {
		t.Errorf("the address of nothing gives %d", status)
	}
}

// Each character of an address counts.
func changedAddress(t *testing.T, s blob.Store) {
	put(t, s, "a/b", []byte("the content"), blob.Options{})
	put(t, s, "a/c", []byte("the content of the other"), blob.Options{})
	url := sign(t, s, "a/b", time.Minute)
	start := strings.Index(url[len("http://"):], "/") + len("http://") + 1
	for i := start; i < len(url); i++ {
		other := "c"
		if url[i] == 'c' {
			other = "d"
		}
		if status, body := get(t, url[:i]+other+url[i+1:]); status < 400 || strings.Contains(body, "the content") {
			t.Errorf("%s, changed at %d, gives %d %s", url, i, status, body)
		}
	}
	if status, body := get(t, url[:len(url)-1]); status < 400 || strings.Contains(body, "the content") {
		t.Errorf("an address without its end gives %d %s", status, body)
	}
}
