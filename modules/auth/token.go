package auth

import (
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
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

// keyFile returns the key in the file, which is made if it is not there.
func keyFile(path string) ([]byte, error) {
	key, err := secretFile(path, secret.New(""))
	if err != nil {
		return nil, err
	}
	if len(key) < minTokenKey {
		return nil, fmt.Errorf("%s holds no key of at least %d characters", path, minTokenKey)
	}
	return []byte(key), nil
}
