// Package id makes the identifiers of what v2 adds. What v1 had keeps its integers.
package id

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"
)

// UUID is a 128-bit identifier; text in SQLite, uuid in PostgreSQL.
type UUID = uuid.UUID

// Nil is the UUID of nothing.
var Nil = uuid.Nil

// New returns a UUIDv7: unique, and ordered by the time it was made.
func New() UUID { return uuid.Must(uuid.NewV7()) }

// Parse reads the usual form, 8-4-4-4-12.
func Parse(s string) (UUID, error) { return uuid.Parse(s) }

// Derive returns the first 16 bytes of SHA-256 over the organization and the parts, each with its
// length before it, so that no two lists of parts read alike. The same input gives the same id
// everywhere, and no input of one organization can give an id of another's.
func Derive(organizationID int64, parts ...string) UUID {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(organizationID))
	h.Write(n[:])
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return UUID(sum[:16])
}
