package uplink

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// card is what the gateway knows of itself, in <data>/gateway.json, readable by its owner alone.
type card struct {
	Serial         string `json:"serial"`
	GatewayID      string `json:"gatewayId,omitempty"`
	APIKey         string `json:"apiKey,omitempty"`
	OrganizationID int64  `json:"organizationId,omitempty"`
	// Made is true for a serial that we made ourselves and may make again.
	Made bool `json:"serialMade,omitempty"`
}

func (c card) enrolled() bool { return c.GatewayID != "" && c.APIKey != "" }

const cardName = "gateway.json"

// readCard returns the zero card if there is none yet.
func readCard(data string) (c card, err error) {
	err = readJSON(filepath.Join(data, cardName), &c)
	return c, err
}

func (c card) save(data string) error { return writeJSON(filepath.Join(data, cardName), c) }

func madeSerial() string {
	b := make([]byte, 6)
	rand.Read(b)
	return "GW-" + hex.EncodeToString(b)
}

// readJSON leaves v alone if there is no such file.
func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return nil
}

// writeJSON replaces the file whole or not at all, and returns when that has reached the disk.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
