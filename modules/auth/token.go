package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/staff-control/staff-control/platform/id"
)

// claims are v1's, and the sign-in that the token belongs to.
type claims struct {
	Username       string  `json:"username"`
	Role           string  `json:"role"`
	OrganizationID int64   `json:"organizationId,omitempty"`
	Session        id.UUID `json:"sid"`
	jwt.RegisteredClaims
}

// tokens signs access tokens and reads them.
type tokens struct {
	key  []byte
	life time.Duration
	now  func() time.Time
}

func (t *tokens) sign(u userRow, session id.UUID) (string, error) {
	now := t.now()
	c := claims{
		Username: u.Username, Role: u.Role, OrganizationID: u.organization(), Session: session,
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: strconv.FormatInt(u.ID, 10), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(t.life)),
		},
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed, nil
}

// read returns whose the token is and of which sign-in, or errToken.
func (t *tokens) read(token string) (user int64, session id.UUID, err error) {
	var c claims
	_, err = jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.now))
	if err != nil {
		return 0, id.Nil, errToken.Wrap(err)
	}
	if user, err = strconv.ParseInt(c.Subject, 10, 64); err != nil {
		return 0, id.Nil, errToken.Wrap(err)
	}
	return user, c.Session, nil
}

// newSecret returns 256 random bits as text.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashOf is how secrets of 256 random bits are kept: they cannot be guessed, so a fast hash does.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// keyFile returns the content of the file, which it makes, readable by its owner alone, if it is not there.
func keyFile(path string) ([]byte, error) {
	if err := writeSecret(path, newSecret(), os.O_EXCL); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if key = bytes.TrimSpace(key); len(key) < minTokenKey {
		return nil, fmt.Errorf("%s holds no key of at least %d characters", path, minTokenKey)
	}
	return key, nil
}

// writeSecret writes a file that its owner alone may read.
func writeSecret(path, secret string, flag int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(secret + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}
