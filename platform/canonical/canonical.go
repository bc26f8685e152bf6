// Package canonical writes JSON in the one form of RFC 8785, so that equal values have equal bytes and a checksum.
package canonical

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// JSON returns v as canonical JSON. It returns an error for what is no JSON.
func JSON(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	text, err = jcs.Transform(text)
	if err != nil {
		return nil, fmt.Errorf("make JSON canonical: %w", err)
	}
	return text, nil
}

// Sum returns the SHA-256 of v's canonical JSON in lower-case hex.
func Sum(v any) (string, error) {
	text, err := JSON(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
