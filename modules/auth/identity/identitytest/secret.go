// Package identitytest has what tests need of signing in.
package identitytest

import (
	"errors"

	"github.com/staff-control/staff-control/platform/secret"
)

// Secret is a server's secret, an identity.Secret. The empty one is that of a server that has been given none.
type Secret string

// Derive makes keys as the server makes them.
func (s Secret) Derive(purpose string) ([]byte, error) {
	if s == "" {
		return nil, errors.New("no secret")
	}
	return secret.Derive([]byte(s), purpose)
}
