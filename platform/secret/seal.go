package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// KeySize is the size of the keys that Derive makes and Seal takes.
const KeySize = 32

// ErrSealed is returned for what the key does not open: it was sealed with another, for something else, or was changed.
var ErrSealed = errors.New("sealed with another key, or changed since")

// Derive makes a key for one purpose of a secret that has others.
func Derive(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "staff-control "+purpose, KeySize)
}

// Seal encrypts plain so that only Open with the same key, for the same thing, gives it back (AES-256-GCM).
func Seal(key, plain []byte, about string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return gcm.Seal(nonce, nonce, plain, []byte(about)), nil
}

// Open returns what Seal was given.
func Open(key, sealed []byte, about string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < gcm.NonceSize() {
		return nil, ErrSealed
	}
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], []byte(about))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key of %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
