package updater

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// preflightTime bounds what the new program may take to say its version and to read the settings.
const preflightTime = 30 * time.Second

// preflight starts the new program where nothing depends on it: it must say that it is the version, and take the
// settings of this machine.
func (u *updater) preflight(ctx context.Context, path, version string) error {
	ctx, cancel := context.WithTimeout(ctx, preflightTime)
	defer cancel()
	said, err := output(ctx, path, "version")
	if err != nil {
		return update.ErrPreflight.Wrap(fmt.Errorf("ask for its version: %w", err))
	}
	words := strings.Fields(said)
	if len(words) < 2 || words[0] != program || plain(words[1]) != version {
		return update.ErrPreflight.Wrap(fmt.Errorf("it says that it is %.80q", said))
	}
	if _, err := output(ctx, path, append(slices.Clone(u.args), "check-config")...); err != nil {
		return update.ErrPreflight.Wrap(fmt.Errorf("read the settings: %w", err))
	}
	return nil
}

// maxSaid bounds what is repeated of a program's words.
const maxSaid = 1000

// output runs the program. A file that was open for writing a moment ago may be so still, in a child process that is
// being made and has not let go of it: then the kernel does not start it, for a moment.
func output(ctx context.Context, path string, args ...string) (string, error) {
	for try := 0; ; try++ {
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Stdout, cmd.Stderr = &said, &said
		cmd.WaitDelay = time.Second
		err := cmd.Run()
		if errors.Is(err, syscall.ETXTBSY) && try < 20 {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		text := strings.TrimSpace(said.String())
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, text[:min(len(text), maxSaid)])
		}
		return text, nil
	}
}

// settings are the flags, of a command line, that bring another process to the same settings.
func settings(args []string) (flags []string) {
	takes := []string{"config", "set", "role", "data"}
	for i := 0; i < len(args); i++ {
		name, _, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") || !slices.Contains(takes, name) {
			continue
		}
		flags = append(flags, args[i])
		if !given && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	return flags
}
