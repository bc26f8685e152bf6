package updater

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// large is a package of which parts can be sent.
func large(t testing.TB, version string) []byte {
	t.Helper()
	return pack(t, entry{name: "README", text: noise(200_000)}, entry{name: program, text: behaving(version)})
}

// noise does not become smaller.
func noise(size int) string {
	all := make([]byte, size)
	for i, x := 0, uint32(1); i < len(all); i++ {
		x = x*1664525 + 1013904223
		all[i] = byte(x >> 24)
	}
	return string(all)
}

// cutting sends that many bytes of each answer and cuts the line, the first so many times.
func cutting(m *machine, bytes int64, times int32) func(http.ResponseWriter, *http.Request) bool {
	var cuts atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) bool {
		if cuts.Add(1) > times {
			return false
		}
		http.ServeContent(&short{w, bytes}, r, "", noTime, strings.NewReader(string(m.shop.archive)))
		return true
	}
}

// short takes so many bytes and then cuts the line.
type short struct {
	http.ResponseWriter
	left int64
}

func (s *short) Write(p []byte) (int, error) {
	if int64(len(p)) > s.left {
		s.ResponseWriter.Write(p[:s.left])
		http.NewResponseController(s.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	s.left -= int64(len(p))
	return s.ResponseWriter.Write(p)
}

func TestDownloadGoesOnWhereTheLineWasCut(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
	m.shop.serve = cutting(m, 30_000, 6) // more often than it may be in vain
	u, _ := m.started(t, "2.0.0", packaged)
	if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
		t.Fatalf("%t, %v", restarts, err)
	}
	if len(m.shop.ranges) != 7 || m.shop.ranges[0] != "" || m.shop.ranges[6] != "bytes=180000-" {
		t.Errorf("asked for %q", m.shop.ranges)
	}
}

func TestDownloadGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
	ctx, cancel := context.WithCancel(t.Context())
	cut := cutting(m, 50_000, 1)
	m.shop.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" && ctx.Err() == nil {
			cancel()
			<-r.Context().Done()
			return true
		}
		return cut(w, r)
	}
	u, _ := m.started(t, "2.0.0", packaged)
	_, err := u.Install(ctx, "order", "")
	wantFault(t, err, update.ErrDownload)
	u, _ = m.started(t, "2.0.0", packaged)
	if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
		t.Fatalf("%t, %v", restarts, err)
	}
	if last := m.shop.ranges[len(m.shop.ranges)-1]; last != "bytes=50000-" {
		t.Errorf("asked for %q", m.shop.ranges)
	}
}

// What is there of another file of that name is of no use, even where a server sends ranges of whatever it has.
func TestDownloadBeginsAnewWhereTheFileIsAnother(t *testing.T) {
	t.Parallel()
	tests := map[string]func(m *machine, part string){
		"another at the server": func(m *machine, part string) { writeFile(t, part+".json", `{"etag":"\"before\""}`) },
		"no tag":                func(m *machine, part string) {},
		"a tag that is garbage": func(m *machine, part string) { writeFile(t, part+".json", `{`) },
		"longer than it may be": func(m *machine, part string) { writeFile(t, part, strings.Repeat("x", 300_000)) },
		"a server that answers another range": func(m *machine, part string) {
			writeFile(t, part+".json", `{"etag":`+quoted(m.shop.etag)+`}`)
			m.shop.serve = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") == "" {
					return false
				}
				w.Header().Set("Content-Range", "bytes 5-6/7")
				w.WriteHeader(http.StatusPartialContent)
				return true
			}
		},
		"a server that refuses the range": func(m *machine, part string) {
			writeFile(t, part+".json", `{"etag":`+quoted(m.shop.etag)+`}`)
			m.shop.serve = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") != "" {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				}
				return r.Header.Get("Range") != ""
			}
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
			dir := filepath.Join(m.dir, downloadsName)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			part := filepath.Join(dir, m.shop.offered.SHA256)
			writeFile(t, part, "of something else")
			writeFile(t, filepath.Join(dir, strings.Repeat("0", 64)), "of a version before")
			prepare(m, part)
			u, _ := m.started(t, "2.0.0", packaged)
			if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
				t.Errorf("%t, %v", restarts, err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "0*")); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// A damaged part is found out by its digest, and all of it is fetched.
func TestDamagedDownloadIsFetchedAgain(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
	dir := filepath.Join(m.dir, downloadsName)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(dir, m.shop.offered.SHA256)
	writeFile(t, part, "damaged")
	writeFile(t, part+".json", `{"etag":`+quoted(m.shop.etag)+`}`)
	u, _ := m.started(t, "2.0.0", packaged)
	if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
		t.Errorf("%t, %v", restarts, err)
	}
}

func TestDownloadEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"a peer that says nothing": func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"a peer that falls silent": func(w http.ResponseWriter, r *http.Request) bool {
			w.Write([]byte("x"))
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return true
		},
		"a line that is always cut": func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"trouble of the server":     func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true },
		"a file that is away":       func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true },
		"a way to elsewhere": func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Location", "/nowhere")
			w.WriteHeader(http.StatusFound)
			return true
		},
		"more than it was said to be": func(w http.ResponseWriter, r *http.Request) bool { w.Write(make([]byte, 300_000)); return true },
	}
	for name, serve := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
			m.shop.serve = serve
			u, _ := m.started(t, "2.0.0", packaged)
			u.stall = fewMoments
			_, err := u.Install(t.Context(), "order", "")
			wantFault(t, err, update.ErrDownload)
			m.shop.change(func() { m.shop.serve = nil })
			if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
				t.Errorf("later: %t, %v", restarts, err)
			}
		})
	}
}

// A peer that sends a byte now and then is bounded by the time for all of it.
func TestSlowDownloadEnds(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
	m.shop.serve = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusOK)
		for r.Context().Err() == nil {
			w.Write([]byte("x"))
			http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-afterMoment():
			}
		}
		return true
	}
	u, _ := m.started(t, "2.0.0", packaged)
	u.cfg.Timeout = 2 * fewMoments
	_, err := u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrDownload)
}

func TestFreeSpaceOfADiskIsKnown(t *testing.T) {
	t.Parallel()
	if n, err := freeBytes(t.Context(), t.TempDir()); err != nil || n == 0 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := freeBytes(t.Context(), "/nowhere/at/all"); err == nil {
		t.Error("a directory that is not there has free space")
	}
	u := newMachine(t).process("2.0.0", packaged)
	u.free = freeBytes
	if err := u.spacious(t.Context(), "/nowhere/at/all", 1); err == nil {
		t.Error("a directory that is not there is spacious")
	}
}
