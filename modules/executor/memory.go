package executor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// remember is how long a command is known at least after it came; agent-api never repeats one for so long.
	remember = 48 * time.Hour
	// maxRemembered is how many commands are known once their lives have ended.
	maxRemembered = 10_000
	// rewriteEvery bounds what the file says of time that has passed, and rewriteAfter how long it becomes.
	rewriteEvery = time.Hour
	rewriteAfter = 4096
	// maxLife bounds what a command may say of its own life, so that it can be reckoned with.
	maxLife = 10 * 365 * 24 * time.Hour
	// maxLine is more than a line of the file ever has.
	maxLine = 1 << 20
)

// entry is what is known of one command.
type entry struct {
	ID   id.UUID      `json:"id"`
	Type command.Type `json:"type"`
	// LifeMS is how long agent-api may repeat the command yet, KeepMS how long it is known, from the moment in which the
	// line was written. No time of day is in it: the machine's clock may be anything.
	LifeMS int64 `json:"lifeMs"`
	KeepMS int64 `json:"keepMs"`
	// Begun counts how often it was begun. Ack is nil while nobody knows how it ended.
	Begun int          `json:"begun,omitempty"`
	Ack   *command.Ack `json:"ack,omitempty"`

	at time.Time // when the line was written, by the clock that only runs
}

func (e *entry) left(ms int64, now time.Time) time.Duration {
	return time.Duration(ms)*time.Millisecond - now.Sub(e.at)
}

// memory knows the commands that came, on the disk too: a journal to which a line is added for each command that begins,
// and for each that has ended.
type memory struct {
	path string
	log  *slog.Logger
	now  func() time.Time

	mu        sync.Mutex
	known     map[id.UUID]*entry
	file      *os.File
	size      int64 // of what is whole in the file
	lines     int
	rewritten time.Time
}

// openMemory reads the journal. What of it cannot be read is passed over: a line that was being written at a crash is
// nothing that anybody was told.
func openMemory(path string, log *slog.Logger, now func() time.Time) (*memory, error) {
	m := &memory{path: path, log: log, now: now, known: map[id.UUID]*entry{}}
	if err := m.load(); err != nil {
		return nil, err
	}
	if err := m.rewrite(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *memory) load() error {
	f, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open memory of commands: %w", err)
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	damaged := 0
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break // what has no end is no line
		}
		if err != nil {
			return fmt.Errorf("read memory of commands: %w", err)
		}
		e := &entry{at: m.now()}
		if len(line) > maxLine || json.Unmarshal(line, e) != nil || e.ID == (id.UUID{}) {
			damaged++
			continue
		}
		e.LifeMS, e.KeepMS = min(e.LifeMS, maxLife.Milliseconds()), min(e.KeepMS, maxLife.Milliseconds())
		m.known[e.ID] = e
	}
	if damaged > 0 {
		m.log.Warn("a part of the memory of commands is damaged", "lines", damaged)
	}
	return nil
}

// find returns what is known of a command.
func (m *memory) find(which id.UUID) (entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, found := m.known[which]
	if !found {
		return entry{}, false
	}
	return *e, true
}

// begin keeps that a command begins, once more. Where sure, it has reached the disk when that returns; else it outlives the
// process, and perhaps not the machine.
func (m *memory) begin(c command.Command, sure bool) error { return m.note(c, nil, sure) }

// end keeps the answer to a command. After an error this process knows it, and the next one may not.
func (m *memory) end(c command.Command, a *command.Ack) error { return m.note(c, a, true) }

func (m *memory) note(c command.Command, ack *command.Ack, sure bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := &entry{ID: c.ID, Type: c.Type, LifeMS: max(c.ExpiresInMS, 0), at: m.now(), Ack: ack}
	e.KeepMS = max(e.LifeMS, remember.Milliseconds())
	if before := m.known[c.ID]; before != nil {
		e.Begun = before.Begun
	}
	if ack == nil {
		e.Begun++
	}
	m.known[c.ID] = e
	if m.lines >= max(rewriteAfter, 2*len(m.known)) || m.now().Sub(m.rewritten) >= rewriteEvery || m.file == nil {
		return m.rewrite()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return m.append(append(line, '\n'), sure)
}

// append adds a line, whole or not at all.
func (m *memory) append(line []byte, sure bool) error {
	_, err := m.file.WriteAt(line, m.size)
	if err == nil && sure {
		err = m.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write memory of commands: %w", errors.Join(err, m.file.Truncate(m.size)))
	}
	m.size += int64(len(line))
	m.lines++
	return nil
}

// forget lets go of what nobody will ask for any more.
func (m *memory) forget() {
	now := m.now()
	maps.DeleteFunc(m.known, func(_ id.UUID, e *entry) bool { return e.left(e.KeepMS, now) <= 0 })
	if len(m.known) <= maxRemembered {
		return
	}
	oldest := slices.SortedFunc(maps.Values(m.known), byAge)
	for _, e := range oldest {
		if len(m.known) <= maxRemembered {
			return
		}
		if e.left(e.LifeMS, now) <= 0 {
			delete(m.known, e.ID)
		}
	}
}

// byAge sorts the oldest first: commands' ids begin with the time of their making.
func byAge(a, b *entry) int { return bytes.Compare(a.ID[:], b.ID[:]) }

// rewrite replaces the journal by what is known now.
func (m *memory) rewrite() error {
	m.forget()
	now := m.now()
	var text bytes.Buffer
	for _, e := range slices.SortedFunc(maps.Values(m.known), byAge) {
		fresh := *e
		fresh.LifeMS, fresh.KeepMS, fresh.at = max(e.left(e.LifeMS, now).Milliseconds(), 0), e.left(e.KeepMS, now).Milliseconds(), now
		line, err := json.Marshal(fresh)
		if err != nil {
			return err
		}
		*e = fresh
		text.Write(append(line, '\n'))
	}
	f, err := replace(m.path, text.Bytes())
	if err != nil {
		return fmt.Errorf("write memory of commands: %w", err)
	}
	m.close()
	m.file, m.size, m.lines, m.rewritten = f, int64(text.Len()), len(m.known), now
	return nil
}

// replace writes a file whole or not at all, and returns it open.
func replace(path string, text []byte) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// last are the newest commands, newest first.
func (m *memory) last(most int) []entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.SortedFunc(maps.Values(m.known), func(a, b *entry) int { return -byAge(a, b) })
	newest := make([]entry, 0, min(most, len(all)))
	for _, e := range all[:cap(newest)] {
		newest = append(newest, *e)
	}
	return newest
}

// count is how many are known.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.known)
}

func (m *memory) close() {
	if m.file != nil {
		_ = m.file.Close() // each line was synced when it was written
	}
	m.file = nil
}

// Close ends the use of the file.
func (m *memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.close()
}
