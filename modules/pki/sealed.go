package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"github.com/staff-control/staff-control/platform/secret"
)

// sealPurpose is what the key that seals is derived for.
const sealPurpose = "certificates"

// seal closes the authority's key, for the database.
func seal(key []byte, a *authority) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return "", err
	}
	sealed, err := secret.Seal(key, der, a.id())
	return base64.StdEncoding.EncodeToString(sealed), err
}

// unseal opens what seal closed.
func (s *service) unseal(text, about string) (crypto.Signer, error) {
	key, err := s.secret.Derive(sealPurpose)
	if err != nil {
		return nil, err
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	der, err := secret.Open(key, sealed, about)
	if err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, is := k.(crypto.Signer)
	if !is {
		return nil, errors.New("the key does not sign")
	}
	return signer, nil
}
