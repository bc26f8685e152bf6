package executor

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

// clock is a time that the test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func completed(c command.Command) *command.Ack {
	return &command.Ack{CommandID: c.ID, Status: command.Completed}
}

// Commands are known for two days at least and for their lives, by a clock that only runs.
func TestOldCommandsAreForgotten(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(0, 0)}
	m := openTest(t, filepath.Join(t.TempDir(), "m"), c.now)
	short, long := orderOf(command.SyncDevices, ``), orderOf(command.SyncDevices, ``)
	long.ExpiresInMS = (100 * time.Hour).Milliseconds()
	for _, o := range []command.Command{short, long} {
		if err := m.end(o, completed(o)); err != nil {
			t.Fatal(err)
		}
	}
	known := func() (s, l bool) {
		other := orderOf(command.SyncDevices, ``)
		if err := m.end(other, completed(other)); err != nil { // an hour later at least: the journal is written anew
			t.Fatal(err)
		}
		_, s = m.find(short.ID)
		_, l = m.find(long.ID)
		return s, l
	}
	for _, want := range []struct {
		after       time.Duration
		short, long bool
	}{{47 * time.Hour, true, true}, {2 * time.Hour, false, true}, {50 * time.Hour, false, true}, {2 * time.Hour, false, false}} {
		c.at = c.at.Add(want.after)
		if s, l := known(); s != want.short || l != want.long {
			t.Errorf("at %v: %v %v", c.at.Sub(time.Unix(0, 0)), s, l)
		}
	}
}

// A restart with a wrong clock, or after a long time off, forgets nothing.
func TestARestartDoesNotForget(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m")
	c := &clock{time.Unix(1e9, 0)}
	m := openTest(t, path, c.now)
	o := orderOf(command.SyncDevices, ``)
	if err := m.end(o, completed(o)); err != nil {
		t.Fatal(err)
	}
	for _, jump := range []time.Duration{10 * 365 * 24 * time.Hour, -30 * 365 * 24 * time.Hour} {
		m.Close()
		c.at = c.at.Add(jump)
		m = openTest(t, path, c.now)
		if e, found := m.find(o.ID); !found || e.Ack == nil || e.Ack.Status != command.Completed {
			t.Errorf("after %v: %+v %v", jump, e, found)
		}
	}
}

// The bound counts only where nobody can ask any more.
func TestTheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(0, 0)}
	m := openTest(t, filepath.Join(t.TempDir(), "m"), c.now)
	alive := orderOf(command.SyncDevices, ``)
	if err := m.end(alive, completed(alive)); err != nil {
		t.Fatal(err)
	}
	var ids []id.UUID
	for range maxRemembered + 100 {
		e := &entry{ID: id.New(), LifeMS: 1000, KeepMS: remember.Milliseconds(), at: c.at}
		m.known[e.ID] = e
		ids = append(ids, e.ID)
	}
	m.forget()
	if n := m.count(); n != maxRemembered+101 {
		t.Errorf("%d are known while they live", n)
	}
	c.at = c.at.Add(time.Minute)
	if err := m.rewrite(); err != nil {
		t.Fatal(err)
	}
	_, first := m.find(alive.ID)
	_, old := m.find(ids[0])
	_, young := m.find(ids[len(ids)-1])
	if m.count() != maxRemembered || !first || old || !young {
		t.Errorf("%d are known, the living one %v, the oldest %v, the newest %v", m.count(), first, old, young)
	}
	newest := m.last(3)
	if len(newest) != 3 || newest[0].ID != ids[len(ids)-1] || newest[1].ID != ids[len(ids)-2] {
		t.Errorf("the newest are %v", newest)
	}
}

func TestTheJournalStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m")
	m := openTest(t, path, time.Now)
	o := orderOf(command.SyncDevices, ``)
	m.lines = rewriteAfter - 1
	for range 3 {
		if err := m.end(o, completed(o)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Count(text, []byte("\n")) != 2 { // written anew by the second, and one line more
		t.Errorf("%d lines, %v", bytes.Count(text, []byte("\n")), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

// A line that a crash has cut off, and lines that somebody has damaged, are passed over; what comes next is whole.
func TestADamagedJournalIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m")
	m := openTest(t, path, time.Now)
	first, second, third := orderOf(command.SyncDevices, ``), orderOf(command.SyncDevices, ``), orderOf(command.SyncDevices, ``)
	for _, o := range []command.Command{first, second} {
		if err := m.end(o, completed(o)); err != nil {
			t.Fatal(err)
		}
	}
	m.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := "\x00\x01garbage\n{}\n" + strings.Repeat("x", maxLine) + "\n" + string(text[:len(text)-7]) // the second line has lost its end
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	m = openTest(t, path, time.Now)
	_, one := m.find(first.ID)
	_, two := m.find(second.ID)
	if !one || two || m.count() != 1 {
		t.Errorf("known: %v %v of %d", one, two, m.count())
	}
	if err := m.end(third, completed(third)); err != nil {
		t.Fatal(err)
	}
	m.Close()
	if m = openTest(t, path, time.Now); m.count() != 2 {
		t.Errorf("%d are known", m.count())
	}
}

// A disk that takes nothing: what must not be begun twice is not begun, what was done is answered; and it goes on when
// there is room.
func TestADiskThatTakesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m")
	s, w := newTest(t, path)
	s.memory.Close() // without a file it is written anew, into a directory that is not there
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	rotate := orderOf(command.RotateKey, `{}`)
	if a := s.Do(t.Context(), rotate); a.Code != "memory" || len(w.calls()) != 0 {
		t.Errorf("answer is %+v, done %q", a, w.calls())
	}
	policy := orderOf(command.PolicyUpdate, `{}`)
	if a, again := s.Do(t.Context(), policy), s.Do(t.Context(), policy); a.Status != command.Completed || !again.At.Equal(a.At) || len(w.calls()) != 1 {
		t.Errorf("answers are %+v and %+v, done %q", a, again, w.calls())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	next := orderOf(command.PolicyUpdate, `{}`)
	s.Do(t.Context(), next)
	if _, found := openTest(t, path, time.Now).find(next.ID); !found {
		t.Error("it is not on the disk")
	}
}

// A write that fails in the middle leaves nothing behind that spoils the next line.
func TestAHalfWrittenLineIsTakenBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m")
	m := openTest(t, path, time.Now)
	whole := m.file
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m.file = readOnly
	lost, kept := orderOf(command.SyncDevices, ``), orderOf(command.SyncDevices, ``)
	if err := m.end(lost, completed(lost)); err == nil {
		t.Error("no error")
	}
	readOnly.Close()
	m.file = whole
	if _, err := whole.WriteAt([]byte(`{"id":"half`), m.size); err != nil { // as a full disk leaves it
		t.Fatal(err)
	}
	if err := m.end(kept, completed(kept)); err != nil {
		t.Fatal(err)
	}
	m.Close()
	m = openTest(t, path, time.Now)
	if _, found := m.find(kept.ID); !found || m.count() != 1 {
		t.Errorf("%d are known, %v", m.count(), found)
	}
}

func TestAJournalThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := openMemory(dir, slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Error("a directory is read")
	}
	if _, err := openMemory(filepath.Join(dir, "not", "there"), slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Error("a directory that is not there is written into")
	}
}

// Whatever the journal holds, it opens, and what it knows has an id.
func FuzzOpenMemory(f *testing.F) {
	line, _ := json.Marshal(entry{ID: id.New(), Type: command.Update, KeepMS: 1000, Ack: &command.Ack{Status: command.Failed}})
	f.Add(append(line, '\n'))
	f.Add([]byte("{}\n\n\x00\n[1]\n" + `{"id":"0192d1f0-0000-7000-8000-000000000001","keepMs":9223372036854775807,"lifeMs":-1}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "m")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		m := openTest(t, path, time.Now)
		known := m.count()
		for which := range m.known {
			if which == (id.UUID{}) {
				t.Error("a command without an id")
			}
		}
		m.Close()
		if again := openTest(t, path, time.Now); again.count() > known { // some may have come to the end of their time
			t.Errorf("%d are known, then %d", known, again.count())
		}
	})
}
