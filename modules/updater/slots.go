package updater

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// slot is a place for a version of the program.
type slot string

// The slots. What the package brought is used where neither of the two others is.
const (
	slotA    slot = "a"
	slotB    slot = "b"
	packaged slot = "packaged"
)

func (s slot) known() bool { return s == slotA || s == slotB || s == packaged }

// program is the file's name in an archive and in a slot.
const program = "staff-control"

// state says which slot is to be started. It is shared with the launcher, a shell script, so it is lines of key=value
// that end with end=state, and values are words.
type state struct {
	Current, Previous slot
	// Trial is of a current version that nobody has found healthy yet; Starts counts how often it was started.
	Trial  bool
	Starts int
	// Version is the current one's, PreviousVersion the previous one's.
	Version, PreviousVersion string
	// Failed is a version that was given up, for the Reason, and of which nobody has been told.
	Failed, Reason string
}

// Why a version was given up.
const (
	reasonCrashed    = "crashed"     // it ended again and again; the launcher's word
	reasonUnusable   = "unusable"    // its program is away or does not start; the launcher's word
	reasonUnhealthy  = "unhealthy"   // its health checks failed
	reasonNotStarted = "not_started" // the launcher did not start it
)

// maxStarts is when the launcher gives a version up.
const maxStarts = 3

var errState = errors.New("not the state of the slots, or not all of it")

// parseState reads what the launcher and this program write. Keys that it does not know are passed over.
func parseState(text []byte) (s state, err error) {
	values := map[string]string{}
	if !bytes.HasSuffix(text, []byte("\n")) {
		return s, errState
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if value != "" && !word(value) {
			return s, fmt.Errorf("%w: a value of %q", errState, key)
		}
		values[key] = value
	}
	s = state{
		Current: slot(values["current"]), Previous: slot(values["previous"]), Trial: values["trial"] == "yes",
		Version: values["version"], PreviousVersion: values["previous_version"], Failed: values["failed"], Reason: values["reason"],
	}
	starts, trial := values["starts"], values["trial"]
	switch {
	case !s.Current.known(), !s.Previous.known(), trial != "yes" && trial != "no", len(starts) != 1, starts < "0", starts > "9", values["end"] != "state":
		return state{}, errState
	}
	s.Starts = int(starts[0] - '0')
	return s, nil
}

func (s state) text() []byte {
	trial := "no"
	if s.Trial {
		trial = "yes"
	}
	return fmt.Appendf(nil, "current=%s\nprevious=%s\ntrial=%s\nstarts=%d\nversion=%s\nprevious_version=%s\nfailed=%s\nreason=%s\nend=state\n",
		s.Current, s.Previous, trial, s.Starts, s.Version, s.PreviousVersion, s.Failed, s.Reason)
}

// back returns the state in which the previous version runs again.
func (s state) back(reason string) state {
	return state{Current: s.Previous, Previous: packaged, Version: s.PreviousVersion, Failed: s.Version, Reason: reason}
}

// word reports whether the text can stand in the state: the launcher's shell must not have to think about it.
func word(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._+-", r)
	})
}

// slots is the directory of the slots.
type slots struct{ dir string }

func (s slots) path(of slot) string    { return filepath.Join(s.dir, string(of)) }
func (s slots) program(of slot) string { return filepath.Join(s.path(of), program) }
func (s slots) file() string           { return filepath.Join(s.dir, "state") }

// load returns the state in which the packaged program runs if there is no other.
func (s slots) load() (state, error) {
	none := state{Current: packaged, Previous: packaged}
	text, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read the slots' state: %w", err)
	}
	st, err := parseState(text)
	if err != nil {
		return none, err
	}
	return st, nil
}

// save replaces the state, and returns when that has reached the disk.
func (s slots) save(st state) error {
	if err := replace(s.file(), 0o600, func(f *os.File) error {
		_, err := f.Write(st.text())
		return err
	}); err != nil {
		return fmt.Errorf("write the slots' state: %w", err)
	}
	return nil
}

// of returns the slot that the program lies in.
func (s slots) of(executable string) slot {
	for _, of := range []slot{slotA, slotB} {
		want, err := filepath.EvalSymlinks(s.program(of))
		if err == nil && want == executable {
			return of
		}
	}
	return packaged
}

// free is the slot that the current version is not in.
func (st state) free() slot {
	if st.Current == slotA {
		return slotB
	}
	return slotA
}

// replace writes the file whole or not at all, and returns when that has reached the disk.
func replace(path string, mode fs.FileMode, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	if err = write(f); err == nil {
		err = errors.Join(f.Chmod(mode), f.Sync())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a change of the directory reach the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
