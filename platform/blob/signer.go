package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrSignature refuses an address that was not signed with our key, was changed, or has expired.
var ErrSignature = errors.New("not a signed address, or it has expired")

// Signer makes addresses of files that stop working, for drivers whose server cannot.
type Signer struct {
	Key  []byte
	Base string // stands before the token
	Now  func() time.Time
}

// URL is the address of the file, good until the time.
func (s *Signer) URL(path string, until time.Time) string {
	text := strconv.FormatInt(until.Unix(), 10) + ":" + path
	encode := base64.RawURLEncoding.EncodeToString
	return s.Base + encode([]byte(text)) + "." + encode(s.mac(text))
}

// Path returns the path that the token was made for.
func (s *Signer) Path(token string) (string, error) {
	encoded, signature, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", ErrSignature
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !hmac.Equal(mac, s.mac(string(text))) {
		return "", ErrSignature
	}
	until, path, _ := strings.Cut(string(text), ":")
	if n, err := strconv.ParseInt(until, 10, 64); err != nil || s.Now().Unix() >= n {
		return "", ErrSignature
	}
	return path, nil
}

// mac signs a text. What the key signs is said before it, so that a signature for one thing is none for another.
func (s *Signer) mac(text string) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("address of a file\x00" + text))
	return h.Sum(nil)
}
