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

const usageUser = `user set-password USERNAME   (the new password on standard input; without one, one is made and shown)
  user drop-second-step USERNAME   (for whoever has lost the authenticator app and the recovery codes)`

// commandUser runs user, beside a running server or without one.
func (s *service) commandUser(ctx context.Context, h *kernel.CommandHost, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "set-password":
		return s.commandPassword(ctx, h, args[1])
	case len(args) == 2 && args[0] == "drop-second-step":
		return s.commandSecondStep(ctx, h, args[1])
	}
	return errors.New("usage: " + usageUser)
}

func (s *service) commandSecondStep(ctx context.Context, h *kernel.CommandHost, username string) error {
	u, err := s.byName(asSystem(ctx), username)
	if err == nil {
		err = s.resetTOTP(asSystem(ctx), u.ID)
	}
	if err != nil {
		return fmt.Errorf("user drop-second-step: %w", err)
	}
	_, err = fmt.Fprintf(h.Out, "User %s signs in with the password alone, and all its sign-ins have ended\n", username)
	return err
}

func (s *service) commandPassword(ctx context.Context, h *kernel.CommandHost, username string) error {
	password, err := firstLine(h.In)
	if err != nil {
		return fmt.Errorf("user set-password: %w", err)
	}
	made := password == ""
	if made {
		password = newPassword()
	}
	if err := s.replacePassword(asSystem(ctx), username, password); err != nil {
		return fmt.Errorf("user set-password: %w", err)
	}
	if made {
		_, err = fmt.Fprintf(h.Out, "All sign-ins of user %s have ended. The new password, shown this once: %s\n", username, password)
		return err
	}
	_, err = fmt.Fprintf(h.Out, "User %s has the new password, and all its sign-ins have ended\n", username)
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
	if s.cfg.checkPassword(&f, "password", username, password); len(f) > 0 {
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
