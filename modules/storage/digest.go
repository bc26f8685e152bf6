package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// digest counts and hashes what is read through it.
type digest struct {
	r    io.Reader
	hash hash.Hash
	size int64
}

func newDigest(r io.Reader) *digest { return &digest{r: r, hash: sha256.New()} }

func (d *digest) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.hash.Write(p[:n])
	d.size += int64(n)
	return n, err
}

func (d *digest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

var errDamaged = errors.New("the file is not what was stored")

// verified reads a file, and says at its end if it is not the one that the row names.
type verified struct {
	*digest
	io.Closer
	row   fileRow
	count func(float64)
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.digest.Read(p)
	v.count(float64(n))
	if errors.Is(err, io.EOF) && (v.size != v.row.Size || v.sum() != v.row.SHA256) {
		return n, fmt.Errorf("file %s, %d bytes of %d: %w", v.row.ID, v.size, v.row.Size, errDamaged)
	}
	return n, err
}
