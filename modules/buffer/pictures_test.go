package buffer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAPictureIsKeptUntilItIsDelivered(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	before := b.State().Bytes
	for format, head := range map[string]string{"image/png": "\x89PNG\r\n\x1a\n", "image/webp": "RIFF\x10\x00\x00\x00WEBP", "image/jpeg": "\xff\xd8\xff\xe0"} {
		content := append([]byte(head), jpeg(format, 70_000)...)
		r := take(t, b, format, content)
		sum := sha256.Sum256(content)
		e := r.Event
		if r.Known || e.Kind != activity.Screenshot || !strings.HasPrefix(e.FilePath, "spool:") || e.FileSize != int64(len(content)) || e.SHA256 != hex.EncodeToString(sum[:]) || e.Title != "t" {
			t.Errorf("%s: the receipt is %+v", format, r)
		}
		row := lastPicture(t, b)
		p, err := b.Picture(t.Context(), row.Seq)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(p, 0, p.Size))
		if err != nil || !bytes.Equal(got, content) || p.ContentType != format || p.SHA256 != e.SHA256 || "spool:"+p.Name != e.FilePath {
			t.Errorf("%s: the file is %d bytes of %s (%v)", format, len(got), p.ContentType, err)
		}
		p.Close()
	}
	s := b.State()
	if s.Pending != 3 || s.Waiting[backlog.Picture] != 3 || s.Last[backlog.Picture] != 3 || s.Bytes < before+210_000 || s.Usage < 210_000.0/1e9 {
		t.Errorf("state is %+v", s)
	}
	if n := len(next(t, b, 0, 10)); n != 0 {
		t.Errorf("%d pictures are among the other events", n)
	}
	if err := b.Settle(t.Context(), backlog.Picture, 1, 3); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); s.Pending != 0 || b.spooled != 0 || b.spool.writing.Load() != 0 || len(spooled(t, b)) != 0 {
		t.Errorf("after delivery: %+v, %d bytes, files %v", s, b.spooled, spooled(t, b))
	}
	if r := take(t, b, "image/png", jpeg("late", 100)); !r.Known || r.Event.FileSize < 70_000 {
		t.Errorf("a repeat of what was delivered: %+v", r)
	}
}

// Whichever came first with a key counts, however many come at once.
func TestAKeyIsTakenOnce(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	var senders sync.WaitGroup
	var mu sync.Mutex
	news := 0
	for n := range 8 {
		senders.Go(func() {
			r, err := b.Take(agent(t), shotOf("../../etc/passwd'\"; --", jpeg(fmt.Sprint(n), 5000+n)))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if !r.Known {
				news++
			}
		})
	}
	senders.Wait()
	if n := len(spooled(t, b)); news != 1 || n != 1 || b.State().Pending != 1 || b.spool.writing.Load() != 0 {
		t.Errorf("%d were new, %d files, %d pending, %d bytes of no row", news, n, b.State().Pending, b.spool.writing.Load())
	}
	p, err := b.Picture(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := b.Take(context.Background(), shotOf("k", nil)); !errors.Is(err, db.ErrNoActor) {
		t.Errorf("without an actor: %v", err)
	}
}

func TestWhatIsNoPictureOrBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	broken := errors.New("the line broke")
	for name, test := range map[string]struct {
		body io.Reader
		want error
	}{
		"nothing":             {strings.NewReader(""), errNoPicture},
		"a page":              {strings.NewReader("<html><script>alert(1)</script></html>"), errNoPicture},
		"a gif":               {strings.NewReader("GIF89a" + strings.Repeat("x", 100)), errNoPicture},
		"a RIFF of sound":     {strings.NewReader("RIFF\x10\x00\x00\x00WAVEfmt "), errNoPicture},
		"broken at once":      {iotest.ErrReader(broken), broken},
		"broken in its midst": {io.MultiReader(bytes.NewReader(jpeg("x", 100_000)), iotest.ErrReader(broken)), broken},
	} {
		s := shotOf(name, nil)
		s.Body = test.body
		if _, err := b.Take(agent(t), s); !errors.Is(err, test.want) {
			t.Errorf("%s: error is %v, want %v", name, err, test.want)
		}
	}
	if files := spooled(t, b); len(files) != 0 || b.State().Pending != 0 || b.spool.writing.Load() != 0 {
		t.Errorf("left are %v, %d pending, %d bytes", files, b.State().Pending, b.spool.writing.Load())
	}
}

// Pictures are within the bound of the buffer, with all that comes at the same time.
func TestPicturesStayWithinTheBound(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.MaxSize = 16e6 })
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Go(func() {
			for n := 0; ; n++ {
				_, err := b.Take(agent(t), shotOf(fmt.Sprint(sender, n), jpeg("x", 300_000)))
				if size := onDisk(t, b.cfg.Path) + spoolSize(t, b); size > int64(b.cfg.MaxSize) {
					t.Errorf("the buffer takes %d bytes of %d", size, b.cfg.MaxSize)
				}
				if err != nil {
					if f := fault.Of(err); f.Kind != fault.TooMany || f.RetryAfter <= 0 {
						t.Errorf("error is %v, want too many with a time to come back", err)
					}
					return
				}
			}
		})
	}
	senders.Wait()
	if n := b.State().Pending; n < 40 || b.spool.writing.Load() != 0 || b.spooled != spoolSize(t, b) {
		t.Errorf("%d pictures found room; %d bytes counted, %d there", n, b.spooled, spoolSize(t, b))
	}
	if a := undelivered(t, b); len(a) == 0 {
		t.Error("nobody was told that the buffer fills up")
	}
	if err := b.Settle(t.Context(), backlog.Picture, 1, b.State().Last[backlog.Picture]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is room again", func() bool {
		_, err := b.Take(agent(t), shotOf("again", jpeg("x", 300_000)))
		return err == nil
	})
}

func TestWhereASettingSaysSoPicturesGoBeforeEvents(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.MaxSize, c.Overflow = 16e6, dropOldest })
	put(t, b, windows(0, 100))
	for n := range 200 {
		for {
			if _, err := b.Take(agent(t), shotOf(fmt.Sprint(n), jpeg("x", 300_000))); err == nil {
				break
			}
		}
	}
	eventually(t, "room is made", func() bool { usage, _ := b.fill(); return usage <= b.cfg.RefuseAt })
	dropped, err := b.Dropped(t.Context(), backlog.Picture)
	if err != nil || len(dropped) != 1 || dropped[0].First != 1 || dropped[0].Reason != "overflow" {
		t.Fatalf("dropped are %v (%v), want one range from 1", dropped, err)
	}
	if n := int64(len(spooled(t, b))); n != 200-dropped[0].Last || b.tally()[backlog.Picture].Pending != n || b.tally()[backlog.Agent].Pending != 100 {
		t.Errorf("%d files are left after %v; tallies %+v", n, dropped, b.tally())
	}
}

// A picture that the server refuses stays with its row, until it is old or its room is needed.
func TestARefusedPictureStaysForAWhile(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	for n := range 3 {
		take(t, b, fmt.Sprint(n), jpeg("x", 1000))
	}
	for seq := range int64(2) {
		if err := b.SetAside(t.Context(), backlog.Picture, seq+1, "422"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Settle(t.Context(), backlog.Picture, 1, 3); err != nil {
		t.Fatal(err)
	}
	if n := len(spooled(t, b)); n != 2 || b.State().SetAside != 2 {
		t.Errorf("%d files are left, %d rows set aside", n, b.State().SetAside)
	}
	b.cancel()
	<-b.stopped // from here the test is the writer
	ctx := b.own(t.Context())
	b.now = func() time.Time { return time.Now().Add(29 * 24 * time.Hour) }
	if b.sweep(ctx); len(spooled(t, b)) != 2 {
		t.Errorf("after 29 days %v are left", spooled(t, b))
	}
	if b.relieve(ctx, 0.85); len(spooled(t, b)) != 0 || b.tally()[backlog.Picture].SetAside != 2 || b.spooled != 0 {
		t.Errorf("under pressure %v are left, of rows %+v", spooled(t, b), b.tally()[backlog.Picture])
	}
	b.now = func() time.Time { return time.Now().Add(31 * 24 * time.Hour) }
	if b.sweep(ctx); b.tally()[backlog.Picture].SetAside != 0 {
		t.Error("after 31 days the rows are still there")
	}
}

// A file that vanished, shrank or was altered is known before anything is sent, and given up by name.
func TestAPictureThatIsNotWhatWasTakenIsLost(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	for n := range 4 {
		take(t, b, fmt.Sprint(n), jpeg(fmt.Sprint(n), 50_000))
	}
	path := func(seq int64) string {
		row, err := b.store.file(b.reading(t.Context()), seq)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(b.cfg.Path+"-spool", row.Name)
	}
	if err := errors.Join(os.Remove(path(1)), os.Truncate(path(2), 49_999), os.WriteFile(path(3), jpeg("another", 50_000), 0o600)); err != nil {
		t.Fatal(err)
	}
	for seq := range int64(3) {
		if p, err := b.Picture(t.Context(), seq+1); !errors.Is(err, backlog.ErrLost) {
			t.Errorf("picture %d: %+v, %v", seq+1, p, err)
		}
		for range 2 { // once more is harmless
			if err := b.Drop(t.Context(), backlog.Picture, seq+1, backlog.ReasonFileLost); err != nil {
				t.Fatal(err)
			}
		}
	}
	dropped, err := b.Dropped(t.Context(), backlog.Picture)
	if want := (backlog.Dropped{First: 1, Last: 3, Reason: "file_lost"}); err != nil || len(dropped) != 1 || dropped[0] != want {
		t.Errorf("dropped are %v (%v), want %v", dropped, err, want)
	}
	if row := lastPicture(t, b); row.Seq != 4 || len(spooled(t, b)) != 1 || b.State().Pending != 1 || b.spooled != 50_000 {
		t.Errorf("left are %v, %+v, %d bytes", spooled(t, b), b.State(), b.spooled)
	}
	if _, err := b.Picture(t.Context(), 99); !errors.Is(err, backlog.ErrLost) {
		t.Errorf("a picture that never was: %v", err)
	}
}

func TestARestartSweepsWhatHasNoRow(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	take(t, b, "k", jpeg("x", 5000))
	kept := spooled(t, b)
	b.stop(t)
	for _, name := range []string{"0192f0aa-8c1e-7b52-9f0d-0f6d3a1c9a11.jpg", "0192f0aa-8c1e-7b52-9f0d-0f6d3a1c9a12", "somebody's.jpg"} {
		if err := os.WriteFile(filepath.Join(b.cfg.Path+"-spool", name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := reopen(t, b, nil)
	if got := spooled(t, again); !slices.Equal(got, append(kept, "somebody's.jpg")) || again.spooled != 5000 {
		t.Errorf("left are %v with %d bytes, want %v", got, again.spooled, kept)
	}
	p, err := again.Picture(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}

// What deleted rows leave in the file goes back to the disk when pictures need it.
func TestTheFileGivesRoomBack(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, func(c *Config) { c.MaxSize = 32e6 })
	for n := 0; b.State().Usage < 0.75; n++ {
		put(t, b, windows(n, 1000))
	}
	settleRows(t, b, 1, b.State().Last[backlog.Agent])
	b.cancel()
	<-b.stopped
	ctx := b.own(t.Context())
	for range 100 {
		b.forgetSent(ctx, backlog.Agent, time.Time{})
	}
	before := b.size
	b.cfg.WarnAt = 0.5
	for b.giveBack(ctx) {
	}
	if b.size.file > 16e6 || before.file < 16e6 {
		t.Errorf("the file is %d bytes of which %d are used, was %d", b.size.file, b.size.used, before.file)
	}
}

func take(t testing.TB, b *testBuffer, key string, content []byte) shot.Receipt {
	t.Helper()
	r, err := b.Take(agent(t), shotOf(key, content))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func shotOf(key string, content []byte) shot.Shot {
	e := activity.Event{Key: key, ComputerUID: "PC", UserSID: "S", At: time.Now(), Title: "t"}
	return shot.Shot{Event: e, ContentType: "text/html", Body: bytes.NewReader(content)}
}

// jpeg is n bytes that begin as a JPEG does.
func jpeg(seed string, n int) []byte {
	content := bytes.Repeat([]byte(seed+"."), n/len(seed)+1)[:n]
	copy(content, "\xff\xd8\xff\xe0")
	return content
}

func lastPicture(t testing.TB, b *testBuffer) backlog.Row {
	t.Helper()
	rows, err := b.Next(t.Context(), backlog.Picture, 0, 100, 1<<20)
	if err != nil || len(rows) == 0 {
		t.Fatalf("there are no pictures (%v)", err)
	}
	return rows[len(rows)-1]
}

func spooled(t testing.TB, b *testBuffer) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(b.cfg.Path + "-spool")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func spoolSize(t testing.TB, b *testBuffer) (size int64) {
	t.Helper()
	for _, name := range spooled(t, b) {
		if info, err := os.Stat(filepath.Join(b.cfg.Path+"-spool", name)); err == nil {
			size += info.Size()
		}
	}
	return size
}

// It is not parallel: it counts what the whole process allocates.
func TestAPictureIsNotHeldInMemory(t *testing.T) {
	b := newBuffer(t, nil)
	content := jpeg("x", 8_000_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n := range 5 {
		take(t, b, fmt.Sprint(n), content)
		p, err := b.Picture(t.Context(), int64(n+1))
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 4_000_000 {
		t.Errorf("40 MB of pictures took %d bytes of memory", taken)
	}
}
