package auth

import (
	"context"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// profileInput is what a user may say of itself; what is absent stays.
type profileInput struct {
	Name            *string `json:"name,omitempty"`
	Username        *string `json:"username,omitempty"`
	CurrentPassword *string `json:"currentPassword,omitempty" doc:"for another user name or password"`
	NewPassword     *string `json:"newPassword,omitempty"`
	Code            string  `json:"code,omitempty" doc:"where you have a second step, beside the password: a code of the app, or a recovery code"`
}

func (in profileInput) check(c *Config) error {
	var f fault.Fields
	if in.NewPassword != nil {
		c.checkPassword(&f, "newPassword", "", *in.NewPassword)
	}
	if in.CurrentPassword == nil && (in.NewPassword != nil || in.Username != nil) {
		f.Add("currentPassword", "required", nil)
	}
	return f.Err()
}

// changeProfile changes the actor's own name, user name and password. Another password ends all its sign-ins.
func (s *service) changeProfile(ctx context.Context, in profileInput) error {
	if err := in.check(s.cfg); err != nil {
		return err
	}
	var u userRow
	var hash string
	var err error
	if in.CurrentPassword != nil {
		if u, err = s.knows(ctx, *in.CurrentPassword); err != nil {
			return err
		}
	}
	if in.NewPassword != nil && *in.NewPassword != *in.CurrentPassword { // v1's clients send both for a new name, too
		if hash, err = s.anotherPassword(ctx, u, *in.CurrentPassword, *in.NewPassword); err != nil {
			return err
		}
	}
	const action = "user.profile_changed"
	change := func(row *userRow) error {
		if hash != "" {
			row.Password, row.PasswordChangedAt, row.MustChange = hash, s.time(), false
		}
		return userInput{Name: in.Name, Username: in.Username}.apply(row, s.cfg)
	}
	if in.CurrentPassword == nil {
		err = s.changeMe(ctx, action, change)
	} else {
		defer s.sessions.forget()
		err = s.provenBy(ctx, u, in.Code, func(ctx context.Context, tx db.Tx, u userRow) error { return s.changeMeIn(ctx, tx, action, u, change) })
	}
	a, _ := actor.From(ctx)
	return s.userFault(ctx, "update", a.UserID, err)
}
