package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

// shelf keeps the bundle on the disk, in two files: of a gateway that has had rules it must never be forgotten what
// may not be kept.
type shelf struct{ paths [2]string }

func newShelf(data string) shelf {
	return shelf{[2]string{filepath.Join(data, "rules.json"), filepath.Join(data, "rules.copy.json")}}
}

// saved is what a file holds.
type saved struct {
	// Sum is the bundle's checksum.
	Sum       string          `json:"sum"`
	FetchedAt time.Time       `json:"fetchedAt"`
	Bundle    json.RawMessage `json:"bundle"`
}

// errDamaged is of files that are there, of which none can be read.
var errDamaged = errors.New("the rules on the disk cannot be read")

// read returns the newest of what can be read; nil if there never was anything. An error says what of it is damaged,
// also where something else can be read.
func (s shelf) read() (found *book, err error) {
	var faults []error
	for _, path := range s.paths {
		b, err := readBook(path)
		switch {
		case err != nil:
			faults = append(faults, err)
		case b == nil: // the first write may have been cut short
		case found == nil || b.fetchedAt.After(found.fetchedAt):
			found = b
		}
	}
	if len(faults) > 0 {
		return found, errors.Join(append([]error{errDamaged}, faults...)...)
	}
	return found, nil
}

// readBook returns nil if there is no such file.
func readBook(path string) (*book, error) {
	var in saved
	if err := jsonfile.Read(path, &in); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	b, err := newBook(in.Bundle)
	if err == nil && b.sum != in.Sum {
		err = rule.ErrChecksum
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	b.fetchedAt = in.FetchedAt
	return b, nil
}

// write returns when both files have reached the disk.
func (s shelf) write(b *book) error {
	for _, path := range s.paths {
		if err := jsonfile.Write(path, saved{b.sum, b.fetchedAt, b.text}); err != nil {
			return err
		}
	}
	return nil
}
