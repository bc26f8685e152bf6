package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/kernel"
)

const usageUser = `user set-password USERNAME   (the new password on standard input; without one, one is made and shown)`

// commandUser runs user, beside a running server or without one.
func (s *service) commandUser(ctx context.Context, h *kernel.CommandHost, args []string) error {
	if len(args) != 2 || args[0] != "set-password" {
		return errors.New("usage: " + usageUser)
	}
	password, err := firstLine(h.In)
	if err != nil {
		return fmt.Errorf("user set-password: %w", err)
	}
	made := password == ""
	if made {
		password = newPassword()
	}
	if err := s.replacePassword(asSystem(ctx), args[1], password); err != nil {
		return fmt.Errorf("user set-password: %w", err)
	}
	if made {
		_, err = fmt.Fprintf(h.Out, "All sign-ins of user %s have ended. The new password, shown this once: %s\n", args[1], password)
		return err
	}
	_, err = fmt.Fprintf(h.Out, "User %s has the new password, and all its sign-ins have ended\n", args[1])
	return err
}

// firstLine reads a line of any sensible length; nothing if there is no input.
func firstLine(r io.Reader) (string, error) {
	if r == nil {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), err
}

// replacePassword gives a user a new password, whatever the old one was, and opens a name that was locked.
func (s *service) replacePassword(ctx context.Context, username, password string) error {
	var f fault.Fields
	if checkPassword(&f, "password", password); len(f) > 0 {
		return f.Err()
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.userByName(ctx, tx, username)
		if err != nil {
			return err
		}
		if u, err = s.store.userAlone(ctx, tx, u.ID); err != nil {
			return err
		}
		before := u
		u.Password = hash
		return s.saveUser(ctx, tx, "user.password_set", before, u)
	})
	if errors.Is(err, db.ErrNotFound) {
		return errUserUnknown.Wrap(err)
	}
	return err
}
