package auth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/staff-control/staff-control/platform/secret"
)

// derived makes keys of the server's secret.
type derived struct{ secret func() ([]byte, error) }

// Derive makes the key for a purpose.
func (d derived) Derive(purpose string) ([]byte, error) {
	key, err := d.secret()
	if err != nil {
		return nil, err
	}
	return secret.Derive(key, purpose)
}

// secretFile returns what the file holds. Where there is nothing, it first gets the secret, readable by its owner alone.
func secretFile(path, secret string) (string, error) {
	kept, err := readSecret(path)
	if err != nil || kept != "" {
		return kept, err
	}
	if err := writeSecret(path, secret); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return readSecret(path) // another process may have been faster
}

func readSecret(path string) (string, error) {
	kept, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(kept)), err
}

// writeSecret makes the file aside and then gives it its name, so that a crash leaves it whole or not there. It returns
// fs.ErrExist if another process was faster.
func writeSecret(path, secret string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(secret + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := name(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// name gives the file that was made aside its name, unless that is taken by more than an empty file, which a crash of
// an older version left. Not every file system has links; there, the last process wins.
func name(aside, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return os.Rename(aside, path)
	}
	if err := os.Link(aside, path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(aside, path)
}

// firstPassword returns the password in the file, which a start that was cut short may have left, or makes one there.
func firstPassword(path string) (string, error) {
	kept, err := secretFile(path, newPassword())
	if err != nil || strong(kept) && len(kept) <= maxPassword {
		return kept, err
	}
	if err := os.Remove(path); err != nil { // whatever it is, it is no password
		return "", err
	}
	return secretFile(path, newPassword())
}

// dropPassword deletes the file of a password that is not the first user's.
func (s *service) dropPassword(ctx context.Context, path, password string) error {
	u, err := s.byName(asSystem(ctx), adminName)
	if err != nil {
		return err
	}
	if fits, err := s.passwords.fits(ctx, u.Password, password); err != nil || fits {
		return err
	}
	return os.Remove(path)
}
