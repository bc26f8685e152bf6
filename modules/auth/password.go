package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/platform/fault"
)

const (
	// bcryptCost is v1's.
	bcryptCost = 12
	// bcryptAtOnce bounds the processors that passwords may keep busy.
	bcryptAtOnce = 2
	// bcryptPatience is how long a sign-in waits for its turn.
	bcryptPatience = 10 * time.Second
	minPassword    = 8
	// marks are the signs of which a password needs one.
	marks = "@$!%*#?&"
)

// passwords hashes and compares, a few at a time: each takes a processor for a quarter of a second,
// and a crowd of sign-ins must not stop the rest of the server.
type passwords struct {
	cost    int
	turns   chan struct{}
	compare func(hash, password []byte) error
	// nobody is a hash that no password fits, for names that nobody has: the answer must take as long.
	nobody []byte
}

// nobodysHash is salt and hash of a password that was thrown away. Making one at the start would cost the start
// as long as a sign-in takes.
const nobodysHash = "gRCk0IMua.lITC7ChghFCuyMR7Z1lNRup9ycWQwg0b8puBWzZNbEq"

func newPasswords(cost int) *passwords {
	return &passwords{
		cost: cost, turns: make(chan struct{}, bcryptAtOnce), compare: bcrypt.CompareHashAndPassword,
		nobody: fmt.Appendf(nil, "$2a$%02d$%s", cost, nobodysHash),
	}
}

// fits reports whether the password is that of the hash. An empty hash fits nothing and takes as long.
func (p *passwords) fits(ctx context.Context, hash, password string) (bool, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	known := []byte(hash)
	if hash == "" {
		known = p.nobody
	}
	err = p.compare(known, []byte(password))
	return err == nil && hash != "", nil
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(hash), nil
}

// turn waits until it may compute; done gives the turn back.
func (p *passwords) turn(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, bcryptPatience)
	defer cancel()
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-ctx.Done():
		return nil, errBusy.Wrap(ctx.Err())
	}
}

// checkPassword applies v1's rules: at least so many characters with a small and a large letter, a digit and a mark,
// beginning with a letter, a digit or a mark; and that it does not hold the user's name.
func (c *Config) checkPassword(f *fault.Fields, field, username, password string) {
	switch {
	case len(password) > maxPassword:
		f.Add(field, codePasswordLong, fault.Params{"Max": maxPassword})
	case !strong(password) || len([]rune(password)) < c.MinPassword:
		f.Add(field, codePassword, fault.Params{"Min": c.MinPassword, "Marks": marks})
	case len(username) >= minNamePart && strings.Contains(strings.ToLower(password), strings.ToLower(username)):
		f.Add(field, codePasswordName, nil)
	}
}

// minNamePart is how long a name must be to be looked for in a password: shorter ones are in it by chance.
const minNamePart = 4

func strong(password string) bool {
	const small, large, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	for _, class := range []string{small, large, digits, marks} {
		if !strings.ContainsAny(password, class) {
			return false
		}
	}
	return len([]rune(password)) >= minPassword && strings.ContainsRune(small+large+digits+marks, rune(password[0]))
}

// newPassword makes a password of 130 random bits that keeps the rules.
func newPassword() string {
	for {
		text := rand.Text()
		if p := strings.ToLower(text[:13]) + "@" + text[13:]; strong(p) {
			return p
		}
	}
}
