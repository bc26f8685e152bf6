// Package secret makes keys and tokens, and the hashes by which they are kept.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// New returns 256 random bits as text, after a prefix that says what it is.
func New(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails: crypto/rand's contract since Go 1.24
	return Text(prefix, b[:])
}

// Text is how bits that New or Derive made are told to others, after a prefix that says what it is.
func Text(prefix string, bits []byte) string {
	return prefix + base64.RawURLEncoding.EncodeToString(bits)
}

// Hash is how secrets of 256 random bits are kept, lower-case hex of SHA-256: they cannot be guessed, so a fast hash does.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
